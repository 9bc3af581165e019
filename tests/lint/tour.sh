#!/bin/sh
# SPDX-License-Identifier: MIT
# Documents name functions and files that are there: docs/tour.md and the other pages about the source; links lead somewhere.
set -eu
LC_ALL=C
export LC_ALL
cd "${top_srcdir:=.}"

failed=0
complain() {
	echo "$1" >&2
	failed=1
}

# The words in backquotes of a page, one a line.
quoted() {
	# shellcheck disable=SC2016 # these backquotes are characters
	tr '\n' ' ' <"$1" | grep -oE '`[^`]+`' | tr -d '`'
}

# The language a script has to call, and the system's own: not in the source.
is_elsewhere() {
	case $1 in
	hist | kill | str | system | cat) return 0 ;;
	*) return 1 ;;
	esac
}

count=0
for name in $(quoted docs/tour.md | grep -E '^[a-z_]+\(\)$' | tr -d '()' | sort -u); do
	count=$((count + 1))
	is_elsewhere "$name" || grep -rqE --include='*.[ch]' "(^|[ *])$name\(" src include ||
		complain "docs/tour.md: there is no function $name"
done
[ "$count" -gt 20 ] || complain "docs/tour.md: only $count functions were found in it"
for page in README.md docs/*.md; do
	for path in $(quoted "$page" | grep -oE '(src|include|tests)/[A-Za-z0-9_./]*' | grep -v '[*]' | sort -u); do
		[ -e "$path" ] || complain "$page: there is no $path"
	done
	# shellcheck disable=SC2013 # links have no blanks in them
	for link in $(grep -oE '\]\([^)#:]+\)' "$page" | sed 's/^](//; s/)$//' | sort -u); do
		[ -e "$(dirname "$page")/$link" ] || complain "$page: the link to $link leads nowhere"
	done
done
[ $failed -ne 0 ] || echo "$count functions of the tour are where it says"
exit $failed
