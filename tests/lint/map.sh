#!/bin/sh
# SPDX-License-Identifier: MIT
# The map that src/cli/main.c opens with is true: every source file is on it, and everything on it is there.
set -eu
LC_ALL=C
export LC_ALL
cd "${top_srcdir:=.}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# FOLDER/NAME for each name on the map. Names stand before the first two blanks; a line that begins with them has none.
awk '
	/^ \*\// { exit }
	/^ \* [a-z\/]+\/: / { folder = substr($2, 1, length($2) - 2); next }
	/^ \*$/ { folder = "" }
	folder && /^ \*     [a-z]/ {
		sub(/^ \*     /, "")
		sub(/  .*/, "")
		count = split($0, names, ", ")
		for (i = 1; i <= count; i++)
			print folder "/" names[i]
	}
' src/cli/main.c | sort >"$work/map"
find src include -name '*.[ch]' | sed 's/\.[ch]$//' | sort -u >"$work/files"

failed=0
# A header that only some files of its folder share goes without saying, and so does the one that includes the others.
missing=$(comm -13 "$work/map" "$work/files" | grep -vE '_internal$|/usdtrap$' || true)
if [ -n "$missing" ]; then
	echo "not on the map in src/cli/main.c: $missing" >&2
	failed=1
fi
gone=$(comm -23 "$work/map" "$work/files")
if [ -n "$gone" ]; then
	echo "on the map in src/cli/main.c, but not there: $gone" >&2
	failed=1
fi
if [ "$failed" = 0 ]; then
	echo "the map has $(wc -l <"$work/map") places"
fi
exit $failed
