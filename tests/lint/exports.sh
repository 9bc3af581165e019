#!/bin/sh
# SPDX-License-Identifier: MIT
# libusdtrap exports every function that its headers declare, and nothing else.
set -eu
LC_ALL=C
export LC_ALL
: "${top_srcdir:=.}" "${top_builddir:=.}" "${NM:=nm}"

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

cat "$top_srcdir"/include/usdtrap/*.h | tr '\n' ' ' | grep -oE 'USDTRAP_API [^;{}]*\(' | grep -oE 'usdtrap_[a-z0-9_]+ *\(' |
	tr -d ' (' | sort -u >"$scratch/declared"
$NM -D --defined-only "$top_builddir/.libs/libusdtrap.so" | awk '{ print $3 }' | sort -u >"$scratch/exported"

missing=$(comm -23 "$scratch/declared" "$scratch/exported")
surplus=$(comm -13 "$scratch/declared" "$scratch/exported")
if [ -n "$missing" ]; then
	printf 'declared but not exported:\n%s\n' "$missing"
fi
if [ -n "$surplus" ]; then
	printf 'exported but not declared:\n%s\n' "$surplus"
fi
if [ -n "$missing$surplus" ] || [ ! -s "$scratch/declared" ]; then
	exit 1
fi
echo "$(wc -l <"$scratch/declared") functions declared and exported"
