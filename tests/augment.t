#!/bin/sh
# pymic-augment from end to end: the same result for any number of threads, undo, and what it refuses.
tests=$(cd "$(dirname "$0")" && pwd)
. "$tests/lib.sh"
records() { "$TESTS/records" "$@"; }
cd "$work" || exit 1

"$TESTS/made" balls data 5 6 40 44
status 0 "samples are made" pymic-load data/list.csv --epochs 2 --shuffle -o in.pms
all="normalize pad:size=8,48,48 crop:size=4,32,32:foreground=0.5 flip:axes=dhw rotate affine elastic rescale:p=1 gamma:p=1:channel-p=1 noise:p=1:channel-p=1 \
	clip:lower=-2 brightness:p=1 contrast:p=1 blur:p=1 hist_equal adaptive_contrast:p=1 low_resolution:p=1 bias_field:p=1 motion:p=1 \
	ghosting:p=1 spike:p=1 channel_select:channels=0,0,0 rgb mask_blocks:weight"

for run in "1 1" "1 4" "1 2" "2 4"; do
	set -- $run
	pymic-augment --seed "$1" -j "$2" $all < in.pms > out.pms || echo failed
	records digest out.pms > "seed$1.j$2"
done
is "$(wc -l < seed1.j1)" 10 "every record comes out"
ok "$(cmp -s seed1.j1 seed1.j4; echo $?)" "four threads give what one gives"
ok "$(cmp -s seed1.j1 seed1.j2; echo $?)" "and two"
is "$(sort seed1.j1 seed2.j4 | uniq -d | wc -l)" 0 "another seed gives other samples"
is "$(awk '{ print $3 }' seed1.j1 | sort -u | wc -l)" 10 "a case looks different in each epoch"
pymic-augment --seed 1 $all < in.pms > again.pms
pymic-augment --seed 1 $all -o file.pms < in.pms
records digest file.pms | cmp -s - seed1.j1
ok $? "-o FILE holds the same"
pymic-augment --seed 1 $all < in.pms | cmp -s - again.pms
ok $? "the same command gives the same bytes"

# A case does not depend on its neighbours.
pymic-load data/list.csv --epochs 2 --skip 7 -o tail.pms
pymic-load data/list.csv --epochs 2 -o whole.pms
pymic-augment --seed 1 $all < tail.pms > out.pms
records digest out.pms > tail
pymic-augment --seed 1 $all < whole.pms > out.pms
is "$(records digest out.pms | tail -n 3)" "$(cat tail)" "a case does not depend on those before it"

printf '%s\n' "# what we do" "normalize 'pad:size=8,48,48'" "crop:size=4,32,32:foreground=0.5" > all.aug
pymic-augment @all.aug flip:axes=dhw < in.pms > out.pms
records digest out.pms > by_file
pymic-augment normalize pad:size=8x48x48 crop:foreground=0.5:size=4,32,32 flip:axes=dhw < in.pms > out.pms
records digest out.pms | cmp -s - by_file
ok $? "@FILE is read"

# There and back.
pymic-augment pad:size=8,48,48 flip:axes=dhw rot90 transpose pad:ceil:size=32,32 flip < in.pms | pymic-augment --undo -j 2 > back.pms
status 0 "undo brings pixels and geometry back, bit by bit" records same in.pms back.pms
pymic-augment rescale:p=1 rotate:p=1 affine:p=1 resample:spacing=2,1,1 crop:size=8,20,20 flip < in.pms > there.pms
"$TESTS/mangle" corner there.pms > pred.pms
status 0 "a prediction is walked back" pymic-augment --undo -o back.pms < pred.pms
is "$(records fields back.pms | awk '{ $1 = ""; print }' | sort -u)" " image f32 1 6 40 44
 label u8 6 40 44
 pred u8 6 40 44" "to the grid of its image"
status 0 "and can be judged there" sh -c "pymic-eval --labels 1,2 < back.pms"

pymic-augment elastic:p=1 < in.pms > there.pms
status 1 "where there is a way back" pymic-augment --undo < there.pms
like "$(cat err)" "^pymic-augment: case_[0-4]: the undo stack names \"elastic\", which cannot be undone$" "which is said"

# What is refused.
usage() {
	pattern=$1
	shift
	status 2 "usage: $*" pymic-augment "$@" < in.pms
	like "$(cat err)" "^pymic-augment: .*$pattern" "says: $pattern"
	is "$(wc -c < out)" 0 "writes nothing"
}
usage "no transform was named"
usage "did you mean normalize" normalise
usage "takes no transforms" --undo flip
usage "give D,H,W" crop
usage "letters of d, h, w" flip:axes=xyz
usage "lower 5 is not below upper 2" minmax:lower=5:upper=2
usage "pairs like" label_convert:map=1
usage "min 2 is above max 1" blur:min=2
usage "give lower, upper or both" clip
usage "unknown transform 'dilate'" dilate
usage "p" flip:p=1.5
usage "threads" -j 0 flip
status 1 "a crop that is larger than the image" pymic-augment normalize crop:size=4,64,64 < in.pms
like "$(cat err)" "^pymic-augment: case_[0-4]: crop: image is 6x40x44.*pad first$" "names the case and the way out"
cp err first
status 1 "with four threads too" pymic-augment -j 4 normalize crop:size=4,64,64 < in.pms
is "$(cat err)" "$(cat first)" "and says the same"
"$TESTS/mangle" as model in.pms > model.pms
status 3 "a stream of another kind" pymic-augment flip < model.pms
head -c 200000 in.pms > cut.pms
status 3 "a truncated stream, four threads" pymic-augment -j 4 flip < cut.pms
pymic-augment -j 4 $all < in.pms | head -c 1000 > /dev/null
status 0 "--list" pymic-augment --list
is "$(cut -f 2 out | head -n 3 | tr '\n' ' ')" "normalize minmax percentile " "lists the transforms"
like "$(pymic-augment --help=transform:gamma)" "largest exponent" "--help=transform:NAME tells the settings"

PYTHON=${PYTHON:-/usr/bin/python3}
if "$PYTHON" -c 'import msgpack, scipy' 2> /dev/null; then
	is "$("$PYTHON" "$tests/peers_transform.py" 60 2>&1 | tail -n 1)" 1260 "random settings on random images: what scipy and numpy make of them"
else
	skip "a Python with scipy and msgpack is not there"
fi
done_testing
