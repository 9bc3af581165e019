#!/bin/sh
# SPDX-License-Identifier: MIT
#
# make bench: what a hit costs, measured side by side in one run, with the
# goals beside it. Everything is measured once a round, one after the other,
# so that a machine that becomes busy or slow hits all alike; the table has
# the medians. ROUNDS (5) and HITS a round (200000) may be set.
#
# A hit's cost is what the target's own clock says. bpftrace prints beside the
# target, from a buffer: with few hits it looks faster than it can print.
set -eu
LC_ALL=C
export LC_ALL
top_builddir=$(cd "${top_builddir:-.}" && pwd)
top_srcdir=$(cd "${top_srcdir:-.}" && pwd)
usdtrap=${USDTRAP:-$top_builddir/usdtrap}
hits=$top_builddir/tests/targets/hits
bench=$top_builddir/tests/bench
rounds=${ROUNDS:-5}
count=${HITS:-200000}
python=/usr/bin/python3.11

work=$(mktemp -d)
started=
clean_up() {
	for process in $started; do
		kill -KILL "$process" 2>/dev/null || true
	done
	rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 1' INT TERM
cd "$work"

# note NAME NUMBER: a result.
note() {
	echo "$2" >>"$1.ns"
}

# Starts the target with $1 hits; it waits. Sets $pid.
start_target() {
	rm -f in
	mkfifo in
	"$hits" "$1" <in >out 2>err &
	pid=$!
	started=$pid
	exec 9>in
	until grep -q ready out; do
		sleep 0.05
	done
}

# Lets the target go and notes, as $1, what a hit took it by its own clock. The tracer, $tracer, ends with it.
finish_target() {
	echo go >&9
	exec 9>&-
	wait "$pid"
	wait "$tracer" || true
	note "$1" "$(sed -n 's/^\([0-9]*\) ns a hit$/\1/p' err)"
}

wait_for() {
	tries=0
	until grep -q -e "$2" "$1" 2>/dev/null; do
		tries=$((tries + 1))
		if [ $tries -ge 400 ]; then
			cat "$1" >&2
			exit 1
		fi
		sleep 0.05
	done
}

by_usdtrap() {
	name=$1
	program=$2
	shift 2
	start_target "$count"
	"$usdtrap" -e "$program" -p "$pid" "$@" >/dev/null 2>trace.err 9>&- &
	tracer=$!
	wait_for trace.err '^Attached'
	memory=0
	for process in $tracer $(cat "/proc/$tracer/task/$tracer/children" 2>/dev/null || true); do
		peak=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$process/status")
		[ "${peak:-0}" -le "$memory" ] || memory=$peak
	done
	echo "$memory" >>memory.kib
	finish_target "$name"
}

by_bpftrace() {
	start_target "$count"
	__BPFTRACE_NOTIFY_PROBES_ATTACHED=1 bpftrace -e "BEGIN { printf(\"begun\\n\"); } $2" -p "$pid" >trace.out \
		2>trace.err 9>&- &
	tracer=$!
	wait_for trace.out begun
	sleep 1
	finish_target "$1"
}

by_gdb() {
	start_target $((count / 100))
	cat >commands <<-'EOF'
		set pagination off
		set confirm off
		break -probe-stap hits:tick
		commands
		silent
		printf "%d %s\n", $_probe_arg0, $_probe_arg1
		continue
		end
		echo begun\n
		continue
	EOF
	gdb -q -batch -x commands -p "$pid" >trace.out 2>trace.err 9>&- </dev/null &
	tracer=$!
	wait_for trace.out begun
	sleep 0.5
	finish_target "$1"
}

# What the first hit of a Python program that is running already takes, from the start of usdtrap: microseconds.
first_hit_of_python() {
	cat >loop.py <<-'EOF'
		def work(number):
		    return number
		print("ready", flush=True)
		while True:
		    work(1)
	EOF
	"$python" loop.py >out &
	pid=$!
	started=$pid
	wait_for out ready
	echo "$("$bench/first" "$usdtrap" -q -p "$pid" \
		-e "usdt:$python:function__entry { printf(\"first\\n\"); exit(); }" 2>trace.err)000" >>first.ns
	kill "$pid"
	wait "$pid" 2>/dev/null || true
}

median() {
	sort -n "$1" | awk '{ value[NR] = $1 } END { print value[int((NR + 1) / 2)] }'
}

counting="usdt:$hits:hits:tick { @ = count(); }"
printing="usdt:$hits:hits:tick { printf(\"%d %s\\n\", arg0, str(arg1)); }"
with_bpftrace=no
with_gdb=no
with_python=no
if command -v bpftrace >/dev/null && [ "$(id -u)" -eq 0 ]; then with_bpftrace=yes; fi
if command -v gdb >/dev/null; then with_gdb=yes; fi
if "$usdtrap" -l "usdt:$python:function__entry" >/dev/null 2>&1; then with_python=yes; fi

round=0
while [ $round -lt "$rounds" ]; do
	round=$((round + 1))
	echo "round $round of $rounds" >&2
	note floor "$("$bench/floor" same "$count")"
	note following "$("$bench/floor" follow "$count")"
	note free "$("$bench/floor" free "$count")"
	note needed "$("$bench/floor" same "$count" siginfo registers)"
	note needed_string "$("$bench/floor" same "$count" siginfo registers string)"
	by_usdtrap count "$counting"
	by_usdtrap printf "$printing"
	by_usdtrap still "$counting" --no-follow-cpu
	if [ $with_bpftrace = yes ]; then
		by_bpftrace bpftrace_count "$counting"
		by_bpftrace bpftrace_printf "$printing"
	fi
	if [ $with_gdb = yes ]; then by_gdb gdb; fi
	if [ $with_python = yes ]; then first_hit_of_python; fi
done

floor=$(median floor.ns)

# row WHAT NAME [GOAL]: a line of the table. A goal is a text.
row() {
	if [ -s "$2.ns" ]; then
		median "$2.ns" | awk -v what="$1" -v floor="$floor" -v goal="${3:-}" \
			'{ printf "%-52s %10d %8.2f  %s\n", what, $1, $1 / floor, goal }'
	else
		printf '%-52s %10s\n' "$1" 'not here'
	fi
}

printf '%-52s %10s %8s  %s\n' 'what' 'ns a hit' 'floors' 'goal'
row 'floor: waitpid and PTRACE_CONT, on one processor' floor
row 'floor, following the target' following
row 'floor, where the scheduler will' free
row 'floor, and GETSIGINFO and GETREGSET' needed
row 'floor, and these and a string' needed_string
row 'usdtrap { @ = count(); }' count 'at most 1.25 floors'
row 'usdtrap printf of an integer and a string' printf 'at most 1.8 floors, and bpftrace'"'"'s'
row 'usdtrap { @ = count(); } --no-follow-cpu' still
row 'bpftrace { @ = count(); }' bpftrace_count
row 'bpftrace printf of an integer and a string' bpftrace_printf
row 'gdb printf of an integer and a string' gdb 'usdtrap is 30 times as fast'
[ ! -s gdb.ns ] || echo "usdtrap's printf is $(($(median gdb.ns) / $(median printf.ns))) times as fast as gdb's"
[ ! -s first.ns ] || echo "first hit of a running python3.11 after $(($(median first.ns) / 1000000)) ms (goal: under 50)"
echo "resident memory $(($(median memory.kib) / 1024)) MiB (goal: under 20)"
echo 'evaluating a clause, beside the stop (goal: under 500 ns):'
"$bench/eval"
