#!/bin/sh
# What the machine does to the commands: disks that fill up, few descriptors, closed and slow ends, a bare environment.
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1
"$TESTS/made" balls data 6 2 32 32
pymic-load data/list.csv -o s.pms
net="--net unet:chns=2,2:dropout=0 --classes 3 -b 1 -j 1 --iters 2"
pymic-train $net -o m < s.pms > log 2>&1
ok $? "a model is made"
pymic-infer -q -m m/last.pmm -o p.pms < s.pms

# run COMMAND: its product is the file or folder x.
run() {
	case $1 in
	load) pymic-load s.pms --epochs 2 -o x ;;
	augment) pymic-augment normalize -o x < s.pms ;;
	batch) pymic-batch -n 2 -o x < s.pms ;;
	train) pymic-train $net -o x < s.pms > /dev/null ;;
	infer) pymic-infer -q -m m/last.pmm -o x < s.pms ;;
	noise) pymic-noise -q dilate -o x < s.pms ;;
	save) pymic-save -q -o x s.pms ;;
	esac
}
for tool in load augment batch train infer noise save; do
	n=0 rc=1
	while [ $rc = 1 ] && [ $n -lt 2000 ]; do
		rm -rf x
		rc=$( (trap '' XFSZ; ulimit -f $n; run $tool 2>&1 && echo 0 || echo $?) | tee said | tail -n 1)
		[ "$rc" != 1 ] || {
			[ "$(wc -l < said)" = 2 ] && grep -q "^pymic-$tool: .*File too large" said && [ ! -f x ] && [ -z "$(find . -name '*.part*')" ]
		} || break
		n=$((n * 5 / 4 + 1))
	done
	is "$rc" 0 "$tool: wherever the disk is full it ends with one line and without a file"
	ok $((n < 2)) "$tool: several sizes were tried"
	[ "$rc" = 0 ] || sed 's/^/# /' said
	case $tool in
	train) status 0 "$tool: then the file is whole" pymic-load --check x/last.pmm ;;
	save) status 0 "$tool: then the files are whole" pymic-load --check x/*.nii.gz ;;
	*) status 0 "$tool: then the file is whole" pymic-load --check x ;;
	esac
	rm -rf x
done

for folder in /proc nowhere s.pms; do
	status 1 "a file in $folder" pymic-load s.pms -o $folder/x
	like "$(cat err)" "^pymic-load: $folder/x.*: (No such file|Not a directory)" "is refused"
done
for what in "--check s.pms" "--info s.pms" s.pms; do
	rc=0
	# shellcheck disable=SC2086
	pymic-load $what > /dev/full 2> err || rc=$?
	is "$rc $(wc -l < err)" "1 1" "pymic-load $what: a full disk behind standard output"
	rc=0
	# shellcheck disable=SC2086
	pymic-load $what 2> err >&- || rc=$?
	is "$rc $(wc -l < err)" "1 1" "pymic-load $what: standard output is closed"
done
rc=0
pymic-augment normalize 2> err <&- > out || rc=$?
is "$rc $(cat err)" "3 pymic-augment: cannot read: Bad file descriptor" "standard input is closed"

pymic-load data/list.csv -o whole.pms
(ulimit -n 16; pymic-load data/list.csv -j 8 -o few.pms)
"$TESTS/records" digest whole.pms > digest
"$TESTS/records" digest few.pms | cmp -s - digest
ok $? "sixteen descriptors are enough for eight threads"
env -i "$(command -v pymic-load)" data/list.csv > bare.pms
"$TESTS/records" digest bare.pms | cmp -s - digest
ok $? "no HOME, no TMPDIR, no PATH"
(umask 077; pymic-load data/list.csv -o mine.pms)
is "$(find mine.pms -perm 600)" mine.pms "a umask counts"
cp whole.pms ./-whole.pms
pymic-load -- -whole.pms > dash.pms
"$TESTS/records" digest dash.pms | cmp -s - digest
ok $? "a name with a dash in front"
LC_ALL=de_DE.UTF-8 pymic-load --info data/case_0.nii.gz > info
is "$(sed -n 's/^spacing//p' info)" "	3 1.5 1.5 mm (z, y, x)" "another locale's decimal point"
long=$(head -c 100000 /dev/zero | tr '\0' x)
status 2 "an argument of 100 kB" pymic-augment "pad:size=$long"
status 1 "a name of 100 kB" pymic-load "$long.nii"
like "$(cut -c 1-40 err)" "^pymic-load: '?xxx" "is named"

# Stages that are stopped for a while, and readers that are slow.
pymic-load s.pms --epochs 300 > fast.pms
mkfifo pipe
pymic-load s.pms --epochs 300 -q > pipe &
writer=$!
{
	head -c 50000
	kill -STOP $writer
	sleep 0.3
	kill -CONT $writer
	sleep 0.2
	cat
} < pipe > slow.pms
wait
"$TESTS/records" digest fast.pms > whole
"$TESTS/records" digest slow.pms | cmp -s - whole
ok $? "a writer that is stopped and a reader that is slow lose nothing"

# One trainer in a folder.
mkfifo wait
pymic-train $net -o x < wait > log 2>&1 &
trainer=$!
exec 3> wait
head -c 4000 s.pms >&3
tries=0
while [ ! -d x ] && [ $tries -lt 1000 ]; do
	sleep 0.01
	tries=$((tries + 1))
done
status 2 "a second trainer in the same folder" pymic-train $net -o x < s.pms
like "$(cat err)" "x: another pymic-train is at work here" "is told"
exec 3>&-
wait $trainer
done_testing
