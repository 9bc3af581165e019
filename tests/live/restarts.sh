#!/bin/sh
# SPDX-License-Identifier: MIT
# A system call that a signal broke off, and that the kernel enters anew, is told as the kernel's own tracepoints would:
# as two entries, the first of which ends with -ERESTARTSYS, or -ERESTART_RESTARTBLOCK.
. "${top_srcdir:-.}/tests/live/lib.sh"
needs_attach

for way in new old; do
	target restarts
	rm -f trace.out trace.err
	"$helpers/events" "$pid" syscalls 'sys_*' $way >trace.out 2>trace.err 9>&- &
	tracer=$!
	wait_for trace.err '^Attached'
	go
	both_end
	sed -nE 's/^tracepoint:syscalls:(sys_enter_(readv|clock_nanosleep|restart_syscall)) .*/\1/p
		s/^tracepoint:syscalls:(sys_exit_(readv|clock_nanosleep|restart_syscall)) .*(ret=[-0-9]*)$/\1 \3/p' \
		trace.out >seen
	grep '^sys_' target.out | same - seen
done
