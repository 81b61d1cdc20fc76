#!/bin/sh
# Pre-training without labels from end to end: a network learns a task made out of images alone, then begins with its weights
# to segment, from two labeled cases. On discs whose truth is known.
. "$(dirname "$0")/lib.sh"
[ "${SAN:-0}" = 1 ] && skip_all "only Dice counts here; agents.t shows the sanitizers the same code"
phantom="$TESTS/phantom_test"
cd "$work" || exit 1
net="--net unet:chns=8,16,32:dropout=0 -j1"

"$phantom" 24 100 32 7 1 noise=0.6 $(seq -f unlabeled=%g 0 23) > images.pms && "$phantom" 8 1 32 9 1 noise=0.6 > others.pms &&
	"$phantom" 2 240 32 1 1 noise=0.6 | pymic-augment normalize > few.pms &&
	"$phantom" 12 1 32 3 1 noise=0.6 | pymic-augment normalize > valid.pms || exit 1

# best TABLE: the largest foreground Dice
best() { tail -n +2 "$1" | cut -f 5 | sort -g | tail -n 1; }

# compare TASK: trains to segment from the few, beginning with its weights. What that is worth is seen below.
compare() {
	for parts in match encoder; do
		status 0 "$1: its weights begin another run ($parts)" sh -c "pymic-train $net --classes 3 --iters 160 --valid-every 40 \
			--valid valid.pms --init $1/last.pmm --init-parts $parts -o $1-$parts < few.pms"
		ok "$(best out | awk '{ print !($1 > 0.4) }')" "$1: which learns to segment ($parts)"
	done
}

fuse="volume_fusion:min=1,4,4:max=1,10,10 normalize"
pymic-augment -s 1 $fuse < images.pms > fused.pms && pymic-augment -s 1 $fuse < others.pms > fused-valid.pms
ok $? "images without a label become samples with one"
status 0 "pymic-batch takes them for labeled" sh -c "pymic-batch --labeled 4 < fused.pms > batches.pms"
task="$net --classes 5 --iters 400 --valid-every 100 --valid fused-valid.pms"
status 0 "shares of a mixture are learned" sh -c "pymic-train $task -o fusion < fused.pms"
ok "$(awk 'NR == 2 { first = $2 } END { print !($2 < 0.97 * first) }' out)" "the loss falls"
cut -f 1-9 out > fusion.tsv
pymic-train $task --augment "$fuse" -o inside < images.pms 2> log | cut -f 1-9 > inside.tsv
cmp fusion.tsv inside.tsv
ok $? "and as well where the training fuses them itself"
compare fusion

spoil="minmax local_shuffle:count=20,40:block=1,4,4 nonlinear paint:block=1,6,6 flip"
pymic-augment -s 1 $spoil < images.pms > spoiled.pms && pymic-augment $spoil < others.pms > spoiled-valid.pms
ok $? "images are spoiled, and kept"
task="$net --agent reconstruct --iters 400 --valid-every 100 --valid spoiled-valid.pms"
status 0 "a network makes them again" sh -c "pymic-train $task -o restore < spoiled.pms"
cut -f 1-4 out > restore.tsv
is "$(head -n 1 out)" "iter	loss	lr	valid	seconds" "the table has an error where there are no classes"
ok "$(awk 'NR == 2 { first = $4 } END { print !($4 < 0.95 * first) }' out)" "the error of validation falls"
pymic-train $task --augment "$spoil" -o restore-inside < images.pms 2> log | cut -f 1-4 > inside.tsv
cmp restore.tsv inside.tsv
ok $? "and as well where the training spoils them itself"
pymic-batch --unlabeled 4 < spoiled.pms 2> log | pymic-train $task -o restore-batches 2> log | cut -f 1-4 > batches.tsv
cmp restore.tsv batches.tsv
ok $? "and where batches come"
head -c 1500000 spoiled.pms > part.pms
pymic-train $task -o restore-halves < part.pms > out 2>&1
pymic-train $task -o restore-halves < spoiled.pms > out 2>&1
cmp restore/last.pmm restore-halves/last.pmm
ok $? "the same bytes when the input broke off in between"
compare restore
look="vox2vec:size=1x24x24:voxels=100:hidden=64:project=32"
status 0 "an encoder learns to tell voxels apart" sh -c "pymic-train $net --agent $look --iters 400 --valid-every 100 -o look < images.pms"
cut -f 1-3 out > look.tsv
is "$(head -n 1 out)" "iter	loss	lr	seconds" "the table has a loss where nothing is validated"
ok "$(awk 'NR == 2 { first = $2 } END { print !($2 < 0.8 * first) }' out)" "the loss falls"
head -c 500000 images.pms > part.pms
pymic-train $net --agent "$look" --iters 400 --valid-every 100 -o look-halves < part.pms > out 2>&1
pymic-train $net --agent "$look" --iters 400 --valid-every 100 -o look-halves < images.pms > out 2>&1
cmp look/last.pmm look-halves/last.pmm
ok $? "the same bytes when the input broke off in between"
pymic-augment label_nonzero < few.pms 2> log | pymic-train $net --agent "$look" --iters 20 -o look-labeled > labeled.tsv 2> log
pymic-train $net --agent "$look" --iters 20 -o look-unlabeled < few.pms 2> log | cut -f 2 > unlabeled.tsv
is "$(cut -f 2 labeled.tsv)" "$(cat unlabeled.tsv)" "labels are not looked at"
compare look
status 1 "what makes features does not segment" sh -c "pymic-infer -m look/last.pmm < few.pms > out.pms"
like "$(cat err)" "makes features" "and says so"
status 2 "nor is it validated" sh -c "pymic-train $net --agent $look --valid valid.pms -o none < images.pms"
like "$(cat err)" "not validated" "which is said"
status 2 "there are no classes" sh -c "pymic-train $net --agent $look --classes 3 -o none < images.pms"
like "$(cat err)" "without classes" "either"
status 1 "what makes images does not segment" sh -c "pymic-infer -m restore/last.pmm < few.pms > out.pms"
like "$(cat err)" "makes images" "and says so"
status 1 "images without a target" sh -c "pymic-train $net --agent reconstruct -o none < few.pms"
like "$(cat err)" "case_00.: has no target" "are refused"
status 2 "so many channels as there are" sh -c "pymic-train $net --agent reconstruct --classes 2 -o none < spoiled.pms"
like "$(cat err)" "give --classes 1" "are made"

