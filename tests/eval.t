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

is "$(one masd,hd:percentile=95 --percentile 50)" "$(one masd,hd:percentile=95)" "--percentile is for hd that has none"
is "$(one hd --percentile 95)" 3.12982216 "--percentile"
is "$(one hd,assd --units vox)" "$(one hd,assd --compat medpy --units vox)" "--units vox"
is "$(pymic-eval -q --labels 1 -m hd --units vox --truth "$d/truth" --pred "$d/pred" | sed -n 2p)" "a,vox,5.74456263" "voxels are the unit"
ok "$([ "$(one hd95,masd --surface area)" != "$(one hd95,masd)" ]; echo $?)" "--surface area weighs"
is "$(one hd95,masd,nsd --surface area)" "$(one hd95,masd,nsd --compat deepmind)" "--surface area is that of surface-distance"
is "$(one nsd:tolerance=100,boundary_iou:distance=100)" "1,0.533333333" "tolerance and distance"
"$TESTS/made" balls "$work/round" 2 1 24 24
printf 'truth,pred\n%s,%s\n' "$work/round/case_0_label.nii.gz" "$work/round/case_1_label.nii.gz" > "$work/round.csv"
round() { pymic-eval -q --labels 1+2 --pairs "$work/round.csv" -m assd "$@" | sed -n 2p; }
ok "$([ "$(round)" != "$(round --connectivity 2)" ]; echo $?)" "--connectivity"
row=6
is "$(summary --ddof 1 --empty-distance 50)" "std,mm,27.0605098" "--ddof 1"

# Other libraries' definitions; tests/peers_eval.py asks the libraries.
as() { one "$1" --compat "$2"; }
is "$(as dice,iou,assd,hd95,rve,volume pymic)" "0.695652181,0.533333351,0.86532128,3.1622777,0.19047619,283.5" "as PyMIC"
is "$(pymic-eval -q --labels 1 --compat pymic -m dice,hd95 --truth "$d/truth" --pred "$d/moved" | sed -n 2p)" \
	"a,mm,0.695652181,$(one hd95 --compat pymic --units vox)" "as PyMIC: in the spacing of the prediction"
pymic-eval -q --labels 1 --compat pymic -m assd,hd95,hd95_uncapped --truth "$d/truth" --pred "$d/pred" > "$work/caps"
is "$(sed -n 3,4p "$work/caps")" "b,mm,20,50,100
c,mm,20,50,100" "as PyMIC: caps, and before them"
is "$(pymic-eval -q --labels 1,2 --compat ssl4mis --truth "$d/truth" --pred "$d/pred" | sed -n 3p)" "b,vox,0,1,0.5,0,0,0" "as SSL4MIS"
is "$(pymic-eval -q --labels 1,2 --compat nnunet --truth "$d/truth" --pred "$d/pred" | sed -n 5p)" \
	"mean,mm,0.231884058,0.75,0.490942029,0.177777778,0.666666667,0.422222222" "as nnU-Net: the mean of means"

pymic-eval -q --labels 1+2,2 --names whole,core --metrics dice --truth "$d/truth" --pred "$d/pred" -o "$work/fused.csv"
ok $? "-o writes a file"
is "$(sed -n '1p;4p' "$work/fused.csv")" "case,unit,whole_dice,core_dice,mean_dice
c,mm,0.492307692,0.5,0.496153846" "joined labels, and names"
pymic-eval -q --labels 2 --regions 1+2 --names core,whole --metrics dice --truth "$d/truth" --pred "$d/pred" > "$work/regions"
is "$(sed -n 4p "$work/regions")" "c,mm,0.5,0.492307692,0.496153846" "regions beside labels"
pymic-eval -q --labels 1,2 --names left,right --format table --truth "$d/truth" --pred "$d/pred" > "$work/table"
is "$(cat "$work/table")" \
'structure  dice            hd95 (mm)      cases  both_empty  missed  false_alarm
left       0.232 +- 0.328  16.04 +- 9.13  3      0           1       1
right      0.750 +- 0.250  1.50 +- 1.50   3      1           0       0
mean       0.482 +- 0.182  9.04 +- 4.23   3      1           1       1' "a table for the eye"

