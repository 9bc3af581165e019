#!/bin/sh
# SPDX-License-Identifier: MIT
# A program whose memory is watched outlives the death of its tracer, whichever part of that is killed and when, and is
# rid of the watchpoints afterwards. Without a safety net it would not, which is said.
. "${top_srcdir:-.}/tests/live/lib.sh"
needs_attach

target watched 2000
address=$(sed -n 's/^address //p' target.out)
script="watchpoint:$address:8:rw { @ = count(); }"
for round in 1 2 3 4 5 6 7 8 9 10 11 12; do
	tracer -e "$script" -p "$pid"
	engine=$(pgrep -P "$tracer" -x usdtrap) || fail "no engine"
	[ $((round % 2)) -eq 0 ] || go
	sleep 0.0$((round % 4))
	# Every third time nobody is left to repair.
	victims=$engine
	[ $((round % 3)) -ne 0 ] || victims="$tracer $engine"
	# shellcheck disable=SC2086 # words
	kill -KILL $victims
	go
	{ wait "$tracer" || true; } 2>/dev/null
	tracer=
	sleep 0.1
	kill -0 "$pid" 2>/dev/null || fail "round $round: the target is dead"
	! grep -q '^WARNING' trace.err || fail "round $round: $(cat trace.err)"
done
"$usdtrap" repair "$pid" >repair.out 2>&1 || fail "repair: $(cat repair.out)"
untouched "$pid"
# Nobody but a tracer sees what is in a thread's debug registers: a session that watches nothing sees no trap of them.
tracer -e 'tracepoint:signal:signal_deliver { @ = count(); }' -p "$pid"
go
sleep 0.5
leave
! grep -q '^@' trace.out || fail "it is still watched: $(cat trace.out)"
finish
[ "$status" -eq 0 ] || fail "the target ended with $status"
! grep -q 'woken [1-9]' target.out || fail "a sleeper was woken"

target watched
address=$(sed -n 's/^address //p' target.out)
tracer --no-net -e "watchpoint:$address:8:rw { @ = count(); }" -p "$pid"
leave
grep -q "^WARNING: watchpoints stay in the processor's registers: should usdtrap be killed (SIGKILL), process $pid, which has" \
	trace.err || fail "without a net: $(cat trace.err)"
