#!/bin/sh
# SPDX-License-Identifier: MIT
# A target that was stopped stays stopped while it is attached to and left, can be continued and stopped meanwhile, and
# its parent sees of all that what it would have seen anyway.
. "${top_srcdir:-.}/tests/live/lib.sh"
needs_attach

is_stopped() {
	grep -q '^State:.[Tt]' "/proc/$child/status"
}

program="usdt:$targets/watcher:watcher:tick { @hits = count(); }"
target watcher
child=$(sed -n 's/^child //p' target.out)
echo "child $child" >expected
echo ready >>expected

# Attached to and left while stopped.
tell stop
wait_for target.out 'stopped'
echo 'stopped by 19' >>expected
for _ in 1 2 3; do
	tracer -e "$program" -p "$child"
	sleep 0.3
	is_stopped || fail 'attaching woke it'
	leave
	sleep 0.2
	is_stopped || fail 'leaving woke it'
	untouched "$child"
done
same expected target.out

# Continued, and stopped again, while traced.
tracer -e "$program" -p "$child"
tell cont
wait_for target.out 'continued'
echo 'continued' >>expected
sleep 0.3
tell stop
echo 'stopped by 19' >>expected
tries=0
until cmp -s expected target.out; do
	tries=$((tries + 1))
	[ $tries -lt 200 ] || same expected target.out
	sleep 0.05
done
is_stopped || fail 'it does not stop'
leave
grep -q '^@hits: [1-9]' trace.out || fail 'no hit while it ran'
sleep 0.2
is_stopped || fail 'leaving woke it'
same expected target.out
untouched "$child"

# And it goes on as ever: the second SIGCONT is counted by its handler.
tell cont
tries=0
echo 'continued' >>expected
until cmp -s expected target.out; do
	tries=$((tries + 1))
	[ $tries -lt 200 ] || same expected target.out
	sleep 0.05
done
tell term
wait_for target.out 'exited'
echo 'exited with 12' >>expected
finish
same expected target.out
