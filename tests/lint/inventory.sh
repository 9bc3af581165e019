#!/bin/sh
# SPDX-License-Identifier: MIT
# Each row of the inventory of the language, tests/script/inventory.txt, has a test that says that it covers it. Prints the
# table of rows and tests. What is `(not yet)' has none, and is told among the differences of docs/language.md. A test may
# name no row that is not there, so that a misspelt one does not count for nothing.
set -eu
LC_ALL=C
export LC_ALL
cd "${top_srcdir:=.}"

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
# ID and test, one pair a line. A line of shell or C that covers anything is a comment of its own.
grep -E '^(//|#|/\*| \*)? ?covers: ' -r tests/script tests/live tests/unit --include='*.bt' --include='*.sh' --include='*.c' |
	sed -E 's|^([^:]*):.*covers: ([a-z -]*).*|\1 \2|' |
	while read -r test rows; do
		for row in $rows; do echo "$row $test"; done
	done >"$scratch/pairs"

awk -F ' [|] ' '
	BEGIN { failed = 0 }
	FILENAME == ARGV[1] {
		split($0, pair, " ")
		tests[pair[1]] = tests[pair[1]] "\n\t" pair[2]
		next
	}
	FILENAME == ARGV[2] {
		if (/^## /) { is_within = /^## Differences/ }
		if (is_within) { differences = differences $0 }
		next
	}
	/^#/ || /^$/ { next }
	/^\[/ { print; next }
	!/^[a-z]+(-[a-z]+)+ [|] ./ { print FILENAME ":" FNR ": not `ID | what'\''"; failed = 1; next }
	$1 in known { print FILENAME ":" FNR ": " $1 " is there twice"; failed = 1 }
	{
		known[$1] = 1
		rows++
		if ($2 ~ / \(not yet\)$/) {
			split($2, word, " ")
			if (!index(differences, "`" word[1])) { print "not told in docs/language.md: " $1; failed = 1 }
			print $1 ": " $2
			next
		}
		print $1 ": " $2 (($1 in tests) ? tests[$1] : "\n\tNO TEST")
		if (!($1 in tests)) { missing = missing " " $1 }
	}
	END {
		for (row in tests)
			if (!(row in known)) { print "no such row: " row tests[row]; failed = 1 }
		if (missing) { print "rows without a test:" missing; failed = 1 }
		if (rows < 200) { print "only " rows " rows were read"; failed = 1 }
		print rows " rows"
		exit failed
	}' "$scratch/pairs" docs/language.md tests/script/inventory.txt
