#!/bin/sh
# SPDX-License-Identifier: MIT
# The manual pages can be read by both readers of manual pages, where they are installed, and usdtrap(1) knows every
# word of the language: all that the tables of builtins, functions and aggregations have.
set -u
cd "${top_srcdir:-.}" || exit 1

complaints=0
complain() {
	echo "$*"
	complaints=$((complaints + 1))
}

for page in docs/*.[1-9]; do
	if command -v mandoc >/dev/null; then
		mandoc -T lint -W warning "$page" || complain "above: what mandoc says of $page"
	fi
	if command -v groff >/dev/null; then
		warnings=$(groff -man -Tutf8 -ww -z "$page" 2>&1)
		[ -z "$warnings" ] || complain "$page: groff says $warnings"
	fi
done

# What a reader sees, font changes and hyphens undone.
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
sed 's/\\f[A-Z]//g; s/\\-/-/g; s/[",.()]/ /g' docs/usdtrap.1 | tr -s '[:blank:]' '\n' | sort -u >"$scratch/known"
# arg stands for arg0, arg1 and so on.
sed -n 's/^	{"\([a-z_]*\)",.*/\1/p' src/lang/builtin.c | grep -vx arg | sort -u >"$scratch/words"
for word in $(comm -23 "$scratch/words" "$scratch/known"); do
	complain "docs/usdtrap.1 does not know the word $word"
done
count=$(wc -l <"$scratch/words")
[ "$count" -gt 30 ] || complain "only $count words were found in src/lang/builtin.c"
[ $complaints -eq 0 ] && echo "the manual knows $count words"
