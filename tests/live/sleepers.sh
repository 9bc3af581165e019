#!/bin/sh
# SPDX-License-Identifier: MIT
# Threads that sleep in system calls sleep on, whoever attaches and however it leaves.
. "${top_srcdir:-.}/tests/live/lib.sh"
needs_attach

program="usdt:$targets/sleepers:sleepers:never { @ = count(); }"

target sleepers
for signal in INT TERM HUP INT TERM; do
	tracer -e "$program" -p "$pid"
	leave_by $signal
	untouched "$pid"
done
for _ in 1 2 3 4 5; do
	"$usdtrap" -e "$program interval:ms:20 { exit(); }" -p "$pid" >trace.out 2>trace.err
	untouched "$pid"
done
for thread in "/proc/$pid/task/"*; do
	grep -q '^State:.S' "$thread/status" || fail "$thread does not sleep"
	grep -q '^TracerPid:.0$' "$thread/status" || fail "$thread is still traced"
done

# Signals that nobody cares for wake no one. The kernel shows them to a tracer, which without one it would not.
tracer -e "$program" -p "$pid"
for signal in WINCH CHLD URG; do
	for thread in "/proc/$pid/task/"*; do
		kill -$signal "${thread##*/}" # of a thread's number, too, the kernel makes the one to take it
		sleep 0.05 # one after the other: of two that wake, one may take the signal of both, and nobody hear of the other
	done
done
sleep 0.2
leave
untouched "$pid"

# The same with the tracer still there at the end of the target.
tracer -e "$program" -p "$pid"
go
both_end
printf 'ready\nasleep 10, woken 0\n' | same - target.out
