#!/bin/sh
# SPDX-License-Identifier: MIT
# Stacks of real programs, in a system call, at a function's first instruction and where it returns to, are those that
# gdb(1) finds there, address by address.
LIVE_TIMEOUT=${LIVE_TIMEOUT:-300} # forty times gdb
. "${top_srcdir:-.}/tests/live/lib.sh"
needs_attach
command -v gdb >/dev/null || skip "gdb is not installed"

cat >walk.py <<'END'
import gdb, os
for thread in gdb.selected_inferior().threads():
    if thread.ptid[1] == int(os.environ["THREAD"]):
        thread.switch()
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
	[ "$program" != java ] || wait_for target.out '^ready$'
	sleep 0.5
	"$helpers/stacks" "$pid" "$target" "$provider" "$place" stop >ours 2>trace.err || fail "$name: $(cat trace.err)"
	THREAD=$(sed -n 's/^thread //p' trace.err) gdb -batch -nx -iex 'set auto-load python-scripts off' -ex 'set confirm off' -ex 'set debuginfod enabled off' -ex 'set backtrace past-main on' \
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

# Each of these opens a file again and again: a word of the script's is read for ever, or an address for every number.
mkfifo words
# endless WORD COMMAND...: runs COMMAND with lines of WORD as its input.
cat >endless.sh <<'END'
word=$1
shift
yes "$word" >words &
exec "$@" <words >/dev/null 2>&1
END
if git init -q repository 2>/dev/null && (cd repository && git -c user.name=a -c user.email=a@b commit -q --allow-empty -m x); then
	compare git openat open64 sh endless.sh HEAD git -C repository cat-file --batch-check
fi
compare curl openat open64 curl -s -o /dev/null 'file:///etc/passwd?[1-100000000]'
postgres=
for postgres in /usr/lib/postgresql/*/bin/postgres; do :; done
# PostgreSQL does not run as root.
user=
if [ "$(id -u)" -eq 0 ]; then
	user="setpriv --reuid=65534 --regid=65534 --clear-groups"
	chown 65534:65534 .
fi
# shellcheck disable=SC2086 # words, or none
if [ -x "$postgres" ] && $user "$(dirname "$postgres")/initdb" -D data -N >initdb.out 2>&1; then
	compare postgres newfstatat stat64 sh endless.sh "SELECT size FROM pg_stat_file('PG_VERSION')" \
		$user "$postgres" --single -F -D data postgres
fi
# Of a Java program, the threads of the virtual machine itself: gdb does not know how to walk what that has compiled.
if command -v javac >/dev/null && cat >Wait.java <<'END' && javac Wait.java 2>javac.err; then
public class Wait {
    public static void main(String[] arguments) throws Exception {
        System.out.println("ready");
        Thread.sleep(1000000);
    }
}
END
	# It has many threads, which go on a little before all are stopped: but one that waits in the kernel does not.
	program=java
	name=java
	stack_at tracepoint syscalls sys_enter_futex java -Xshare:auto -Xint Wait
fi
[ $compared -ge 2 ] || skip "too few of the programs are installed"
