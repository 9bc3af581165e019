#!/bin/sh
# SPDX-License-Identifier: MIT
# All of usdtrap is killed at random moments while traps stand on instructions that do something: the target executes
# each of them all the same, once. (A fault is seen in the copy, where nobody is left who would tell otherwise.)
. "${top_srcdir:-.}/tests/live/lib.sh"
needs_attach
alone

XDG_RUNTIME_DIR=$work
export XDG_RUNTIME_DIR

target displaced 0
go
rounds=${KILLS:-12}
round=0
while [ $round -lt "$rounds" ]; do
	round=$((round + 1))
	tracer -e "uprobe:$targets/displaced:first_[a-eg-z]* { @[func] = count(); }" -p "$pid"
	sleep "0.0$((round * 7 % 10))"
	engine=$(engine_of "$tracer")
	kill -STOP "$tracer"
	kill -KILL "$engine" "$tracer"
	tracer_ends
	wait_for_end "$engine"
	if [ ! -e "/proc/$pid/exe" ]; then
		finish
		fail "round $round: the target did not outlive usdtrap: $status"
	fi
	# The last thread of a process may take its time to die.
	tries=0
	until "$usdtrap" repair "$pid" 2>said; do
		tries=$((tries + 1))
		[ $tries -lt 100 ] || fail "round $round: $(cat said)"
		sleep 0.05
	done
	# What was put into unused bytes, 00 in the file, stays where a thread stands in it, and harms nobody.
	! "$helpers/pristine" "$pid" | grep -v '00 in the file' || fail "round $round: something was left"
done
finish
[ "$status" -eq 0 ] || fail "the target ended with $status"
