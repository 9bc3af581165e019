#!/bin/sh
# SPDX-License-Identifier: MIT
# Watched memory: every write and read of every thread, and nobody else's; afterwards the target writes on in peace.
# covers: probe-watchpoint function-unwatch
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

# By name: a symbol of data, wherever it lies this time; what a function is passed, from the call on until unwatch().
run() {
	result=0
	"$usdtrap" "$@" >trace.out 2>trace.err </dev/null || result=$?
}
run -q -e 'watchpoint:watched+8:8:w { @named = count(); }
	watchpoint:fill+arg0:8:w { @filled = count(); @word[probe] = count(); }
	uretprobe:*:done_with { unwatch(@last); }
	uprobe:*:done_with { @last = arg0; }' -c "$targets/watched"
[ $result -eq 0 ] || fail "by name: $result, $(cat trace.err)"
grep -v '^@last' trace.out | grep '^@' >maps
# The word that is filled, three more, and the one in done_with(); the other one and that in done_with().
printf '%s\n' '@filled: 7' '@named: 200' '@word[watchpoint:fill+arg0:8:w]: 7' | same - maps
target watched
run -e 'watchpoint:watche:8:w { }' -p "$pid"
[ $result -eq 1 ] || fail "no such symbol: $result"
printf 'ERROR: no file that process %s has mapped has a symbol watche\nHINT: did you mean watched?\n' "$pid" | same - trace.err
run -e 'watchpoint:watched+4:8:w { }' -p "$pid"
[ $result -eq 1 ] || fail "not aligned: $result"
grep -q '^ERROR: watched, at 0x[0-9a-f]*: a watchpoint.s address must be a multiple of its length$' trace.err ||
	fail "not aligned: $(cat trace.err)"
run -e 'watchpoint:watched+0:8:w { }'
[ $result -eq 1 ] || fail "no process: $result"
grep -q 'watchpoint probe names watched, which has no address yet' trace.err || fail "no process: $(cat trace.err)"
