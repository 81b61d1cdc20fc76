#!/bin/sh
# pymic-eval: the numbers, the three kinds of input, and what is missing, odd or wrong.
tests=$(cd "$(dirname "$0")" && pwd)
. "$tests/lib.sh"
PYTHON=${PYTHON:-/usr/bin/python3} # for the comparison with scipy alone
d=$work/data
"$TESTS/made" pairs "$d"
ok $? "cases are made"

# Worked out by hand: the image's diagonal is sqrt(15^2 + 15^2 + 7.5^2) = 22.5 mm.
table='case,unit,1_dice,2_dice,mean_dice,1_hd95,2_hd95,mean_hd95
a,mm,0.695652174,nan,0.695652174,3.12982216,nan,3.12982216
b,mm,0,1,0.5,22.5,0,11.25
c,mm,0,0.5,0.25,22.5,3,12.75
mean,mm,0.231884058,0.75,0.481884058,16.0432741,1.5,9.04327405
std,mm,0.32793358,0.25,0.182387144,9.1311894,1.5,4.22604504
n,,3,2,3,3,2,3
both_empty,,0,1,1,0,1,1
missed,,1,0,1,1,0,1
false_alarm,,1,0,1,1,0,1'
status 0 "two folders" pymic-eval --labels 1,2 --truth "$d/truth" --pred "$d/pred"
is "$(cat "$work/out")" "$table" "two folders: every number"
like "$(cat "$work/err")" "2 times one mask was empty: the distance counts as the image's diagonal" \
	"what an empty mask counts is said"
status 0 "a stream and a list" sh -c 'pymic-eval --labels 1,2 --truth "$1/list.csv" < "$1/pred.pms"' - "$d"
is "$(cat "$work/out")" "$table" "a stream and a list: the same"
status 0 "a stream with labels" sh -c 'pymic-eval --labels 1,2 < "$1/both.pms"' - "$d"
is "$(cat "$work/out")" "$table" "a stream with labels: the same"
status 0 "a list of pairs" pymic-eval --labels 1,2 --pairs "$d/pairs.csv"
is "$(sed 's,^pred/,,' "$work/out")" "$table" "a list of pairs: the same"
status 0 "predictions that lie elsewhere" pymic-eval --labels 1,2 --truth "$d/truth" --pred "$d/moved"
is "$(cat "$work/out")" "$table" "are measured in the truth's spacing"
like "$(cat "$work/err")" "warning: b: the prediction lies [0-9.]+ voxels off the truth" "with a warning"
status 0 "a stream that does not know its spacing" sh -c 'pymic-eval --labels 1,2 --metrics hd,volume < "$1/bare.pms"' - "$d"
is "$(sed -n 3p "$work/out")" "b,vox,21.7944947,0,10.8972474,0,32,16" "then voxels are the unit"

one() {
	metric=$1
	shift
	pymic-eval -q --labels 1 --metrics "$metric" --truth "$d/truth" --pred "$d/pred" "$@" | sed -n 2p | cut -d, -f3-
}
is "$(one dice,iou,sensitivity,specificity,precision,accuracy)" \
	"0.695652174,0.533333333,0.761904762,0.93986637,0.64,0.91796875" "overlaps and rates"
is "$(one assd,hd,rve,volume)" "0.86532128,5.38516474,0.19047619,337.5" "distances and volumes"
is "$(one hd:percentile=95)" 3.12982216 "a metric with a setting"
summary() { pymic-eval -q --labels 1 --metrics hd95 --truth "$d/truth" --pred "$d/pred" "$@" | sed -n "$row"p; }
row=5
is "$(summary --empty-distance inf)" "mean,mm,inf" "--empty-distance inf"
is "$(summary --empty-distance nan)" "mean,mm,3.12982216" "--empty-distance nan: left out of the mean"
is "$(summary --empty-distance 50)" "mean,mm,34.3766074" "--empty-distance 50"
row=7
is "$(summary --empty-distance nan)" "n,,1" "--empty-distance nan: and not counted"

pymic-eval -q --labels 1+2,2 --names whole,core --metrics dice --truth "$d/truth" --pred "$d/pred" -o "$work/fused.csv"
ok $? "-o writes a file"
is "$(sed -n '1p;4p' "$work/fused.csv")" "case,unit,whole_dice,core_dice,mean_dice
c,mm,0.492307692,0.5,0.496153846" "joined labels, and names"
pymic-eval -q --labels 1,2 --names left,right --table --truth "$d/truth" --pred "$d/pred" > "$work/table"
is "$(cat "$work/table")" \
'structure  dice            hd95 (mm)      cases  both_empty  missed  false_alarm
left       0.232 +- 0.328  16.04 +- 9.13  3      0           1       1
right      0.750 +- 0.250  1.50 +- 1.50   3      1           0       0
mean       0.482 +- 0.182  9.04 +- 4.23   3      1           1       1' "a table for the eye"

