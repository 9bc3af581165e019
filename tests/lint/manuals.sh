#!/bin/sh
# SPDX-License-Identifier: MIT
# The manual pages can be read by both readers of manual pages, where they are installed. Every subcommand has one, with all
# of its options. (That usdtrap(1) knows every word of the language is for words.sh.)
set -eu
LC_ALL=C
export LC_ALL
: "${top_srcdir:=.}" "${top_builddir:=.}"
usdtrap=$(cd "$top_builddir" && pwd)/usdtrap
cd "$top_srcdir"

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
failed=0
complain() {
	echo "$1" >&2
	failed=1
}

for page in docs/*.[1-9]; do
	# A page that another one stands in for: that is there.
	other=$(sed -n '1s/^\.so man1\///p' "$page")
	if [ -n "$other" ]; then
		[ -f "docs/$other" ] || complain "$page leads to $other, which is not there"
		continue
	fi
	if command -v mandoc >/dev/null; then
		# STYLE is about dates and the like, and about links to pages that are not installed here.
		mandoc -T lint -W warning "$page" >&2 || complain "above: what mandoc says of $page"
	fi
	if command -v groff >/dev/null; then
		warnings=$(groff -man -mdoc -Tutf8 -ww -z "$page" 2>&1) || true
		[ -z "$warnings" ] || complain "$page: groff says $warnings"
	fi
done

# usdtrap(1) tells of the options that -h shows, and of no others. Those that bpftrace has and usdtrap has not, and what
# has no effect, are in sentences there.
"$usdtrap" -h | sed '/^ACCEPTED/q' | sed -n 's/^ \{4,8\}\(-., \)\{0,1\}\(--*[A-Za-z-]*\).*/\2/p' | sort >"$tmp/help"
sed -n 's/^\.It Fl \(.* Fl \)\{0,1\}\([^ ]*\).*/-\2/p' docs/usdtrap.1 | sort >"$tmp/page"
[ "$(wc -l <"$tmp/help")" -ge 30 ] || complain "only so many options are found in the help: $(wc -l <"$tmp/help")"
diff "$tmp/help" "$tmp/page" >&2 || complain "above: options that only -h shows (<), or only docs/usdtrap.1 (>)"

# The page of each subcommand that has options of its own: its synopsis has them all.
for name in $("$usdtrap" -h | sed -n '/^COMMANDS:/,/^$/s/^    \([a-z]*\) .*/\1/p' | grep -vxE 'list|help'); do
	page=$(grep -lE "^\.Nm usdtrap-$name\$|^\.Nm usdtrap-$name " docs/*.1 | head -n 1)
	if [ -z "$page" ] || [ ! -f "docs/usdtrap-$name.1" ]; then
		complain "usdtrap $name has no manual page"
		continue
	fi
	for option in $("$usdtrap" "$name" -h | sed -n '/^EXAMPLES:/q; s/^ \{4,8\}.*--\([a-z]*\).*/\1/p' | grep -vx help); do
		grep -qE "Fl -$option\b" "$page" || complain "$page does not tell of $name --$option"
	done
done
exit $failed
