#!/bin/sh
# A run of pymic-train that is killed, stopped or cut short ends with the same bytes as one that is not.
. "$(dirname "$0")/lib.sh"
phantom="$TESTS/phantom_test"
cd "$work" || exit 1
settings="--net unet:chns=4,8:dropout=0.2 --classes 3 -j1 --iters 240 --valid-every 40"
settings="$settings --valid valid.pms --schedule plateau:patience=40"
"$phantom" 16 80 16 1 > train.pms && "$phantom" 3 1 16 2 > valid.pms || exit 1

# train DIR OPTION...
train() {
	train_dir=$1
	shift
	pymic-train $settings "$@" -o "$train_dir" < train.pms
}

# same DIR NAME: its files are those of the undisturbed run (the log: apart from the seconds)
same() {
	cmp whole/last.pmm "$1/last.pmm" && cmp whole/best.pmm "$1/best.pmm" &&
		[ "$(sed 's/,"seconds.*//' whole/log.jsonl)" = "$(sed 's/,"seconds.*//' "$1/log.jsonl")" ]
	ok $? "$2"
}

status 0 "an undisturbed run" train whole
like "$(grep -c . whole/log.jsonl)" '^6$' "has six cycles"

# Where in the run each kill strikes depends on the machine; that most strike while it works is part of the test.
begun=$(date +%s%N)
train timed > /dev/null 2>&1
took=$(( ($(date +%s%N) - begun) / 1000000 ))
same timed "a second run has the same bytes"
struck=0
for share in 6 2 12 4 15 8 3 10 5 7; do
	pymic-train $settings -o killed --checkpoint-every 3 < train.pms > /dev/null 2>&1 &
	pid=$!
	sleep "$(awk "BEGIN { print 0.02 + $took * $share / 100000 }")"
	kill -9 $pid 2> /dev/null && struck=$((struck + 1))
	wait $pid 2> /dev/null
done
ok $((struck < 5)) "ten kills, of which at least five struck a living run ($struck)"
ok "$(pymic-train --position killed/last.pmm | awk "{ print !(\$1 > 0) }")" "the run is on its way"
status 0 "the killed run goes on" train killed
same killed "and ends with the same bytes"
is "$(find killed -name '*.part*' | wc -l)" 0 "and leaves nothing unfinished behind"

for signal in TERM USR1; do
	# Endless input behind a pipe: the signal comes while it works or while it waits.
	mkfifo pipe
	cat train.pms > pipe 2> /dev/null &
	pymic-train $settings -o $signal < pipe > /dev/null 2> log &
	pid=$!
	tries=0
	while [ ! -e $signal/best.pmm ] && [ $tries -lt 1000 ]; do
		sleep 0.01
		tries=$((tries + 1))
	done
	kill -$signal $pid
	wait $pid
	is $? 75 "$signal: status 75"
	like "$(cat log)" 'stopped after [0-9]+ iterations' "$signal: says where"
	rm pipe
done
used=$(pymic-train --position TERM/last.pmm)
ok $((used <= 0 || used >= 960)) "stopped in the middle ($used samples)"
cp -r TERM rest
status 0 "after a SIGTERM the run goes on" train TERM
same TERM "and ends with the same bytes"
status 0 "also with the rest of the data alone" \
	sh -c "'$phantom' 16 80 16 1 1 skip=$used | pymic-train $settings -o rest --skipped"
same rest "and ends with the same bytes"

rm -rf waits
(head -c 30000 train.pms; exec sleep 3) | pymic-train $settings -o waits > /dev/null 2>&1 &
pid=$!
tries=0
while [ ! -e waits/last.pmm ] && [ $tries -lt 500 ]; do
	sleep 0.01
	tries=$((tries + 1))
done
sleep 0.1
kill -TERM $pid
wait $pid
is $? 75 "a signal is heard while there is no input"

"$phantom" 16 80 16 9 > other.pms
status 1 "other data are refused" sh -c "pymic-train $settings -o USR1 < other.pms"
like "$(cat err)" 'case_0.*(epoch .*give the same|run that is resumed)' "with the reason"
status 1 "a beginning is no rest" train USR1 --skipped
like "$(cat err)" 'leave --skipped away' "with the reason"
"$phantom" 16 3 16 1 > short.pms
rm -rf part && status 0 "an input may end early" sh -c "pymic-train $settings -o part < short.pms"
is "$(pymic-train --position part/last.pmm)" 48 "after three epochs"
status 0 "and one that ends where the run has come to adds nothing" sh -c "pymic-train $settings -o part < short.pms"
"$phantom" 16 2 16 1 > shorter.pms
status 1 "an input that is too short to be the same" sh -c "pymic-train $settings -o part < shorter.pms"
like "$(cat err)" 'ends after 32 records' "with the reason"

status 2 "other settings are refused" train USR1 --lr 0.5
like "$(cat err)" '--lr=0.001, this one has --lr=0.5' "with the one that differs"
status 0 "unless it starts anew" train USR1 --lr 0.5 --iters 4 --restart
is "$(pymic-train --position USR1/last.pmm)" 16 "then from the beginning"
mkdir broken && head -c 2000 part/last.pmm > broken/last.pmm
status 1 "a truncated checkpoint is refused" sh -c "pymic-train $settings -o broken < short.pms"
like "$(cat err)" 'truncated|ends' "with the reason"
mkdir alien && cp whole/best.pmm alien/last.pmm
status 1 "so is a model that is no checkpoint" train alien
mkdir lone && cp whole/best.pmm lone/best.pmm
status 2 "a folder with somebody's model" train lone
(sleep 3 | pymic-train $settings -o busy > /dev/null 2>&1) &
tries=0
while [ ! -d busy ] && [ $tries -lt 500 ]; do
	sleep 0.01
	tries=$((tries + 1))
done
sleep 0.05
status 2 "two runs in one folder" train busy
like "$(cat err)" 'another pymic-train' "with the reason"
status 0 "a finished run" train whole
like "$(cat err)" 'finished after 240' "is not trained again"
wait

# A whole pipeline: chance is drawn per case and epoch, so that neither threads nor a pause change the model.
if command -v pymic-load > /dev/null && command -v pymic-augment > /dev/null; then
	"$TESTS/made" balls made 6 1 20 20 || exit 1
	# pipeline DIR THREADS [LOAD-OPTIONS [TRAIN-OPTIONS]]
	pipeline() {
		pipe_dir=$1
		pipe_threads=$2
		shift 2
		pymic-load made/list.csv --epochs 0 --shuffle --seed 3 -j "$pipe_threads" $1 2> /dev/null |
			pymic-augment crop:size=1,16,16 flip normalize gamma noise --seed 4 -j "$pipe_threads" 2> /dev/null |
			pymic-train $settings -o "$pipe_dir" $2 > /dev/null 2> log
	}
	pipeline one 1
	ok $? "a pipeline"
	pipeline two 3
	cmp one/last.pmm two/last.pmm && cmp one/best.pmm two/best.pmm
	ok $? "threads of load and augment do not change the model"
	pymic-load made/list.csv --epochs 0 --shuffle --seed 3 |
		pymic-augment crop:size=1,16,16 flip normalize gamma noise --seed 4 |
		pymic-train $settings -o three > /dev/null 2>&1 &
	pid=$!
	tries=0
	while [ ! -s three/log.jsonl ] && [ $tries -lt 1000 ]; do
		sleep 0.01
		tries=$((tries + 1))
	done
	kill -TERM $pid
	wait $pid
	is $? 75 "it is stopped"
	pipeline three 2 "--skip $(pymic-train --position three/last.pmm)" --skipped
	ok $? "and goes on where the loader skips"
	cmp one/last.pmm three/last.pmm && cmp one/best.pmm three/best.pmm
	ok $? "with the same bytes at the end"
	# Batches of a labeled and an unlabeled sample each: after the first one another sample has been put aside.
	"$TESTS/samples" make LLUU | pymic-augment pad:size=1,4,4 | pymic-batch --labeled 1 --unlabeled 1 -o sorted.pms
	tiny="--net unet:chns=2,2:dropout=0 --classes 3 -j1"
	pymic-train $tiny --iters 1 -o aside < sorted.pms > /dev/null 2>&1
	status 1 "no place to skip to while pymic-batch has samples aside" pymic-train --position aside/last.pmm
	like "$(cat err)" 'without --skip' "with what to do instead"
	pymic-train $tiny --iters 2 -o even < sorted.pms > /dev/null 2>&1
	is "$(pymic-train --position even/last.pmm)" 4 "there is one when all that was read is used"
else
	skip "no pymic-load or pymic-augment" 8
fi
done_testing
