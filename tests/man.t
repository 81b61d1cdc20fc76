#!/bin/sh
# The manual pages are those of the tools: "make man" writes them anew.
# mandoc compares what follows the last dot of a path with the section, so a page needs its own name, in any folder.
. "$(dirname "$0")/lib.sh"
man=$(cd "$(dirname "$0")/../man" && pwd)

for tool in "$BIN"/pymic-*; do
	name=$(basename "$tool")
	sh "$man/splice" "$tool" "$man/$name.1.in" > "$work/$name.1"
	ok $? "$name: prose and tables make a page"
	is "$(diff "$man/$name.1" "$work/$name.1" | head -n 20)" "" "$name: man/$name.1 is up to date (else: make man)"
	is "$(mandoc -T lint -W warning "$work/$name.1")" "" "$name: the page is clean mdoc"
	for section in NAME SYNOPSIS DESCRIPTION OPTIONS "EXIT STATUS" EXAMPLES "SEE ALSO"; do
		grep -q "^\.Sh $section\$" "$work/$name.1"
		ok $? "$name: section $section"
	done
	like "$(cat "$man/pymic.7")" "Xr $name 1" "$name is in pymic(7)"
done
is "$(mandoc -T lint -W warning "$man/pymic.7")" "" "pymic(7) is clean mdoc"

# What the pages refer to is there.
for page in $(sed -n 's/^\.Xr \(pymic[^ ]*\) \([17]\).*/\1.\2/p' "$man"/*.in "$man/pymic.7" | sort -u); do
	[ -f "$man/$page" ]
	ok $? "$page exists"
done
done_testing
