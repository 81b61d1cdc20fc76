#!/bin/sh
# pymic-confident: known suspects, samples that training reads, and the whole way from wrong labels to a better network.
. "$(dirname "$0")/lib.sh"
records() { "$TESTS/records" "$@"; }
cd "$work" || exit 1

# marked ARGUMENT...: the suspects, counted through the cases
marked() { pymic-confident "$@" < known.pms 2> err | "$TESTS/records" where /dev/stdin weight | paste -sd,; }

"$TESTS/samples" suspects mod > known.pms
is "$(marked -v)" "1,2,6,7,10,15,17,18,21,22,23,26,27,30,31" "labels that have nothing to do with the probabilities"
is "$(sed -n 's/.*labeled.*: \([0-9]*\) voxels/\1/p' err | paste -sd ' ')" "5 4 2 2 5 3 4 1 5" "the estimated counts"
like "$(cat err)" "^pymic-confident: 15 of 32 labels are suspect \(46.88 %\)" "says how many"
"$TESTS/samples" suspects shifted > known.pms
is "$(marked)" "0,4,8,20,24,28" "one label of four moved on"
is "$(marked --weight trusted)" "1,2,3,5,6,7,9,10,11,12,13,14,15,16,17,18,19,21,22,23,25,26,27,29,30,31" "the trusted are the others"
pymic-confident -q < known.pms > out.pms
is "$(records fields out.pms | awk '{ print $1, $2 }' | paste -sd,)" \
	"case_0 image,case_0 label,case_0 weight,case_1 image,case_2 image,case_2 label,case_2 weight" "a case without label has no weight"

# Nothing stays behind, wherever it was put.
mkdir spool
TMPDIR=$PWD/spool pymic-confident -q < known.pms | cmp - out.pms
ok $? "the same bytes with another TMPDIR"
is "$(ls spool)" "" "which is empty afterwards"
status 1 "no folder for the temporary file" env TMPDIR=no/such pymic-confident < known.pms
like "$(cat err)" "no/such: cannot make a temporary file" "says so"

# What it needs.
"$TESTS/phantom_test" 24 1 32 1 1 noise=0.5 > clean.pms
"$TESTS/phantom_test" 16 1 32 7 1 noise=0.5 > valid.pms
pymic-noise confuse:share=0.4 --seed 1 -q < clean.pms > noisy.pms
# train FOLDER INPUT ITERATIONS OPTION...: prints the Dice of validation
train() {
	folder=$1 input=$2 iters=$3
	shift 3
	pymic-load "$input" --epochs 0 --shuffle | pymic-train --net unet:chns=8,16,32:dropout=0 --classes 3 -b 6 --lr 3e-3 -j 1 -q \
		--iters "$iters" --valid-every "$iters" --valid valid.pms "$@" -o "$folder" | tail -n 1 | cut -f 5
}
train first noisy.pms 60 --loss ce > dice
infer() { pymic-infer -m first/last.pmm -j 1 -q "$@" < noisy.pms; }
infer --keep-image > some.pms
status 1 "predictions without probabilities" pymic-confident < some.pms
like "$(cat err)" "without prob: run pymic-infer with --prob --keep-image" "says what to do"
infer --prob > some.pms
status 1 "predictions without image" pymic-confident < some.pms
like "$(cat err)" "without image: run" "says what to do"
status 3 "samples" pymic-confident < noisy.pms
status 2 "another word for the weight" pymic-confident --weight all < known.pms
pymic-noise confuse:share=0.4:classes=4 -q < clean.pms | pymic-infer -m first/last.pmm -j 1 -q --prob --keep-image > some.pms 2> err
status 1 "a label that the network does not know" pymic-confident < some.pms
like "$(cat err)" "case_[0-9]+: label 3, but prob is of 3 classes" "names the case"

# From wrong labels to a better network: of the suspects most are wrong, and training with what is known of them is better.
for weight in suspects trusted; do
	infer --prob --keep-image | pymic-confident --weight $weight > $weight.pms 2> err
	ok $? "$weight"
done
records where suspects.pms weight | sort > said
for which in clean noisy; do
	"$TESTS/records" all $which.pms label > $which.labels
done
paste clean.labels noisy.labels | awk '$1 != $2 { print NR - 1 }' | sort > wrong
both=$(comm -12 said wrong | wc -l)
echo "# $(wc -l < wrong) of $(wc -l < clean.labels) labels are wrong, $(wc -l < said) suspect, $both both"
ok "$([ $both -gt 1000 ] && [ $((100 * both)) -ge $((90 * $(wc -l < said))) ]; echo $?)" "of the suspects nine of ten are wrong"
ok "$([ $((100 * both)) -ge $((50 * $(wc -l < wrong))) ]; echo $?)" "half of the wrong are found"
plain=$(train plain noisy.pms 200 --loss ce)
slsr=$(train slsr suspects.pms 200 --loss slsr)
trusted=$(train trusted trusted.pms 200 --loss ce)
echo "# validation Dice: ce $plain; suspects with slsr $slsr; trusted with ce $trusted; the network that found them $(cat dice)"
ok "$(awk -v a="$slsr" -v b="$plain" 'BEGIN { print !(a > b) }')" "slsr beats plain training"
ok "$(awk -v a="$trusted" -v b="$plain" 'BEGIN { print !(a > b + 0.05) }')" "what is trusted alone beats plain training"
done_testing