# The same in other formats.
pymic-eval -q --labels 1,2 --truth "$d/truth" --pred "$d/pred" --format tsv > "$work/tsv"
is "$(sed 1d "$work/tsv" | tr '\t' ,)" "$table" "TSV: the same rows"
like "$(sed -n 1p "$work/tsv")" "^# pymic-eval [0-9.]+; surfaces by voxels, .*spacing of the truth; .*diagonal" "TSV: how they came about"
pymic-eval -q --labels 1 --metrics dice --empty-distance inf --truth "$d/truth" --pred "$d/pred" --format json > "$work/json"
is "$(sed 1d "$work/json" | head -n 4)" '"cases": [
	{ "case": "a", "unit": "mm", "1_dice": 0.695652174 },
	{ "case": "b", "unit": "mm", "1_dice": 0 },
	{ "case": "c", "unit": "mm", "1_dice": 0 }' "JSON: cases"
like "$(cat "$work/json")" '\{ "case": "n", "unit": "", "1_dice": 3 \}' "JSON: the summary"
if "$PYTHON" -c '' 2> /dev/null; then
	pymic-eval -q --labels 1,2 --metrics dice,hd95 --empty-distance inf --truth "$d/truth" --pred "$d/pred" --format json > "$work/json"
	is "$("$PYTHON" -c 'import json, sys
d = json.load(open(sys.argv[1]))
print(sorted(d), d["cases"][0]["2_dice"], d["cases"][1]["1_hd95"])' "$work/json")" "['cases', 'definition', 'summary'] None inf" "JSON: valid"
else
	skip "python3 is not installed"
fi

# Confidence intervals: of three values, the least and the largest possible mean.
pymic-eval -q --labels 1 --metrics dice --bootstrap 2000 --truth "$d/truth" --pred "$d/pred" > "$work/ci"
is "$(sed -n 7,8p "$work/ci")" "ci_low,mm,0
ci_high,mm,0.695652174" "--bootstrap: bounds of the mean"
pymic-eval -q --labels 1 --metrics dice --bootstrap 2000 --truth "$d/truth" --pred "$d/pred" | cmp -s - "$work/ci"
ok $? "the same seed, the same bounds"
is "$(pymic-eval -q --labels 1 -m dice --bootstrap 2000 --confidence 30 --truth "$d/truth" --pred "$d/pred" | sed -n 8p)" \
	"ci_high,mm,0.231884058" "--confidence"
like "$(pymic-eval -q --labels 1 -m dice --bootstrap 99 --format table --truth "$d/truth" --pred "$d/pred")" "0\.232 \[0\.000, 0\.[46]" \
	"and in the table"

# Two results of the same cases.
printf 'case,unit,1_dice,note,1_hd95\na,mm,0.5,x,1\nb,mm,0.6,y,inf\nc,mm,0.7,z,3\nd,mm,nan,,4\nmean,mm,1,,1\nstd,mm,1,,1\n' > "$work/a.csv"
printf 'case,1_hd95,1_dice\nc,2,0.9\na,3,0.6\nb,inf,0.9\nd,1,1\n' > "$work/b.csv"
status 0 "--compare" pymic-eval --compare "$work/a.csv" "$work/b.csv"
is "$(cat "$work/out")" "column,n,mean_a,mean_b,difference,std,wilcoxon,p
1_dice,3,0.6,0.8,0.2,0.0816496581,0,0.25
1_hd95,4,inf,inf,-0.5,1.80277564,2,0.75" "pairs by case, columns by name"
status 0 "--compare with an interval" pymic-eval --compare "$work/a.csv" "$work/b.csv" --bootstrap 500 --ddof 1 -f table
is "$(sed -n 2p "$work/out" | tr -s ' ')" "1_dice 3 0.6 0.8 0.2 0.1 0.1 0.3 0 0.25" "has its bounds"
pymic-eval -q --labels 1 --truth "$d/truth" --pred "$d/pred" -f tsv > "$work/c.tsv"
status 0 "--compare reads TSV" pymic-eval --compare "$work/c.tsv" "$work/c.tsv"
is "$(sed -n 2p "$work/out")" "1_dice,3,0.231884058,0.231884058,0,0,0,1" "the same does not differ"
sed '/^d/d' "$work/b.csv" > "$work/few.csv"
status 1 "cases that only one has" pymic-eval --compare "$work/a.csv" "$work/few.csv"
like "$(cat "$work/err")" "d: only in .*a.csv" "are named"
status 0 "--allow-missing takes those too" pymic-eval --compare "$work/a.csv" "$work/few.csv" --allow-missing
status 1 "nothing in common" pymic-eval --compare "$work/a.csv" "$d/pairs.csv"

