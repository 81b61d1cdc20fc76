#!/bin/sh
# Who may include whom, and how long a file may be.
. "$(dirname "$0")/lib.sh"
cd "$(dirname "$0")/.." || exit 1

# Each layer and the layers that it may include, itself and commands' own headers apart.
allowed() {
	case $1 in
	base) echo "" ;;
	tensor) echo "base" ;;
	io | transform | metric) echo "base tensor" ;;
	compat) echo "base tensor metric" ;;
	nn) echo "base tensor io" ;; # a model file is a stream
	cpu | cuda) echo "base tensor nn" ;;
	net) echo "base tensor nn" ;;
	loss) echo "base tensor nn" ;;
	agent) echo "base tensor nn net loss" ;;
	*) echo "unknown" ;;
	esac
}

for layer in common/*/; do
	layer=$(basename "$layer")
	may="$layer $(allowed "$layer")"
	bad=$(find "common/$layer" -name '*.[ch]' -exec grep -Hn '^[[:space:]]*#[[:space:]]*include[[:space:]]*"' {} + |
		awk -v may="$may" 'BEGIN { n = split(may, m, " "); for (i = 1; i <= n; i++) ok[m[i]] = 1 }
			{ split($0, part, "\""); split(part[2], dir, "/"); if (part[2] !~ /\// || !(dir[1] in ok)) print }')
	is "$bad" "" "common/$layer includes only: $may"
done

# Commands that do not need the engine do not include it; no command includes another one.
bad=$(find cmd -name '*.[ch]' ! -path '*/pymic-train/*' ! -path '*/pymic-infer/*' \
	-exec grep -Hn '^#include "\(nn\|cpu\|cuda\|net\|loss\|agent\)/' {} +)
is "$bad" "" "only train and infer include the engine"
bad=$(find cmd common -name '*.[ch]' -exec grep -Hn '^#include "\(\.\./\|cmd/\|pymic-\)' {} +)
is "$bad" "" "nobody includes a command's headers but the command"

too_long() {
	limit=$1
	shift
	find common cmd "$@" -exec awk -v limit="$limit" 'END { if (FNR > limit) print FILENAME ": " FNR " lines" }' {} \;
}
is "$(too_long 600 -name '*.[ch]')" "" "no file above 600 lines"
# Kernels' headers are code that is compiled once per instruction set, not an interface to be read.
is "$(too_long 99 -name '*.h' ! -path 'common/*/kernels/*')" "" "no header of 100 lines or more"
is "$(too_long 299 -name main.c)" "" "no main.c of 300 lines or more"
long=$(find common cmd tests -name '*.[ch]' -exec awk '{ line = $0; while (match(line, /\t/))
	line = substr(line, 1, RSTART - 1) substr("    ", 1, 4 - (RSTART - 1) % 4) substr(line, RSTART + 1)
	n = gsub(/[\200-\277]/, "", line); if (length(line) > 150) print FILENAME ":" FNR ": " length(line) }' {} +)
is "$long" "" "no line above 150 columns (tabs as 4)"

# A header read alone must compile. list.h of the plugins is a list of macro calls and no header.
for header in $(find common cmd -name '*.h' ! -name list.h | sort); do
	printf '#include "%s"\n' "$PWD/$header" > "$work/alone.c"
	log=$(${CC:-cc} -std=gnu11 -D_GNU_SOURCE -DPM_ISA=base -Wall -Wextra -Wno-psabi -Werror -Icommon -I"$(dirname "$header")" -fsyntax-only \
		"$work/alone.c" 2>&1)
	is "$log" "" "$header compiles alone"
done
done_testing
