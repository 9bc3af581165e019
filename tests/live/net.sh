#!/bin/sh
# SPDX-License-Identifier: MIT
# The safety net: a target that hits all the time outlives the death of all of usdtrap, whatever it does with SIGTRAP
# itself, and is repaired; when usdtrap leaves in peace nothing of the net remains.
. "${top_srcdir:-.}/tests/live/lib.sh"
needs_attach
alone

XDG_RUNTIME_DIR=$work
export XDG_RUNTIME_DIR

kill_all() {
	engine=$(engine_of "$tracer")
	kill -STOP "$tracer"
	kill -KILL "$engine" "$tracer"
	tracer_ends
	wait_for_end "$engine"
	# Where threads are attached and not seized, a SIGSTOP may have been on its way: the note at the start says so.
	if [ "${OLD_KERNEL:-}" = 3.3 ]; then
		for stopped in "$pid" $(engine_of "$pid"); do
			kill -CONT "$stopped" 2>/dev/null || true
		done
	fi
}

lives() {
	if [ ! -e "/proc/$pid" ] || grep -q '^State:.Z' "/proc/$pid/status"; then
		fail "$1: the target did not outlive usdtrap"
	fi
}

# Bytes and semaphores are put back by the target itself.
healed() {
	tries=0
	while "$helpers/pristine" "$pid" | grep -q 'cc in memory, 90 in the file\|semaphore'; do
		tries=$((tries + 1))
		[ $tries -lt 100 ] || fail "$1: not healed: $("$helpers/pristine" "$pid" | grep 'in the file$' | head -n 5)"
		sleep 0.05
	done
}

repaired() {
	"$usdtrap" repair "$pid" 2>said
	grep -q "^NOTE: process $pid had traps of usdtrap $engine, which was killed: 0 bytes put back, 0 sem" said ||
		fail "$1: $(cat said)"
	untouched "$pid"
}

# Threads, forks, signals, sleepers: all at once.
target busy
for round in 1 2 3; do
	tracer -e "usdt:$targets/busy:busy:* { @hits = count(); }" -p "$pid"
	kill_all
	healed "busy, round $round"
	lives "busy, round $round"
	repaired "busy, round $round"
done
# The next to attach takes what is left, as if it were its own, and leaves nothing behind.
tracer -e "usdt:$targets/busy:busy:* { @hits = count(); }" -p "$pid"
kill_all
healed 'before the next'
tracer -e "usdt:$targets/busy:busy:* { @hits = count(); }" -p "$pid"
leave
untouched "$pid"
finish
[ "$status" -eq 0 ] || fail "busy ended with $status"
# And who waits in epoll_wait(2) while he is stopped and continued is told so.
interrupted=0
[ "${OLD_KERNEL:-}" != 3.3 ] || interrupted=$(grep -c '^epoll_wait: Interrupted' target.out || true)
grep -qx "wrong: $interrupted" target.out || fail "busy: $(cat target.out)"

# Under a seccomp filter that ends whoever makes any other system call than it needs: survived, left to repair.
target filtered filter
tracer -e "usdt:$targets/filtered:filtered:tick { @hits = count(); }" -p "$pid"
! grep -q WARNING trace.err || fail "a filter: $(cat trace.err)"
kill_all
sleep 0.3
lives 'a filter'
"$usdtrap" repair "$pid" 2>said
grep -q ': 2 bytes put back' said || fail "a filter: $(cat said)"
untouched "$pid"
finish
grep -qx 'done' target.out || fail "a filter: ended with $status"

# In strict mode nothing can be done, which is said.
target filtered strict
tracer -e "usdt:$targets/filtered:filtered:tick { @hits = count(); printf(\"hit\\n\"); }" -p "$pid"
grep -q "process $pid gets no safety net (seccomp's strict mode allows it no system call)" trace.err ||
	fail "strict mode: $(cat trace.err)"
tell ''
wait_for trace.out '^hit$'
leave
untouched "$pid"
grep -qx '@hits: 1' trace.out || fail "strict mode: $(cat trace.out)"
finish

# On request there is none.
target guarded
tracer --no-net -e "usdt:$targets/guarded:guarded:tick { @hits = count(); }" -p "$pid"
"$helpers/pristine" "$pid" >left || true
[ "$(wc -l <left)" -eq 2 ] || fail "--no-net: $(cat left)"
grep -q '^SigCgt:.0*$' "/proc/$pid/status" || fail "--no-net: a handler"
leave

# A signal of the target's own kind is as deadly as ever, and to ignore it is to ignore it.
tracer -e "usdt:$targets/guarded:guarded:tick { @hits = count(); }" -p "$pid"
kill -TRAP "$pid"
finish
[ "$status" -eq $((128 + 5)) ] || fail "a SIGTRAP from outside: ended with $status"
tracer_ends
target handlers ignored
tracer -e "usdt:$targets/handlers:handlers:tick { @hits = count(); }" -p "$pid"
kill -TRAP "$pid"
go
both_end
same_maps
