#!/bin/sh
# SPDX-License-Identifier: MIT
# The examples of docs/language.md, run: what stands between ```bt and ``` is a script, what stands between the next ```text
# and ``` is what it prints, standard error behind standard output. Comments of a script may say more, as for run.sh:
#
#	// options: -f json      options of usdtrap, beside -q
#	// args: 42 'a b'        words behind the script
set -u
: "${top_srcdir:=.}" "${top_builddir:=.}"

program=$(cd "$top_builddir" && pwd)/usdtrap
document=$(cd "$top_srcdir" && pwd)/docs/language.md
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM
cd "$scratch" || exit 1

# NUMBER.bt and NUMBER.expected for each example.
awk '
	/^```bt$/ { number++; file = number ".bt"; printf "%d\n", NR >(number ".line"); printf "" >file; next }
	/^```text$/ { file = number ".expected"; printf "" >file; next }
	/^```$/ { if (file) close(file); file = ""; next }
	file { print >file }
' "$document"

directive() {
	sed -n "s|^// $2: ||p" "$1"
}

count=0
failures=0
for script in *.bt; do
	name=${script%.bt}
	count=$((count + 1))
	if [ ! -e "$name.expected" ]; then
		echo "docs/language.md:$(cat "$name.line"): an example without output"
		failures=$((failures + 1))
		continue
	fi
	(
		eval "set -- $(directive "$script" options) - $(directive "$script" args)"
		exec "$program" -q "$@" <"$script" >"$name.out" 2>"$name.err"
	)
	cat "$name.out" "$name.err" >"$name.printed"
	if ! diff -u "$name.expected" "$name.printed"; then
		echo "FAILED: the example in line $(cat "$name.line") of docs/language.md"
		failures=$((failures + 1))
	fi
done
echo "$count examples, $failures failed"
[ "$failures" -eq 0 ] && [ "$count" -gt 10 ]
