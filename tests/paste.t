#!/bin/sh
# Few labels and bidirectional copy-paste: discs in noise, of which two have labels and the others none. It learns from pasting
# the few into each other, then from pasting them into the others, and does better than the few alone in as many iterations.
. "$(dirname "$0")/lib.sh"
phantom="$TESTS/phantom_test"
cd "$work" || exit 1
few=2 many=16 first=200 second=300
settings="--net unet:chns=8,16,32:dropout=0 --classes 3 --lr 3e-3 --valid valid.pms -j1"
"$phantom" 16 1 32 7 1 noise=0.8 > valid.pms || exit 1
for seed in 1 2 3; do
	"$phantom" $few 600 32 $seed 1 noise=0.8 > few$seed.pms && "$phantom" $many 80 32 1$seed 1 noise=0.8 \
		$(seq -f unlabeled=%g 0 $((many - 1))) > many$seed.pms || exit 1
	pymic-batch --labeled 2 --unlabeled 2 few$seed.pms many$seed.pms > mixed$seed.pms 2> log
done

# dice OPTION... < SAMPLES: of the foreground after the last iteration
dice() { pymic-train $settings "$@" 2> log | awk 'END { print $5 }'; }
mean() { awk '{ s += $1 } END { printf "%.3f\n", s / NR }'; }

[ "${SAN:-0}" = 1 ] || {
	for seed in 1 2 3; do
		dice --iters $((first + second)) --valid-every $((first + second)) --seed $seed --batch 2 -o sup$seed < few$seed.pms
	done > sup
	for seed in 1 2 3; do
		dice --iters $first --valid-every $first --seed $seed --batch 2 --agent bcp -o one$seed < few$seed.pms
	done > one
	for seed in 1 2 3; do
		dice --iters $second --valid-every $second --seed $seed --agent bcp --init one$seed/best.pmm -o two$seed < mixed$seed.pms
	done > two
	echo "# Dice: sup $(mean < sup), first stage $(mean < one), second stage $(mean < two)"
	ok "$(echo "$(mean < two) $(mean < sup)" | awk '{ print !($1 > $2 + 0.05) }')" "both stages do better than the few labels alone"
	ok "$(echo "$(mean < two) $(mean < one)" | awk '{ print !($1 > $2 + 0.02) }')" "and the second than the first"
}

short="--iters 6 --valid-every 6 --agent"
status 0 "pseudo labels of several components" sh -c "pymic-train $settings $short bcp:largest=none -o all < mixed1.pms"
status 0 "of one" sh -c "pymic-train $settings $short bcp -o each < mixed1.pms"
cmp -s all/last.pmm each/last.pmm
ok $((!$?)) "differ"
status 0 "slices of one volume are pairs" sh -c "'$phantom' 4 10 32 1 4 | pymic-train $settings $short bcp --batch 1 -o slices"
for n in 1 3; do
	status 2 "$n labeled samples are no pairs" sh -c "pymic-train $settings $short bcp --batch $n -o none$n < few1.pms"
	like "$(cat err)" "--agent bcp: pastes pairs.*this batch has $n samples, $n of them with a label" "and it says so"
done
pymic-batch --labeled 2 --unlabeled 1 few1.pms many1.pms > odd.pms 2> log
status 2 "each labeled sample has an unlabeled one" sh -c "pymic-train $settings $short bcp -o odd < odd.pms"
like "$(cat err)" "as many unlabeled ones.*this batch has 3 samples, 2 of them with a label" "or it says so"
done_testing