# What is missing, extra or wrong costs its own case only.
mkdir "$work/pred"
cp "$d/pred/a.nii.gz" "$work/pred"
cp "$d/pred/a.nii.gz" "$work/pred/x.nii.gz"
"$TESTS/made" balls "$work/small" 1 2 8 8
cp "$work/small/case_0_label.nii.gz" "$work/pred/b.nii.gz"
for j in 1 3; do
	status 1 "missing, extra and misshapen predictions, -j $j" pymic-eval --labels 1 --truth "$d/truth" --pred "$work/pred" -j $j
	cp "$work/out" "$work/out.$j"
	cp "$work/err" "$work/err.$j"
done
like "$(cat "$work/err")" "x.nii.gz: there is no truth of that name" "an extra one is named"
like "$(cat "$work/err")" "c: no prediction" "a missing one is named"
like "$(cat "$work/err")" "1 of 3 cases have no prediction" "missing ones are counted"
like "$(cat "$work/err")" "b: left out: the prediction has 2x8x8 voxels, but the truth 6x16x16" "a wrong shape is told"
is "$(sed -n 2p "$work/out" | cut -d, -f1-3),$(grep -c ^b "$work/out")" "a,mm,0.695652174,1" "the others are judged"
cat "$work/out.1" "$work/err.1" > "$work/one"
cat "$work/out.3" "$work/err.3" | cmp -s - "$work/one"
ok $? "the same for any -j"
status 1 "labels between whole numbers" sh -c 'pymic-eval --labels 1,2 < "$1/soft.pms"' - "$d"
like "$(cat "$work/err")" "b: left out: prediction 0.5 is not a whole number" "are told"
is "$(sed -n 3p "$work/out")" "c,mm,0,0.5,0.25,22.5,3,12.75" "floats that are whole do"
rm "$work/pred/b.nii.gz" "$work/pred/x.nii.gz"
status 1 "a missing prediction" pymic-eval --labels 1 --truth "$d/truth" --pred "$work/pred"
status 0 "--allow-missing" pymic-eval --labels 1 --truth "$d/truth" --pred "$work/pred" --allow-missing
printf 'image,label\na.nii.gz,truth/a.nii.gz\nb.nii.gz,\nz.nii.gz,truth/b.nii.gz\n' > "$d/other.csv"
status 1 "a stream and another list" sh -c 'pymic-eval --labels 1 --truth "$1/other.csv" < "$1/pred.pms"' - "$d"
is "$(grep -c . "$work/out") $(cat "$work/err")" "8 pymic-eval: warning: b: predicted, but its truth is blank in the list
pymic-eval: warning: c: predicted, but not in the list of truths
pymic-eval: warning: z: no prediction
pymic-eval: warning: 1 of 2 cases have no prediction (--allow-missing takes that)" "what does not fit is named"
printf 'truth,pred\ntruth/a.nii.gz,pred/a.nii.gz\ntruth/b.nii.gz,nowhere.nii.gz\ntruth/c.nii.gz,\n' > "$d/gaps.csv"
status 1 "pairs without a prediction" pymic-eval --labels 1 --pairs "$d/gaps.csv"
like "$(cat "$work/err")" "2 of 3 cases have no prediction" "are counted"
cp "$d/truth/a.nii.gz" "$d/truth/od,d \"one\".nii.gz"
cp "$d/pred/a.nii.gz" "$d/pred/od,d \"one\".nii.gz"
like "$(pymic-eval -q --labels 1 --truth "$d/truth" --pred "$d/pred")" '^"od,d ""one""",mm,0.69' "names are quoted"
status 0 "labels that are nowhere" pymic-eval --labels 1,7 --truth "$d/truth" --pred "$d/pred"
like "$(cat "$work/err")" "7: in no case is it predicted or true" "are suspicious"

# Usage.
wrong() {
	tap_pattern=$1
	shift
	status 2 "pymic-eval $*" pymic-eval "$@"
	like "$(cat "$work/err")" "$tap_pattern" "says so"
}
wrong "which labels" --truth "$d/truth" --pred "$d/pred"
wrong "'x' is no label" --labels 1,x --pairs "$d/pairs.csv"
wrong "'' is no label" --labels 1,,2 --pairs "$d/pairs.csv"
wrong "did you mean dice" --labels 1 --metrics hd95,dcie --pairs "$d/pairs.csv"
wrong "2 names, but --labels 1" --labels 1 --names a,b --pairs "$d/pairs.csv"
wrong "called '1'" --labels 1,1 --pairs "$d/pairs.csv"
wrong "empty-distance" --labels 1 --empty-distance=-3 --pairs "$d/pairs.csv"
wrong "leave out" --labels 1 --truth "$d/truth" --pairs "$d/pairs.csv"
wrong "unexpected argument" --labels 1 "$d/pred.pms"
printf 'image\na.nii.gz\n' > "$d/plain.csv"
status 1 "a list without labels" sh -c 'pymic-eval --labels 1 --truth "$1/plain.csv" < "$1/pred.pms"' - "$d"
like "$(cat "$work/err")" "has no column 'label'" "says so"
status 3 "a stream without truth" sh -c 'pymic-eval --labels 1 < "$1/pred.pms"' - "$d"
like "$(cat "$work/err")" "say --truth" "says what to do"

if "$PYTHON" -c 'import numpy, scipy' 2> /dev/null; then
	"$PYTHON" "$tests/peers.py" eval "$work/scipy"
	ok $? "scipy says the same"
else
	skip "scipy is not installed"
fi
done_testing
