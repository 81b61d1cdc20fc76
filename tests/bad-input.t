#!/bin/sh
# Bad lists and bad images: one clear line, status 1, and nothing under the final name.
tests=$(cd "$(dirname "$0")" && pwd)
. "$tests/lib.sh"
"$TESTS/made" images "$work/data"
cd "$work/data" || exit 1

# refused PATTERN ARGUMENT...: pymic-load ends with 1 and one line like PATTERN, and leaves no file.
refused() {
	pattern=$1
	shift
	rc=0
	timeout 20 pymic-load "$@" -o out.pms > "$work/out" 2> "$work/err" || rc=$?
	line=$(cat "$work/err")
	left=$(find . -name 'out.pms*' | wc -l | tr -d ' ')
	case $(wc -l < "$work/err" | tr -d ' ')-$rc-$left-$(wc -c < "$work/out" | tr -d ' ') in
	1-1-0-0) like "$line" "^pymic-load: .*$pattern" "$*: $pattern" ;;
	*)
		ok 1 "$*: status 1, one line, no file"
		printf '%s\n' "status $rc, $left files" "$line" | sed 's/^/# /'
		;;
	esac
	rm -f out.pms*
}
# list TEXT: makes bad.csv, \n and the like as in printf.
list() {
	# shellcheck disable=SC2059
	printf "$1" > bad.csv
}
bad() {
	list "$1"
	shift
	refused "$@"
}

