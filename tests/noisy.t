#!/bin/sh
# Do the methods for wrong labels bear them? Discs in noise, two pixels of five with another class than the right one, the same
# in each epoch, and long enough a training to learn them by heart. Validated where all labels are right.
. "$(dirname "$0")/lib.sh"
[ "${SAN:-0}" = 1 ] && skip_all "only Dice counts here; agents.t shows the sanitizers the same code"
cd "$work" || exit 1
"$TESTS/phantom_test" 24 1 32 1 1 noise=0.5 | pymic-noise confuse:share=0.4 --seed 1 -q > noisy.pms
"$TESTS/phantom_test" 16 1 32 7 1 noise=0.5 > valid.pms

input="pymic-load noisy.pms --epochs 0 --shuffle"

# dice NAME OPTION...: of validation in the end, into the variable NAME
dice() {
	name=$1
	shift
	value=$($input | pymic-train --net unet:chns=8,16,32:dropout=0 --classes 3 --batch 6 --lr 3e-3 \
		--iters 500 --valid-every 500 --valid valid.pms -j 1 -q "$@" -o "$name" | tail -n 1 | cut -f 5)
	eval "$name=\$value"
	echo "# Dice $value: $*"
}

# alone NAME: the Dice of its first network, where training validates the mean of all
alone() { pymic-infer -m "$1/last.pmm" -j 1 -q < valid.pms | pymic-eval --labels 1,2 --metrics dice -q | awk -F, '/^mean/ { print $5 }'; }

# beats DICE PLAIN MARGIN WHAT
beats() { ok "$(awk -v a="$1" -v b="$2" -v by="$3" 'BEGIN { print !(a != "" && b != "" && a > b + by) }')" "$4: $1, not $2"; }

dice ce --loss ce
dice gce --loss gce
dice nr_dice --loss nr-dice:gamma=1
dice mixup --loss ce --agent mixup:alpha=1
dice plain --loss dice+ce
dice coteaching --agent coteaching:keep=0.6
dice trinet --agent trinet:keep=0.6
# For comparison only.
dice dice --loss dice
dice mae --loss mae
beats "$gce" "$ce" 0.02 "gce beats ce"
beats "$nr_dice" "$ce" 0.02 "nr-dice beats ce"
beats "$mixup" "$ce" 0.2 "mixup beats ce"
beats "$coteaching" "$plain" 0.2 "coteaching beats dice+ce"
beats "$trinet" "$plain" 0.2 "trinet beats dice+ce"
for method in coteaching trinet; do
	beats "$(alone $method)" "$plain" 0.2 "the first network of $method beats dice+ce"
done

# Structures that are all too large, and half as many cases whose labels are right: half of each batch, whether known or not.
"$TESTS/phantom_test" 60 1 32 1 1 noise=0.5 | pymic-noise dilate:radius=2,4 --seed 1 -q > large.pms
pymic-load large.pms --epochs 15 --shuffle > shuffled.pms && "$TESTS/phantom_test" 30 30 32 5 1 noise=0.5 > clean.pms &&
	pymic-batch --labeled 3 --unlabeled 3 clean.pms shuffled.pms > both.pms 2> log || exit 1
input="cat both.pms"
half="--iters 300 --valid-every 300 --loss dice+ce"
dice unet $half
dice dbnet $half --net dbnet:chns=8,16,32:dropout=0
dice dast $half --net dbnet:chns=8,16,32:dropout=0 --agent dast:ramp_end=100
beats "$dast" "$unet" 0.05 "dast beats dice+ce on the same samples"
beats "$dast" "$dbnet" 0.05 "and on the same network"
done_testing
