#!/bin/sh
# SPDX-License-Identifier: MIT
# A target that ends in the middle of things ends as it would have, and so does the tracing.
. "${top_srcdir:-.}/tests/live/lib.sh"
needs_attach

program="usdt:$targets/deaths:deaths:tick { @hits = count(); }"

for way in exit thread fault kill; do
	target deaths $way
	go
	finish
	untraced=$status
	target deaths $way
	tracer -e "$program" -p "$pid"
	go
	finish
	tracer_ends
	[ "$status" -eq "$untraced" ] || fail "$way: ended with $status, untraced with $untraced"
	[ "$tracer_status" -eq 0 ] || fail "$way: usdtrap ended with $tracer_status"
	hits=$(sed -n 's/^@hits: //p' trace.out)
	[ "${hits:-0}" -gt 2900 ] || fail "$way: ${hits:-no} hits"
done

# Killed at a random moment of an attach: usdtrap ends, with or without a complaint, and leaves nothing behind.
for delay in 0 0.005 0.01 0.015 0.02 0.025 0.03 0.04 0.05 0.07; do
	target busy
	"$usdtrap" -e "usdt:$targets/busy:busy:* { @hits = count(); }" -p "$pid" >trace.out 2>trace.err 9>&- &
	tracer=$!
	sleep $delay
	kill -KILL "$pid"
	tracer_ends
	[ "$tracer_status" -le 1 ] || fail "after $delay: usdtrap ended with $tracer_status"
	finish
done

# Killed while it forks: its child, of which nobody can tell any more, is not kept.
for delay in 0.05 0.02 0.04 0.03 0.05 0.02 0.04 0.03 0.05 0.02 0.04 0.03; do
	target busy
	tracer -e "usdt:$targets/busy:busy:* { @hits = count(); }" -p "$pid"
	sleep $delay
	kill -KILL "$pid"
	tracer_ends
	[ "$tracer_status" -eq 0 ] || fail "after $delay: usdtrap ended with $tracer_status"
	finish
done

# Its children, forked in its last moments, are not harmed by what they have of it.
for children in 1 2 3 5 8 13 21 34 40 40 40 40 40 40 40; do
	target orphans $children
	tracer -e "usdt:$targets/orphans:orphans:child { @ = count(); }" -p "$pid"
	go
	finish
	tracer_ends
	tries=0
	until [ "$(grep -c born target.out)" -eq "$(grep -c 'done' target.out)" ]; do
		tries=$((tries + 1))
		[ $tries -lt 40 ] || fail "$children children: $(sort target.out | uniq -c | tr '\n' ' ')"
		sleep 0.05
	done
done
