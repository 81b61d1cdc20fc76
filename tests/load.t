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
# The audit of lists.
status 0 "--check of a list" pymic-load --check "$d/list.csv"
is "$(sed -n 2p out | cut -f2-8)" "ok	nifti	1	80	1x2x4x5	3x1.5x1.5 mm	$(records all all.pms image | head -n 40 | sort -n | sed -n '1p;$p' | paste -sd' ' | sed 's/ /../')" \
	"shape, spacing and range"
is "$(sed -n 3p out | cut -f10)" "$(records all all.pms label | head -n 40 | sort -n | uniq -c | awk '{ printf "%s%s:%s", s, $2, $1; s = " " }')" "values of a label"
like "$(cat err)" "list.csv: 7 cases, 14 files, 0 bad; 0 images come twice, 0 are in a list before, 0 files hold NaN" "a summary"
like "$(cat err)" "list.csv: 7 labels, voxels of each value: 0:[0-9]+ 1:[0-9]+ 2:[0-9]+ 3:[0-9]+$" "with the values of all labels"
status 1 "the training list has a case of the test list" pymic-load --check "$d/list.csv" "$d/three.csv"
is "$(grep -c "the same voxels as .*v[012].nii.gz of .*list.csv: leakage" out)" 3 "leakage"
cp "$d/grid.nii" "$d/copy.nii"
printf 'image,label\ngrid.nii,small.nii\ncopy.nii,far.nii\nhere.nii,far.nii\nnan.nii,\ngone.nii,\n' > "$d/doubt.csv"
status 1 "a doubtful list" pymic-load --check "$d/doubt.csv"
is "$(awk -F'\t' 'NR > 1 { n = split($1, p, "/"); print p[n], $2, $9 }' out | tr '\n' ';')" \
	"grid.nii ok 0;small.nii bad 0;copy.nii bad 0;far.nii bad 0;here.nii bad 0;far.nii bad 0;nan.nii bad 2;gone.nii bad ;" "each file has its line"
like "$(cat out)" "copy.nii	bad	.*the same voxels as .*grid.nii$" "an image that comes twice"
like "$(cat out)" "far.nii	bad	.*lies 2 voxels off .*here.nii" "a label that lies elsewhere"

