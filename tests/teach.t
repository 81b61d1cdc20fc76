#!/bin/sh
# Networks that teach each other, or are taught: by one of another kind, by what misleads the other, by a trained model, by a
# critic. Each does better than the labels alone, from the same batches in as many iterations. Then what may not be taught.
. "$(dirname "$0")/lib.sh"
[ "${SAN:-0}" = 1 ] && skip_all "only Dice counts here; agents.t shows the sanitizers the same code"
phantom="$TESTS/phantom_test"
cd "$work" || exit 1
seeds="1 2 3"
net="unet:chns=8,16,32:dropout=0"

# data CASES NOISE NOISE FAULT...: batches of so many labeled cases, and of others in noise of that kind, as those of validation
data() {
	for seed in $seeds; do
		"$phantom" "$1" 60 24 $seed 1 "noise=$2" $4 > few.pms && "$phantom" 24 20 24 1$seed 1 "noise=$3" $(seq -f unlabeled=%g 0 23) > many.pms || exit 1
		pymic-batch --labeled 4 --unlabeled 4 few.pms many.pms > batches$seed.pms 2> log || exit 1
	done
	"$phantom" 16 1 24 7 1 "noise=$3" > valid.pms
}

# mean NAME NET AGENT: Dice of the foreground after the last iteration, the mean over seeds
mean() {
	for seed in $seeds; do
		pymic-train $settings --net "$2" --agent "$3" --seed $seed --valid valid.pms -o "$1$seed" < batches$seed.pms 2> log |
			awk 'END { print $5 }'
	done | awk '{ s += $1 } END { printf "%.3f\n", s / NR }'
}

# alone: the labels alone, what others are compared with
alone() {
	alone=$(mean "$1" "$net" sup)
	echo "# Dice: $1 $alone"
}

# better MARGIN NAME NET AGENT
better() {
	margin=$1
	shift
	dice=$(mean "$@")
	echo "# Dice: $1 $dice"
	ok "$(awk -v a="$dice" -v b="$alone" -v by="$margin" 'BEGIN { print !(a != "" && b != "" && a > b + by) }')" "$1 does better than the labels alone"
}
all="--classes 3 --lr 3e-3 --iters 80 --valid-every 80 -j1"

# Strokes in 12 images, 24 others. cps, whose networks are alike, is for comparison only.
data 12 0.6 0.6 scribble=3
settings="$all --loss ce --ignore-label 3"
"$phantom" 24 20 24 9 1 noise=0.6 > whole.pms
pymic-train $all --net unet:chns=16,32,64:dropout=0 --batch 6 --valid valid.pms -o teacher < whole.pms 2> log | awk 'END { print "# Dice: teacher", $5 }'
alone sup
better 0.2 kd "$net" kd:teacher=teacher/best.pmm
better 0.03 ctct "unet:up=conv:chns=8,16,32:dropout=0+$net" ctct:weight=2:ramp_end=40
better 0.02 dct "$net" dct:ramp_end=40
better 0.05 rotation "$net" rotation:weight=30:ramp_end=40
echo "# Dice: cps $(mean cps "$net" cps:ramp_end=40)"

# Labels of clear images, and noisy ones without: a network that sees both, but has no critic (weight 0), gains most of it.
data 8 0.2 1
settings=$all
alone clear
better 0.2 dan "$net" dan:weight=0.3:ramp_end=40:critic=8x16x32:critic_lr=1e-3
echo "# Dice: dan without its critic $(mean blind "$net" dan:weight=0:critic=8x16x32)"

