#!/bin/sh
# SPDX-License-Identifier: MIT
#
# What the live tests share; each begins with
#
#	. "${top_srcdir:-.}/tests/live/lib.sh"
#
# A test has a folder of its own, in which it stands and which vanishes with
# it. It starts targets (tests/targets/NAME) and the tracer, and whatever of
# them is left at its end is ended by their ids. It is over after two minutes,
# come what may (or LIVE_TIMEOUT seconds).
#
#	target NAME [ARGUMENT...]   starts a target and waits until it says "ready"; sets $pid
#	go                          lets the target begin
#	tell LINE                   gives the target a line of input
#	finish                      ends the target's input and waits for its end; sets $status
#	tracer [ARGUMENT...]        starts usdtrap and waits until it has attached; sets $tracer
#	tracer_ends                 waits until usdtrap has ended by itself; sets $tracer_status
#	engine_of PID               the child of a usdtrap: the process that traces
#	kill_tracer_and_engine      ends all of usdtrap by SIGKILL; sets $engine
#	leave                       ends usdtrap as Ctrl-C does and waits for its end; sets $tracer_status
#	leave_by SIGNAL             the same by another signal
#	untouched PID               the process has the text of its files, and no semaphore raised
#	wait_for FILE PATTERN       waits until a line of FILE matches
#	wait_until_still            waits until the target uses the processor no more
#	same EXPECTED ACTUAL        two files are equal
#	plainly COMMAND...          runs a command as usdtrap is run: under the filter of make check-old, if that is on
#	maps FILE                   the lines of FILE that start with @, sorted
#	both_end                    waits for the ends of target and tracer, both with status 0
#	same_maps                   target.out and trace.out have the same maps
#	many NUMBER                 the number, or the part of it that LIVE_SHARE says: one in so many. For slow machines
#	needs_attach                skips the test where this user may not attach to a process that runs
#	alone                       waits until no other test is that called this: `repair all' means those of all
#	skip WHY, fail WHAT         ends the test
#	at_end                      is called when the test is over, whatever came: a test may have its own
#
# The target's output is in target.out and target.err, the tracer's in trace.out and trace.err.
# shellcheck disable=SC2034 # status and tracer_status are read by the tests

set -eu
LC_ALL=C
export LC_ALL
top_srcdir=$(cd "${top_srcdir:-.}" && pwd)
top_builddir=$(cd "${top_builddir:-$top_srcdir}" && pwd)

if [ -z "${LIVE_TEST:-}" ]; then
	LIVE_TEST=$(cd "$(dirname "$0")" && pwd)/$(basename "$0")
	export LIVE_TEST top_srcdir top_builddir
	# On a machine that is busy with other things a live test may starve: it gets a second chance, and says so.
	status=0
	timeout -k 5 "${LIVE_TIMEOUT:-120}" /bin/sh "$LIVE_TEST" || status=$?
	[ $status -ne 0 ] && [ $status -ne 77 ] || exit $status
	echo "the first attempt ended with $status; once more:"
	exec timeout -k 5 "${LIVE_TIMEOUT:-120}" /bin/sh "$LIVE_TEST"
fi

usdtrap=${USDTRAP:-$top_builddir/usdtrap}
targets=$top_builddir/tests/targets
helpers=$top_builddir/tests/live
pid=
tracer=
started=
work=$(mktemp -d)
cd "$work"

# A test that starts what cannot just be killed says here how that ends.
at_end() {
	:
}

# Whether process $1 is still the child that it was: ids are used again, the sooner the more threads there are.
is_child() {
	grep -q "^PPid:.$$\$" "/proc/$1/status" 2>/dev/null
}

clean_up() {
	result=$?
	trap - EXIT
	# The tracer first, gently: what it traces should live on.
	for process in $tracer; do
		is_child "$process" || continue
		kill -TERM "$process" 2>/dev/null || continue
		sleep 0.3
		kill -KILL "$process" 2>/dev/null || true
	done
	at_end
	for process in $started; do
		is_child "$process" || continue
		{ kill -KILL "$process" && wait "$process"; } 2>/dev/null || true
	done
	if [ $result -ne 0 ] && [ $result -ne 77 ]; then
		for file in *.out *.err; do
			if [ -s "$file" ]; then
				echo "--- $file (its end)"
				tail -n 30 "$file"
			fi
		done
	fi
	cd /
	rm -rf "$work"
	exit $result
}
trap clean_up EXIT
trap 'echo "not over in time"; exit 1' TERM

# Whether usdtrap was built with AddressSanitizer, which needs /proc and keeps the memory that is freed.
is_sanitized() {
	grep -q __asan_init "$usdtrap"
}

