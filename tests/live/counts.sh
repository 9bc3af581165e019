#!/bin/sh
# SPDX-License-Identifier: MIT
# A million hits are a million, and what stands between them computes what it always does.
. "${top_srcdir:-.}/tests/live/lib.sh"

# Started by the tracer: counts and arguments.
"$usdtrap" -e "usdt:$targets/hits:hits:tick { @hits = count(); @sum = sum(arg0); }" -c "$targets/hits 20000" \
	>both.out 2>trace.err </dev/null
grep -qx 'work right' both.out || fail "the target computed something else"
printf '@hits: 20000\n@hits: 20000\n@sum: 199990000\n@sum: 199990000\n' >expected
grep '^@' both.out | sort | same expected -

# The target's threads run where they want to.
needs_attach
target hits "$(many 1000000)"
grep Cpus_allowed: "/proc/$pid/status" >allowed
tracer -e "usdt:$targets/hits:hits:tick { @hits = count(); @sum = sum(arg0); }" -p "$pid"
go
sleep 1
grep Cpus_allowed: "/proc/$pid/status" | same allowed -
both_end
grep -qx 'work right' target.out || fail "the target computed something else"
same_maps
