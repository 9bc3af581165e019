#!/bin/sh
# SPDX-License-Identifier: MIT
# Every builtin, function and aggregation of the language is in the manual page, and some script or live test uses it.
set -eu
LC_ALL=C
export LC_ALL
cd "${top_srcdir:=.}"

# The first column of the three tables in src/lang/builtin.c; argN stands there as arg.
words=$(sed -n 's/^	{"\([a-z_]*\)", \(BUILTIN\|FUNCTION\|AGGREGATION\)_.*/\1/p' src/lang/builtin.c | sed 's/^arg$/arg0/' | sort -u)
[ "$(echo "$words" | wc -l)" -gt 60 ] || { echo "no words found in src/lang/builtin.c"; exit 1; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cat tests/script/*/*.bt tests/live/*.sh tests/script/*.sh | grep -v '^[[:blank:]]*#' | grep -oE '[A-Za-z_][A-Za-z_0-9]*' | sort -u >"$scratch/tested"
sed -n '/^\.Sh LANGUAGE/,/^\.Sh CPYTHON/p' docs/usdtrap.1 | grep -oE '[A-Za-z_][A-Za-z_0-9]*' | sort -u >"$scratch/told"
failed=0
for word in $words; do
	grep -qx "$word" "$scratch/tested" || { echo "no test uses $word"; failed=1; }
	grep -qx "$word" "$scratch/told" || { echo "docs/usdtrap.1 does not know $word"; failed=1; }
done
echo "$(echo "$words" | wc -l) words"
exit $failed
