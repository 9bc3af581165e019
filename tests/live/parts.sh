#!/bin/sh
# SPDX-License-Identifier: MIT
# A part of a file that lies in the process a second time (V8 has its built-in functions so, near its own code): the
# functions in it are traced at both places, and nobody is told that all others are missing there.
. "${top_srcdir:-.}/tests/live/lib.sh"
needs_attach

target parts 500
tracer -e "uprobe:$targets/parts:copied, uprobe:$targets/parts:elsewhere { @func[func] = count(); }" -p "$pid"
go
both_end
grep -qx 'sum right' target.out || fail "the target: $(cat target.out)"
same_maps
! grep -v '^Attached 2 probes$' trace.err || fail "said too much"

# None of what is asked for is in the part.
target parts 500
tracer -e "uprobe:$targets/parts:elsewhere { @func[func] = count(); }" -p "$pid"
go
both_end
echo '@func[elsewhere]: 500' >expected
grep '^@' trace.out | same expected -
! grep -v '^Attached 1 probe$' trace.err || fail "said too much of what is not in the part"
