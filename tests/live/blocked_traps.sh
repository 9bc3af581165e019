#!/bin/sh
# SPDX-License-Identifier: MIT
# A target that blocks or ignores SIGTRAP, which the kernel undoes at a trap: it lives, all hits are counted, and who
# attaches is told.
. "${top_srcdir:-.}/tests/live/lib.sh"

program="usdt:$targets/handlers:handlers:tick { @hits = count(); }"

for mode in ignored blocked; do
	"$usdtrap" -e "$program" -c "$targets/handlers $mode" -o trace.out >target.out 2>trace.err </dev/null
	grep -q '^taken' target.out || fail "$mode: the target did not reach its end"
	same_maps
done

needs_attach
target handlers ignored
tracer -e "$program" -p "$pid"
go
both_end
same_maps
grep -q "process $pid ignores SIGTRAP" trace.err || fail "not told of ignoring: $(cat trace.err)"

target handlers blocked
tracer -e "$program" -p "$pid"
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
