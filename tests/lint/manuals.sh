#!/bin/sh
# SPDX-License-Identifier: MIT
# Manual pages are mdoc without a fault, as mandoc sees it; every subcommand has one, and says how it is used as its help does.
set -eu
LC_ALL=C
export LC_ALL
: "${top_srcdir:=.}" "${top_builddir:=.}"
usdtrap=$(cd "$top_builddir" && pwd)/usdtrap
cd "$top_srcdir"

failed=0
complain() {
	echo "$1" >&2
	failed=1
}

if command -v mandoc >/dev/null; then
	for page in docs/*.[13]; do
		# STYLE is about dates and the like, and about links to pages that are not installed here.
		mandoc -T lint -W warning "$page" >&2 || complain "above: what mandoc says of $page"
	done
else
	echo "mandoc is not installed: the pages were not checked"
fi

# The page of each subcommand that has options of its own: its synopsis has them all.
for name in explain why discover cover expect top; do
	page=$(grep -lE "^\.Nm usdtrap-$name\$|^\.Nm usdtrap-$name " docs/*.1 | head -n 1)
	if [ -z "$page" ]; then
		complain "usdtrap $name has no manual page"
		continue
	fi
	for option in $("$usdtrap" "$name" -h | sed -n 's/^ \{4,8\}.*--\([a-z]*\).*/\1/p' | grep -vx help); do
		grep -qE "Fl -$option\b" "$page" || complain "$page does not tell of $name --$option"
	done
done
exit $failed
