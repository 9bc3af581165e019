#!/bin/sh
# SPDX-License-Identifier: MIT
# Short processes, one after the other, that the whole machine's tracing hears of before they start: none is missed,
# late ones are told, and none is harmed. And what that costs: them, and those that have nothing to do with it.
. "${top_srcdir:-.}/tests/load/lib.sh"
needs_attach
[ "$(id -u)" -eq 0 ] || skip "only root is asked before files are opened"

processes=$(size 1000 10000)
cp "$targets/hits" load_hits # a copy, so that nobody else's processes are touched

one_after_the_other() {
	count=0
	from=$(date +%s.%N)
	while [ $count -lt "$processes" ]; do
		echo go | ./load_hits 3 >run.out 2>run.err || fail "run $count ended with $?"
		grep -q '^work right$' run.out || fail "run $count: $(cat run.out)"
		count=$((count + 1))
	done
	ran=$(ran_for "$from" "$(date +%s.%N)")
}

one_after_the_other
without=$ran
tracer -v --machine=fanotify -e "usdt:$work/load_hits:hits:tick { @hits = count(); }
	uprobe:$work/load_hits:main { @main = count(); }"
engine
watch_memory memory
one_after_the_other
leave
[ "$tracer_status" -eq 0 ] || fail "usdtrap ended with $tracer_status"

# How many the line of the report says that matches $1; 0 if there is none.
told() {
	number=$(sed -n "s/^WARNING: \\([0-9]*\\) $1.*/\\1/p" trace.err)
	echo "${number:-0}"
}

hits=$(sed -n 's/^@hits: //p' trace.out)
begun=$(sed -n 's/^@main: //p' trace.out)
late=$(told 'processes had begun')
missed=$(told 'such processes had ended')
row 'processes, one after the other' "$processes"
row 'reached before main()' "$begun"
row 'told as late, as missed' "$late, $missed"
row 'hits' "$hits of $((3 * processes))"
row 'seconds, traced and not' "$ran, $without"
memory_is_flat memory
[ $((begun + late + missed)) -ge "$processes" ] || fail "some are missing and not told: $(tail -n 9 trace.err)"
[ $((hits + 3 * (late + missed))) -ge $((3 * processes)) ] || fail "hits are missing: $(tail -n 9 trace.err)"
[ "$begun" -ge $((processes * 19 / 20)) ] || fail "more than one in twenty is missing: $(tail -n 9 trace.err)"
