#!/bin/sh
# SPDX-License-Identifier: MIT
# What every file has to keep: its licence line, 700 lines at most (a manual page may be longer, as people search it), no blanks at line ends, no postponed work, no path of
# the machine it was written on; C the layout that .clang-format asks for, scripts the peace of shellcheck, where these
# tools are installed.
# shellcheck disable=SC2086 # lists of files without blanks are split on purpose
set -eu
LC_ALL=C
export LC_ALL
cd "${top_srcdir:=.}"

failed=0
complain() {
	echo "$1" >&2
	failed=1
}

files=$(
	find src include tests docs tools -type f 2>/dev/null |
		grep -E '\.([chm]|am|ac|sh|awk|py|bt|md|1|in)$' | grep -v /corpus/ | sort
	for file in bootstrap configure.ac Makefile.am usdtrap.pc.in README.md .ci/run .clang-format; do
		if [ -e "$file" ]; then echo "$file"; fi
	done
)
c_files=$(echo "$files" | grep '\.[ch]$')
scripts=$(echo "$files" | grep -E '\.sh$|^bootstrap$|^\.ci/run$')

for file in $files; do
	case $file in
	*.[ch])
		[ "$(head -n 1 "$file")" = "/* SPDX-License-Identifier: MIT */" ] ||
			complain "$file: does not begin with its licence line"
		;;
	*.sh | *.py | *.awk | bootstrap | .ci/run | *.am | *.ac)
		head -n 2 "$file" | grep -q 'SPDX-License-Identifier: MIT$' || complain "$file: has no licence line"
		;;
	esac
	lines=$(wc -l <"$file")
	case $file in
	*.1) most=1000 ;;
	*) most=700 ;;
	esac
	[ "$lines" -le $most ] || complain "$file: $lines lines are too many for one subject"
	case $file in
	*.md) ;;
	*) grep -nE '[[:blank:]]+$' "$file" | sed "s|^|$file: blanks at the end of line |" | grep . >&2 && failed=1 ;;
	esac
done

# Spelt so that this file does not find itself.
if grep -nEw 'TO''DO|FIX''ME|XX''X|HA''CK' $files >&2; then
	complain "above: postponed work"
fi
if grep -nF "$(pwd)/" $files >&2; then
	complain "above: a path of this machine"
fi

formatter=
for name in clang-format-14 clang-format; do
	if command -v "$name" >/dev/null && "$name" --version | grep -q 'version 14\.'; then
		formatter=$name
		break
	fi
done
if [ -z "$formatter" ]; then
	echo "clang-format 14 is not installed: the layout of C was not checked"
elif ! "$formatter" --dry-run --Werror $c_files; then
	complain "above: not as $formatter -i would lay it out"
fi

if ! command -v shellcheck >/dev/null; then
	echo "shellcheck is not installed: scripts were not checked"
elif ! shellcheck $scripts; then
	complain "above: what shellcheck says"
fi

if [ "$failed" = 0 ]; then
	echo "$(echo "$files" | wc -l) files are in order"
fi
exit $failed
