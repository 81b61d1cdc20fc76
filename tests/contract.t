#!/bin/sh
# What every command promises, whatever it does: help, usage errors, broken input, full disks, neighbours that die.
tests=$(cd "$(dirname "$0")" && pwd)
all="load augment batch train infer eval noise confident save"

# One command at work on a stream in file $2: what it needs besides is in the folder $data. Product on stdout.
run() {
	out=$3
	case $1 in
	load) pymic-load "$2" ;;
	augment) pymic-augment normalize < "$2" ;;
	batch) pymic-batch -n 1 < "$2" ;;
	train) pymic-train --net unet:chns=2,2:dropout=0 --classes 3 --iters 1000 -b 1 -j 1 -o "$out" < "$2" ;;
	infer) pymic-infer -m "$data/tiny.pmm" -j 1 < "$2" ;;
	eval) pymic-eval --labels 1,2 < "$2" ;;
	noise) pymic-noise dilate < "$2" ;;
	confident) pymic-confident < "$2" ;;
	save) pymic-save -o "$out" < "$2" ;;
	esac
}

# The statuses that the command gives to the first N bytes of its input, and to copies with a byte flipped: "N status".
if [ "${1-}" = cuts ]; then
	data=$3
	mkdir "$data/cut.$2"
	while read -r n; do
		head -c "$n" "$data/$2.pms" > "$data/cut.$2/in.pms"
		rc=0
		run "$2" "$data/cut.$2/in.pms" "$data/cut.$2/out" > /dev/null 2>&1 || rc=$?
		rm -rf "$data/cut.$2/out"
		echo "$n $rc"
	done < "$data/$2.cuts" > "$data/$2.statuses"
	exit
