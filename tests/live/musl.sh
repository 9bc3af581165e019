#!/bin/sh
# SPDX-License-Identifier: MIT
# Another loader than glibc's: musl's tells of what it has loaded as well, by the same hook.
. "${top_srcdir:-.}/tests/live/lib.sh"
command -v musl-gcc >/dev/null || skip 'there is no musl-gcc'

sources=$top_srcdir/tests/targets
for folder in /usr/include /usr/include/*-linux-gnu; do
	[ ! -e "$folder/sys/sdt.h" ] || header=$folder/sys
done
mkdir -p include/sys
cp "$header"/sdt*.h include/sys/
build() {
	musl-gcc -Iinclude -D_GNU_SOURCE -O2 "$@" || skip "musl-gcc does not work here"
}
build -shared -fPIC -o libprobe.so "$sources/libprobe.c"
build -o opener "$sources/opener.c"

program="usdt:./libprobe.so:libprobe:constructor { @constructor = count(); }
	usdt:./libprobe.so:libprobe:work { @work = count(); }
	usdt:./libprobe.so:libprobe:destructor { @destructor = count(); }"

# musl's dlclose(3) unloads nothing: constructors run once, and the destructor at the end.
check() {
	printf '@constructor: 3\n@destructor: 1\n@work: 20\n' >expected
	maps trace.out | same expected -
	grep -qx '@work: 20' target.out || fail "$1: $(cat target.out)"
}

"$usdtrap" -e "$program" -c './opener ./libprobe.so 4' -o trace.out >target.out 2>trace.err </dev/null
check 'from the start'

needs_attach
start ./opener ./libprobe.so 4
wait_for target.out '^ready$'
tracer -e "$program" -p "$pid"
go
both_end
check attached
