#!/bin/sh
# SPDX-License-Identifier: MIT
# A timer that signals a thousand times a second, while tracing and while tracers come and go: no expiration is lost.
. "${top_srcdir:-.}/tests/live/lib.sh"
needs_attach

program="usdt:$targets/timers:timers:tick { @hits = count(); }"

target timers 2000
tracer -e "$program" -p "$pid"
go
both_end
same_maps
grep -qx 'expirations lost: 0' target.out || fail "$(grep lost target.out)"

target timers 3000
go
while [ -e "/proc/$pid/exe" ]; do
	"$usdtrap" -e "$program interval:ms:30 { exit(); }" -p "$pid" >trace.out 2>trace.err || break
done
finish
[ "$status" -eq 0 ] || fail "the target ended with $status"
grep -qx 'expirations lost: 0' target.out || fail "with tracers that come and go: $(grep lost target.out)"
