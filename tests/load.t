#!/bin/sh
# pymic-load: lists, order, epochs, mixing, shards, cache, saved streams, and what nibabel makes of the same files.
tests=$(cd "$(dirname "$0")" && pwd)
. "$tests/lib.sh"
PYTHON=${PYTHON:-/usr/bin/python3} # for the comparison with nibabel alone
PYTHONPATH=$tests/../python
PYTHONDONTWRITEBYTECODE=1
export PYTHONPATH PYTHONDONTWRITEBYTECODE
records() { "$TESTS/records" "$@"; }
# The ids of a stream, a word each; its epochs; id, epoch and contents of each record.
ids() { records digest "$1" | awk '{ printf "%s%s", s, $1; s = " " }'; }
epochs() { records digest "$1" | awk '{ printf "%s%s", s, $2; s = " " }'; }
"$TESTS/made" images "$work/data"
ok $? "files are made"
cd "$work" || exit 1
d=$work/data

status 0 "a list" pymic-load "$d/list.csv" -o all.pms
is "$(ids all.pms)" "v0 v1 v2 v3 v4 v5 v6" "cases in the order of the list, named after their images"
is "$(records fields all.pms | sed -n 1,2p)" "v0 image i16 1 2 4 5
v0 label u8 2 4 5" "fields and their types"
pymic-load --info all.pms | grep -q '^field	label'
ok $? "the head announces labels"

pymic-load "$d/list.csv" --epochs 3 --shuffle --seed 4 > one.pms
records digest one.pms > one
is "$(epochs one.pms)" "0 0 0 0 0 0 0 1 1 1 1 1 1 1 2 2 2 2 2 2 2" "epochs are counted"
for e in 0 1 2; do
	is "$(awk -v e=$e '$2 == e { print $1 }' one | sort | tr '\n' ' ')" "v0 v1 v2 v3 v4 v5 v6 " "epoch $e has every case"
done
[ "$(awk '$2 == 0 { print $1 }' one)" != "$(awk '$2 == 1 { print $1 }' one)" ]
ok $? "another order in another epoch"
pymic-load "$d/list.csv" --epochs 3 --shuffle --seed 5 > other.pms
[ "$(ids one.pms)" != "$(ids other.pms)" ]
ok $? "another order from another seed"
for how in "-j 1" "-j 3 --cache 0" "-j 8 --cache 1K" "-j 2 --cache 20K"; do
	# shellcheck disable=SC2086
	pymic-load "$d/list.csv" --epochs 3 --shuffle --seed 4 $how > again.pms
	records digest again.pms | cmp -s - one
	ok $? "the same with $how"
done
pymic-load "$d/list.csv" --epochs 3 --shuffle --seed 4 --skip 10 > again.pms
records digest again.pms > again
tail -n 11 one | cmp -s - again
ok $? "--skip 10 goes on with the eleventh"
pymic-load "$d/list.csv" --skip 100 > none.pms
is "$(ids none.pms)" "" "--skip beyond the end: nothing, and no error"
for i in 1 2 3; do
	pymic-load "$d/list.csv" --shuffle --shard $i/3 > shard.pms
	ids shard.pms
	echo
done > shards
pymic-load "$d/list.csv" --shuffle > whole.pms
is "$(tr ' ' '\n' < shards | sort | tr '\n' ' ')" "v0 v1 v2 v3 v4 v5 v6 " "three shards hold each case once"
is "$(sed -n 1p shards | wc -w | tr -d ' ')" 3 "the first shard takes every third case"
is "$(cut -d' ' -f1 shards | tr '\n' ' ')" "$(ids whole.pms | cut -d' ' -f1-3) " "shards take turns"
(pymic-load "$d/list.csv" --epochs 0; echo $? > rc) | head -c 100000 > /dev/null
is "$(cat rc)" 0 "without end, until the reader leaves"

status 0 "two lists mixed" pymic-load --mix 2:1 "$d/three.csv" "$d/list.csv" --epochs 2 -o mix.pms
is "$(ids mix.pms)" "v0 v1 v0 v2 v0 v1 v1 v2 v2" "two from the first, one from the second, until the first is through"
like "$(cat err)" "list.csv: its labels are ignored" "that labels are ignored is said"
is "$(records fields mix.pms | awk '$2 == "label" { print $1 }' | tr '\n' ' ')" "v0 v1 v2 v0 v1 v2 " "labels of the first list only"
pymic-load -q --all-labels --mix 2:1 "$d/three.csv" "$d/list.csv" --epochs 2 > mix.pms
is "$(records fields mix.pms | grep -c label)" 9 "--all-labels keeps all"
pymic-load -q --shuffle --mix 1:1 "$d/three.csv" "$d/three.csv" --epochs 20 > mix.pms
is "$(ids mix.pms | tr ' ' '\n' | awk 'NR % 2 { a = $1; next } a != $1 { n++ } END { print (n > 0) }')" 1 "each list has its own order"

