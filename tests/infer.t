#!/bin/sh
# pymic-infer from end to end: on the image's own grid, windows, flips, ensembles, and what it refuses.
tests=$(cd "$(dirname "$0")" && pwd)
. "$tests/lib.sh"
cd "$work" || exit 1

# check NAME WHAT FILE...
check() {
	check_name=$1
	shift
	check_rc=0
	"$TESTS/records" "$@" > log 2>&1 || check_rc=$?
	ok "$check_rc" "$check_name"
	[ "$check_rc" = 0 ] || sed 's/^/# /' log
}
infer() { pymic-infer -j 1 -q "$@"; }

# Sizes that the network cannot take as they are.
"$TESTS/made" balls data 4 3 44 37
pymic-load data/list.csv -o raw.pms
pymic-augment normalize < raw.pms > in.pms
for seed in 1 2; do
	pymic-load data/list.csv --epochs 0 | pymic-augment normalize crop:size=3,32,32 |
		pymic-train --net unet:chns=8,16,16:dropout=0 --classes 3 --iters 60 -j 1 --seed $seed -o m$seed > train.log 2>&1
	ok $? "model $seed is trained"
done
best=m1/last.pmm

dice() { tail -n 1 | awk -F, '{ print ($2 > 0.95 && $3 > 0.9) ? "good" : $0 }'; }
is "$(pymic-load data/list.csv | pymic-augment normalize pad:size=3,48,48 | infer -m $best |
	pymic-eval --labels 1,2 --metrics dice | grep ^mean | dice)" good "load, augment, infer, eval: it finds the discs"

infer -m $best < in.pms > plain.pms
check "without padding the network's own is used" grid plain.pms raw.pms
check "pred and label come out, the image does not" names plain.pms label,pred
infer -m $best --prob --keep-image < in.pms > prob.pms
check "--prob and --keep-image add fields" names prob.pms image,label,pred,prob
check "pred is the most probable class" prob prob.pms
check "and the same without --prob" equal plain.pms prob.pms
infer -m $best -o file.pms < in.pms
infer -m $best < in.pms | cmp -s - file.pms
check "-o FILE holds the same" equal plain.pms file.pms
infer -m $best -j 2 --prob < in.pms > two.pms
check "two threads give what one gives" equal prob.pms two.pms 0
infer -m $best --window-batch 1 --prob < in.pms > single.pms
check "so do slices one by one" equal prob.pms single.pms 1e-5

for t in pad:size=4,64,64 "center_crop:size=2,32,32" "resize:size=3,64,64" "resize:size=5,30,80 pad:size=8,96,96" \
		"crop_box:above=0.5:margin=1,4,4 rot90:p=1 pad:ceil:size=1,16,16"; do
	pymic-augment normalize $t < raw.pms > moved.pms
	infer -m $best --prob < moved.pms > undone.pms
	infer -m $best < moved.pms > classes.pms
	check "$t: the prediction lies on the image's grid" grid undone.pms raw.pms
	check "$t: probabilities stay probabilities" prob undone.pms
	check "$t: the prediction is the same without them" equal undone.pms classes.pms
done
pymic-augment normalize pad:size=4,64,64 < raw.pms > padded.pms
infer -m $best < padded.pms > undone.pms
infer -m $best --no-undo < padded.pms > padded-pred.pms
check "--no-undo stays on the other grid" grid undone.pms raw.pms
! "$TESTS/records" grid padded-pred.pms raw.pms > /dev/null 2>&1
ok $? "which is not the image's"
pymic-augment --undo < padded-pred.pms > later.pms
check "until pymic-augment --undo" equal later.pms undone.pms

infer -m $best --window 32,32 --prob < in.pms > window.pms
check "windows" prob window.pms
is "$(pymic-eval --labels 1,2 --metrics dice < window.pms | grep ^mean | dice)" good "find the discs too"
infer -m $best --window 32,32 --stride 16 --window-batch 3 --prob < in.pms > other.pms 2> err
like "$(cat err)" "stride.*D,H,W" "one number is no stride"
infer -m $best --window 0,32,32 --stride 0,16,16 --window-batch 3 --prob < in.pms > other.pms
check "half a window is the stride, batches change nothing" equal window.pms other.pms 1e-5
infer -m $best --window 512,512 --prob < in.pms > other.pms
check "a window larger than the image is the image" equal prob.pms other.pms 0

