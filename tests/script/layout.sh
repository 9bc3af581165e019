#!/bin/sh
# SPDX-License-Identifier: MIT
# --fmt on every script of the tests: laid out once more it stays as it is, and it still does what it did. On purpose no
# script here is written for that: each is laid out as its author liked.
set -u
: "${top_srcdir:=.}" "${top_builddir:=.}"

program=$(cd "$top_builddir" && pwd)/usdtrap
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM
cd "$top_srcdir/tests/script" || exit 1

# The words behind "// NAME:" in the script.
directive() {
	sed -n "s|^// $2: ||p" "$1"
}

fail() {
	echo "FAILED: tests/script/$1: $2"
	failures=$((failures + 1))
}

# Runs $1 laid out, where the script stands, so that what it includes is found.
run() {
	cd "${1%/*}" || exit 99
	eval "set -- $(directive "${1##*/}" options) - $(directive "${1##*/}" args)"
	exec "$program" -q "$@" <"$scratch/once" >"$scratch/out" 2>"$scratch/err"
}

count=0
failures=0
for script in */*.bt; do
	# What is no script cannot be laid out; what is wrong later can.
	"$program" --fmt "$script" >"$scratch/once" 2>"$scratch/err" || continue
	count=$((count + 1))
	"$program" --fmt - <"$scratch/once" >"$scratch/twice" 2>"$scratch/err" || fail "$script" "$(cat "$scratch/err")"
	diff -u "$scratch/once" "$scratch/twice" || fail "$script" 'laid out twice it is not the same'
	! grep -n '[[:blank:]]$' "$scratch/once" | grep -v '\*' || fail "$script" 'blanks at the end of a line'
	# Errors and warnings tell of lines and columns, and these are others now.
	[ ! -e "${script%.bt}.err" ] || continue
	(run "$script")
	sed '/"filename": /d' "${script%.bt}.out" >"$scratch/expected"
	sed '/"filename": /d' "$scratch/out" | diff -u "$scratch/expected" - || fail "$script" "laid out it prints something else: $(cat "$scratch/err")"
done
echo "$count scripts, $failures failed"
[ "$failures" -eq 0 ] && [ "$count" -gt 50 ]
