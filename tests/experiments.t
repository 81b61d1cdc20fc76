#!/bin/sh
# The experiments: what their Makefiles would run is understood by pymic-train, each method with its network; on real data
# (PYMIC_DATA) small runs come to their tables.
. "$(dirname "$0")/lib.sh"
here=$(cd "$(dirname "$0")/../experiments" && pwd)
unset MAKEFLAGS MFLAGS MAKELEVEL
phantom="$TESTS/phantom_test"
"$phantom" 1 1 32 1 | pymic-augment label_nonzero pad:size=16x32x32:border=zero > "$work/first.pms" || exit 1

pymic-batch --labeled 1 --unlabeled 1 "$work/first.pms" "$work/first.pms" > "$work/pair.pms" || exit 1

# The lists that the rules name need not hold anything.
for list in acdc/train acdc/train_labeled10 acdc/train_unlabeled90 acdc/train_scribble acdc/valid jsrt/train_clean5 \
	jsrt/train_to_corrupt95 jsrt/valid la/train la/train_labeled16 la/train_unlabeled16 la/valid; do
	mkdir -p "$work/lists/$(dirname $list)"
	: > "$work/lists/$list.csv"
done

# plan EXPERIMENT VARIABLE...: a line for each command that make would run.
plan() {
	experiment=$1
	shift
	make -n --no-print-directory -C "$here/$experiment" PYMIC_DATA="$work/lists" OUT="$work/out" SEEDS="1 2" "$@" |
		sed -e ':more' -e '/\\$/ { N; s/\\\n//; b more' -e '}'
}

for experiment in acdc_semi acdc_one acdc_scribble jsrt_noisy la_semi; do
	plan $experiment > "$work/plan" 2> "$work/err"
	methods=$(sed -n 's/.*| *pymic-train .* -o [^ ]*\/\([^/]*\)\/1 .*/\1/p' "$work/plan")
	like "$methods" '^(sup|ce)$' "$experiment: its methods begin with plain training"
	is "$(grep -c 'pymic-eval' "$work/plan")" $((2 * $(echo "$methods" | wc -l))) "$experiment: each is judged with both seeds"
	for method in $methods; do
		input=first.pms
		[ $method = dast ] && input=pair.pms
		sed -n "s|.*\| *\(pymic-train .* -o [^ ]*/$method/1\) .*|\1 --dry-run|p" "$work/plan" > "$work/command"
		status 0 "$experiment: pymic-train takes what $method asks for" sh "$work/command" < "$work/$input"
	done
	plan $experiment ITERS=30 CROP=64x64 METHODS=sup > "$work/plan" 2> "$work/err"
	like "$(cat "$work/plan")" '--iters 30 ' "$experiment: fewer iterations"
	like "$(cat "$work/plan")" 'crop:size=.*64x64' "$experiment: a smaller crop"
done
plan acdc_semi ITERS=30 METHODS=bcp > "$work/plan" 2> "$work/err"
like "$(cat "$work/plan")" '--iters 10 .* -o [^ ]*/bcp/1/first ' "copy-paste begins with the labeled cases alone"
like "$(cat "$work/plan")" '--iters 30 .* --init [^ ]*/bcp/1/first/best.pmm -o [^ ]*/bcp/1 ' "and goes on from there"
plan acdc_semi METHODS="cps kd" > "$work/plan" 2> "$work/err"
like "$(cat "$work/plan")" 'kd:teacher=[^ ]*/out/cps/2/best.pmm .*-o [^ ]*/out/kd/2 ' "a student learns from the model of its seed"
is "$(sed -n 's/.*pymic-train .* -o [^ ]*\/out\/\([^ ]*\) .*/\1/p' "$work/plan" | sed -n '/2$/p' | tr '\n' ' ')" "cps/2 kd/2 " "which is trained before"
status 2 "no PYMIC_DATA: a message" env -u PYMIC_DATA make -n -C "$here/acdc_semi"
like "$(cat "$work/err")" 'set PYMIC_DATA' "that says what to set"
plan acdc_scribble IGNORE=4 METHODS=sup > "$work/plan" 2> "$work/err"
like "$(cat "$work/plan")" 'train_scribble.csv --epochs.*--ignore-label 4' "scribbles: one variable ignores the label instead of weighting it"

# tiny EXPERIMENT METHODS: four iterations of a small network, judged on two cases.
tiny() {
	make --no-print-directory -C "$here/$1" OUT="$work/$1" METHODS="$2" ITERS=4 BATCH=1 CROP=32x32 FOCUS=0.5 chns=4x8 dropout=0.1 THREADS=1 \
		VALID="$work/valid.csv" DEVICE=cpu > "$work/log" 2>&1
	ok $? "$1: runs from the lists to the table"
	is "$(cut -d, -f1-2 "$work/$1/results-valid.csv")" "method,seed$(for m in $2; do printf '\n%s,1' "$m"; done)" "$1: a row for each run"
	make -n --no-print-directory -C "$here/$1" OUT="$work/$1" METHODS="$2" ITERS=4 VALID="$work/valid.csv" > "$work/plan" 2>&1
	is "$(grep -c 'pymic-train\|pymic-infer' "$work/plan")" 0 "$1: what is done is not done again"
}
if [ -n "${PYMIC_DATA-}" ]; then
	PYMIC_DATA=$(cd "$PYMIC_DATA" && pwd)
	export PYMIC_DATA
	sed -n "1p; 2,3s|\([^,]*\),\([^,]*\)|$PYMIC_DATA/acdc/\1,$PYMIC_DATA/acdc/\2|p" "$PYMIC_DATA/acdc/valid.csv" > "$work/valid.csv"
	tiny acdc_semi cps
	tiny acdc_one unimatch-ema
	tiny acdc_scribble dmpls
else
	skip "PYMIC_DATA is not set" 9
fi
done_testing