fi
if [ "${1-}" = flips ]; then
	data=$3
	for file in "$data/$2.flips"/*.pms; do
		rc=0
		run "$2" "$file" "$data/$2.flips/out" > /dev/null 2>&1 || rc=$?
		rm -rf "$data/$2.flips/out"
		echo "$(basename "$file" .pms) $rc"
	done > "$data/$2.flipped"
	exit
fi

. "$tests/lib.sh"
data=$work/data

# A small valid stream for each command, and a small model.
"$TESTS/made" balls "$data" 2 1 16 16
pymic-load "$data/list.csv" > "$data/samples.pms"
ok $? "samples are made"
run train "$data/samples.pms" "$data/model" > /dev/null 2> "$work/err"
ok $? "a model is made"
sed 's/^/# /' "$work/err"
cp "$data/model/last.pmm" "$data/tiny.pmm"
"$TESTS/mangle" corner "$data/samples.pms" > "$data/eval.pms"
pymic-infer -m "$data/tiny.pmm" -j 1 -q --prob --keep-image < "$data/samples.pms" > "$data/confident.pms"
for tool in $all; do
	[ $tool = eval ] || [ $tool = confident ] || cp "$data/samples.pms" "$data/$tool.pms"
	"$TESTS/mangle" places "$data/$tool.pms" 300 100 "$data/$tool.cuts" 30 "$data/$tool.flips"
done
processors=$(getconf _NPROCESSORS_ONLN)
for tool in $all; do
	printf '%s\n' "cuts $tool" "flips $tool"
done | xargs -P "$processors" -L 1 sh -c 'sh "$0" "$2" "$3" "$1"' "$tests/contract.t" "$data"

# The one line of a failing command: its name and what is wrong.
one_line() {
	is "$(grep -c "^pymic-$1: " "$work/err") of $(wc -l < "$work/err")" "1 of 1" "$1: $2 gives one line that begins with its name"
}

bad_number() {
	case $1 in
	load) echo --epochs=1x ;;
	batch) echo --size=1.5 ;;
	train) echo --lr=fast ;;
	infer) echo --window=a,b ;;
	eval) echo --labels=one ;;
	confident) echo --weight=0.5 ;;
	augment | noise | save) echo --threads=1,5 ;;
	esac
}

for tool in $all; do
	name=pymic-$tool
	status 0 "$tool: --help" "$name" --help
	like "$(head -n 1 "$work/out")" "^Usage: $name " "$tool: --help is on stdout"
	is "$(cat "$work/err")" "" "$tool: --help says nothing on stderr"
	status 0 "$tool: --version" "$name" --version
	like "$(head -n 1 "$work/out")" "^$name [0-9.]+ \(commit " "$tool: --version"
	status 0 "$tool: --list" "$name" --list
	status 0 "$tool: --help=mdoc" "$name" --help=mdoc
	like "$(cat "$work/out")" "^.Sh OPTIONS" "$tool: --help=mdoc is mdoc (man.t looks closer)"

	status 2 "$tool: an unknown option" "$name" --no-such-option
	one_line $tool "an unknown option"
	is "$(wc -c < "$work/out")" 0 "$tool: nothing was written then"
	status 2 "$tool: a bad number" "$name" "$(bad_number $tool)"
	one_line $tool "a bad number"
	rc=0
	"$name" --help > /dev/full 2> "$work/err" || rc=$?
	is $rc 1 "$tool: --help on a full disk"

	: > "$work/empty.pms"
	status 3 "$tool: empty input" run $tool "$work/empty.pms" "$work/x"
	one_line $tool "empty input"
	head -c 5000 "$tests/../LICENSE" > "$work/garbage.pms"
	status 3 "$tool: garbage" run $tool "$work/garbage.pms" "$work/x"
	one_line $tool garbage
	is "$(wc -l < "$data/$tool.statuses")" "$(wc -l < "$data/$tool.cuts")" "$tool: all truncations were tried"
	is "$(grep -v ' 3$' "$data/$tool.statuses" | head)" "" "$tool: each of $(wc -l < "$data/$tool.cuts") truncations gives 3"
	is "$(wc -l < "$data/$tool.flipped")" 30 "$tool: all flipped bytes were tried"
	is "$(grep -v ' 3$' "$data/$tool.flipped" | head)" "" "$tool: a flipped byte gives 3"

	"$TESTS/mangle" abort "$data/$tool.pms" > "$work/aborted.pms" 2> /dev/null
	status 3 "$tool: an aborted input" run $tool "$work/aborted.pms" "$work/x"
	like "$(cat "$work/err")" "the disk is on fire" "$tool: says the first cause"
	cp "$work/out" "$work/passed-on.pms"
	one_line $tool "an aborted input"
	case $tool in
	load | augment | batch | infer | noise | confident)
		status 3 "$tool: its reader learns of the abort" pymic-load "$work/passed-on.pms"
		like "$(cat "$work/err")" "the disk is on fire" "$tool: its reader says the first cause" ;;
	esac

	# Good input, good output: the next tool reads it.
	rm -rf "$work/x"
	status 0 "$tool: good input" run $tool "$data/$tool.pms" "$work/x"
	cp "$work/out" "$work/good.pms"
	case $tool in
	load | augment | batch | infer | noise | confident)
		status 0 "$tool: the output is whole" pymic-load --check "$work/good.pms"
		rc=0
		(run $tool "$data/$tool.pms" "$work/x" > /dev/full) 2> "$work/err" || rc=$?
		is $rc 1 "$tool: a full disk"
		one_line $tool "a full disk" ;;
	train)
		status 0 "$tool: the model is whole" pymic-load --check "$work/x/last.pmm"
		like "$(head -n 1 "$work/good.pms")" "	" "$tool: the log is a table"
		rm -rf "$work/x"
		rc=0
		(run $tool "$data/$tool.pms" "$work/x" > /dev/full) 2> "$work/err" || rc=$?
		is $rc 1 "$tool: a full disk" ;;
	eval)
		like "$(cat "$work/good.pms")" "case_1.*," "$tool: the output is a table"
		rc=0
		(run $tool "$data/$tool.pms" "$work/x" > /dev/full) 2> "$work/err" || rc=$?
		is $rc 1 "$tool: a full disk"
		one_line $tool "a full disk" ;;
	save)
		status 0 "$tool: the images can be read" pymic-load "$work"/x/*.nii.gz ;;
	esac
	[ $tool = save ] || {
		rm -rf "$work/x"
		{
			sleep 0.05
			rc=0
			run $tool "$data/$tool.pms" "$work/x" 2> "$work/err" || rc=$?
			echo $rc > "$work/rc"
		} | true
		is "$(cat "$work/rc")" 0 "$tool: a reader that leaves early"
		is "$(grep -v iteration "$work/err")" "" "$tool: nothing is said then"
	}
done
done_testing
