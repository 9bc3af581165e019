#!/bin/sh
# SPDX-License-Identifier: MIT
# A trap on whatever instruction a function begins with: it is executed all the same, once for each hit, also where
# signals come all the time and where it ends in a fault.
. "${top_srcdir:-.}/tests/live/lib.sh"

"$usdtrap" -e "uprobe:$targets/displaced:first_* { @[func] = count(); }" -c "$targets/displaced 100" >both.out 2>trace.err \
	</dev/null || fail "usdtrap ended with $?"
grep -q 'many signals, 0 of them in strange places' both.out || fail "the target saw something else"
grep '^@' both.out | sort | uniq -c | awk '{ print $1 }' | sort -u >counts
echo 2 | same - counts
[ "$(grep -c '^@' both.out)" -eq 36 ] || fail "not all functions were called"

needs_attach
target displaced 150
tracer -e "uprobe:$targets/displaced:first_* { @[func] = count(); }" -p "$pid"
go
both_end
grep -q 'many signals, 0 of them in strange places' target.out || fail "the target saw something else"
same_maps

# Attached to and left while all this goes on.
target displaced 0
go
for _ in 1 2 3 4; do
	tracer -e "uprobe:$targets/displaced:first_* { @[func] = count(); } uretprobe:$targets/displaced:first_* { @r = count(); }" \
		-p "$pid"
	sleep 0.1
	leave
	untouched "$pid"
done
finish
[ "$status" -eq 0 ] || fail "the target ended with $status"
grep -q 'many signals, 0 of them in strange places' target.out || fail "the target saw something else"
