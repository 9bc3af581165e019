#!/bin/sh
# SPDX-License-Identifier: MIT
# A program of somebody else's, which knows the public headers and the shared library alone, counts as well as ours.
. "${top_srcdir:-.}/tests/live/lib.sh"
needs_attach

# Starts the embedder as the tracer.
embed() {
	"$helpers/embedder" "$@" >trace.out 2>trace.err 9>&- &
	tracer=$!
	wait_for trace.err '^Attached'
}

target hits 20000
embed "$pid" "$targets/hits" hits tick
go
both_end
same_maps

# Hits that came before usdtrap_run() are held back, and a timer ends it.
target busy
embed "$pid" "$targets/busy" busy '*' 50
tracer_ends
[ "$tracer_status" -eq 0 ] || fail "the embedder ended with $tracer_status"
grep -q '^@hits: [1-9]' trace.out || fail "no hits: $(cat trace.out)"
untouched "$pid"
tell stop
finish
grep -qx 'wrong: 0' target.out || fail "the target: $(cat target.out)"

# Refused: said so, and nothing is left.
target hits 10
result=0
"$helpers/embedder" "$pid" "$targets/hits" hits tock >trace.out 2>trace.err || result=$?
[ $result -eq 1 ] || fail "a probe that is not there: $result"
grep -q tock trace.err || fail "a probe that is not there: $(cat trace.err)"
untouched "$pid"
go
finish
