#!/bin/sh
# SPDX-License-Identifier: MIT
# A storm of forks, with --follow and without, and of threads: every hit of every process is counted, none ends
# otherwise than it would have, no journal is left, and usdtrap's memory does not grow with their number.
. "${top_srcdir:-.}/tests/load/lib.sh"
needs_attach

# Journals in a folder of the test's own, so that each that is left is one of ours; root's are where they always are.
XDG_RUNTIME_DIR=$work
export XDG_RUNTIME_DIR
folder=$work/usdtrap
[ "$(id -u)" -ne 0 ] || folder=/run/usdtrap

children=$(size 1000 100000)
program="usdt:$targets/breeder:breeder:child { @hits = count(); }"

rate() {
	sed -n 's/ forks a second$//p' target.err
}

unharmed() {
	grep -qx 'children that ended wrong: 0' target.out || fail "$1: $(tail -n 3 target.out)"
}

target breeder "$children" 3
go
finish
without=$(rate)

target breeder "$children" 3
tracer --follow -e "$program" -p "$pid"
engine
watch_memory memory
go
both_end
unharmed '--follow'
same_maps
row 'forks, followed' "$children"
row 'forks a second, followed and untraced' "$(rate), $without"
row 'hits, lost' "$(sed -n 's/^@hits: //p' target.out), 0"
memory_is_flat memory
left=$(find "$folder" -name "*-*" 2>/dev/null | while read -r journal; do
	owner=$(sed -n 's/^tracer //p' "$journal")
	[ "$owner" != "$engine" ] || echo "$journal"
done)
[ -z "$left" ] || fail "journals are left: $left"

target breeder "$children" 3
tracer -e "$program" -p "$pid"
engine
watch_memory memory
go
both_end
unharmed 'not followed'
row 'forks a second, not followed' "$(rate)"
memory_is_flat memory
! grep -q '^@hits' trace.out || fail "a child that is not followed was counted: $(cat trace.out)"

threads=$(size 4000 300000)
target storm "$threads" 3
tracer -e "usdt:$targets/storm:storm:tick { @hits = count(); @sum = sum(arg0); }" -p "$pid"
engine
watch_memory memory
from=$(date +%s.%N)
go
both_end
same_maps
row 'threads, one after the other' "$threads in $(ran_for "$from" "$(date +%s.%N)") s"
memory_is_flat memory
