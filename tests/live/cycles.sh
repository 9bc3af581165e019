#!/bin/sh
# SPDX-License-Identifier: MIT
# Four threads fork in loops; they are attached and left a thousand times (make torture: five thousand):
# no child dies, and none keeps a byte of ours.
. "${top_srcdir:-.}/tests/live/lib.sh"
needs_attach

target busy 4
"$helpers/cycles" "$pid" "$targets/busy" busy "$(many "${CYCLES:-1000}")" >said || fail "$(cat said)"
cat said
untouched "$pid"
grep -q '^TracerPid:.0$' "/proc/$pid/status" || fail "it is still traced"
tell stop
finish
[ "$status" -eq 0 ] || fail "the target ended with $status"
printf 'ready\nwrong: 0\n' | same - target.out
sed 's/^/the target: /' target.err
