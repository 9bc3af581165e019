#!/bin/sh
# SPDX-License-Identifier: MIT
# A target that becomes another program, by the exec of any of its threads, is traced on in that one.
. "${top_srcdir:-.}/tests/live/lib.sh"

program="usdt:$targets/execer:execer:before { @before = count(); }
	usdt:$targets/hits:hits:tick { @hits = count(); @sum = sum(arg0); }"

for who in leader thread; do
	"$usdtrap" -e "$program" -c "$targets/execer $who $targets/hits 1000" -o trace.out \
		>target.out 2>trace.err </dev/null
	same_maps
	grep -qx 'work right' target.out || fail "$who: $(tail -n 1 target.out)"
done

needs_attach
for who in leader thread; do
	target execer $who "$targets/hits" 1000
	tracer -e "$program" -p "$pid"
	go
	wait_for target.out before
	go
	both_end
	same_maps
done

# Left after the exec: the new program is untouched.
target execer thread "$targets/guarded"
tracer -e "usdt:$targets/execer:execer:before { @ = count(); } usdt:$targets/guarded:guarded:tick { @ = count(); }" \
	-p "$pid"
go
wait_for target.out before
tries=0
until [ "$(grep -c ready target.out)" -eq 2 ]; do
	tries=$((tries + 1))
	[ $tries -lt 200 ] || fail "the new program does not start"
	sleep 0.05
done
tell show
wait_for target.out 'semaphore'
grep -qx 'semaphore 1' target.out || fail "the new program's semaphore: $(grep semaphore target.out)"
leave
untouched "$pid"
tell show
wait_for target.out 'semaphore 0'
finish
[ "$status" -eq 0 ] || fail "the target ended with $status"
