#!/bin/sh
# SPDX-License-Identifier: MIT
# `make static' makes one stripped, static file of less than 8 MiB. It works where there is nothing else: in a root folder
# that has no library, no /etc, no place to write to, and no /proc; with /proc it traces there, too.
# shellcheck disable=SC2016 # $ in scripts is for usdtrap, or for the shell within
set -eu
LC_ALL=C
export LC_ALL
: "${top_srcdir:=.}" "${top_builddir:=.}" "${CC:=cc}"
top_srcdir=$(cd "$top_srcdir" && pwd)
cd "$top_builddir"
unset MAKEFLAGS MAKELEVEL MAKEOVERRIDES

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
fail() {
	echo "failed: $*" >&2
	exit 1
}

missing=$(sed -n 's/^STATIC_MISSING = //p' Makefile)
if [ -n "$missing" ]; then
	if make static >"$work/out" 2>&1 || ! grep -qxF "make static: $missing" "$work/out"; then
		cat "$work/out"
		fail "make static does not say what is missing"
	fi
	echo "skipped: no static program can be made here: $missing"
	exit 77
fi
make static >"$work/out" 2>&1 || { cat "$work/out"; fail 'make static'; }
file=$PWD/static/usdtrap
[ "$(wc -c <"$file")" -lt $((8 * 1024 * 1024)) ] || fail "$(wc -c <"$file") bytes are too many"
if readelf -lW "$file" | grep -E 'INTERP|DYNAMIC'; then
	fail 'it is not static'
fi
if readelf -SW "$file" | grep -E ' \.(symtab|debug_info) '; then
	fail 'it is not stripped'
fi
if grep -i warning "$work/out"; then
	fail 'the linker warns'
fi

root=$work/root
mkdir "$root" "$root/proc"
cp "$file" "$root/usdtrap"
# shellcheck disable=SC2086 # CC may be several words
echo '#include <sys/sdt.h>' | $CC -E -x c - >/dev/null 2>&1 || { echo 'skipped: sys/sdt.h is missing' && exit 77; }
# shellcheck disable=SC2086
$CC -D_GNU_SOURCE -O2 -static -pthread -I"$top_srcdir/tests" -o "$root/hits" "$top_srcdir/tests/targets/hits.c"

# Each part runs in mount and user namespaces of its own, where $root can be made read-only and a root to go to.
if [ "$(id -u)" -eq 0 ]; then
	apart='unshare -m'
else
	apart='unshare -r -m'
fi
$apart true 2>"$work/err" || { echo "skipped: no namespace can be made here: $(cat "$work/err")" && exit 77; }

bare() { # [--proc] COMMAND...: in $root, with nothing but PATH in the environment
	# shellcheck disable=SC2086
	$apart env -i PATH="$PATH" sh -c '
		root=$1
		shift
		cd "$root"
		mount --bind "$root" "$root"
		if [ "$1" = --proc ]; then
			shift
			mount --rbind /proc "$root/proc"
		fi
		mount -o remount,bind,ro "$root"
		exec chroot "$root" "$@"' sh "$root" "$@"
}

expect() { # WHAT: $work/out is what standard input says
	diff -u - "$work/out" || fail "$1"
}

bare /usdtrap --version >"$work/out" 2>&1 || true
expect 'its version' <<-END
	usdtrap v$(sed -n 's/^PACKAGE_VERSION = //p' Makefile)
END

# A name of a user: no /etc, so there is none. Time: UTC. Nothing is written anywhere.
bare /usdtrap -e 'BEGIN { printf("%s %s %d\n", username, strftime("%Z", nsecs), 6 * 7); exit(); }' \
	>"$work/out" || true
expect 'a script without probes' <<-'END'
	0 UTC 42


END

bare /usdtrap -l 'usdt:/hits:*' >"$work/out" 2>&1 || true
expect 'the list of probes' <<-'END'
	usdt:/hits:hits:tick
END

# What nsswitch.conf says is nothing to it: it loads no library.
mkdir "$root/etc"
echo 'passwd: nosuchservice files' >"$root/etc/nsswitch.conf"
echo "ada:x:0:0::/:/" >"$root/etc/passwd"
bare /usdtrap -e 'BEGIN { printf("%s\n", username); exit(); }' >"$work/out" || true
expect 'the name of a user' <<-'END'
	ada


END
rm -r "${root:?}/etc"

if $apart sh -c 'mount --rbind /proc "$1"' sh "$root/proc" 2>"$work/err"; then
	bare --proc /usdtrap -e 'usdt:/hits:tick { @ = sum(arg0); @text[str(arg1)] = count(); }' -c '/hits 100' \
		</dev/null >"$work/all" 2>"$work/err" || { cat "$work/all" "$work/err"; fail 'tracing a command'; }
	grep '^@' "$work/all" >"$work/out"
	expect 'a traced command' <<-'END'
		@hits: 100
		@sum: 4950
		@: 4950
		@text[some text of thirty-two letters.]: 100
	END
	# Nowhere to write to, not even the journal.
	grep '^WARNING' "$work/err" >"$work/out" || true
	expect 'a warning' <<-'END'
		WARNING: no journal is kept, so nobody can repair what usdtrap leaves behind if it is killed: cannot make /tmp/usdtrap-0: No such file or directory
	END
	# C++ names: it has their reader inside, if a library for it was found.
	echo 'namespace shop { __attribute__((noinline)) int price(int n) { return n * 3; } }
		int main(int n, char **) { return shop::price(n) - 3; }' >"$work/a.cc"
	if grep -q '^STATIC_LIBS = .*__cxa_demangle' Makefile && ${CXX:-c++} -static -o "$root/shop" "$work/a.cc" 2>/dev/null; then
		bare --proc /usdtrap -e 'uprobe:/shop:cpp:"shop::price" { printf("%s(%d)\n", func, arg0); }' -c /shop \
			</dev/null >"$work/all" 2>"$work/err" || { cat "$work/all" "$work/err"; fail 'tracing C++'; }
		grep . "$work/all" >"$work/out"
		expect 'a C++ function' <<-'END'
			shop::price(int)(1)
		END
	fi
	traced='and traces there'
else
	traced="and was not tried on a process: $(cat "$work/err")"
fi

echo "$(($(wc -c <"$file") / 1024)) KiB run in an empty folder, $traced"
