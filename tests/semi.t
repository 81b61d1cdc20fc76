#!/bin/sh
# Learning from a few labeled and many unlabeled images: noisy discs. Methods that look at the unlabeled ones do better than the
# labels alone, from the same batches and seeds in as many iterations.
. "$(dirname "$0")/lib.sh"
[ "${SAN:-0}" = 1 ] && skip_all "only Dice counts here; agents.t shows the sanitizers the same code"
phantom="$TESTS/phantom_test"
cd "$work" || exit 1
seeds="1 2"
for seed in $seeds; do
	"$phantom" 2 600 32 $seed 1 noise=0.6 > labeled.pms && "$phantom" 40 30 32 1$seed 1 noise=0.6 $(seq -f unlabeled=%g 0 39) > unlabeled.pms &&
		pymic-batch --labeled 4 --unlabeled 4 labeled.pms unlabeled.pms > batches$seed.pms 2> log || exit 1
done
"$phantom" 16 1 32 7 1 noise=0.6 > valid.pms || exit 1
settings="--net unet:chns=8,16,32:dropout=0.1 --classes 3 --lr 3e-3 --schedule cosine --iters 300 --valid-every 300 --ema 0.98 -j1"

# mean NAME AGENT: Dice of the foreground after the last iteration, the mean over seeds
mean() {
	for seed in $seeds; do
		pymic-train $settings --agent "$2" --seed $seed --valid valid.pms -o "$1$seed" < batches$seed.pms 2> log | awk 'END { print $5 }'
	done | awk '{ s += $1 } END { printf "%.3f\n", s / NR }'
}
alone=$(mean sup sup)
echo "# Dice: sup $alone"
better() { # better NAME AGENT
	dice=$(mean "$@")
	echo "# Dice: $1 $dice"
	ok "$(echo "$dice $alone" | awk '{ print !($1 > $2 + 0.02) }')" "$1 does better than the labels alone"
}
better ict ict:weight=1:alpha=1:ramp_end=100
better fixmatch fixmatch:threshold=0.8
better unimatch unimatch:threshold=0.8
better unimatch-ema unimatch:threshold=0.8:teacher=ema
done_testing