# In more noise, from two labeled cases in few iterations: an encoder that has seen other images does better than one that has seen
# none, at the rate of three which is best for the latter; the mean over seeds that have not chosen the settings.
learn() { # learn SEED NAME OPTION...
	seed=$1 name=$2
	shift 2
	pymic-train $net -q --seed "$seed" "$@" -o "$name$seed" 2>> "log$seed"
}
segment() { # segment SEED NAME RATE OPTION...: Dice after the last iteration
	seed=$1 name=$2 rate=$3
	shift 3
	learn "$seed" "on-$name-$rate" --classes 3 --lr "$rate" --iters 120 --valid-every 120 --valid noisy.pms "$@" < "few$seed.pms" |
		awk 'END { print $5 }' > "dice-$name-$rate-$seed"
}
all() { # all SEED
	"$phantom" 24 100 32 "10$1" 1 noise=1.2 $(seq -f unlabeled=%g 0 23) > "images$1.pms"
	"$phantom" 2 480 32 "$1" 1 noise=1.2 | pymic-augment normalize > "few$1.pms" 2>> "log$1"
	learn "$1" fusion --classes 5 --iters 400 --augment "$fuse" < "images$1.pms" > "table$1"
	learn "$1" reconstruct --agent reconstruct --iters 400 --augment "$spoil" < "images$1.pms" > "table$1"
	learn "$1" vox2vec --agent $look --iters 400 < "images$1.pms" > "table$1"
	for rate in 1e-3 3e-3 1e-2; do
		segment "$1" nothing $rate
	done
	for task in fusion reconstruct vox2vec; do
		segment "$1" $task 1e-2 --init "$task$1/last.pmm" --init-parts encoder
	done
}
mean() { cat "dice-$1-$2-"* | awk '{ s += $1 } END { printf "%.3f\n", s / NR }'; }
"$phantom" 16 1 32 3 1 noise=1.2 | pymic-augment normalize > noisy.pms 2> log
for seed in 1 3 5; do
	all $seed &
	all $((seed + 1))
	wait
done
scratch=$(for rate in 1e-3 3e-3 1e-2; do mean nothing $rate; done | sort -g | tail -n 1)
echo "# Dice from scratch: $scratch"
echo "# Dice after fusion: $(mean fusion 1e-2)" # no better, here
for task in reconstruct vox2vec; do
	dice=$(mean $task 1e-2)
	echo "# Dice after $task: $dice"
	ok "$(echo "$dice $scratch" | awk '{ print !($1 > $2 + 0.02) }')" "$task: the encoder is a better beginning than none"
done
done_testing