# Labels of -1 and of 255; a mirrored axis; a slope of 1e38; an extension that is announced and not there, or of no size.
patch() { # FROM TO, then pairs of a place and bytes in octal
	cp "$1" "$2"
	name=$2
	shift 2
	while [ $# -gt 0 ]; do
		# shellcheck disable=SC2059
		printf "$2" | dd of="$name" bs=1 seek="$1" conv=notrunc 2> /dev/null
		shift 2
	done
}
full=$(printf '\\377%.0s' 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20)
patch five.nii mask.nii 352 "$full$full"
patch mask.nii minus.nii 70 '\000\001'
patch here.nii mirror.nii 280 '\000\000\200\277'
patch grid.nii steep.nii 112 '\231\166\226\176'
patch grid.nii none.nii 348 '\001'
{ head -c 352 grid.nii; head -c 16 /dev/zero; tail -c 40 grid.nii; } > long.nii
patch long.nii zero.nii 108 '\000\000\270\103' 348 '\001'
patch zero.nii minus16.nii 352 '\360\377\377\377'
patch zero.nii odd.nii 352 '\021'

refused "nothing.csv: No such file" nothing.csv
refused "nothing.nii: No such file" nothing.nii
bad '' "bad.csv: the list is empty" bad.csv
bad 'image,label\n' "bad.csv: the list is empty: a header, but no case" bad.csv
bad 'picture,label\nx,y\n' "bad.csv: has no column 'image', and the first one \('picture'\)" bad.csv
bad 'label,other\ngrid.nii,grid.nii\n' "bad.csv: has no column 'image'" bad.csv
bad 'image,lable\ngrid.nii,grid.nii\n' "no column 'label' \(--label\); did you mean 'lable'" --label label bad.csv
bad 'image;label\ngrid.nii;grid.nii\n' "separated by ';'" bad.csv
bad 'image,label\ngrid.nii\n' "bad.csv:2: 1 cell, but the header names 2" bad.csv
bad 'image,label\n,five.nii\n' "bad.csv:2: the cell 'image' is blank" bad.csv
bad 'image\ngrid.nii\n./grid.nii\n' "two cases are named 'grid'" bad.csv
bad 'image,label\ngrid.nii,grid.nii\n' "bad.csv:2: image and label are the same file, grid.nii" bad.csv
bad 'image,label\ngrid.nii,five.nii\nhere.nii,gone.nii\n' "here: .*gone.nii: No such file" bad.csv
bad 'image\ngrid.nii\nsub\n' "sub: is a folder" bad.csv
bad 'image\ngrid.nii\nlist.csv\n' "list.csv: unknown kind of image" bad.csv
mkfifo pipe.nii
bad 'image\npipe.nii\n' "pipe: pipe.nii: not a regular file" bad.csv
list 'image,lable\ngrid.nii,grid.nii\n'
status 0 "a column of an unknown name is let be" pymic-load -o out.pms bad.csv
like "$(cat "$work/err")" "column 'lable' is not used; did you mean 'label'" "but not in silence where it is nearly one of ours"
rm -f out.pms
bad 'image,image\na,b\n' "bad.csv:1: two columns are named 'image'" bad.csv

bad 'image,label\ngrid.nii,five.nii\n' "grid: five.nii: label 5 \(3 voxels\) but --classes is 4" --classes 4 bad.csv
bad 'image,label\ngrid.nii,five.nii\n' "grid: five.nii: label 5 \(3 voxels\) but it is not in --labels" --labels 0,1,2 bad.csv
bad 'image,label\ngrid.nii,half.nii\n' "grid: half.nii: label [012].5 is not a whole number" bad.csv
bad 'image,label\ngrid.nii,small.nii\n' "grid: small.nii: shape 2x3x5, but grid.nii has 2x4x5" bad.csv
bad 'image,image2\ngrid.nii,small.nii\n' "grid: small.nii: shape 2x3x5, but grid.nii" bad.csv
bad 'image,label\nhere.nii,far.nii\n' "here: far.nii: lies 2 voxels off here.nii .*--geometry image" bad.csv
bad 'image,label\np0.png,rgb.png\n' "p0: rgb.png: a label has one channel, this has 3" bad.csv
bad 'image\ngrid.nii\np0.png\n' "p0: is 2-D, but grid is 3-D" bad.csv
refused "nan: nan.nii: 2 voxels are NaN or infinite, the first at z,y,x = 1,2,3; --nan zero" nan.nii
bad 'image\nrgb.png\nv0.nii.gz\n' "v0: is 3-D, but rgb is 2-D" -q --mix 1:1 bad.csv list.csv

bad 'image,label\ngrid.nii,minus.nii\n' "grid: minus.nii: label -1 \(40 voxels\) but --classes is 4" --classes 4 bad.csv
bad 'image,label\ngrid.nii,mask.nii\n' "grid: mask.nii: label 255 \(40 voxels\) but --classes is 2" --classes 2 bad.csv
bad 'image,label\ngrid.nii,wide.nii\n' "grid: wide.nii: label 300 \([0-9]+ voxels\) but it is not in --labels" --labels 0,1 bad.csv
bad 'image,label\nhere.nii,mirror.nii\n' "here: mirror.nii: lies [0-9]+ voxels off here.nii" bad.csv
bad 'image,image2\nhere.nii,far.nii\n' "here: far.nii: lies 2 voxels off here.nii" bad.csv
bad 'image\n"two\nlines.nii"\n' "an id has no line breaks" bad.csv
bad 'id,image\n"a\tb",grid.nii\n' "an id has no line breaks" bad.csv
refused "grid: grid.nii: is 2x4x5, smaller than the 2x5x2 of --crop" --crop 2,5,2 grid.nii
refused "steep: steep.nii: [0-9]+ voxels are NaN or infinite" steep.nii

# What lies a little off is used; it is said when it is more than rounding.
list 'image,label\nhere.nii,near.nii\n'
status 0 "a label that is off by rounding" pymic-load bad.csv -o "$work/fine.pms"
is "$(cat "$work/err")" "" "is no matter"
list 'image,label\nhere.nii,off.nii\n'
status 0 "a label that is off by a twentieth of a voxel" pymic-load --epochs 3 --cache 0 bad.csv -o "$work/fine.pms"
like "$(cat "$work/err")" "^pymic-load: warning: here: off.nii: lies 0.05 voxels off here.nii" "is used with a warning"
is "$(wc -l < "$work/err" | tr -d ' ')" 1 "once, not in every epoch"
list 'image,label\nhere.nii,far.nii\n'
status 0 "--geometry image takes what strict refuses" pymic-load --geometry image bad.csv -o "$work/fine.pms"

# Truncated and damaged files, of a list that is fine up to there.
for n in 1 20 100; do
	head -c $n v0.nii.gz > cut.nii.gz
	bad 'image\nv1.nii.gz\ncut.nii.gz\n' "cut: cut.nii.gz: .*truncated" bad.csv
done
head -c 380 grid.nii > cut.nii
refused "cut: cut.nii: .*truncated" cut.nii
: > empty.nii.gz
refused "empty: empty.nii.gz: the file is empty" empty.nii.gz
head -c 60 p0.png > cut.png
refused "cut: cut.png: damaged PNG" cut.png
cp p0.png picture.nii
refused "picture: picture.nii: not a NIfTI file|picture: picture.nii: .*truncated" picture.nii
cp grid.nii volume.png
refused "volume: volume.png: not a PNG" volume.png
cp grid.nii volume.h5
refused "volume: volume.h5: not an HDF5 file" volume.h5
# Each format: another one's bytes, and every kind of cut.
data=$tests/data
for kind in mha:MetaImage nrrd:NRRD npy:numpy npz:zip bmp:BMP jpg:JPEG tif:TIFF; do
	cp grid.nii "volume.${kind%:*}"
	refused "volume: volume.${kind%:*}: not an? .*${kind#*:}" "volume.${kind%:*}"
done
for file in meta0.mha nrrd1.nrrd npy2.npy npy4.npz picture0.bmp jpeg0.jpeg tiff0.tiff hdf51.h5; do
	kind=${file##*.}
	size=$(wc -c < "$data/$file")
	for n in 20 $((size / 2)) $((size - 1)); do
		head -c "$n" "$data/$file" > "cut.$kind"
		refused "cut: cut.$kind: " "cut.$kind"
	done
done
# A zip archive whose directory lies.
while IFS='|' read -r at byte why; do
	cp "$data/npy4.npz" lie.npz
	# shellcheck disable=SC2059
	printf "$byte" | dd of=lie.npz bs=1 seek="$at" conv=notrunc 2> /dev/null
	refused "lie: lie.npz: $why" lie.npz
done << 'END'
697|\001|image.npy is encrypted or packed by method 8: save it
699|\014|image.npy is encrypted or packed by method 12: save it
705|\377\377|image.npy: cannot be unpacked: CRC error
709|\200|image.npy: cannot be unpacked: CRC error
713|\000\001|image.npy: holds 128 bytes of voxels, but the header promises 384: truncated or corrupt
713|\000\000\000\177|image.npy: holds [0-9]* bytes of voxels, but the header promises 384
733|\012|image.npy: cannot be unpacked: 
810|\377|not a zip archive of numpy arrays, or truncated
END
sed 's/meta1.raw/..\/grid.nii/' "$data/meta1.mhd" > away.mhd
refused "away: away.mhd: its voxels are said to be in '../grid.nii': a file in the header's own folder is read" away.mhd
sed "s|nrrd0.raw|$PWD/grid.nii|" "$data/nrrd0.nhdr" > away.nhdr
refused "away: away.nhdr: its voxels are said to be in '/.*grid.nii': a file in the header's own folder" away.nhdr
sed 's/meta1.raw/LIST/' "$data/meta1.mhd" > away.mhd
refused "its slices are in many files: save it as one .mha" away.mhd
printf 'NRRD0004\ntype: short\ndimension: 3\nsizes: 99999 99999 99999\nencoding: raw\nendian: little\n\nxx' > huge.nrrd
refused "huge: huge.nrrd: the header promises .* more than the file can hold" huge.nrrd
printf 'NRRD0004\ntype: short\ndimension: 3\nsizes: 4 4 4\nencoding: bzip2\nendian: little\n\nxx' > bz.nrrd
refused "bz: bz.nrrd: 'encoding: bzip2' in the header is not among what is read .numbers; raw, gzip, ascii or hex" bz.nrrd
{ head -c 128 /dev/zero; printf 'DICM and more'; } > slice
refused "slice: DICOM is not read: convert the series with: dcm2niix -z y -o . '.'" slice
cp slice scan.IMA
refused "scan.IMA: DICOM is not read: .*dcm2niix" scan.IMA
bad 'image,spacing\np0.png,0.5x-1\n' "bad.csv:2: spacing '0.5x-1': expected mm as ZxYxX" bad.csv
printf '{"spacing": [1, 2, "x"]}' > p1.json
refused "p1: p1.json: its \"spacing\" is not \[z, y, x\] in mm" p1.png
rm p1.json
bad 'image,label,annotated\ngrid.nii,five.nii,1;x\n' "bad.csv:2: annotated '1;x': expected at most 32 labels" bad.csv
bad 'image,image2\ngrid.nii,\n' "bad.csv:2: the cell 'image2' is blank.*--allow-missing" bad.csv
bad 'image,image2\n,\n' "bad.csv:2: all images are missing" --allow-missing bad.csv
(cat v0.nii.gz; echo garbage) > tail.nii.gz
refused "tail: tail.nii.gz: garbage behind" tail.nii.gz
{ head -c 40 grid.nii; printf '\003\000\377\177\377\177\377\177'; tail -c +49 grid.nii; } > huge.nii
refused "huge: huge.nii: the header promises .* more than the file can hold" huge.nii
if [ "$(id -u)" != 0 ]; then
	chmod 000 small.nii
	refused "small: small.nii: Permission denied" small.nii
else
	skip "root may read everything"
fi

# On stdout the next tool learns of it.
head -c 100 v0.nii.gz > cut.nii.gz
list 'image\nv1.nii.gz\ncut.nii.gz\n'
(pymic-load bad.csv || echo $? > "$work/first") 2> /dev/null | (pymic-load - || echo $? > "$work/second") > /dev/null 2> "$work/err"
is "$(cat "$work/first") $(cat "$work/second")" "1 3" "the next tool ends with 3"
like "$(cat "$work/err")" "cut: cut.nii.gz" "and tells the first cause"

# Extensions are not looked at: the header says where the voxels begin.
pymic-load grid.nii > "$work/fine.pms"
for file in none zero minus16 odd; do
	status 0 "an extension: $file" pymic-load $file.nii -o "$work/$file.pms"
	is "$("$TESTS/records" all "$work/$file.pms" image | cksum)" "$("$TESTS/records" all "$work/fine.pms" image | cksum)" "the voxels are those"
done
# Nor is a size of compressed data that lies: the data end where they end.
gzip -dc v0.nii.gz | tail -c 80 > voxels
for size in 1 99999 -5; do
	{
		printf 'ObjectType = Image\nNDims = 3\nBinaryData = True\nCompressedData = True\nCompressedDataSize = %s\n' "$size"
		printf 'DimSize = 5 4 2\nElementType = MET_SHORT\nElementDataFile = LOCAL\n'
		gzip -c voxels
	} > lie.mha
	status 0 "CompressedDataSize = $size" pymic-load lie.mha -o "$work/lie.pms"
	is "$("$TESTS/records" all "$work/lie.pms" image | cksum)" \
		"$(pymic-load v0.nii.gz | "$TESTS/records" all /dev/stdin image | cksum)" "the voxels are all there"
done

# Names that are odd, but fine.
mkdir -p "odd names"
cp grid.nii "odd names/a,b \"c\".nii"
cp grid.nii "odd names/ü x.nii"
bom=$(printf '\357\273\277')
list "${bom}image\\r\\n\"odd names/a,b \"\"c\"\".nii\"\\r\\nodd names/ü x.nii"
status 0 "commas, quotes, blanks and umlauts in names" pymic-load bad.csv -o "$work/fine.pms"
is "$(pymic-load --check "$work/fine.pms" | awk -F'\t' 'NR == 2 { print $2, $4 }')" "ok 2" "are read"

# Usage errors are told apart: nothing was read.
for words in "--mix 4 bad.csv list.csv" "--mix 4:x bad.csv list.csv" "--shard 3/2 list.csv" "--cache many list.csv" \
	"--info --check list.csv" "- list.csv" "- --shuffle" ""; do
	# shellcheck disable=SC2086
	status 2 "usage: pymic-load $words" pymic-load $words < /dev/null
done
done_testing
