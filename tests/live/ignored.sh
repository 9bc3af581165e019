#!/bin/sh
# SPDX-License-Identifier: MIT
# Signals that a program ignores wake nobody where nobody traces. The kernel shows them to a tracer, for which a thread
# that sleeps is woken; and another may take the signal meanwhile, so that it comes out of its call for nothing. Where
# calls are stopped at, that is always seen, and the call entered again: neither program nor script notices.
. "${top_srcdir:-.}/tests/live/lib.sh"

calls='epoll_wait|semtimedop|rt_sigtimedwait|recvfrom|poll|clock_nanosleep'
rounds=$((18 * $(many 14)))

# Each call was seen to be entered once and to end once, and none before its time.
none_cut_short() {
	grep -qx "rounds $rounds, woken 0" target.out || fail "the target: $(cat target.out)"
	! grep -m 3 -E "sys_exit_($calls) .*ret=-(4|51[2-6])\$" trace.out || fail "the script saw a call cut short"
	for call in epoll_wait poll; do
		[ "$(grep -c "sys_enter_$call " trace.out)" -eq $((rounds / 6)) ] || fail "other entries of $call"
		[ "$(grep -c "sys_exit_$call .*ret=1\$" trace.out)" -eq $((rounds / 6)) ] || fail "other ends of $call"
		[ "$(grep -c "sys_exit_$call " trace.out)" -eq $((rounds / 6)) ] || fail "other results of $call"
	done
}

needs_attach

for way in new old; do
	target ignored "$rounds" 1
	rm -f trace.out trace.err
	"$helpers/events" "$pid" syscalls 'sys_*' $way >trace.out 2>trace.err 9>&- &
	tracer=$!
	wait_for trace.err '^Attached'
	go
	both_end
	none_cut_short
done

# The same while threads that run are sampled, and others stand at probes.
target ignored "$rounds" 1
tracer -p "$pid" -e 'profile:hz:999 { @samples = count(); }
	usdt:'"$targets"'/ignored:ignored:tick { @ticks = count(); }
	t:raw_syscalls:sys_exit /args.ret == -4/ { @cut_short = count(); }'
go
both_end
grep -qx "rounds $rounds, woken 0" target.out || fail "the target: $(cat target.out)"
grep -q '^@ticks: [0-9]*[0-9]$' trace.out || fail "no tick: $(cat trace.out)"
! grep -q cut_short trace.out || fail "the script saw a call cut short: $(cat trace.out)"

# And where a filter stops at those calls only, which an old kernel does not have.
if [ -z "${OLD_KERNEL:-}" ]; then
	"$usdtrap" --seccomp -c "$targets/ignored $rounds 1" -e 'profile:hz:999 { @samples = count(); }
		t:syscalls:sys_exit_epoll_wait, t:syscalls:sys_exit_semtimedop, t:syscalls:sys_exit_recvfrom,
		t:syscalls:sys_exit_rt_sigtimedwait { @[probe] = count(); }' </dev/null >trace.out 2>trace.err ||
		fail "--seccomp: $(cat trace.err)"
	grep -qx "rounds $rounds, woken 0" trace.out || fail "with a filter: $(cat trace.out)"
	grep -qx "@\[tracepoint:syscalls:sys_exit_epoll_wait\]: $((rounds / 6))" trace.out || fail "other calls: $(cat trace.out)"
fi

# Where nothing is stopped at, nobody takes what woke another.
target ignored "$rounds" 1
tracer -p "$pid" -e 'uprobe:'"$targets"'/ignored:main { @ = count(); }'
go
both_end
grep -qx "rounds $rounds, woken 0" target.out || fail "without any stop: $(cat target.out)"
