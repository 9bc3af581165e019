#!/bin/sh
# SPDX-License-Identifier: MIT
# Stacks of real programs, in a system call, at a function's first instruction and where it returns to, are those that
# gdb(1) finds there, address by address.
LIVE_TIMEOUT=${LIVE_TIMEOUT:-300} # thirty times gdb
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

# stack_at TARGET PROVIDER NAME COMMAND...: what COMMAND's stack is there, where it comes again and again.
stack_at() {
	target=$1
	provider=$2
	place=$3
	shift 3
	name="$name, $provider $place"
	start "$@"
	sleep 0.5
	"$helpers/stacks" "$pid" "$target" "$provider" "$place" stop >ours 2>trace.err || fail "$name: $(cat trace.err)"
	gdb -batch -nx -ex 'set confirm off' -ex 'set debuginfod enabled off' -ex 'set backtrace past-main on' \
		-ex 'source walk.py' -p "$pid" >gdb.out 2>&1 || true
	kill -KILL "$pid"
	wait "$pid" 2>/dev/null || true
	sed -n 's/^\(0x[0-9a-f]*\) .*/\1/p' ours >ours.addresses
	sed -n 's/^frame //p' gdb.out >gdb.addresses
	if [ "$target" != tracepoint ]; then
		# The thread stands behind the instruction that the trap had covered, or at it: its callers are the same.
		sed -i 1d ours.addresses
		sed -i 1d gdb.addresses
	fi
	[ -s gdb.addresses ] || fail "$name: gdb says: $(cat gdb.out)"
	diff -u gdb.addresses ours.addresses || fail "$name has another stack: $(cat ours gdb.out)"
	echo "$name: $(wc -l <ours.addresses) frames"
}

# compare NAME CALL FUNCTION COMMAND...: at system call CALL, and at the C library's FUNCTION, and behind that.
compared=0
compare() {
	program=$1
	call=$2
	function=$3
	shift 3
	command -v "$1" >/dev/null || return 0
	name=$program
	stack_at tracepoint syscalls "sys_enter_$call" "$@"
	for provider in function return; do
		name=$program
		stack_at libc $provider "$function" "$@"
	done
	compared=$((compared + 1))
}

# shellcheck disable=SC2016 # the programs' own dollars
compare bash openat open64 bash -c 'f() { if [ $1 -gt 0 ]; then f $(($1 - 1)); else read x </dev/null; fi; }; while :; do f 6; done'
# shellcheck disable=SC2016
compare dash openat open64 dash -c 'f() { read x </dev/null; }; while :; do f; done'
# shellcheck disable=SC2016
compare perl openat open64 perl -e 'sub f { my $n = shift; $n ? f($n - 1) : open(F, "/dev/null") } while (1) { f(8) }'
compare python openat open64 /usr/bin/python3 -c 'def f(n): return open("/dev/null").close() if n == 0 else f(n - 1)
while True: f(12)'
compare lua openat open64 lua5.4 -e 'local function f(n) if n == 0 then io.open("/dev/null"):close() else f(n - 1) end end while true do f(9) end'
compare ruby openat open64 ruby -e 'def f(n); n == 0 ? File.open("/dev/null") {} : f(n - 1); end; loop { f(9) }'
# shellcheck disable=SC2016
compare php openat open64 php -r 'function f($n) { return $n ? f($n - 1) : fclose(fopen("/dev/null", "r")); } while (1) f(9);'
compare awk openat open64 awk 'function f(n) { if (n) return f(n - 1); getline x <"/dev/null"; close("/dev/null") } BEGIN { while (1) f(9) }'
compare sqlite openat open64 sqlite3 :memory: "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)
	SELECT count(readfile('/dev/null')) FROM n"
compare vim newfstatat stat64 vim -es -u NONE -c 'while 1 | call filereadable("/dev/null") | call getftime("/x") | endwhile'
[ $compared -ge 2 ] || skip "too few of the programs are installed"
