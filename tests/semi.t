#!/bin/sh
# Learning from four labeled and forty unlabeled images of noisy discs. The unlabeled ones, and those of validation, are of
# scanners of other contrasts than the labeled ones: methods with strong views do better than the labels alone, from the same
# batches and seeds in as many iterations. Where all are alike but very noisy, and labels are two, interpolation does better
# than the same passes without its term, and batch statistics of labeled and unlabeled samples are better kept apart.
. "$(dirname "$0")/lib.sh"
[ "${SAN:-0}" = 1 ] && skip_all "only Dice counts here; agents.t shows the sanitizers the same code"
phantom="$TESTS/phantom_test"
cd "$work" || exit 1
seeds="1 2"

# made NAME LABELED EPOCHS NOISE TRANSFORM: NAME-1.pms ... of batches, NAME.pms to validate
made() {
	for seed in $seeds; do
		"$phantom" "$2" "$3" 48 $seed 1 noise="$4" | pymic-augment -q -s $seed crop:size=1,32,32 flip > labeled.pms &&
			"$phantom" 40 40 48 1$seed 1 noise="$4" $(seq -f unlabeled=%g 0 39) |
			pymic-augment -q -s $seed $5 crop:size=1,32,32 flip > unlabeled.pms &&
			pymic-batch -q --labeled 4 --unlabeled 4 labeled.pms unlabeled.pms > "$1-$seed.pms" || exit 1
	done
	"$phantom" 16 1 48 7 1 noise="$4" | pymic-augment -q $5 > "$1.pms" || exit 1
}

# mean DATA ITERS AGENT [OPTION]: Dice of the foreground after the last iteration, the mean over seeds
mean() {
	for seed in $seeds; do
		pymic-train --net unet:chns=8,16,32:dropout=0.1 --classes 3 --lr 3e-3 --iters "$2" --valid-every "$2" \
			--ema 0.98 -j1 -q --agent "$3" ${4:+"$4"} --seed $seed --valid "$1.pms" --restart -o model < "$1-$seed.pms" | awk 'END { print $5 }'
	done | awk '{ s += $1 } END { printf "%.3f\n", s / NR }'
}

# better MARGIN DATA ITERS AGENT THAN
better() {
	dice=$(mean "$2" "$3" "$4")
	echo "# Dice: $4 $dice"
	ok "$(echo "$dice $5 $1" | awk '{ print !($1 > $2 + $3) }')" "$4 does better"
}

made contrast 4 300 0.5 gamma:p=1:channel_p=1:min=0.4:max=2.5
alone=$(mean contrast 300 sup)
echo "# Dice, other contrasts: sup $alone"
better 0.1 contrast 300 fixmatch:threshold=0.8:gamma=0.5x2 "$alone"
better 0.1 contrast 300 unimatch:threshold=0.8:gamma=0.5x2 "$alone"
better 0.03 contrast 300 unimatch:threshold=0.8:gamma=0.5x2:teacher=ema:decay=0.97 "$alone"
better 0.03 contrast 300 unimatch:threshold=0.8:gamma=0.5x2:teacher=ema:decay=0.97:complementary_dropout:weights=1x0.5x0.5x0 "$alone"

made noise 2 800 1.6 flip
without=$(mean noise 400 ict:weight=0)
echo "# Dice, noise: sup $(mean noise 400 sup), ict without its term $without"
better 0.02 noise 400 ict:weight=1:alpha=1:ramp_end=100 "$without"
mixed=$(mean noise 400 em:weight=0.1)
apart=$(mean noise 400 em:weight=0.1 --norm-apart)
echo "# Dice, noise: em $mixed, with --norm-apart $apart"
ok "$(echo "$apart $mixed" | awk '{ print !($1 > $2 + 0.1) }')" "em does better where batch statistics are apart"
done_testing
