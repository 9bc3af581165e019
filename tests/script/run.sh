#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs scripts and compares what they print. tests/script/SUBJECT/NAME.bt stands beside NAME.out, what it writes to
# standard output, and NAME.err, what it writes to standard error, where that is anything. Comments at its top say more:
#
#	// options: -f json      options of usdtrap, beside -q
#	// args: 42 'a b'        positional parameters
#	// status: 1             the exit status; 0 where nothing is said
#	// covers: ID ID         rows of inventory.txt that it tests, for tests/lint/inventory.sh; at the end where lines count
#
# Words on the command line are the scripts to run, else all are. UPDATE=1 writes the files anew instead of comparing:
# read the difference before committing it.
# shellcheck disable=SC2254 # what is read from the script is a list of words on purpose
set -u
: "${top_srcdir:=.}" "${top_builddir:=.}"

program=$(cd "$top_builddir" && pwd)/usdtrap
UPDATE=${UPDATE:-}
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM
cd "$top_srcdir/tests/script" || exit 1

# The words behind "// NAME:" in the script.
directive() {
	sed -n "s|^// $2: ||p" "$1"
}

# Compares, or with UPDATE writes, the expectation $1 and what was printed, $2.
compare() {
	if [ -n "$UPDATE" ]; then
		if [ -s "$2" ] || [ "${1##*.}" = out ]; then cp "$2" "$1"; else rm -f "$1"; fi
		return 0
	fi
	if [ -e "$1" ]; then
		diff -u "$1" "$2"
	else
		diff -u /dev/null "$2"
	fi
}

run() {
	folder=${1%/*}
	name=${1##*/}
	expected_status=$(directive "$1" status)
	(
		cd "$folder" || exit 99
		eval "set -- $(directive "$name" options) \"\$name\" $(directive "$name" args)"
		exec "$program" -q "$@" </dev/null >"$scratch/out" 2>"$scratch/err"
	)
	status=$?
	passed=true
	compare "${1%.bt}.out" "$scratch/out" || passed=false
	compare "${1%.bt}.err" "$scratch/err" || passed=false
	if [ "$status" -ne "${expected_status:-0}" ]; then
		echo "exit status $status, not ${expected_status:-0}"
		passed=false
	fi
	$passed
}

count=0
failures=0
if [ $# -eq 0 ]; then set -- */*.bt; fi
for script in "$@"; do
	script=${script#tests/script/}
	count=$((count + 1))
	if ! run "$script"; then
		echo "FAILED: tests/script/$script"
		failures=$((failures + 1))
	fi
done
echo "$count scripts, $failures failed"
[ "$failures" -eq 0 ] && [ "$count" -gt 0 ]
