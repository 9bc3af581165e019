#!/bin/sh
# SPDX-License-Identifier: MIT
# All of usdtrap is killed again and again, and nobody repairs in between: each attach finds room for a safety net all the
# same, so that the next kill is survived as well.
. "${top_srcdir:-.}/tests/live/lib.sh"
needs_attach
alone

XDG_RUNTIME_DIR=$work
export XDG_RUNTIME_DIR
kills=$(many "${KILLS:-10}")

kill_all() {
	kill_tracer_and_engine
	[ "${OLD_KERNEL:-}" != 3.3 ] || kill -CONT "$pid"
}

# kills_in_a_row SCRIPT
kills_in_a_row() {
	round=0
	while [ $round -lt "$kills" ]; do
		round=$((round + 1))
		tracer -e "$1" -p "$pid"
		! grep -q WARNING trace.err || fail "round $round: $(cat trace.err)"
		kill_all
		# A hit comes now, or has come: the target survives and heals, or is healed by the next.
		[ -e "/proc/$pid/exe" ] || fail "round $round: the target did not outlive usdtrap"
	done
	tracer -e "$1" -p "$pid"
	! grep -q WARNING trace.err || fail "the last: $(cat trace.err)"
	leave
}

# Probes, more of them than the first table of a net has entries for; functions, for which pages are mapped; returns.
target sites
kills_in_a_row "usdt:$targets/sites:sites:* { @hits = count(); }"
untouched "$pid"
finish

target displaced 0
go
kills_in_a_row "uprobe:$targets/displaced:first_[a-eg-z]* { @[func] = count(); }"
! "$helpers/pristine" "$pid" | grep -v '00 in the file' || fail "functions: something was left"
finish
[ "$status" -eq 0 ] || fail "the target ended with $status"

target returns 8 0
go
kills_in_a_row "uretprobe:$targets/returns:[fit]* { @[func] = count(); }"
finish
[ "$status" -eq 0 ] || fail "the target of returns ended with $status"