# Tables of classes.
printf 'image,label\na,0\nb,0\nc,1\nd,1\ne,1\n' > "$work/label.csv"
printf 'image,prob0,prob1\ne,0.1,0.9\na,0.8,0.2\nb,0.4,0.6\nc,0.4,0.6\nd,0.7,0.3\n' > "$work/prob.csv"
status 0 "two classes" pymic-eval --truth "$work/label.csv" --pred "$work/prob.csv"
is "$(cat "$work/out")" "class,cases,accuracy,recall,specificity,precision,auc
1,5,0.6,0.666666667,0.5,0.666666667,0.75" "are judged by the second"
printf 'image,label\na,0\nb,1\nc,2\nd,1\ne,2\n' > "$work/said.csv"
status 0 "classes by name" pymic-eval --truth "$work/label.csv" --pred "$work/said.csv" -m accuracy,recall --names x,y,z
is "$(cat "$work/out")" "class,cases,accuracy,recall
x,5,0.8,0.5
y,5,0.4,0.333333333
z,5,0.6,nan
all,5,0.4,nan" "each against the others"
printf 'image,label0,label1\na,0,1\nb,0,1\nc,1,0\n' > "$work/labels.csv"
printf 'image,prob0,prob1\na,0.5,0.9\nb,0.1,0.4\nc,0.6,0.1\n' > "$work/probs.csv"
status 0 "classes that do not exclude each other" pymic-eval --truth "$work/labels.csv" --pred "$work/probs.csv" --multilabel \
	--metrics accuracy,recall --bootstrap 2000
is "$(sed -n 1,2p "$work/out")" "class,cases,accuracy,accuracy_low,accuracy_high,recall,recall_low,recall_high
0,3,1,1,1,1,1,1" "a half says no"
like "$(sed -n 4p "$work/out")" "^all,3,0.833333333,0.5,1,0.75,0.5,1" "and all of them"
sed '/^e/d' "$work/prob.csv" > "$work/few.csv"
status 1 "a case without prediction" pymic-eval --truth "$work/label.csv" --pred "$work/few.csv"
like "$(cat "$work/err")" "e: only in .*label.csv" "is named"
cat "$work/prob.csv" "$work/few.csv" | sed '7d' > "$work/twice.csv"
status 1 "a case that is there twice" pymic-eval --truth "$work/label.csv" --pred "$work/twice.csv"
like "$(cat "$work/err")" "twice.csv:7: case 'a' is there twice" "is told"
status 1 "a class that is none" pymic-eval --truth "$work/prob.csv" --pred "$work/prob.csv"
like "$(cat "$work/err")" "'0.9' is no class" "is told"
status 2 "AUC without probabilities" pymic-eval --truth "$work/label.csv" --pred "$work/said.csv" -m auc
like "$(cat "$work/err")" "auc needs probabilities" "says so"

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
pymic-eval: warning: 1 of 2 cases have no prediction (--allow-missing takes that)
pymic-eval: warning: 2 predictions have no truth (--allow-missing takes that)" "what does not fit is named"
printf 'image,label\na.nii.gz,truth/a.nii.gz\n' > "$d/one.csv"
status 1 "predictions that nobody asked for" sh -c 'pymic-eval --labels 1 --truth "$1/one.csv" < "$1/pred.pms"' - "$d"
status 0 "--allow-missing takes them" sh -c 'pymic-eval --labels 1 --truth "$1/one.csv" --allow-missing < "$1/pred.pms"' - "$d"
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
wrong "2 names, but there are 1" --labels 1 --names a,b --pairs "$d/pairs.csv"
wrong "called '1'" --labels 1,1 --pairs "$d/pairs.csv"
wrong "'x' is no label" --regions 1+x --pairs "$d/pairs.csv"
wrong "called '1'" --labels 1 --regions 1 --pairs "$d/pairs.csv"
wrong "did you mean medpy" --labels 1 --compat medpi --pairs "$d/pairs.csv"
wrong "unknown nnunet-metric" --labels 1 --compat nnunet --metrics hd95 --pairs "$d/pairs.csv"
wrong "says itself" --labels 1 --compat monai --surface area --pairs "$d/pairs.csv"
wrong "auc is of tables" --labels 1 --metrics auc --pairs "$d/pairs.csv"
wrong "tolerances" --labels 1,2,3 --metrics nsd:tolerance=1x2 --pairs "$d/pairs.csv"
wrong "multilabel" --labels 1 --multilabel --pairs "$d/pairs.csv"
wrong "takes two results" --compare "$d/pairs.csv"
wrong "leave out what is about masks" --compare --labels 1 "$d/pairs.csv" "$d/pairs.csv"
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
	"$PYTHON" "$tests/peers_eval.py" "$work/libraries" > "$work/peers"
	ok $? "the libraries of --compat say the same, as far as they are installed"
	sed 's/^/# /' "$work/peers"
else
	skip "scipy is not installed" 2
fi
done_testing
