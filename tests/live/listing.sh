#!/bin/sh
# SPDX-License-Identifier: MIT
# What -l finds in programs that compilers and linkers make is what readelf finds in their notes.
# covers: probe-library cli-list
. "${top_srcdir:-.}/tests/live/lib.sh"

command -v readelf >/dev/null || skip "readelf is not installed"

cat >app.c <<'END'
#define SDT_USE_VARIADIC
#define _SDT_HAS_SEMAPHORES 1
#include <sys/sdt.h>
#define GUARD __attribute__((section(".probes"), used))
GUARD unsigned short app_work_semaphore;
GUARD unsigned short app_count_semaphore;
GUARD unsigned short app_unused_semaphore;
GUARD unsigned short other_work_semaphore;
int counter;
__attribute__((noinline)) void unused(int x);
__attribute__((noinline)) void unused(int x)
{
	STAP_PROBE1(app, unused, x);
}
static inline int count(int x)
{
	STAP_PROBE2(app, count, x, counter);
	return counter += x;
}
__attribute__((noinline)) int work(int x);
__attribute__((noinline)) int work(int x)
{
	STAP_PROBE1(app, work, x);
	STAP_PROBE(other, work);
	return count(x) + count(2 * x);
}
int main(int argc, char **argv)
{
	(void)argv;
	return work(argc) == 0;
}
END

# "PROVIDER:NAME SITE SEMAPHORE" of each site, as readelf and as usdtrap see them.
notes_of() {
	readelf -nW "$1" 2>/dev/null | awk '
		function short(number) { gsub(/,/, "", number); sub(/^0x0*/, "0x", number); return number }
		match($0, /Provider: /) { provider = substr($0, RSTART + RLENGTH) }
		$1 == "Name:" { name = $2 }
		$1 == "Location:" { print provider ":" name, short($2), short($6) == "0x" ? "none" : short($6) }' | sort
}
sites_of() {
	"$usdtrap" -lv "usdt:./$1:*" | awk '
		/^usdt:/ { split($0, part, ":"); probe = part[3] ":" part[4] }
		$1 == "site" { sub(/,/, "", $2); print probe, $2, $3 == "no" ? "none" : $4 }' | sort
}

compare() {
	notes_of "$1" >"$1.notes"
	sites_of "$1" >"$1.sites" 2>"$1.err"
	[ -s "$1.notes" ] || fail "readelf finds no probes in $1"
	same "$1.notes" "$1.sites"
	[ ! -s "$1.err" ] || fail "$1: $(cat "$1.err")"
	compared="$compared $1"
}

compile() {
	output=$1
	shift
	# shellcheck disable=SC2086 # CC may have options
	${CC:-cc} "$@" -o "$output" app.c >build.log 2>&1
}

# Builds NAME and compares; what this machine's tools cannot build is left out.
build() {
	if compile "$@"; then
		compare "$1"
	fi
}

compared=
build plain -O2
[ -n "$compared" ] || fail "$(cat build.log)"
build unoptimised -O0
build position_dependent -O2 -no-pie
build static -O2 -static
build library.so -O2 -shared -fPIC
build collected -O2 -ffunction-sections -Wl,--gc-sections
build optimised_late -O2 -flto
build gold -O2 -fuse-ld=gold
build lld -O2 -fuse-ld=lld
build narrow -O2 -m32 -shared -nostdlib
for tool in strip 'objcopy --only-keep-debug' 'objcopy --strip-debug'; do
	name=$(echo "$tool" | tr -d ' ')
	cp plain "$name"
	if command -v "${tool%% *}" >/dev/null && $tool "$name"; then
		compare "$name"
	fi
done
echo "compared:$compared"

# lld discards a function, but not the note about it; semaphores that no code looks at; and the section that tells what
# a prelink has moved, whereupon the notes' own base says nothing.
if compile discarded -O2 -ffunction-sections -Wl,--gc-sections -fuse-ld=lld; then
	notes_of discarded | sed '/^app:unused /d; s/ 0x[0-9a-f]$/ none/' >expected
	sites_of discarded 2>discarded.err | same expected -
	grep -q 'app:unused: its address 0x[0-9a-f] is not in the file.s code' discarded.err ||
		fail "the discarded function is not told of"
	grep -q 'app:work: its semaphore 0x[0-9a-f] is not in the file.s writable data' discarded.err ||
		fail "the discarded semaphore is not told of"
fi

# A file is called what it was asked for by; the order is that of the bytes.
ln -s plain link
"$usdtrap" -l 'usdt:./link:*' >link.out
cat >expected <<'END'
usdt:./link:app:count
usdt:./link:app:unused
usdt:./link:app:work
usdt:./link:other:work
END
same expected link.out
sed "s,\./link,$work/link," expected >expected.path
PATH=$work:$PATH "$usdtrap" -l 'usdt:link:*' | same expected.path -
if [ -e library.so ]; then
	cp library.so libexample.so.1
	sed "s,\./link,$work/libexample.so.1," expected >expected.path
	LD_LIBRARY_PATH=$work "$usdtrap" -l 'usdt:libexample:*' | same expected.path -
fi

# The files of a process: what it runs, and nothing else. No privilege is needed for one's own.
target hits 1
"$usdtrap" -l 'usdt:*' -p "$pid" | sed -n 's,.*/hits:,,p' >process.out
"$usdtrap" -l "usdt:$targets/hits:*" | sed 's,.*/hits:,,' | same process.out -
[ -s process.out ] || fail "a process's own probes are not listed"