pymic-load "$d/two.csv" > two.pms
is "$(records fields two.pms)" "first image i16 2 2 4 5
first label u8 2 4 5
first weight f32 2 4 5
second image i16 2 2 4 5" "channels, weight, an id, a blank label"
pymic-load "$d/bare.csv" > bare.pms
is "$(ids bare.pms)" "v5 v6 v4 data/v3 v2" "a list with no column of that name: its first one"
pymic-load "$d/flat.csv" > flat.pms
is "$(records fields flat.pms | sed -n 1,2p)" "p0 image u8 1 1 6 9
p0 label u8 1 6 9" "pictures"
(cd "$d" && pymic-load sub/v1_gt.nii.gz v2.nii.gz) > images.pms
is "$(ids images.pms)" "sub/v1_gt v2" "images as operands"
printf 'image,label\n%s,float.nii\n' here.nii > "$d/float.csv"
pymic-load "$d/float.csv" --labels 0,1,2 > float.pms
is "$(records fields float.pms | awk '$2 == "label"')" "here label u8 2 4 5" "whole numbers as floats become u8"
printf 'image,truth\nhere.nii,wide.nii\n' > "$d/wide.csv"
pymic-load "$d/wide.csv" --label truth > wide.pms
is "$(records fields wide.pms | awk '$2 == "label"')" "here label i16 2 4 5" "and i16 where u8 is too small; --label names the column"
status 0 "--nan zero" pymic-load "$d/nan.nii" --nan zero -o nan.pms
is "$(records at nan.pms image 33) $(records at nan.pms image 39)" "0 0" "reads NaN as 0"

cp all.pms "$d/saved.pms"
pymic-load "$d/saved.pms" > pass.pms
records digest all.pms > want
records digest pass.pms | cmp -s - want
ok $? "a saved stream goes through as it is"
pymic-load - < "$d/saved.pms" > pass.pms
records digest pass.pms | cmp -s - want
ok $? "and from a pipe"
pymic-load "$d/saved.pms" --epochs 3 --shuffle --seed 4 --cache 3K > saved.pms
records digest saved.pms | cmp -s - one
ok $? "shuffled and repeated it is what the list is"
pymic-load "$d/saved.pms" --skip 5 > pass.pms
is "$(ids pass.pms)" "v5 v6" "--skip works on it"
is "$(pymic-load --info pass.pms | grep -c '^history')" 2 "its history grows"

status 1 "--check" pymic-load --check "$d/three.csv" all.pms "$d/p0.png" "$d/nothing.nii"
is "$(awk -F'\t' '{ print $2, $3 }' out | tr '\n' ';')" \
	"status kind;ok nifti;ok nifti;ok nifti;ok nifti;ok nifti;ok nifti;ok sample;ok png;bad nifti;" "a line per file"
status 0 "--info" pymic-load --info "$d/v0.nii.gz" "$d/list.csv"
like "$(cat out)" "^spacing	3 1.5 1.5 mm" "tells the spacing"
like "$(cat out)" "^cases	7, with labels" "and the number of cases"

if "$PYTHON" -c 'import numpy, msgpack, nibabel' 2> /dev/null; then
	"$PYTHON" "$tests/peers.py" write "$work/nib" 2> /dev/null
	status 0 "files of nibabel" pymic-load "$work/nib/list.csv" -o nib.pms
	is "$("$PYTHON" "$tests/peers.py" loaded "$work/nib" nib.pms 2>&1)" 40 "every type, both orders, oblique: as nibabel reads them"
else
	skip "python3-nibabel is not installed" 2
fi
if [ -n "${PYMIC_DATA-}" ]; then
	for list in acdc/train_labeled10 jsrt/train la/train; do
		status 0 "$list" pymic-load "$PYMIC_DATA/$list.csv" -o real.pms
		is "$(pymic-load --check real.pms | awk -F'\t' 'NR == 2 { print $2, $4 }')" \
			"ok $(($(wc -l < "$PYMIC_DATA/$list.csv") - 1))" "$list: every case arrives"
	done
else
	skip "PYMIC_DATA is not set" 6
fi
done_testing
