#!/bin/sh
# pymic-save: there and back again, names, pictures, and what must not be overwritten.
tests=$(cd "$(dirname "$0")" && pwd)
. "$tests/lib.sh"
PYTHON=${PYTHON:-/usr/bin/python3} # for the comparison with nibabel alone
nifti() { "$TESTS/nifti" "$@"; }
records() { "$TESTS/records" "$@"; }
files() { (cd "$1" && find . -type f | sort | tr '\n' ' '); }
"$TESTS/made" images "$work/data"
d=$work/data
cd "$work" || exit 1

pymic-load "$d/three.csv" > in.pms
status 0 "images" pymic-save -o images in.pms
is "$(files images)" "./v0.nii.gz ./v1.nii.gz ./v2.nii.gz " "of a stream without predictions; named after their cases"
nifti same "$d/v1.nii.gz" images/v1.nii.gz
ok $? "shape, type, geometry and voxels are those of the source, byte for byte"
status 0 "labels, from a pipe" sh -c 'pymic-save -o labels --field label < in.pms'
nifti same "$d/sub/v2_gt.nii.gz" labels/v2.nii.gz
ok $? "labels too"
(cd "$d" && pymic-load sub/v1_gt.nii.gz far.nii) | pymic-save -o sub
is "$(files sub)" "./far.nii ./sub/v1_gt.nii.gz " "folders are kept, and the kind of file"
nifti same "$d/far.nii" sub/far.nii
ok $? "an uncompressed one"
"$TESTS/mangle" sure in.pms > pred.pms
status 0 "predictions" pymic-save --prob -o pred pred.pms
is "$(files pred)" "./v0.nii.gz ./v0_prob.nii.gz ./v1.nii.gz ./v1_prob.nii.gz ./v2.nii.gz ./v2_prob.nii.gz " "and probabilities"
nifti geometry "$d/v0.nii.gz" pred/v0.nii.gz && nifti geometry "$d/v0.nii.gz" pred/v0_prob.nii.gz
ok $? "on the grid of the image"
pymic-load pred/v0_prob.nii.gz > prob.pms
is "$(records fields prob.pms)" "pred/v0_prob image f32 2 2 4 5" "a channel per class"
if "$PYTHON" -c 'import numpy, nibabel' 2> /dev/null; then
	pred=$("$PYTHON" "$tests/peers.py" read pred/v0.nii.gz pred/v0_prob.nii.gz 2>&1)
	like "$pred" "^5 4 2 uint8 " "nibabel reads a prediction"
	like "$pred" "^5 4 2 2 float32 40$" "and probabilities"
else
	skip "python3-nibabel is not installed" 2
fi

pymic-load "$d/flat.csv" > flat.pms
pymic-save --field label -o flat flat.pms
is "$(files flat)" "./p0.png ./p1.png ./p2.png " "pictures give pictures"
pymic-load "$d/p1_gt.png" > a.pms
(cd flat && pymic-load p1.png) > b.pms
is "$(records values b.pms image)" "$(records values a.pms image)" "with the same pixels"
status 0 "--format nii" pymic-save --format nii -o nii flat.pms
is "$(files nii)" "./p0.nii ./p1.nii ./p2.nii " "another kind of file"
pymic-load nii/p1.nii | pymic-save -q --format png -o png
is "$(files png)" "./nii/p1.png " "and back"
cmp -s nii/p1.nii nii/p2.nii
[ $? = 1 ]
ok $? "cases differ"

# numpy and HDF5, alone or several fields in one.
for kind in npy npz h5; do
	status 0 "--format $kind" pymic-save --format $kind -o $kind in.pms
	is "$(files $kind)" "./v0.$kind ./v1.$kind ./v2.$kind " "gives .$kind"
	(cd $kind && pymic-load v0.$kind v1.$kind v2.$kind) > again.pms
	is "$(records all again.pms image | cksum)" "$(records all in.pms image | cksum)" "with the same voxels"
done
(cd npz && pymic-load v0.npz) > a.pms
(cd h5 && pymic-load v0.h5) > b.pms
is "$(records seen a.pms)" "$(records seen in.pms | sed -n 1p)" "npz: spacing and affine too"
is "$(records seen b.pms)" "$(records seen in.pms | sed -n 1p)" "h5: spacing and affine too"
for kind in npz h5; do
	status 0 "fields in one $kind" pymic-save --format $kind --field image,label -o both in.pms
	printf 'image,label\nv0.%s,v0.%s\n' $kind $kind > both/list.csv
	pymic-load both/list.csv > a.pms
	is "$(records fields a.pms)" "$(records fields in.pms | sed -n 1,2p)" "are read from it again"
	pymic-save --format $kind --field image,label -o twice in.pms
	cmp -s both/v1.$kind twice/v1.$kind
	ok $? "the same bytes every time"
