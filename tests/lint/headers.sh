#!/bin/sh
# SPDX-License-Identifier: MIT
# Every public header compiles alone, as C and as C++, and every function in it is explained: a comment stands right above
# it, or above the group of lines it belongs to (a group ends at an empty line).
set -eu
LC_ALL=C
export LC_ALL
: "${top_srcdir:=.}" "${CC:=cc}"

failed=0
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

cxx=
for name in ${CXX:-} g++ clang++ c++; do
	if command -v "$name" >/dev/null; then
		cxx=$name
		break
	fi
done
if [ -z "$cxx" ]; then
	echo "no C++ compiler is installed: headers were tried as C only"
fi

for header in "$top_srcdir"/include/usdtrap/*.h; do
	name=$(basename "$header")
	printf '#include <usdtrap/%s>\n' "$name" >"$scratch/alone.c"
	cp "$scratch/alone.c" "$scratch/alone.cc"
	# CC may carry options, so it is split.
	# shellcheck disable=SC2086
	$CC -std=c11 -Wall -Wextra -Werror -pedantic -fsyntax-only -I "$top_srcdir/include" "$scratch/alone.c" || failed=1
	if [ -n "$cxx" ]; then
		"$cxx" -std=c++11 -Wall -Wextra -Werror -pedantic -fsyntax-only -I "$top_srcdir/include" "$scratch/alone.cc" || failed=1
	fi
	awk -v name="$name" '
		/^$/ { explained = 0 }
		/\*\/$/ { explained = 1 }
		/^USDTRAP_API/ && !explained { print name ":" FNR ": nothing explains this: " $0; failed = 1 }
		END { exit failed }
	' "$header" || failed=1
done
exit $failed
