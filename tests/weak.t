#!/bin/sh
# Learning from scribbles: a stroke of each class in each of a few noisy images. Methods that look at the other pixels too do
# better than the strokes alone, from the same strokes and seeds in as many iterations. Only validation sees the truth.
. "$(dirname "$0")/lib.sh"
[ "${SAN:-0}" = 1 ] && skip_all "only Dice counts here; agents.t shows the sanitizers the same code"
phantom="$TESTS/phantom_test"
cd "$work" || exit 1

# images NUMBER NOISE
images() {
	for seed in $seeds; do
		"$phantom" "$1" 24 48 $seed 1 "noise=$2" scribble=3 > strokes$seed.pms || exit 1
	done
	"$phantom" 16 1 48 7 1 "noise=$2" > valid.pms && "$phantom" 8 1 48 8 1 "noise=$2" scribble=3 > judged.pms || exit 1
}
# train SEED RATE AGENT LOSS: Dice of the foreground after the last iteration
train() {
	pymic-train $settings --lr "$2" --agent "$3" --loss "$4" --seed "$1" --valid valid.pms --restart -o "model$1" < "strokes$1.pms" 2> "log$1" |
		awk 'END { print $5 }' > "dice$1"
}
# mean RATE AGENT LOSS: over the seeds, two at a time
mean() {
	for seed in $seeds; do
		train $seed "$@" &
		[ $((seed % 2)) = 1 ] || wait
	done
	wait
	for seed in $seeds; do
		cat dice$seed
	done | awk '{ s += $1 } END { printf "%.3f\n", s / NR }'
}
# baseline SETTINGS RATE...: of supervised learning at the best of these rates; what follows has the same settings
baseline() {
	settings="--classes 3 --ignore-label 3 --batch 6 -j1 $1"
	shift
	alone=$(for rate; do mean "$rate" sup ce; done | sort -g | tail -n 1)
	echo "# Dice: sup $alone, $settings"
}
surpass() { # surpass RATE AGENT LOSS
	dice=$(mean "$@")
	echo "# Dice: $2 $dice"
	ok "$(echo "$dice $alone" | awk '{ print !($1 > $2 + '$margin') }')" "${2%%:*} does better than the strokes alone"
}

# Weights were chosen on other seeds; on 51 to 56, which have chosen nothing, these five and the last three hold as well.
seeds="1 2 3 4 5 6" margin=0
images 100 0.8
baseline "--net unet:chns=8,16,32:dropout=0 --optimizer sgd --iters 240 --valid-every 240" 0.2 0.3 0.5
surpass 0.2 tv:weight=3 ce
surpass 0.1 ms:weight=3 ce
surpass 0.1 gatedcrf:weight=0.03 ce+gated-crf:rgb=0.5:radius=3
surpass 0.1 em:weight=1 ce
surpass 0.3 ustm:weight=1:passes=2:decay=0.97 ce
# Methods for networks of several decoders, in more noise. On other seeds dmpls and dmsps are no better than the strokes alone here.
seeds="1 2 3" margin=0.01
images 30 1.2
sgd="--optimizer sgd --iters 120 --valid-every 120"
baseline "--net dbnet:chns=8,16,32:dropout=0 $sgd" 0.5 1
surpass 0.5 dmpls:weight=2 ce
surpass 0.5 dmsps:weight=8 ce
baseline "--net tdnet:chns=8,16,32:dropout=0 $sgd" 0.5 1
surpass 0.5 psseg:weight=8:ramp_end=120 ce
# And with Adam and dropout, all at this rate: at three times that, the strokes alone have .93 to .94, which dmsps alone surpasses.
seeds="1 2 3 4 5 6"
images 100 0.4
adam="--optimizer adam --iters 400 --valid-every 400"
baseline "--net tdnet:chns=8,16,32:dropout=0,0,0.5 $adam" 3e-3
surpass 3e-3 psseg:weight=8:ramp_end=400 ce
baseline "--net dbnet:chns=8,16,32:dropout=0,0,0.5 $adam" 3e-3
surpass 3e-3 dmpls:weight=0.5 ce
surpass 3e-3 dmsps:weight=8 ce

# What is not annotated is not judged: neither in validation nor by pymic-eval.
pymic-train $settings --iters 60 --valid-every 60 --loss ce --valid judged.pms -o model < strokes1.pms 2> log |
	awk 'END { printf "%.3f %.3f\n", $6, $7 }' > validated
pymic-infer -m model/last.pmm < judged.pms 2> log | pymic-eval --labels 1,2 --metrics dice --ignore-label 3 2> log |
	awk -F , '$1 == "mean" { printf "%.3f %.3f\n", $3, $4 }' > judged
is "$(cat judged)" "$(cat validated)" "pymic-eval leaves out what validation leaves out"
pymic-infer -m model/last.pmm < judged.pms 2> log | pymic-eval --labels 1,2 --metrics dice > all 2> log
ok "$(awk -F , -v part="$(cat judged)" 'BEGIN { split(part, p, " ") } $1 == "mean" { print !($3 < p[1] && $4 < p[2]) }' all)" \
	"which else counts as wrong"
status 2 "a label that is judged cannot be left out" sh -c "pymic-eval --labels 1,2 --ignore-label 2 < judged.pms"
done_testing