done
is "$(head -c 14 both/v1.npz | tail -c 4 | od -An -tx1)" " 00 00 21 00" "at any time: the members of an npz are of 1980-01-01"
pymic-save --field label --format npy -o flatnpy flat.pms
(cd flatnpy && pymic-load p1.npy) > a.pms
is "$(records fields a.pms)" "p1 image u8 1 1 6 9" "a flat array has two axes"
if "$PYTHON" -c 'import numpy, msgpack, nibabel, SimpleITK, h5py, PIL, tifffile, nrrd' 2> /dev/null; then
	PYTHONPATH=$tests/../python PYTHONDONTWRITEBYTECODE=1
	export PYTHONPATH PYTHONDONTWRITEBYTECODE
	is "$("$PYTHON" "$tests/make_formats.py" save "$work/there" 20 2>&1)" 100 "20 random volumes, 5 kinds of files: others and pymic-load read them alike"
else
	skip "a Python with nibabel, SimpleITK, h5py, Pillow, tifffile and pynrrd is not there"
fi

status 0 "overlays" pymic-save --overlay -o over in.pms
is "$(files over)" "./v0.png ./v1.png ./v2.png " "a picture a case"
pymic-load over/v0.png > over.pms
like "$(records fields over.pms)" "^over/v0 image u8 3 1 [0-9]+ [0-9]+$" "in colours"
share=$(records grey over.pms)
ok $((share <= 5 || share >= 90)) "some of it grey, some of it not"
status 0 "overlays of predictions without images" pymic-save --overlay -o over2 pred.pms
is "$(files over2)" "./v0.png ./v1.png ./v2.png " "read the source again"
status 0 "overlays of pictures" pymic-save --overlay -o over3 flat.pms
pymic-load over3/p0.png > over.pms
is "$(records fields over.pms)" "over3/p0 image u8 3 1 174 261" "are enlarged to be seen"

# What must not happen. refused STATUS PATTERN NAME COMMAND...
refused() {
	pattern=$2
	name=$3
	want=$1
	shift 3
	status "$want" "$name" "$@"
	is "$(wc -l < err | tr -d ' ')" 1 "$name: one line"
	like "$(cat err)" "^pymic-save: .*$pattern" "$name: $pattern"
}
before=$(cksum < images/v0.nii.gz)
refused 1 "v0: images/v0.nii.gz is there already; --force" "a file that is there" pymic-save --field label -o images in.pms
is "$(cksum < images/v0.nii.gz)" "$before" "is not touched"
status 0 "--force" pymic-save --force --field label -o images in.pms
nifti same "$d/sub/v0_gt.nii.gz" images/v0.nii.gz
ok $? "overwrites it"
pymic-load --epochs 2 in.pms > twice.pms
refused 1 "v0: .* would be written twice" "a case that comes twice" pymic-save --force -o twice twice.pms
for id in ../up /abs a/../../up ..; do
	"$TESTS/samples" id "$id" > id.pms
	refused 1 "this id is no name for a file below" "the id $id" pymic-save -o id id.pms
done
is "$(find . -name 'up*' -o -name 'abs*')" "" "nothing was written elsewhere"
refused 1 "the stream holds no pred" "a field that is not there" pymic-save --field pred -o x in.pms
refused 1 "run pymic-infer with --prob" "probabilities that are not there" pymic-save --prob -o x in.pms
refused 1 "a volume of 2 slices is no PNG: choose nii.gz" "a volume as PNG" pymic-save --format png -o x in.pms
pymic-load --dims 2 "$d/half.nii" > half.pms
refused 1 "PNG holds u8 or u16 in 1 or 3 channels, this is f32 in 2: choose nii.gz" "floats as PNG" \
	pymic-save --format png -o x half.pms
refused 2 "several fields need --format h5 or npz" "fields that need a container" pymic-save --field image,label -o x in.pms
refused 2 "no folder to write to" "no folder" pymic-save in.pms
refused 1 "File exists|Not a directory" "a file in the place of the folder" pymic-save -o in.pms in.pms
head -c 300 in.pms > cut.pms
refused 3 "truncated" "a truncated stream" pymic-save -o cut cut.pms
is "$(find . -name '*.part*')" "" "no unfinished file is left"
done_testing
