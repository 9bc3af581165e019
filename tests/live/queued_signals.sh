#!/bin/sh
# SPDX-License-Identifier: MIT
# Ten thousand queued signals reach the handler in their order, each with its value, hits in handler and loop counted.
. "${top_srcdir:-.}/tests/live/lib.sh"
needs_attach

target queue 10000
tracer -e "usdt:$targets/queue:queue:tick { @hits = count(); }
	usdt:$targets/queue:queue:arrived /arg0 == @next/ { @next++; @arrived = count(); }
	end { clear(@next); }" -p "$pid"
go
both_end
grep -qx 'misplaced 0, sender ended with 0' target.out || fail "$(tail -n 1 target.out)"
same_maps

# The same while tracers come and go.
target queue 10000
go
while [ -e "/proc/$pid/exe" ]; do
	"$usdtrap" -e "usdt:$targets/queue:queue:* { @hits = count(); } interval:ms:20 { exit(); }" -p "$pid" \
		>trace.out 2>trace.err || break
done
finish
grep -qx 'misplaced 0, sender ended with 0' target.out || fail "with tracers that come and go: $(tail -n 1 target.out)"
