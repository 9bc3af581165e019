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

# A handler for one signal is called for one; if it installs itself again, for the next as well.
"$usdtrap" -e "usdt:$targets/handlers:handlers:tick { @hits = count(); }" -c "$targets/handlers renewed" \
	-o trace.out >target.out 2>trace.err </dev/null
grep -q '^taken 100,' target.out || fail "renewed: $(tail -n 1 target.out)"
same_maps
needs_attach
target handlers once "$targets/guarded"
tracer -e "usdt:$targets/handlers:handlers:tick { @hits = count(); }" -p "$pid"
go
wait_for target.out '^ready$'
tell show
wait_for target.out '^semaphore'
leave
grep -qx '@hits: 300' trace.out || fail "once: $(cat trace.out)"
finish
target handlers twice
tracer -e "usdt:$targets/handlers:handlers:tick { @hits = count(); }" -p "$pid"
go
finish
tracer_ends
grep -qx '@hits: 201' trace.out || fail "twice: $(cat trace.out)"
[ "$status" -eq $((128 + 5)) ] || fail "twice: ended with $status: $(cat target.out)"

# What is ignored stays so in the program that the target becomes, while it is traced and afterwards.
target handlers ignored "$targets/guarded"
tracer -e "usdt:$targets/handlers:handlers:tick { @hits = count(); } usdt:$targets/guarded:guarded:tick { @new = count(); }" \
	-p "$pid"
go
tell 'hit 5'
wait_for target.out '^@hits: 5$'
kill -TRAP "$pid"
tell 'hit 6'
wait_for target.out '^@hits: 6$'
leave
grep -qx '@new: 11' trace.out || fail "ignored, and another program: $(cat trace.out)"
ignored=$(sed -n 's/^SigIgn:.//p' "/proc/$pid/status")
[ $((0x$ignored & 0x10)) -ne 0 ] || fail "what was ignored is not any more: $ignored"
kill -TRAP "$pid"
tell show
wait_for target.out '^semaphore'
finish
[ "$status" -eq 0 ] || fail "ignored, and another program: ended with $status"

# From outside, into a loop that does little but hit.
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
