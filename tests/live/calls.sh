#!/bin/sh
# SPDX-License-Identifier: MIT
# System calls are seen at their entries and exits, each once, whoever makes them; and nobody's call is cut short by it.
. "${top_srcdir:-.}/tests/live/lib.sh"

events() {
	rm -f trace.out trace.err
	"$helpers/events" "$@" >trace.out 2>trace.err 9>&- &
	tracer=$!
	wait_for trace.err '^Attached'
}

# A program that is started is seen from its execve on, with its arguments as they were.
for way in new old; do
	"$helpers/events" -c syscalls '*' $way -- /bin/echo hello >both.out 2>trace.err </dev/null
	grep -v '^hello$' both.out | head -n 2 | sed 's/0x[0-9a-f]*/P/g' >first
	printf 'tracepoint:syscalls:%s\n' 'sys_enter_execve __syscall_nr=59 filename=P argv=P envp=P' \
		'sys_exit_execve __syscall_nr=59 ret=0' | same - first
	grep -q 'sys_enter_write __syscall_nr=1 fd=1 buf=0x[0-9a-f]* count=6$' both.out || fail "no write"
	grep -q 'sys_exit_write __syscall_nr=1 ret=6$' both.out || fail "no result of write"
	grep -q 'sys_enter_openat __syscall_nr=257 dfd=-100 ' both.out || fail "no openat"
	grep -c . both.out >lines.$way
done
same lines.new lines.old

# Without arguments of its own the same number of entries and exits, but for those that do not come back.
enters=$(grep -c 'sys_enter' both.out)
exits=$(grep -c 'sys_exit_' both.out)
[ "$enters" -eq $((exits + 1)) ] || fail "$enters entries and $exits exits"

needs_attach

# Counts are exact, in both ways of knowing what a stop is about, also of calls that fail.
for way in new old; do
	target caller
	events "$pid" syscalls 'sys_*' $way
	go
	both_end
	grep -E '^(close|getppid|wait4) ' target.out >expected
	for which in enter exit; do
		grep -oE "sys_${which}_(close|getppid|wait4) " trace.out | sed "s/sys_${which}_//" | sort | uniq -c |
			awk '{ print $2, $1 }' | same expected -
	done
	grep -qx 'wrong 0, woken 0' target.out || fail "the target: $(cat target.out)"
	grep -c 'sys_exit_close .* ret=-9$' trace.out | grep -qx 20000 || fail "results of close"
	! grep -q 'sys_[a-z]*_writev' trace.out || fail "a call of the 32-bit convention was taken for another"
	! grep -qE 'sys_(enter|exit)_epoll_wait' trace.out || fail "the sleeper was seen"
done

# raw_syscalls sees the 32-bit call as well, by its own number (20: getpid).
target caller 1
events "$pid" raw_syscalls sys_enter
go
both_end
[ "$(grep -c 'id=20 ' trace.out)" -eq 1 ] || fail "no 32-bit call"

# Whoever sleeps sleeps on, however often somebody comes and goes, and nothing is told of it.
target sleepers
for way in new old new old new; do
	events "$pid" '*' 'sys_*' $way
	leave
	[ ! -s trace.out ] || fail "sleepers were seen to call: $(cat trace.out)"
	untouched "$pid"
done
for thread in "/proc/$pid/task/"*; do
	grep -q '^State:.S' "$thread/status" || fail "$thread does not sleep"
	grep -q '^TracerPid:.0$' "$thread/status" || fail "$thread is still traced"
done
go
finish
printf 'ready\nasleep 10, woken 0\n' | same - target.out

# A tracer that is killed while calls stop all the time leaves a program that goes on.
target caller 3000000
events "$pid" syscalls 'sys_*'
go
sleep 0.3
for _ in 1 2 3 4 5; do
	kill -KILL "$tracer"
	wait "$tracer" || true
	sleep 0.05
	events "$pid" syscalls 'sys_*'
	sleep 0.2
done
leave
kill -0 "$pid" || fail "the target has ended"
grep -q '^TracerPid:.0$' "/proc/$pid/status" || fail "the target is still traced"
