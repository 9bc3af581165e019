#!/bin/sh
# SPDX-License-Identifier: MIT
# A target that blocks or ignores SIGTRAP, which the kernel undoes at a trap: it lives, all hits are counted, and it gets
# both back; without the net, who attaches is told that it does not.
. "${top_srcdir:-.}/tests/live/lib.sh"

program="usdt:$targets/handlers:handlers:tick { @hits = count(); }"

for mode in ignored blocked; do
	"$usdtrap" -e "$program" -c "$targets/handlers $mode" -o trace.out >target.out 2>trace.err </dev/null
	grep -q '^taken' target.out || fail "$mode: the target did not reach its end"
	same_maps
done

needs_attach
for mode in ignored blocked; do
	target handlers $mode
	grep '^Sig[BIC]' "/proc/$pid/status" >before
	tracer -e "$program" -p "$pid"
	! grep -q SIGTRAP trace.err || fail "$mode: told of what is made up for: $(cat trace.err)"
	leave
	grep '^Sig[BIC]' "/proc/$pid/status" | same before -
	untouched "$pid"
	tracer -e "$program" -p "$pid"
	go
	both_end
	same_maps
done

target handlers ignored
tracer --no-net -e "$program" -p "$pid"
go
both_end
same_maps
grep -q "process $pid ignores SIGTRAP" trace.err || fail "not told of ignoring: $(cat trace.err)"

target handlers blocked
tracer --no-net -e "$program" -p "$pid"
go
both_end
same_maps
grep -q "thread $pid of process $pid blocks SIGTRAP" trace.err || fail "not told of blocking: $(cat trace.err)"

# Most that block it do not care.
target hits 10
tracer -e "usdt:$targets/hits:hits:tick { @hits = count(); @sum = sum(arg0); }" -p "$pid"
go
both_end
! grep -q SIGTRAP trace.err || fail "told of nothing: $(cat trace.err)"
