#!/bin/sh
# SPDX-License-Identifier: MIT
# Another tracer takes our trap out, as bpftrace does when it leaves: it is put in again within a second, and told. What
# has become something else is left alone, and told.
. "${top_srcdir:-.}/tests/live/lib.sh"
needs_attach

target guarded
offset=$("$usdtrap" -lv "usdt:$targets/guarded:guarded:tick" | grep -o '0x[0-9a-f]*' | head -n 1)
base=$(sed -n "s|^\\([0-9a-f]*\\)-.* 00000000 .*$targets/guarded\$|\\1|p" "/proc/$pid/maps" | head -n 1)
address=$(printf '%x' $((0x$base + offset)))

tracer -e "usdt:$targets/guarded:guarded:tick { @hits = count(); }" -p "$pid"
"$helpers/plant" "$pid" "$address" 90
wait_for trace.err 'it was put in again'
grep '^WARNING' trace.err >said
cat >expected <<EOT
WARNING: the trap of usdt:$targets/guarded:guarded:tick was taken out of process $pid, by another tracer or by the program, which mapped its text anew; it was put in again, and what was passed in between, for a second at most, is not counted
EOT
same expected said
tell 'hit 1000'
wait_for target.out '^@hits: 1000$'

# Once more is not told again.
"$helpers/plant" "$pid" "$address" 90
tries=0
until "$helpers/pristine" "$pid" | grep -q ': cc in memory, 90 in the file'; do
	tries=$((tries + 1))
	[ $tries -lt 100 ] || fail "the trap was not put in a second time"
	sleep 0.05
done
[ "$(grep -c '^WARNING' trace.err)" -eq 1 ] || fail "told again: $(cat trace.err)"
leave
grep -qx '@hits: 1000' trace.out || fail "after that: $(cat trace.out)"
untouched "$pid"

tracer -e "usdt:$targets/guarded:guarded:tick { @hits = count(); }" -p "$pid"
"$helpers/plant" "$pid" "$address" 66
wait_for trace.err "somebody else changed byte 0x$address of process $pid to 0x66: usdt:.*:guarded:tick is not traced there"
leave
"$helpers/pristine" "$pid" | grep -q ': 66 in memory, 90 in the file' || fail "what somebody else wrote was not left alone"
"$helpers/plant" "$pid" "$address" 90
untouched "$pid"
finish
