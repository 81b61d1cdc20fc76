#!/bin/sh
# Runs every test program and passes its TAP through as one plan.
. "$(dirname "$0")/lib.sh"
CMOCKA_MESSAGE_OUTPUT=tap
GOLDEN=$(cd "$(dirname "$0")" && pwd)/golden
export CMOCKA_MESSAGE_OUTPUT GOLDEN

found=no
for program in "$TESTS"/*_test; do
	[ -x "$program" ] || continue
	found=yes
	name=$(basename "$program" _test)
	begun=$tap_n
	failed=$tap_failed
	rc=0
	(cd "$work" && "$program") > "$work/tap" 2> "$work/log" || rc=$?
	# Programs with several groups print several plans; only their sum counts. The dead print fewer lines than planned.
	planned=$(sed -n 's/^1\.\.\([0-9]*\).*/\1/p' "$work/tap" | awk '{ n += $1 } END { print n + 0 }')
	while IFS= read -r line; do
		case $line in
		*" # skip"* | *" # SKIP"*) skip "$name: ${line##*ok }" ;; # cmocka calls what it skips not ok
		"ok "*) ok 0 "$name: ${line#ok * - }" ;;
		"not ok "*) ok 1 "$name: ${line#not ok * - }" ;;
		1..* | "TAP version"*) ;;
		"# "*) ;;
		*) printf '# %s\n' "$line" ;;
		esac
	done < "$work/tap"
	if { [ "$rc" -ne 0 ] && [ $tap_failed -eq $failed ]; } || [ "$((tap_n - begun))" -ne "$planned" ] || [ "$planned" -eq 0 ]; then
		sed 's/^/# /' "$work/log"
		ok 1 "$name: ended with status $rc after $((tap_n - begun)) of $planned tests"
	fi
done
[ $found = yes ]
ok $? "there are test programs in $TESTS"
done_testing
