#!/bin/sh
# SPDX-License-Identifier: MIT
# Libraries are covered from their first instruction, whether the loader maps them at the start or the program later on.
. "${top_srcdir:-.}/tests/live/lib.sh"

library=$targets/libprobe.so
program="usdt:$library:libprobe:constructor { @constructor = count(); }
	usdt:$library:libprobe:work { @work = count(); }
	usdt:$library:libprobe:destructor { @destructor = count(); }"

"$usdtrap" -e "$program" -c "$targets/linked" -o trace.out >target.out 2>trace.err </dev/null
same_maps

# Loaded and unloaded four times over.
round="usdt:$targets/opener:opener:round { @round = count(); }"
"$usdtrap" -e "$program $round" -c "$targets/opener $library 4" -o trace.out >target.out 2>trace.err </dev/null
same_maps

needs_attach
target linked
tracer -e "usdt:$library:libprobe:work { @work = count(); }" -p "$pid"
go
both_end
grep -qx '@work: 5' trace.out || fail "a library that was there: $(cat trace.out)"

target opener "$library" 4
tracer -e "$program $round" -p "$pid"
go
both_end
same_maps
