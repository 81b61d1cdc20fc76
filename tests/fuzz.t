#!/bin/sh
# Readers of what comes from outside, on mutated input: MUTATIONS=100000 for a long run.
. "$(dirname "$0")/lib.sh"
ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}quarantine_size_mb=16:max_allocation_size_mb=256
export ASAN_OPTIONS

found=1
for program in "$TESTS"/*_fuzz; do
	[ -x "$program" ] || continue
	found=0
	rc=0
	(cd "$work" && "$program") > "$work/out" 2> "$work/err" || rc=$?
	ok $rc "$(basename "$program" _fuzz): $(sed -n 's/^\(not \)*ok 1 - //p' "$work/out")"
	[ $rc -eq 0 ] || grep -h '^#\|ERROR\|runtime error' "$work/out" "$work/err" | sed 's/^#* */# /'
done
ok $found "there are fuzz programs in $TESTS"
done_testing
