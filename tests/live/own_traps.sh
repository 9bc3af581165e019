#!/bin/sh
# SPDX-License-Identifier: MIT
# A SIGTRAP that is the target's own business is delivered to it and is no hit.
. "${top_srcdir:-.}/tests/live/lib.sh"

for mode in own breakpoint; do
	"$usdtrap" -e "usdt:$targets/handlers:handlers:tick { @hits = count(); }" -c "$targets/handlers $mode" \
		-o trace.out >target.out 2>trace.err </dev/null
	grep -qx 'taken 100, action kept, mask kept' target.out || fail "$mode: $(tail -n 1 target.out)"
	same_maps
done

# From outside, into a loop that does little but hit.
needs_attach
target traps 300
tracer -e "usdt:$targets/traps:traps:tick { @hits = count(); }" -p "$pid"
go
both_end
grep -qx 'kill 300, tgkill 300, sigqueue 300, strange 0, sender ended with 0' target.out || fail "$(tail -n 1 target.out)"
same_maps
