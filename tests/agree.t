#!/bin/sh
# Do the methods for samples without labels learn from them? Discs in heavy noise, four images with a label and 24 without, all
# mirrored at random. Each method against supervised learning of the same network, from the same batches and seeds in as many
# iterations, at the rate of three that is best for the latter.
. "$(dirname "$0")/lib.sh"
[ "${SAN:-0}" = 1 ] && skip_all "only Dice counts here; agents.t shows the sanitizers the same code"
phantom="$TESTS/phantom_test"
cd "$work" || exit 1
seeds="1 2 3 4" # the last two for em and ict
iters=250
"$phantom" 24 1 32 7 1 noise=1.6 > valid.pms || exit 1
for seed in $seeds; do
	"$phantom" 4 125 32 $seed 1 noise=1.6 | pymic-augment -q flip:axes=w > labeled.pms
	"$phantom" 24 42 32 10$seed 1 noise=1.6 $(seq -f unlabeled=%g 0 23) | pymic-augment -q flip:axes=w > others.pms
	pymic-batch -q --labeled 2 --unlabeled 4 labeled.pms others.pms > batches$seed.pms
done

# mean NET AGENT RATE OPTION...: Dice of validation in the end, the mean over seeds, which train at the same time
mean() {
	net=$1 agent=$2 rate=$3
	shift 3
	for seed in $seeds; do
		pymic-train --net "$net:chns=8,16,32:dropout=0.1" --classes 3 --agent "$agent" --optimizer sgd --lr "$rate" \
			--seed $seed --iters $iters --valid-every $iters --valid valid.pms -j 1 -q "$@" --restart -o model$seed \
			< batches$seed.pms > table$seed &
	done
	wait
	for seed in $seeds; do
		tail -n 1 table$seed
	done | awk '{ s += $5 } END { printf "%.3f\n", s / NR }'
}

# baseline NET: into the variable alone
baseline() {
	alone=0
	for rate in 0.05 0.2 0.5; do
		dice=$(mean "$1" sup $rate)
		echo "# Dice $dice: $1 sup, rate $rate"
		alone=$(printf '%s\n' "$alone" "$dice" | sort -g | tail -n 1)
	done
}

# better NET AGENT RATE OPTION...
better() {
	dice=$(mean "$@")
	echo "# Dice $dice: $1 $2, rate $3"
	ok "$(echo "$dice $alone" | awk '{ print !($1 > $2 + 0.01) }')" "${2%%:*} beats sup: $dice, not $alone"
}

baseline unet
better unet em:weight=1 0.2 --norm-apart
better unet ict:weight=1:alpha=1:ramp_end=100 0.2 --norm-apart
seeds="1 2"
baseline unet
better unet cps:weight=0.3 0.2
better unet mt:weight=0.3 0.2
better unet uamt:weight=0.3:passes=2 0.1
better unet rdrop:weight=0.5 0.05
baseline unet:multiscale
better unet:multiscale urpc:weight=0.3 0.1
baseline cctnet
better cctnet cct:weight=3 0.2
baseline mcnet
better mcnet mcnet:weight=0.3 0.05
done_testing
