#!/bin/sh
# SPDX-License-Identifier: MIT
# Stacks of real programs, in a system call, are those that gdb(1) finds at the same instruction, address by address.
. "${top_srcdir:-.}/tests/live/lib.sh"
needs_attach
command -v gdb >/dev/null || skip "gdb is not installed"

cat >walk.py <<'END'
import gdb
frame = gdb.newest_frame()
while frame is not None:
    if frame.type() != gdb.INLINE_FRAME:
        print("frame 0x%x" % frame.pc())
    frame = frame.older()
END

# compare NAME CALL COMMAND...: what COMMAND's stack is at CALL, which it makes again and again.
compared=0
compare() {
	name=$1
	call=$2
	shift 2
	command -v "$1" >/dev/null || return 0
	start "$@"
	sleep 0.5
	"$helpers/stacks" "$pid" tracepoint syscalls "sys_enter_$call" stop >ours 2>trace.err || fail "$name: $(cat trace.err)"
	gdb -batch -nx -ex 'set confirm off' -ex 'set debuginfod enabled off' -ex 'set backtrace past-main on' \
		-ex 'source walk.py' -p "$pid" >gdb.out 2>&1 || true
	kill -KILL "$pid"
	wait "$pid" 2>/dev/null || true
	sed -n 's/^\(0x[0-9a-f]*\) .*/\1/p' ours >ours.addresses
	sed -n 's/^frame //p' gdb.out >gdb.addresses
	[ -s gdb.addresses ] || fail "$name: gdb says: $(cat gdb.out)"
	diff -u gdb.addresses ours.addresses || fail "$name has another stack: $(cat ours gdb.out)"
	echo "$name: $(wc -l <ours.addresses) frames"
	compared=$((compared + 1))
}

# shellcheck disable=SC2016 # the programs' own dollars
compare bash openat bash -c 'f() { if [ $1 -gt 0 ]; then f $(($1 - 1)); else read x </dev/null; fi; }; while :; do f 6; done'
# shellcheck disable=SC2016
compare dash openat dash -c 'f() { read x </dev/null; }; while :; do f; done'
# shellcheck disable=SC2016
compare perl openat perl -e 'sub f { my $n = shift; $n ? f($n - 1) : open(F, "/dev/null") } while (1) { f(8) }'
compare python openat /usr/bin/python3 -c 'def f(n): return open("/dev/null").close() if n == 0 else f(n - 1)
while True: f(12)'
compare lua openat lua5.4 -e 'local function f(n) if n == 0 then io.open("/dev/null"):close() else f(n - 1) end end while true do f(9) end'
compare ruby openat ruby -e 'def f(n); n == 0 ? File.open("/dev/null") {} : f(n - 1); end; loop { f(9) }'
# shellcheck disable=SC2016
compare php openat php -r 'function f($n) { return $n ? f($n - 1) : fclose(fopen("/dev/null", "r")); } while (1) f(9);'
compare vim newfstatat vim -es -u NONE -c 'while 1 | call filereadable("/dev/null") | call getftime("/x") | endwhile'
[ $compared -ge 2 ] || skip "too few of the programs are installed"
