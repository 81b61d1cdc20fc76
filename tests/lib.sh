# lib.sh: TAP for shell tests. Sourced by tests/*.t; done_testing at the end prints the plan and sets the status.
# $work is a folder for made data that goes away with the test. BIN: folder of the tools, TESTS: of the test programs.

LC_ALL=C
export LC_ALL
tap_n=0
tap_failed=0
work=$(mktemp -d "${TMPDIR:-/tmp}/pymic-test.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
PATH=${BIN:-/nonexistent}:$PATH
export PATH

# ok STATUS NAME: passes when STATUS is 0.
ok() {
	tap_n=$((tap_n + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $tap_n - $2"
	else
		tap_failed=$((tap_failed + 1))
		echo "not ok $tap_n - $2"
	fi
}

# is GOT WANTED NAME
is() {
	if [ "$1" = "$2" ]; then
		ok 0 "$3"
	else
		ok 1 "$3"
		printf '%s\n' "got:    $1" "wanted: $2" | sed 's/^/# /'
	fi
}

# like GOT PATTERN NAME: PATTERN is an extended regular expression.
like() {
	if printf '%s\n' "$1" | grep -Eq -- "$2"; then
		ok 0 "$3"
	else
		ok 1 "$3"
		printf '%s\n' "got:    $1" "wanted: /$2/" | sed 's/^/# /'
	fi
}

# status NUMBER NAME COMMAND...: runs COMMAND with its messages in $work/err and its output in $work/out.
status() {
	tap_want=$1
	tap_name=$2
	shift 2
	tap_got=0
	"$@" > "$work/out" 2> "$work/err" || tap_got=$?
	is "$tap_got" "$tap_want" "$tap_name"
	[ "$tap_got" = "$tap_want" ] || sed 's/^/# /' "$work/err"
}

# skip REASON [COUNT]
skip() {
	tap_left=${2:-1}
	while [ "$tap_left" -gt 0 ]; do
		tap_n=$((tap_n + 1))
		tap_left=$((tap_left - 1))
		echo "ok $tap_n # skip $1"
	done
}

skip_all() {
	echo "1..0 # skip $1"
	exit 0
}

done_testing() {
	echo "1..$tap_n"
	exit $((tap_failed > 0))
}
