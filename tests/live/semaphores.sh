#!/bin/sh
# SPDX-License-Identifier: MIT
# A probe's semaphore goes up by one for each user and down by one when he leaves, whoever else holds it.
# covers: probe-usdt-semaphore
. "${top_srcdir:-.}/tests/live/lib.sh"

program="usdt:$targets/guarded:guarded:tick { @hits = count(); }"

# Asks the target for its semaphore and expects the value $1.
semaphore_is() {
	: >target.out
	tell show
	wait_for target.out '^semaphore'
	grep -qx "semaphore $1" target.out || fail "$2: $(cat target.out), not $1"
}

hits_are() {
	: >target.out
	tell 'hit 1000'
	wait_for target.out '^@hits'
	grep -qx "@hits: $1" target.out || fail "$2: $(cat target.out), not $1"
}

printf 'hit 1000\nshow\n' | "$usdtrap" -e "$program" -c "$targets/guarded" -o trace.out >target.out 2>trace.err
grep -qx 'semaphore 1' target.out || fail "started by the tracer: $(grep semaphore target.out)"
same_maps

needs_attach
target guarded
semaphore_is 0 'at first'
hits_are 0 'at first'

tracer -e "$program" -p "$pid"
semaphore_is 1 'while traced'
hits_are 1000 'while traced'
leave
grep -qx '@hits: 1000' trace.out || fail "traced: $(grep hits trace.out)"
semaphore_is 0 'afterwards'
untouched "$pid"

# Two clauses at one site are one user, or two: they leave as many as they came.
tracer -e "$program $program" -p "$pid"
leave
semaphore_is 0 'after two clauses'

# Another tool holds it all the time.
tell raise
semaphore_is 1 'held by another'
tracer -e "$program" -p "$pid"
semaphore_is 2 'held by both'
leave
semaphore_is 1 'held by the other again'

# Another tool comes and goes while we trace.
tracer -e "$program" -p "$pid"
tell lower
semaphore_is 1 'held by us alone'
leave
semaphore_is 0 'held by nobody'
tracer -e "$program" -p "$pid"
tell raise
semaphore_is 2 'the other came later'
leave
semaphore_is 1 'the other stays'

# Another tool took away more than it gave: it is never taken below 0.
tell lower
tracer -e "$program" -p "$pid"
tell lower
semaphore_is 0 'taken away from us'
leave
semaphore_is 0 'not below 0'
untouched "$pid"
finish
[ "$status" -eq 0 ] || fail "the target ended with $status"
