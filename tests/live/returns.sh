#!/bin/sh
# SPDX-License-Identifier: MIT
# What functions return, each time: by the right function, the right value, exactly as often as it happens.
# covers: probe-uretprobe builtin-retval
. "${top_srcdir:-.}/tests/live/lib.sh"

names='fibonacci is_even is_odd tail_first tail_second down up jumps_or_returns goes_through waits ends_thread forks handles'
probes=
for name in $names; do
	probes="${probes:+$probes,}uretprobe:$targets/returns:$name"
done

# Under make check-old the program of -c is filtered as usdtrap is, and one that is filtered is not made to map room.
if [ -z "${OLD_KERNEL:-}" ]; then
	"$usdtrap" -e "$probes { @[func, retval] = count(); }" -c "$targets/returns 13" >both.out 2>trace.err </dev/null ||
		fail "usdtrap ended with $?"
	grep '^@' both.out | sort | uniq -c | awk '{ print $1 }' | sort -u >counts
	echo 2 | same - counts
	[ "$(grep -c '^@' both.out)" -gt 60 ] || fail "too few values"
fi

needs_attach
target returns 14
tracer -e "$probes { @[func, retval] = count(); }" -p "$pid"
go
both_end
same_maps
