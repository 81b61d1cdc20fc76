#!/bin/sh
# pymic-train --augment: what pymic-augment before it gives, and how it is told.
. "$(dirname "$0")/lib.sh"
phantom="$TESTS/phantom_test"
cd "$work" || exit 1
"$phantom" 16 10 40 1 > train.pms && "$phantom" 4 1 32 2 > valid.pms || exit 1
settings="--net unet:chns=4,8:dropout=0.1 --classes 3 --iters 10 --valid-every 2 --valid valid.pms --seed 3 --device cpu"
chain="percentile pad:size=48,48 crop:size=32,32:foreground=0.5 flip rotate gamma:p=1 noise"

# Weights are those where all that they predict is; the losses of the log too.
same() { # same A B NAME
	for run in "$1" "$2"; do
		pymic-infer -m "$run/last.pmm" --prob --device cpu < valid.pms > "$run.pms" 2> log
		sed 's/,"seconds.*//' "$run/log.jsonl" > "$run.jsonl"
	done
	"$TESTS/records" equal "$1.pms" "$2.pms" && cmp "$1.jsonl" "$2.jsonl"
	ok $? "$3"
}
pymic-augment --seed 3 $chain < train.pms | pymic-train $settings -o piped > log 2>&1
status 0 "words in one argument" pymic-train $settings --augment "$chain" -o inside < train.pms
same piped inside "the same as pymic-augment in front, to the last bit"
printf '%s\n' $chain > train.aug
status 0 "words of a file" pymic-train $settings --augment @train.aug -o file < train.pms
cmp inside/last.pmm file/last.pmm
ok $? "are the same run"
pymic-train $settings -o plain < train.pms > log 2>&1
cmp -s plain.jsonl inside.jsonl || sed 's/,"seconds.*//' plain/log.jsonl > plain.jsonl
ok "$(cmp -s plain.jsonl inside.jsonl; echo $(($? != 1)))" "and not the one without"

"$phantom" 16 4 40 1 > short.pms
pymic-train $settings --augment "$chain" -o half < short.pms > log 2>&1
status 0 "a run whose input ended goes on" pymic-train $settings --augment "$chain" -o half < train.pms
same inside half "as if it had not"
status 2 "not with another chain" pymic-train $settings --augment "flip" -o half < train.pms
like "$(cat "$work/err")" "holds a run with --augment=percentile" "which is said"

status 2 "a transform that is not there" pymic-train $settings --augment "flop" -o no < train.pms
like "$(cat "$work/err")" "^pymic-train: --augment: unknown transform 'flop'; did you mean flip" "is named"
status 2 "an operand without it" pymic-train $settings flip -o no < train.pms
pymic-batch --size 4 < train.pms > batches.pms 2> log
status 2 "batches come too late for it" pymic-train $settings --augment flip -o no < batches.pms
like "$(cat "$work/err")" "leave pymic-batch away" "and what to do"
status 1 "a sample that cannot be transformed" pymic-train $settings --augment crop:size=64,64 -o no < train.pms
like "$(cat "$work/err")" "^pymic-train: [^:]*: crop: image is 1x40x40, smaller than the 1x64x64" "is named"
done_testing
