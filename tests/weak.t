#!/bin/sh
# Learning from scribbles: a stroke of each class in each of a few noisy images. Methods that look at the other pixels too do
# better than the strokes alone, from the same strokes and seeds in as many iterations. Only validation sees the truth.
. "$(dirname "$0")/lib.sh"
[ "${SAN:-0}" = 1 ] && skip_all "only Dice counts here; agents.t shows the sanitizers the same code"
phantom="$TESTS/phantom_test"
cd "$work" || exit 1
seeds="1 2"
for seed in $seeds; do
	"$phantom" 30 24 48 $seed 1 noise=0.4 scribble=3 > strokes$seed.pms || exit 1
done
"$phantom" 16 1 48 7 1 noise=0.4 > valid.pms && "$phantom" 8 1 48 8 1 noise=0.4 scribble=3 > judged.pms || exit 1
unet=unet:chns=8,16,32:dropout=0
settings="--classes 3 --ignore-label 3 --lr 3e-3 --batch 6 --iters 120 --valid-every 120 -j1"

# mean NAME AGENT LOSS: Dice of the foreground after the last iteration, the mean over seeds
mean() {
	for seed in $seeds; do
		pymic-train $settings --net $unet --agent "$2" --loss "$3" --seed $seed --valid valid.pms -o "$1$seed" < strokes$seed.pms 2> log |
			awk 'END { print $5 }'
	done | awk '{ s += $1 } END { printf "%.3f\n", s / NR }'
}
alone=$(mean sup sup ce)
echo "# Dice: sup $alone"
better() { # better NAME AGENT LOSS
	dice=$(mean "$@")
	echo "# Dice: $1 $dice"
	ok "$(echo "$dice $alone" | awk '{ print !($1 > $2) }')" "$1 does better than the strokes alone"
}
better tv tv:weight=3 ce
better ms ms:weight=1 ce
better gatedcrf gatedcrf:weight=0.1 ce+gated-crf:rgb=0.5:radius=3
better em em:weight=1:ramp_end=40 ce # with these seeds; with six others it is no better
better ustm ustm:weight=5:passes=2:decay=0.9:ramp_end=60 ce

# Methods for networks of several decoders, in more noise; each against supervised learning of the same network at that rate
# of two which is better for the latter.
seeds="1 2 3"
for seed in $seeds; do
	"$phantom" 30 24 48 $seed 1 noise=1.2 scribble=3 > noisy$seed.pms || exit 1
done
"$phantom" 16 1 48 7 1 noise=1.2 > noisy.pms || exit 1

# decoders NET AGENT RATE: as mean, but the seeds train at the same time
decoders() {
	for seed in $seeds; do
		pymic-train $settings --net "$1:chns=8,16,32:dropout=0" --agent "$2" --loss ce --optimizer sgd --lr "$3" --seed $seed \
			--valid noisy.pms --restart -o model$seed < noisy$seed.pms > table$seed 2> log$seed &
	done
	wait
	for seed in $seeds; do
		tail -n 1 table$seed
	done | awk '{ s += $5 } END { printf "%.3f\n", s / NR }'
}
# baseline NET: into the variable alone
baseline() {
	alone=$(for rate in 0.5 1; do decoders "$1" sup $rate; done | sort -g | tail -n 1)
	echo "# Dice: $1 sup $alone"
}
surpass() { # surpass NET AGENT
	dice=$(decoders "$@" 0.5)
	echo "# Dice: $1 $2 $dice"
	ok "$(echo "$dice $alone" | awk '{ print !($1 > $2 + 0.01) }')" "${2%%:*} does better than the strokes alone"
}
baseline dbnet
surpass dbnet dmpls:weight=2
surpass dbnet dmsps:weight=8
baseline tdnet
surpass tdnet psseg:weight=8:ramp_end=120

# What is not annotated is not judged: neither in validation nor by pymic-eval.
pymic-train $settings --net $unet --iters 60 --valid-every 60 --loss ce --valid judged.pms -o model < strokes1.pms 2> log |
	awk 'END { printf "%.3f %.3f\n", $6, $7 }' > validated
pymic-infer -m model/last.pmm < judged.pms 2> log | pymic-eval --labels 1,2 --metrics dice --ignore-label 3 2> log |
	awk -F , '$1 == "mean" { printf "%.3f %.3f\n", $3, $4 }' > judged
is "$(cat judged)" "$(cat validated)" "pymic-eval leaves out what validation leaves out"
pymic-infer -m model/last.pmm < judged.pms 2> log | pymic-eval --labels 1,2 --metrics dice > all 2> log
ok "$(awk -F , -v part="$(cat judged)" 'BEGIN { split(part, p, " ") } $1 == "mean" { print !($3 < p[1] && $4 < p[2]) }' all)" \
	"which else counts as wrong"
status 2 "a label that is judged cannot be left out" sh -c "pymic-eval --labels 1,2 --ignore-label 2 < judged.pms"
done_testing
