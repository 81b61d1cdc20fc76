#!/bin/sh
# The pipelines of the README, from lists of images to a table, on made images: all eight commands.
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1
"$TESTS/made" balls . 8 3 30 34
# Cases 0 to 3 have labels, 4 and 5 have none, 6 and 7 are for validation and test.
awk -F, 'NR == 1 || NR <= 5 { print; next } NR <= 7 { print $1 "," }' list.csv > train.csv
awk 'NR == 1 || NR > 7' list.csv > test.csv
echo "normalize pad:size=32,32 crop:size=0,32,32 # the rest is drawn
	flip gamma" > train.aug
pymic-load test.csv | pymic-augment normalize pad:size=3,48,48 -o valid.pms
ok $? "validation set"

status 0 "train" sh -c 'pymic-load train.csv --epochs 0 --shuffle | pymic-augment @train.aug |
	pymic-batch --labeled 2 --unlabeled 1 |
	pymic-train --net unet:chns=8,16:dropout=0 --agent sup --classes 3 --valid valid.pms --valid-every 75 --iters 150 \
		--lr 1e-2 -j 1 -o model'
is "$(wc -l < out)" 3 "train: a head and two lines in its table"
status 0 "infer and evaluate" sh -c 'pymic-load test.csv | pymic-augment normalize pad:size=3,48,48 |
	pymic-infer -m model/best.pmm --tta flip -j 1 | tee pred.pms |
	pymic-eval --truth test.csv --labels 1,2 --metrics dice,hd95'
cp out scores.csv
is "$(awk -F, 'NR == 1 { print NF } /^mean/ { print ($3 > 0.7 && $4 > 0.7) }' scores.csv | paste -sd ' ')" "8 1" \
	"both structures are found"
[ "$tap_failed" -eq 0 ] || sed 's/^/# /' scores.csv

# Back in files, a prediction lies where its image lies, and is judged the same.
status 0 "save" pymic-save -o segmented pred.pms
pymic-load --info case_6.nii.gz | grep affine > wanted
pymic-load --info segmented/case_6.nii.gz | grep affine > got
is "$(cat got)" "$(cat wanted)" "the affine is the image's"
mkdir truth
for i in 6 7; do cp case_${i}_label.nii.gz truth/case_$i.nii.gz; done
status 0 "evaluate folders" pymic-eval --pred segmented --truth truth --labels 1,2 --metrics dice,hd95
is "$(grep ^mean out)" "$(grep ^mean scores.csv)" "folders give the same table"

# Corrupted labels are worse than true ones.
pymic-load test.csv | pymic-noise dilate:radius=2 --seed 1 > noisy.pms 2> err
ok $? "noise"
pymic-save --field label -o noisy noisy.pms 2>> err
pymic-eval --pred noisy --truth truth --labels 1+2 --metrics dice > out 2>> err
like "$(awk -F, '/^mean/ { print $3 }' out)" "^0\.[5-9]" "the corrupted label overlaps, but less"
done_testing
