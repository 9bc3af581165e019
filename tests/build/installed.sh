#!/bin/sh
# SPDX-License-Identifier: MIT
# make installcheck: what was installed works, for users and for programs that embed the library: installed.sh BINDIR LIBDIR.
set -eu
bindir=$1
libdir=$2
: "${top_srcdir:?}" "${top_builddir:?}" "${CC:=cc}"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
target=$top_builddir/tests/targets/hits

# What pkg-config would say, asked of it where it is installed.
if command -v pkg-config >/dev/null; then
	flags=$(PKG_CONFIG_PATH=$libdir/pkgconfig pkg-config --cflags --libs usdtrap)
else
	echo "pkg-config is not installed: usdtrap.pc is not tried"
	flags="-I$libdir/../include -L$libdir -lusdtrap"
fi
# shellcheck disable=SC2086 # compilers and flags are words
$CC ${SANITIZER_CFLAGS-} -std=c11 -Wall -Wextra -Werror -o "$scratch/embed" "$top_srcdir/tests/build/embed.c" $flags
export LD_LIBRARY_PATH="$libdir${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
if [ -x "$target" ]; then
	printf '%s\n' "usdt:$target:hits:tick" >"$scratch/expected"
	"$scratch/embed" "$target" | diff -u "$scratch/expected" -
	"$bindir/usdtrap" -l "usdt:$target:*" | diff -u "$scratch/expected" -
fi
"$bindir/usdtrap" -V | grep -q '^usdtrap v[0-9]'
echo "the installed program and library work"
