#!/bin/sh
# pymic-noise from end to end: who is chosen, what the table says, and what is refused.
tests=$(cd "$(dirname "$0")" && pwd)
. "$tests/lib.sh"
records() { "$TESTS/records" "$@"; }
cd "$work" || exit 1
# within N LO HI NAME
within() { ok "$([ "$1" -ge "$2" ] && [ "$1" -le "$3" ]; echo $?)" "$4: $1 in $2..$3"; }

"$TESTS/samples" squares 400 > in.pms
status 0 "three cases of ten" pymic-noise --fraction 0.3 --seed 1 --log log.tsv -o out.pms < in.pms
like "$(cat err)" "^pymic-noise: [0-9]+ of 400 labels corrupted" "says how many it were"
records noise in.pms out.pms log.tsv > told
ok $? "the table is true"
sed 's/^/# /' told
read -r all chosen dilate erode edge < told
is "$all" 400 "a row for each case"
within "$chosen" 92 148 "the fraction"
is "$(sed 's/.*: \([0-9]*\) of .*/\1/' err)" "$chosen" "the message tells the same number"

pymic-noise --seed 3 --log all.tsv < in.pms > all.pms 2> /dev/null
records noise in.pms all.pms all.tsv > told
ok $? "all cases, and the table is true"
read -r all chosen dilate erode edge < told
is "$chosen" 400 "all are chosen without --fraction"
within "$dilate" 107 173 "dilation, 35 %"
within "$erode" 107 173 "erosion, 35 %"
within "$edge" 88 152 "edges, 30 %"
is "$(cut -f 4 all.tsv | grep -v - | sort -n | uniq | tr '\n' ' ' | sed 's/radius //')" "6 7 8 9 10 11 12 " "radii are 6 to 12"

for run in "1 4" "2 1"; do
	set -- $run
	pymic-noise --fraction 0.3 --seed "$1" -j "$2" --log "log$1.$2" -q < in.pms > other.pms
	records digest other.pms > "seed$1.j$2"
done
records digest out.pms | cmp -s - seed1.j4
ok $? "four threads give what one gives"
cmp -s log.tsv log1.4
ok $? "the table too"
is "$(cmp -s log.tsv log2.1; echo $?)" 1 "another seed chooses others"

# Epochs, and records without label.
"$TESTS/phantom_test" 8 3 32 1 1 unlabeled=2 > epochs.pms
pymic-noise --fraction 0.6 --log log.tsv dilate:radius=1,3+edge:radius=2:weight=0.5 < epochs.pms > out.pms 2> err
records fields out.pms | grep -c label > labels
is "$(cat labels)" 21 "a sample without label passes"
is "$(sort -u log.tsv | wc -l)" 9 "a case gets the same in every epoch"
like "$(cat err)" "of 21 labels" "and is not counted"
pymic-noise --fraction 0 < epochs.pms 2> /dev/null > same.pms
records digest same.pms > a
records digest epochs.pms | cmp -s - a
ok $? "a fraction of 0 changes nothing"

# Every kind, alone: the table's radius is that of the kind, or blank.
for kind in $(pymic-noise --list=noise | awk '{ print $1 }'); do
	pymic-noise "$kind" --fraction 0.9 --seed 1 --log log.tsv < epochs.pms > out.pms 2> err
	ok $? "$kind"
	case $kind in
	missing | confuse | box | scribble | points) radius='^$' ;;
	*) radius='^[0-9]+(-[0-9]+)?$' ;;
	esac
	is "$(awk -F'\t' -v kind="$kind" -v radius="$radius" 'NR > 1 && $2 { n++; bad += NF != 7 || $3 != kind || $4 !~ radius || $7 == "" }
		END { print (n > 0), bad + 0 }' log.tsv)" "1 0" "$kind: the table names it, with its radius if it has one"
	pymic-noise "$kind" --fraction 0.9 --seed 1 -j 3 -q < epochs.pms > other.pms
	records digest out.pms > a
	records digest other.pms | cmp -s - a
	ok $? "$kind: the same bytes from three threads"
done

usage() {
	pattern=$1
	shift
	status 2 "usage: $*" pymic-noise "$@" < in.pms
	like "$(cat err)" "^pymic-noise: .*$pattern" "says: $pattern"
}
usage "did you mean dilate" dilat
usage "unknown noise 'flip'" flip
usage "join several kinds of noise with \+" dilate erode
usage "range" dilate:radius=5,3
usage "radius" erode:radius=0
usage "no class" edge:labels=0
usage "no class" points:labels=0
usage "radius" shift:radius=3,1
usage "all weights are 0" dilate:weight=0
usage "fraction" --fraction 1.5
head -c 100000 in.pms > cut.pms
status 3 "truncated input" pymic-noise --log gone.tsv < cut.pms
ok "$([ ! -e gone.tsv ]; echo $?)" "then there is no table"
status 1 "no folder for the table" pymic-noise --log no/such/log.tsv < in.pms
done_testing
