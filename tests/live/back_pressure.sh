#!/bin/sh
# SPDX-License-Identifier: MIT
# When nobody reads what is printed, the target waits in the end and nothing is lost; with --drop it does not wait, and
# what is lost is counted.
. "${top_srcdir:-.}/tests/live/lib.sh"

program="usdt:$targets/hits:hits:tick { printf(\"%d %s\\n\", arg0, str(arg1)); }"

# Starts usdtrap with a small queue and a reader that begins to read when the file `read' is there.
start_slow() {
	rm -f slow.pipe read trace.err
	mkfifo slow.pipe
	(
		while ! [ -e read ]; do
			sleep 0.05
		done
		exec cat
	) <slow.pipe >trace.out &
	reader=$!
	started="$started $reader"
	"$usdtrap" "$@" >slow.pipe 2>trace.err 9>&- &
	tracer=$!
	wait_for trace.err '^Attached'
}

lines() {
	i=0
	while [ $i -lt "$1" ]; do
		echo "$i some text of thirty-two letters."
		i=$((i + 1))
	done
}

needs_attach
target hits 20000
start_slow -e "$program" --queue 64K -p "$pid"
go
wait_for trace.err 'the output is read too slowly'
# The target waits, in the middle of its work.
wait_until_still
! grep -q '^@hits' target.out || fail "the target did not wait"
touch read
both_end
wait "$reader"
lines 20000 >expected
grep . trace.out | same expected -
[ "$(grep -c 'too slowly' trace.err)" -eq 1 ] || fail "not warned once: $(cat trace.err)"
grep -qx 'work right' target.out || fail "the target computed something else"

target hits 20000
start_slow -e "$program end { printf(\"end\\n\"); }" --queue 64K --drop -p "$pid"
go
finish
[ "$status" -eq 0 ] || fail "the target ended with $status"
touch read
tracer_ends
wait "$reader"
grep -qx end trace.out || fail "the end was dropped"
got=$(grep -c 'some text' trace.out)
[ "$got" -lt 20000 ] || fail "nothing was dropped"
grep -q "$((20000 - got)) " trace.err || fail "$((20000 - got)) were dropped, not: $(cat trace.err)"
