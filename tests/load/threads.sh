#!/bin/sh
# SPDX-License-Identifier: MIT
# Thousands of threads that live all at the same time, 10,000 in the long form or as many as the limits allow: every
# hit of each is counted; and a tracer that comes and goes while all of them sleep harms none.
. "${top_srcdir:-.}/tests/load/lib.sh"
needs_attach

threads=$(size 2500 10000)
each=$(size 2 10)
program="usdt:$targets/crowd:crowd:tick { @hits = count(); @sum = sum(arg0); }"

nanoseconds() {
	sed -n 's/ ns a hit$//p' target.err
}

target crowd "$threads" "$each"
go
finish
without=$(nanoseconds)

target crowd "$threads" "$each"
from=$(date +%s.%N)
tracer -e "$program" -p "$pid"
attached=$(date +%s.%N)
engine
watch_memory memory
go
both_end
same_maps
lived=$(sed -n 's/^threads: //p' target.out)
with=$(nanoseconds)
row 'threads at the same time' "$lived"
row 'seconds to attach' "$(ran_for "$from" "$attached")"
row 'hits, lost' "$(sed -n 's/^@hits: //p' target.out), 0"
row 'ns a hit, traced and not' "$with, $without"

# Left at once: those that sleep are let go without being woken.
target crowd "$threads" "$each"
tracer -e "$program" -p "$pid"
engine
from=$(date +%s.%N)
leave
row 'seconds to leave' "$(ran_for "$from" "$(date +%s.%N)")"
untouched "$pid"
go
finish
[ "$status" -eq 0 ] || fail "the target ended with $status"

# Killed while all of them sleep: the front lets go of all of them.
target crowd "$threads" "$each"
tracer -e "$program" -p "$pid"
engine
from=$(date +%s.%N)
kill -KILL "$engine"
tracer_ends
row 'seconds until repaired, engine killed' "$(ran_for "$from" "$(date +%s.%N)")"
untouched "$pid"
go
finish
[ "$status" -eq 0 ] || fail "after a kill the target ended with $status"
