#!/bin/sh
# SPDX-License-Identifier: MIT
# A process whose main thread has ended is traced like any other.
. "${top_srcdir:-.}/tests/live/lib.sh"
needs_attach

program="usdt:$targets/deadleader:deadleader:tick { @hits = count(); @sum = sum(arg0); }"
target deadleader
grep -q '^State:.Z' "/proc/$pid/status" || fail "the leader lives"
for task in "/proc/$pid/task/"*; do
	thread=${task##*/}
done

tracer -e "$program" -p "$pid"
leave
untouched "$thread"
tracer -e "$program" -p "$pid"
go
both_end
same_maps