# Faults planted in two lists: each is named.
mkdir plant
cp "$d"/v[0-6].nii.gz "$d"/sub/*_gt.nii.gz "$d/nan.nii" "$d/near.nii" "$d/half.nii" "$d/rgb.png" plant
cp plant/v0.nii.gz plant/again.nii.gz
head -c 100 plant/v1.nii.gz > plant/cut.nii.gz
gzip -dc plant/v2.nii.gz > plant/mm.nii
for at in 280 300 320; do
	printf '\000\000\226\103' | dd of=plant/mm.nii bs=1 seek=$at conv=notrunc 2> /dev/null
done
{ head -c 352 plant/mm.nii; head -c 80 /dev/zero; } > plant/flat.nii
gzip -dc plant/v4_gt.nii.gz | head -c 352 > plant/label
{ cat plant/label; printf '\005\005\005'; head -c 37 /dev/zero; } > plant/five.nii
{ cat plant/label; head -c 40 /dev/zero; } > plant/empty.nii
printf 'id,image,label\n0,v0.nii.gz,v0_gt.nii.gz\n1,cut.nii.gz,v1_gt.nii.gz\n2,v3.nii.gz,near.nii\n3,v4.nii.gz,five.nii
4,v5.nii.gz,empty.nii\n5,nan.nii,half.nii\n6,again.nii.gz,\n7,gone.nii,\n8,mm.nii,\n8,flat.nii,\n' > plant/train.csv
printf 'image,label\nv6.nii.gz,rgb.png\nv3.nii.gz,\n' > plant/test.csv
status 1 "planted faults" pymic-load --check --classes 4 plant/train.csv plant/test.csv
while IFS='|' read -r file word what; do
	like "$(grep "^plant/$file	" out)" "^plant/$file	$word	.*	.*$what" "$file is $word: $what"
done << 'EOF'
train.csv|bad|two cases are named '8'
v0.nii.gz|ok|
cut.nii.gz|bad|truncated
near.nii|bad|lies .* voxels off plant/v3.nii.gz
five.nii|bad|label 5 .3 voxels. but --classes is 4
empty.nii|odd|all voxels are 0
nan.nii|bad|2 voxels are NaN or infinite
half.nii|bad|not a whole number: was the label interpolated
again.nii.gz|bad|the same voxels as plant/v0.nii.gz$
gone.nii|bad|No such file
mm.nii|odd|spacing 300x300x300 mm, but the images before have .*: in other units
flat.nii|odd|all voxels are 0
rgb.png|bad|a label has one channel, this has 3
v3.nii.gz|bad|the same voxels as plant/v3.nii.gz of plant/train.csv: leakage
EOF
like "$(cat err)" "train.csv: 10 cases, 16 files, 7 bad; 1 images come twice, 0 are in a list before, 1 files hold NaN, 3 are odd" "and counted"

status 0 "--info" pymic-load --info "$d/v0.nii.gz" "$d/list.csv"
like "$(cat out)" "^spacing	3 1.5 1.5 mm" "tells the spacing"
like "$(cat out)" "^cases	7, with labels" "and the number of cases"

# Files that nibabel, SimpleITK, pynrrd, h5py, numpy, Pillow and tifffile wrote (tests/make_formats.py).
cp -r "$tests/data" others
{ echo image; cut -d' ' -f1 others/expected.txt; } > others/list.csv
status 0 "files of other programs" pymic-load --dims 3 others/list.csv -o others.pms
is "$(records seen others.pms)" "$(sed 's/\.[a-z0-9.]* / /' others/expected.txt)" "types, shapes, voxels, spacing and affine are those that were written"
is "$(pymic-load --list=format | cut -f1 | tr '\n' ' ')" "nifti meta nrrd hdf5 npy npz png jpeg tiff bmp " "--list names the formats"

# Where the file has no spacing the list or a file beside has it; else it is unknown.
like "$(pymic-load --info "$d/p0.png")" "^spacing	1 1 1 vox" "an unknown spacing is 1 vox"
printf 'image,label,spacing\np0.png,p0_gt.png,0.5x0.25\np1.png,p1_gt.png,2\np2.png,p2_gt.png,\n' > "$d/spaced.csv"
pymic-load "$d/spaced.csv" > spaced.pms
is "$(records seen spaced.pms | cut -d' ' -f5-8)" "mm 1 0.5 0.25
mm 2 2 2
vox 1 1 1" "the column spacing"
cp "$d/p0.png" with.png
printf '{"name": "x \\" [", "deep": {"spacing": [9, 9]}, "spacing": [3,\n 0.5, 0.25]}' > with.json
like "$(pymic-load --info with.png)" "^spacing	3 0.5 0.25 mm" "a file beside"
cp "$d/v0.nii.gz" with.nii.gz
like "$(pymic-load --info with.nii.gz)" "^spacing	3 1.5 1.5 mm" "what the image's own file says counts more"

# Cases of which some classes were annotated.
printf 'image,label,annotated,weight\nv0.nii.gz,sub/v0_gt.nii.gz,0;2,\nv1.nii.gz,sub/v1_gt.nii.gz,3,v2_t2.nii.gz\nv2.nii.gz,sub/v2_gt.nii.gz,,\nv3.nii.gz,,1,\n' > "$d/part.csv"
status 0 "annotated" pymic-load "$d/part.csv" -o part.pms
is "$(records fields part.pms | awk '$2 == "weight" { print $1, $3 }' | tr '\n' ' ')" "v0 f32 v1 f32 " "gives weights, where labels are missing"
records all part.pms weight > weight
pymic-load "$d/v2_t2.nii.gz" | records all /dev/stdin image > given
records all part.pms label | head -n 80 | paste - weight | awk 'NR == FNR { given[NR] = $1; next }
	{ known = FNR <= 40 ? $1 == 0 || $1 == 2 : $1 == 3; bad += $2 != known * (FNR <= 40 ? 1 : given[FNR - 40]) } END { print FNR, bad + 0 }' given - > seen
is "$(cat seen)" "80 0" "of 0 where a label was not looked for, else of 1 or as given"
is "$(pymic-load --info part.pms | grep -c '^field	weight f32')" 1 "the head announces them"

# Channels that are missing.
printf 'id,image_t1,image_t2\na,v0.nii.gz,\nb,,v0_t2.nii.gz\nc,v0.nii.gz,v0_t2.nii.gz\n' > "$d/gone.csv"
status 0 "--allow-missing" pymic-load --allow-missing "$d/gone.csv" -o gone.pms
is "$(records fields gone.pms | cut -d' ' -f1-4)" "a image i16 2
b image u8 2
c image i16 2" "keeps the number of channels"
is "$(records at gone.pms image 40) $(records at gone.pms image 79) $(records at gone.pms image 0)" \
	"0 0 $(records at all.pms image 0)" "with zeros where there is no file"

# Arrays of three axes are channels of flat images, where that is asked for.
pymic-load "$d/half.nii" | pymic-save -q --format npy -o .
mv "./${d#/}/half.npy" half.npy 2> /dev/null
{ printf '\223NUMPY\001\000\166\000'; printf '%-117s\n' "{'descr': '|u1', 'fortran_order': False, 'shape': (4, 5), }"; head -c 20 /dev/zero; } > flat.npy
printf 'image,label\nhalf.npy,flat.npy\n' > flat.csv
status 0 "--dims 2" pymic-load --dims 2 flat.csv -o two.pms
is "$(records fields two.pms)" "half image f32 2 1 4 5
half label u8 1 4 5" "an array of three axes with a label of two"
pymic-load --dims 2 --crop 2,3 flat.csv | pymic-augment --undo > undone.pms
is "$(records fields undone.pms)" "$(records fields two.pms)" "boxes of it have all channels"

# A damaged affine.
gzip -dc "$d/v1.nii.gz" > torn.nii
printf '\000\000\300\177' | dd of=torn.nii bs=1 seek=280 conv=notrunc 2> /dev/null
status 1 "an affine that is NaN" pymic-load torn.nii
like "$(cat err)" "torn: torn.nii: the sform holds NaN .*--fix-affine" "is an error"
status 0 "--fix-affine" pymic-load --fix-affine torn.nii -o fixed.pms
like "$(cat err)" "warning: torn: torn.nii: its affine is damaged; the next best" "says so"
is "$(records seen fixed.pms | cut -d' ' -f5-)" "mm 3 1.5 1.5 1.5 0 0 0 0 1.5 0 0 0 0 3 0" "and keeps the size of the voxels"

# Boxes at random.
"$TESTS/made" balls "$work/balls" 2 20 128 128
pymic-load balls/list.csv > balls.pms
pymic-save -q --format h5 --field image,label -o h5 balls.pms
printf 'image,label\ncase_0.h5,case_0.h5\ncase_1.h5,case_1.h5\n' > h5/list.csv
pymic-load h5/list.csv > again.pms
records seen balls.pms > want
records seen again.pms | cmp -s - want
ok $? "HDF5 as pymic-save writes it is what was saved, its place too"
pymic-load h5/list.csv --crop 4,32,16 --epochs 3 --seed 2 > crop.pms
records digest crop.pms > one
is "$(records fields crop.pms | sort -u)" "case_0 image i16 1 4 32 16
case_0 label u8 4 32 16
case_1 image i16 1 4 32 16
case_1 label u8 4 32 16" "--crop: the size that was asked for"
is "$(cut -d' ' -f3 one | sort -u | wc -l | tr -d ' ')" 6 "another box each time"
pymic-load h5/list.csv --crop 4,32,16 --epochs 3 --seed 2 -j 5 > again.pms
records digest again.pms | cmp -s - one
ok $? "the same boxes for any number of threads"
pymic-load balls/list.csv --crop 4,32,16 --epochs 3 --seed 2 > nii.pms
is "$(records all nii.pms image | cksum)" "$(records all crop.pms image | cksum)" "and the same from files that are read whole"
pymic-augment --undo < crop.pms > undone.pms
is "$(records fields undone.pms | sed -n 1p) $(records seen undone.pms | cut -d' ' -f5- | sort -u)" \
	"case_0 image i16 1 20 128 128 $(cut -d' ' -f5- want | sort -u)" "--undo puts a box back in its place"
for seed in 1 2 3 4 5 6; do
	pymic-load h5/list.csv --crop 1,1,1 --foreground 1 --seed $seed | "$TESTS/records" all /dev/stdin label
done | sort | uniq -c | awk '{ printf "%s ", $2 }' > classes
is "$(cat classes)" "1 2 " "--foreground 1: around the structures"
size=$(wc -c < h5/case_0.h5)
mkdir torn
{ head -c $((size / 2)) h5/case_0.h5; head -c 3000 /dev/zero; tail -c +$((size / 2 + 3001)) h5/case_0.h5; } > torn/x.h5
status 1 "a volume of which some chunks are damaged" pymic-load torn/x.h5
for seed in 0 1 2 3 4 5 6 7; do
	pymic-load torn/x.h5 --crop 2,8,8 --seed $seed -o part.pms 2> /dev/null && echo good || echo bad
done | sort | uniq -c | awk '{ printf "%s ", $2 }' > chunks
is "$(cat chunks)" "bad good " "gives boxes elsewhere: only their chunks are read"
status 1 "a box that is larger" pymic-load h5/list.csv --crop 21,8,8
like "$(cat err)" "case_0: h5/case_0.h5: is 20x128x128, smaller than the 21x8x8 of --crop" "is an error"
status 2 "--crop of a stream" pymic-load balls.pms --crop 4,4,4

# A volume of 20 GB, of which two chunks are there, in 200 MB.
"$TESTS/made" sparse huge.h5 2048 2240 2240
printf 'id,image,label\nhuge,huge.h5,huge.h5\n' > huge.csv
if [ "${SAN:-0}" = 0 ]; then
	status 0 "boxes of a huge volume" sh -c 'ulimit -v 200000; pymic-load huge.csv --epochs 20 --crop 64,96,96 -o huge.pms'
	is "$(records fields huge.pms | sort | uniq -c | awk '{ $1 = $1; print }')" "20 huge image i16 1 64 96 96
20 huge label u8 64 96 96" "take the memory of boxes"
else
	skip "sanitizers take address space" 2
fi

if "$PYTHON" -c 'import numpy, msgpack, nibabel, SimpleITK, h5py, PIL, tifffile, imagecodecs, nrrd' 2> /dev/null; then
	like "$("$PYTHON" "$tests/make_formats.py" compare "$work/many" 560 2>&1)" " all:560$" "560 random files of other programs are read alike"
else
	skip "a Python with nibabel, SimpleITK, h5py, Pillow, tifffile, imagecodecs and pynrrd is not there"
fi
if "$PYTHON" -c 'import numpy, msgpack, nibabel' 2> /dev/null; then
	"$PYTHON" "$tests/peers.py" write "$work/nib" 2> /dev/null
	status 0 "files of nibabel" pymic-load "$work/nib/list.csv" -o nib.pms
	is "$("$PYTHON" "$tests/peers.py" loaded "$work/nib" nib.pms 2>&1)" 40 "every type, both orders, oblique: as nibabel reads them"
else
	skip "python3-nibabel is not installed" 2
fi
if [ -n "${PYMIC_DATA-}" ]; then
	for set in acdc jsrt la; do
		pymic-load --check "$PYMIC_DATA/$set/train.csv" "$PYMIC_DATA/$set/valid.csv" 2> err | awk -F'\t' '$2 == "bad" { print $1, $NF }' |
			sed "s|$PYMIC_DATA/||g"
	done > bad
	is "$(cat bad)" "acdc/images/patient076_frame01.nii.gz the same voxels as acdc/images/patient074_frame01.nii.gz
acdc/images/patient076_frame12.nii.gz the same voxels as acdc/images/patient074_frame12.nii.gz" "real sets: one patient of ACDC comes twice"
	for list in acdc/train_labeled10 jsrt/train la/train; do
		status 0 "$list" pymic-load "$PYMIC_DATA/$list.csv" -o real.pms
		is "$(pymic-load --check real.pms | awk -F'\t' 'NR == 2 { print $2, $4 }')" \
			"ok $(($(wc -l < "$PYMIC_DATA/$list.csv") - 1))" "$list: every case arrives"
	done
else
	skip "PYMIC_DATA is not set" 7
fi
done_testing