skip() {
	echo "skipped: $*"
	exit 77
}

fail() {
	echo "failed: $*"
	exit 1
}

wait_for() {
	tries=0
	until grep -q -e "$2" "$1" 2>/dev/null; do
		tries=$((tries + 1))
		[ $tries -lt 600 ] || fail "no line in $1 matches $2"
		sleep 0.05
	done
}

# Waits until process $1 is no more, or a zombie that nobody but this shell can reap.
wait_for_end() {
	tries=0
	while [ -e "/proc/$1" ] && ! grep -q '^State:.Z' "/proc/$1/status" 2>/dev/null; do
		tries=$((tries + 1))
		[ $tries -lt 600 ] || fail "process $1 does not end"
		sleep 0.05
	done
}

# Runs a command as a target: with input from `go', output to target.out and target.err. It appends, so that a test can
# empty the file to see what comes next.
start() {
	rm -f target.in target.out
	mkfifo target.in
	"$@" <target.in >>target.out 2>target.err 9>&- &
	pid=$!
	started="$started $pid"
	exec 9>target.in
}

target() {
	name=$1
	shift
	start "$targets/$name" "$@"
	wait_for target.out '^ready$'
}

tell() {
	echo "$1" >&9
}

go() {
	tell go
}

finish() {
	exec 9>&-
	status=0
	wait "$pid" || status=$?
}

tracer() {
	rm -f trace.out trace.err # of a tracer before, or its words are taken for this one's
	"$usdtrap" "$@" >trace.out 2>trace.err 9>&- &
	tracer=$!
	tries=0
	until grep -q '^Attached' trace.err 2>/dev/null; do
		[ -e "/proc/$tracer/exe" ] || break
		tries=$((tries + 1))
		[ $tries -lt 600 ] || fail "usdtrap does not attach"
		sleep 0.02
	done
	grep -q '^Attached' trace.err || fail "usdtrap did not attach"
}

# Not every kernel has lists of children.
engine_of() {
	grep -sl "^PPid:.$1\$" /proc/[0-9]*/status | cut -d / -f 3
}

# Kills $tracer and its engine, $engine, so that neither sees the other's end.
kill_tracer_and_engine() {
	engine=$(engine_of "$tracer")
	kill -STOP "$tracer"
	kill -KILL "$engine" "$tracer"
	tracer_ends
	wait_for_end "$engine"
}

tracer_ends() {
	wait_for_end "$tracer"
	tracer_status=0
	wait "$tracer" || tracer_status=$?
	tracer=
}

leave_by() {
	kill -"$1" "$tracer"
	tracer_ends
}

leave() {
	leave_by INT
}

plainly() {
	if [ -z "${OLD_KERNEL:-}" ]; then
		"$@"
		return
	fi
	OLD_KERNEL_USDTRAP=$1
	export OLD_KERNEL_USDTRAP
	shift
	"$usdtrap" "$@" && plainly_status=0 || plainly_status=$?
	unset OLD_KERNEL_USDTRAP
	return "$plainly_status"
}

untouched() {
	"$helpers/pristine" "$1" || fail "process $1 is not as it was"
}

same() {
	if [ "${OLD_KERNEL:-}" = 3.3 ]; then
		sed '/^NOTE: the kernel is older than Linux 3.4 and has no PTRACE_SEIZE/d' "$2" | diff -u "$1" -
	else
		diff -u "$1" "$2"
	fi || fail "$2 is not as expected"
}

maps() {
	grep '^@' "$1" | sort
}

same_maps() {
	maps target.out >expected
	maps trace.out | same expected -
}

both_end() {
	finish
	tracer_ends
	[ "$status" -eq 0 ] || fail "the target ended with $status"
	[ "$tracer_status" -eq 0 ] || fail "usdtrap ended with $tracer_status"
}

# The program itself is the lock, so that none is left behind.
alone() {
	exec 7<"$usdtrap"
	flock 7
}

# How many clock ticks the target has run so far.
processor_time() {
	awk '{ print $14 + $15 }' "/proc/$pid/stat"
}

wait_until_still() {
	tries=0
	before=
	until [ "$before" = "$(processor_time)" ]; do
		tries=$((tries + 1))
		[ $tries -lt 100 ] || fail "the target does not stop running"
		before=$(processor_time)
		sleep 0.3
	done
}

many() {
	echo $(($1 / ${LIVE_SHARE:-1}))
}

needs_attach() {
	sleep 60 &
	started="$started $!"
	"$helpers/mayattach" $! || skip "this user may not attach to a running process here"
}
