#!/bin/sh
# SPDX-License-Identifier: MIT
# Whatever ends the tracing, the target gets its text and semaphores back and runs on.
. "${top_srcdir:-.}/tests/live/lib.sh"
needs_attach

program="usdt:$targets/busy:busy:hot { @hits = count(); } usdt:$targets/busy:busy:guarded { @guarded = count(); }"
loud="usdt:$targets/busy:busy:hot { printf(\"%d 0123456789012345678901234567890123456789\\n\", arg0); }"

# Nothing may be left of the tracer: waits until the target is free, all its threads, then looks.
free() {
	tries=0
	while grep -qs '^TracerPid:.[1-9]' "/proc/$pid/task/"*/status; do
		tries=$((tries + 1))
		[ $tries -lt 200 ] || fail "$1: the target is still traced"
		sleep 0.05
	done
	untouched "$pid"
}

target busy

for signal in INT TERM HUP; do
	tracer -e "$program" -p "$pid"
	sleep 0.1
	leave_by $signal
	[ "$tracer_status" -eq 0 ] || fail "$signal: usdtrap ended with $tracer_status"
	grep -q '^@hits: [1-9]' trace.out || fail "$signal: no hits were printed"
	free $signal
done

tracer -e "$program interval:ms:50 { exit(); }" -p "$pid"
tracer_ends
[ "$tracer_status" -eq 0 ] || fail "exit(): usdtrap ended with $tracer_status"
free 'exit()'

tracer -e "$program interval:ms:50 { exit(3); }" -p "$pid"
tracer_ends
[ "$tracer_status" -eq 3 ] || fail "exit(3): usdtrap ended with $tracer_status"
free 'exit(3)'

# The first of a few hits ends it: nothing is delivered after exit().
tracer -e "usdt:$targets/busy:busy:hot { @hits = count(); exit(); }" -p "$pid"
tracer_ends
grep -qx '@hits: 1' trace.out || fail "after exit(): $(grep hits trace.out)"
free 'exit() in a hit'

# The reader goes away.
"$usdtrap" -e "$loud" -p "$pid" 2>trace.err | head -n 3 >head.out
[ "$(wc -l <head.out)" -eq 3 ] || fail "the reader did not get its lines"
free 'closed pipe'

# Nobody reads: standard output is a pipe that is full, and so is the queue behind it.
for signal in INT TERM HUP; do
	rm -f full.pipe trace.err
	mkfifo full.pipe
	(exec 8<full.pipe && exec sleep 60) &
	reader=$!
	started="$started $reader"
	"$usdtrap" -e "$loud" --queue 16K -p "$pid" >full.pipe 2>trace.err 9>&- &
	tracer=$!
	wait_for trace.err '^Attached'
	wait_for trace.err 'the output is read too slowly'
	wait_until_still
	kill -$signal "$tracer"
	free "$signal with a full pipe"
	# Ctrl-C means no hurry: what was printed waits for its reader, until Ctrl-C is pressed again.
	if [ $signal = INT ]; then
		wait_for trace.err 'Ctrl-C again'
		kill -INT "$tracer"
	fi
	tracer_ends
	grep -q '^ERROR: [0-9]* bytes of output were not written' trace.err || fail "$signal: $(cat trace.err)"
	kill "$reader"
done

# The front process is killed, and cannot say good-bye.
tracer -e "$program" -p "$pid"
sleep 0.1
kill -KILL "$tracer"
tracer_ends
free 'killed front'

# Sent to the whole group, as a terminal does, Ctrl-Z stops neither the target nor the one who can let it go.
tracer -e "$program" -p "$pid"
kill -TSTP "$tracer"
sleep 0.3
before=$(processor_time)
sleep 0.5
[ "$before" -lt "$(processor_time)" ] || fail "the target stands still while usdtrap is stopped"
kill -CONT "$tracer"
leave
free 'Ctrl-Z'

tell stop
finish
[ "$status" -eq 0 ] || fail "the target ended with $status"
printf 'ready\nwrong: 0\n' | same - target.out

# The end of the target ends the tracing.
target hits 5000
tracer -e "usdt:$targets/hits:hits:tick { @hits = count(); @sum = sum(arg0); }" -p "$pid"
go
both_end
same_maps
