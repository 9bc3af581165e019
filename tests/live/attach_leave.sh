#!/bin/sh
# SPDX-License-Identifier: MIT
# A hundred tracers one after the other on a target that does everything at once: it never notices.
. "${top_srcdir:-.}/tests/live/lib.sh"
needs_attach

target busy
cycle=0
cycles=$(many 100)
while [ $cycle -lt "$cycles" ]; do
	cycle=$((cycle + 1))
	"$usdtrap" -e "usdt:$targets/busy:busy:* { @[probe] = count(); } interval:ms:$((cycle % 4 * 5 + 1)) { exit(); }" \
		-p "$pid" >trace.out 2>trace.err || fail "cycle $cycle: usdtrap ended with $?"
	[ $((cycle % 10)) -ne 0 ] || untouched "$pid"
done
untouched "$pid"
grep -q '^TracerPid:.0$' "/proc/$pid/status" || fail "it is still traced"
tell stop
finish
[ "$status" -eq 0 ] || fail "the target ended with $status"
printf 'ready\nwrong: 0\n' | same - target.out