"$TESTS/mangle" flip in.pms > mirrored.pms
infer -m $best --tta flip --prob < in.pms > tta.pms
infer -m $best --tta flip --prob < mirrored.pms > tta-mirrored.pms
check "--tta flip: the mirrored image gives the mirrored answer" flipped tta.pms tta-mirrored.pms 1e-4
infer -m $best --prob < mirrored.pms > mirrored-pred.pms
! "$TESTS/records" flipped prob.pms mirrored-pred.pms 1e-4 > /dev/null 2>&1
ok $? "which it does not without"

infer -m $best -m $best --prob < in.pms > twice.pms
check "an ensemble of a model and itself is the model" equal prob.pms twice.pms 1e-6
infer -m $best -m m2/last.pmm --prob < in.pms > ensemble.pms
infer -m m2/last.pmm -m $best --prob < in.pms > swapped.pms
check "an ensemble has no order" equal ensemble.pms swapped.pms 1e-6
! "$TESTS/records" equal prob.pms ensemble.pms 1e-3 > /dev/null 2>&1
ok $? "the other model has a say"
infer -m $best --precision bf16 --prob < in.pms > bf16.pms
check "bf16 gives nearly the same" equal prob.pms bf16.pms 0.2

# Out of noise a network makes specks.
"$TESTS/mangle" noise in.pms > noise.pms
infer -m $best < noise.pms > speckled.pms
! "$TESTS/records" one speckled.pms all > /dev/null 2>&1
ok $? "noise gives several components"
for which in all each; do
	infer -m $best --largest $which < noise.pms > largest.pms
	check "--largest $which leaves one" one largest.pms $which
done

"$TESTS/mangle" channels in.pms > channels.pms
status 1 "another number of channels" sh -c "pymic-infer -m $best < channels.pms"
like "$(cat err)" "case_0.*2 channels.*trained with 1" "both are named"
status 3 "and the output is no stream" pymic-eval --labels 1 < out
"$TESTS/mangle" nan in.pms > nan.pms
status 1 "a NaN in the image" sh -c "pymic-infer -m $best < nan.pms"
like "$(cat err)" "case_0.*not finite" "is found"
"$TESTS/mangle" big in.pms > big.pms
status 0 "labels that the model does not know" sh -c "pymic-infer -m $best < big.pms"
like "$(cat err)" "label 7.*3 classes" "are spoken of"
status 2 "no model" sh -c "pymic-infer < in.pms"
status 1 "a missing model" sh -c "pymic-infer -m nowhere.pmm < in.pms"
status 1 "a stream is no model" sh -c "pymic-infer -m in.pms < in.pms"
like "$(cat err)" "in.pms: .*not a model" "and is named"
head -c 3000 $best > cut.pmm
status 1 "a cut model" sh -c "pymic-infer -m cut.pmm < in.pms"
pymic-train --net unet:chns=8,16:up=conv:dropout=0 --classes 3 --iters 20 -j 1 -o small < padded.pms > log 2>&1
infer -m small/last.pmm --prob < in.pms > small.pms
infer -m $best -m small/last.pmm -m m2/last.pmm --window-batch 2 --prob < in.pms > mixed.pms
infer -m small/last.pmm -m m2/last.pmm -m $best --prob < in.pms > mixed-swapped.pms
check "different networks are an ensemble too" equal mixed.pms mixed-swapped.pms 1e-5
! "$TESTS/records" equal mixed.pms ensemble.pms 1e-3 > /dev/null 2>&1
ok $? "in which each has a say"
infer -m small/last.pmm -m small/last.pmm --prob < in.pms > twice.pms
check "and is itself twice" equal small.pms twice.pms 1e-6
pymic-train --net unet:chns=8,16:dropout=0 --classes 4 --iters 1 -j 1 -o four < padded.pms > log 2>&1
status 1 "but of the same classes" sh -c "pymic-infer -m $best -m four/last.pmm < in.pms"
like "$(cat err)" "four/last.pmm: unet:chns=8,16:.*4 classes.* but .*3 classes" "the odd one is named"
status 2 "a window that the network cannot take" sh -c "pymic-infer -m $best --window 32,33 < in.pms"
like "$(cat err)" "33 along W.*multiples of 4" "with the reason"
status 2 "a stride beyond the window" sh -c "pymic-infer -m $best --window 32,32 --stride 16,40 < in.pms"
status 3 "predictions are no samples" sh -c "pymic-infer -m $best < plain.pms"
done_testing
