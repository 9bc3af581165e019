#!/bin/sh
# SPDX-License-Identifier: MIT
# A stack is what the program's own unwinder says it is: in functions with and without a frame pointer, through a library,
# through signal handlers on the same stack and on one of their own, in a thread.
. "${top_srcdir:-.}/tests/live/lib.sh"
needs_attach

target stacked
"$helpers/stacks" "$pid" "$targets/stacked" stacked here >trace.out 2>trace.err 9>&- &
tracer=$!
wait_for trace.err '^Attached'
go
both_end

# The hit's own address is a little behind the address that backtrace(3) found in the same function: from the second on.
awk '/^stack/ { print; skip = 1; next } skip { skip = 0; next } { print $1 }' trace.out >ours
grep -v ready target.out >expected
same expected ours
[ "$(grep -c '^stack' ours)" -eq 11 ] || fail "there were $(grep -c '^stack' ours) stacks"

# Names: the first frame is the probe's function, and so on out to main.
awk '/^stack/ { count++; next } count == 2 { sub(/\+.*/, "", $2); print $2 }' trace.out | head -n 6 >names
printf 'report\nplain\nplain\nplain\nplain\nmain\n' | same - names
grep -q "on_fault+[0-9]* $targets/stacked" trace.out || fail "no handler of a fault"
grep -q 'faulting+' trace.out || fail "the stack does not go on behind the handler"
grep -q 'compare+' trace.out || fail "no comparison function"
grep -q 'on_thread+' trace.out || fail "no thread"