# Several networks in one run and one model.
two="unet:up=conv:chns=4,8:dropout=0+unet:chns=4,8,16:dropout=0"
part() { # part NET: its parameters
	pymic-train --classes 3 --net "$1" --agent "$2" --dry-run < batches1.pms 2> log | sed -n 's/^parameters.//p'
}
is "$(part "$two" ctct)" $(($(part unet:up=conv:chns=4,8:dropout=0 sup) + $(part unet:chns=4,8,16:dropout=0 sup))) "a dry run counts both"
tiny="--net $net --classes 3 --iters 6 --valid-every 3 -j1"
train() { # train DIR OPTION...
	dir=$1
	shift
	pymic-train $tiny "$@" -o "$dir" < batches1.pms
}
status 0 "two networks, and averages of both" train both --net "$two" --agent cps --ema 0.9 --valid valid.pms
status 0 "another run begins with them" train begun --net "$two" --agent cps --init both/last.pmm
like "$(cat err; echo)" '^$' "each with its own"
status 1 "but not the other way round" train turned --net "unet:chns=4,8,16:dropout=0+unet:up=conv:chns=4,8:dropout=0" --agent cps --init both/last.pmm
like "$(cat err)" "settings of the network differ" "as names and shapes say"
status 2 "as many networks as the method trains" train wrong --net "unet+unet+unet" --agent cps
like "$(cat err)" "--net: 3 networks, but --agent cps trains 2" "or one"
status 2 "which see the same images" train wrong --net "unet+unet:dims=3" --agent cps
like "$(cat err)" "one network is 2-D, another 3-D" "all of them"
status 2 "and are not summed" train wrong --net "unet+unet:weight=2" --agent cps
like "$(cat err)" "no setting weight" "with weights"

# Teachers.
status 0 "a model of several networks teaches, with another" train taught --agent kd:teacher=both/best.pmm:teacher=teacher/best.pmm --valid valid.pms
status 0 "it is in memory as well" sh -c "pymic-train $tiny --agent kd:teacher=teacher/best.pmm --dry-run < batches1.pms"
ok "$({ sed -n 's/^weights.*\t//p' out; pymic-train $tiny --dry-run < batches1.pms | sed -n 's/^weights.*\t//p'; } |
	awk '{ w[NR] = $1 } END { print !(w[1] > w[2] + 0.3) }')" "which is said"
status 2 "no teacher" train wrong --agent kd
like "$(cat err)" "needs the file of a trained model" "is said"
status 1 "one that is not there" train wrong --agent kd:teacher=nowhere.pmm
status 1 "one that is no model" train wrong --agent kd:teacher=few.pms
like "$(cat err)" "few.pms: not a model" "is named"
pymic-train --classes 4 --net unet:chns=4,8:dropout=0 --iters 1 -j1 -o four < batches1.pms > out 2> log
status 1 "one of other classes" train wrong --agent kd:teacher=four/last.pmm
like "$(cat err)" "four/last.pmm: a model of 4 classes, but --classes is 3" "is named"
"$phantom" 4 1 32 1 1 channels=0 channels=1 channels=2 channels=3 > channels.pms
status 1 "one of other channels" sh -c "pymic-train $tiny --agent kd:teacher=teacher/best.pmm -o wrong < channels.pms"
like "$(cat err)" "teacher/best.pmm: a model for images of 1 channels, but these have 2" "is named"
status 1 "one of other dimensions" train wrong --net unet:dims=3 --agent kd:teacher=teacher/best.pmm
like "$(cat err)" "teacher/best.pmm: a 2-D network, but --net is a 3-D one" "is named"
cp teacher/best.pmm changing.pmm
status 0 "a student" train student --agent kd:teacher=changing.pmm
status 0 "that goes on" train student --agent kd:teacher=changing.pmm
cp both/best.pmm changing.pmm
status 2 "not with another teacher of the same name" train student --agent kd:teacher=changing.pmm
like "$(cat err)" "model=changing.pmm \(crc32 [0-9a-f]{8}\), this one has model=changing.pmm \(crc32" "which its bytes tell"
status 1 "a turn needs square images" sh -c "'$phantom' 4 2 32 1 1 unlabeled=2 unlabeled=3 |
	pymic-augment center_crop:size=1,28,32 | pymic-train $tiny --agent rotation --batch 4 -o wrong"
like "$(cat err)" "square images" "and says so"
done_testing
