#!/bin/sh
# SPDX-License-Identifier: MIT
# The tracing process, or all of usdtrap, is killed: the target gets its bytes and its semaphores back, by the front, by
# `usdtrap repair', by the next attach; and what a living tracer uses is left alone.
. "${top_srcdir:-.}/tests/live/lib.sh"
needs_attach
alone

# A folder for journals that is this test's alone; root's is where it always is.
XDG_RUNTIME_DIR=$work
export XDG_RUNTIME_DIR
folder=$work/usdtrap
[ "$(id -u)" -ne 0 ] || folder=/run/usdtrap
program="usdt:$targets/guarded:guarded:tick { @hits = count(); }"

semaphore_is() {
	: >target.out
	tell show
	wait_for target.out '^semaphore'
	grep -qx "semaphore $1" target.out || fail "$2: $(cat target.out), not $1"
}

has_journal() {
	find "$folder" -name "$1-*" 2>/dev/null | grep -q .
}

# Kills all of usdtrap, which leaves the target as it is: it stands, reading, so it meets no trap.
kill_all() {
	kill_tracer_and_engine
	has_journal "$pid" || fail "there is no journal of process $pid"
	! "$helpers/pristine" "$pid" >left || fail "nothing was left to be repaired"
	[ "$(grep -c 'cc in memory, 90 in the file\|semaphore' left)" -eq 2 ] || fail "left behind: $(cat left)"
}

# The engine alone: the front puts everything back before it ends.
target guarded
tracer -e "$program" -p "$pid"
has_journal "$pid" || fail "there is no journal of process $pid"
engine=$(engine_of "$tracer")
kill -KILL "$engine"
tracer_ends
untouched "$pid"
semaphore_is 0 'after the front'
[ "$tracer_status" -eq 1 ] || fail "usdtrap ended with $tracer_status"
grep -v '^Attached' trace.err >said
cat >expected <<EOT
NOTE: process $pid had traps of usdtrap $engine, which was killed: 1 byte put back, 1 semaphore lowered
ERROR: the tracing process $engine was killed by signal 9 (Killed)
EOT
same expected said
! has_journal "$pid" || fail "the journal was not removed"

# All of it. Another user of the semaphore keeps its count.
tell raise
tracer -e "$program" -p "$pid"
kill_all
"$usdtrap" repair "$pid" >out 2>said
echo "NOTE: process $pid had traps of usdtrap $engine, which was killed: 1 byte put back, 1 semaphore lowered" >expected
same expected said
semaphore_is 1 'after repair'
tell lower
untouched "$pid"
"$usdtrap" repair "$pid" >out 2>said
echo "NOTE: nothing of a killed usdtrap is known in process $pid" >expected
same expected said

# `all' finds it as well.
tracer -e "$program" -p "$pid"
kill_all
"$usdtrap" repair all >out 2>said
grep -q "^NOTE: process $pid had traps of usdtrap $engine, which was killed: 1 byte" said || fail "all: $(cat said)"
untouched "$pid"

# So does the next to attach, and traces as if nothing had been.
tracer -e "$program" -p "$pid"
kill_all
tracer -e "$program" -p "$pid"
grep -q "^NOTE: process $pid had traps of usdtrap $engine, which was killed: 1 byte" trace.err ||
	fail "attach: $(cat trace.err)"
semaphore_is 1 'after the next attach'
tell 'hit 1000'
wait_for target.out '^@hits: 1000$'

# What a living tracer uses is left alone.
engine=$(engine_of "$tracer")
status=0
"$usdtrap" repair "$pid" >out 2>said || status=$?
[ "$status" -eq 1 ] || fail "repairing what is in use: status $status"
cat >expected <<EOT
ERROR: process $pid is being traced by usdtrap $engine: its traps are in use
HINT: end that first: kill -INT $engine
EOT
same expected said
leave
grep -qx '@hits: 1000' trace.out || fail "after that: $(cat trace.out)"
untouched "$pid"
! has_journal "$pid" || fail "the journal was not removed on leaving"

# The record of a process that has ended is removed, and says nothing.
tracer -e "$program" -p "$pid"
kill_all
finish
"$usdtrap" repair all >out 2>said
! grep -q "process $pid" said || fail "a process that ended: $(cat said)"
! has_journal "$pid" || fail "the journal of a process that ended was not removed"

# A foreign trap, of which no journal tells, stays.
target guarded
offset=$("$usdtrap" -lv "usdt:$targets/guarded:guarded:tick" | grep -o '0x[0-9a-f]*' | head -n 1)
base=$(sed -n "s|^\\([0-9a-f]*\\)-.* 00000000 .*$targets/guarded\$|\\1|p" "/proc/$pid/maps" | head -n 1)
address=$(printf '%x' $((0x$base + offset)))
"$helpers/plant" "$pid" "$address" cc
"$usdtrap" repair "$pid" 2>said
! "$helpers/pristine" "$pid" >left || fail "usdtrap wrote over another tracer's trap"
"$helpers/plant" "$pid" "$address" 90
untouched "$pid"

for word in '' 0 1x 5000000; do
	! "$usdtrap" repair "$word" 2>said || fail "repair '$word' was accepted"
	grep -qF "ERROR: repair: '$word' is no process id" said || fail "repair '$word': $(cat said)"
done
finish

# A child that was made when usdtrap was dead has a copy of the net, which stays. It does not keep others from attaching.
command -v python3 >/dev/null || exit 0 # as in check-vm
cat >forking.py <<'END'
import os, sys, time
print("ready", flush=True)
for line in sys.stdin:
    child = os.fork()
    if child == 0:
        time.sleep(300)
    print("child", child, flush=True)
END
start python3 forking.py
wait_for target.out '^ready$'
tracer -e 'uprobe:libc:getppid { @ = count(); }' -p "$pid"
engine=$(engine_of "$tracer")
kill -STOP "$tracer"
kill -KILL "$engine" "$tracer"
tracer_ends
wait_for_end "$engine"
go
wait_for target.out '^child'
child=$(sed -n 's/^child //p' target.out)
tracer -e 'uprobe:libc:getppid { @ = count(); }' -p "$pid"
leave
kill -KILL "$child"
untouched "$pid"
finish
[ "$status" -eq 0 ] || fail "python3 ended with $status"
