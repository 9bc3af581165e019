#!/bin/sh
# SPDX-License-Identifier: MIT
# Threads that come by the thousand and live for a few hits each: all are seen, from their first hit to their last.
. "${top_srcdir:-.}/tests/live/lib.sh"

program="usdt:$targets/storm:storm:tick { @hits = count(); @sum = sum(arg0); }"

"$usdtrap" -e "$program" -c "$targets/storm $(many 1000) 3" -o trace.out >target.out 2>trace.err </dev/null
same_maps

needs_attach
target storm "$(many 4000)" 3
tracer -e "$program" -p "$pid"
go
both_end
same_maps
