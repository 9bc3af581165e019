#!/bin/sh
# SPDX-License-Identifier: MIT
# Watched memory: every write and read of every thread, and nobody else's; afterwards the target writes on in peace.
# covers: probe-watchpoint
. "${top_srcdir:-.}/tests/live/lib.sh"
needs_attach

target watched
address=$(sed -n 's/^address //p' target.out)
function=$(sed -n 's/^function //p' target.out)
tracer -e "watchpoint:$address:8:w { @w[tid == pid] = count(); @probe[probe] = count(); }
	watchpoint:$address:8:rw { @rw[tid == pid] = count(); }
	watchpoint:$function:1:x { @x = count(); }" -p "$pid"
go
wait_for target.out '^done'
leave
[ "$tracer_status" -eq 0 ] || fail "usdtrap ended with $tracer_status: $(cat trace.err)"
printf '%s\n' "@probe[watchpoint:$address:8:w]: 200" '@rw[false]: 200' '@rw[true]: 10' '@w[false]: 200' '@x: 3' >expected
maps trace.out | same expected -
untouched "$pid"

# With nobody there it goes on as before, and a tracer may come again and leave at any moment.
go
wait_for target.out 'done, woken 0'
for _ in 1 2 3 4 5; do
	tracer -e "watchpoint:$address:8:w { @ = count(); }" -p "$pid"
	go
	leave
done
finish
[ "$status" -eq 0 ] || fail "the target ended with $status"
! grep -q 'woken [1-9]' target.out || fail "a sleeper was woken"
[ "$(grep -c '^done' target.out)" -ge 3 ] || fail "the target did not go on"

# More than the processor has.
four="watchpoint:$address:1:w { } watchpoint:$address:2:w { } watchpoint:$address:4:w { } watchpoint:$address:8:w { }"
target watched
result=0
"$usdtrap" -e "$four watchpoint:$function:1:x { }" -p "$pid" >trace.out 2>trace.err || result=$?
[ $result -eq 1 ] || fail "five watchpoints: $result"
grep -q 'the processor has registers for 4 watchpoints only' trace.err || fail "five watchpoints: $(cat trace.err)"

# A stopped process stays so, and is rid of its watchpoints all the same.
tracer -e "watchpoint:$address:8:w { @ = count(); }" -p "$pid"
sleep 0.2
kill -STOP "$pid"
sleep 0.2
leave
grep -q '^State:.T' "/proc/$pid/status" || fail "the process is not stopped any more"
kill -CONT "$pid"
go
wait_for target.out '^done'
finish
[ "$status" -eq 0 ] || fail "the target ended with $status"
