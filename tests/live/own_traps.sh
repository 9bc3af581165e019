#!/bin/sh
# SPDX-License-Identifier: MIT
# A SIGTRAP that is the target's own business is delivered to it and is no hit.
. "${top_srcdir:-.}/tests/live/lib.sh"

for mode in own breakpoint; do
	"$usdtrap" --no-net -e "usdt:$targets/handlers:handlers:tick { @hits = count(); }" \
		-c "$targets/handlers $mode" -o trace.out >target.out 2>trace.err </dev/null
	grep -qx 'taken 100, action kept, mask kept' target.out || fail "$mode: $(tail -n 1 target.out)"
	same_maps
	# With the net in, a program that asks what it has installed sees what stands in for it.
	"$usdtrap" -e "usdt:$targets/handlers:handlers:tick { @hits = count(); }" -c "$targets/handlers $mode" \
		-o trace.out >target.out 2>trace.err </dev/null
	grep -qx 'taken 100, action [A-Za-z]*, mask kept' target.out || fail "$mode: $(tail -n 1 target.out)"
	same_maps
done

# From outside, into a loop that does little but hit.
needs_attach
target traps 300
tracer -e "usdt:$targets/traps:traps:tick { @hits = count(); }" -p "$pid"
go
both_end
grep -qx 'strange 0, sender ended with 0' target.out || fail "$(tail -n 1 target.out)"
# Each sent once has been taken once; of those that were sent again, because they had been merged or were late, some twice.
sed -n 's/^\([a-z]*\): sent \([0-9]*\), again \([0-9]*\), taken \([0-9]*\)$/\1 \2 \3 \4/p' target.out >ways
[ "$(wc -l <ways)" -eq 3 ] || fail "what was taken is not told"
while read -r way sent again taken; do
	if [ "$sent" -ne 300 ] || [ "$taken" -lt "$sent" ] || [ "$taken" -gt $((sent + again)) ]; then
		fail "$way: sent $sent and $again again, taken $taken"
	fi
done <ways
same_maps
