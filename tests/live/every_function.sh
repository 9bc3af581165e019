#!/bin/sh
# SPDX-License-Identifier: MIT
# Every function of a program at once, and of the C library: each call counted once, nothing refused for want of room, and
# the room that the program was made to map is gone afterwards, whoever was killed meanwhile.
. "${top_srcdir:-.}/tests/live/lib.sh"

# Executable memory of no file: what usdtrap has the program map.
pages() {
	grep -c 'r-xp 00000000 00:00 0 $' "/proc/$pid/maps" || true
}

# In a program that is started. Under make check-old it is filtered as usdtrap is, and one that is filtered is not made to
# map room.
if [ -z "${OLD_KERNEL:-}" ]; then
	"$usdtrap" -e "uprobe:$targets/every:f[0-9]* { @[func] = count(); }" -c "$targets/every" >both.out 2>trace.err </dev/null ||
		fail "usdtrap ended with $?: $(cat trace.err)"
	grep '^@' both.out | sort | uniq -c | awk '$1 != 2' >unequal
	[ ! -s unequal ] || fail "counts differ: $(cat unequal)"
	[ "$(grep -c '^@' both.out)" -eq 512 ] || fail "not all functions were called"
	printf 'Attached 256 probes\n' | same - trace.err
fi

needs_attach

# In one that runs, with returns as well.
target every 5
tracer -e "uprobe:$targets/every:f[0-9]* { @[func] = count(); } uretprobe:$targets/every:f[0-9]* { @returns = count(); }" \
	-p "$pid"
[ "$(pages)" -ge 1 ] || fail "no room was mapped"
go
both_end
grep -v '^@returns' trace.out >entries
maps entries >counted
maps target.out | same - counted
awk '{ sum += $2 } END { print sum }' counted >calls
sed -n 's/^@returns: //p' trace.out | same calls -

# The whole C library of a program that works all the time: what it computes is what it computes untraced.
cat >summing.py <<'END'
import hashlib, sys
print("ready", flush=True)
for line in sys.stdin:
    print(hashlib.sha256(b"".join(str(i).encode() for i in range(5000))).hexdigest(), flush=True)
END
start python3 summing.py
wait_for target.out '^ready$'
go
wait_for target.out '^[0-9a-f]*$'
for round in 1 2 3 4 5 6; do
	tracer -e "uprobe:libc:* { @ = count(); }" -p "$pid"
	! grep -q '^WARNING' trace.err || fail "round $round: $(cat trace.err)"
	[ "$(pages)" -ge 1 ] || fail "round $round: no room was mapped"
	[ "$(pages)" -le 6 ] || fail "round $round: room is used up: $(cat "/proc/$pid/maps")"
	go
	sleep 0.2
	case $round in
	2) kill -KILL "$(pgrep -P "$tracer" -x usdtrap)" && { wait "$tracer" || true; } 2>/dev/null ;;
	3 | 4) kill -KILL "$tracer" "$(pgrep -P "$tracer" -x usdtrap)" && { wait "$tracer" || true; } 2>/dev/null ;;
	*) leave ;;
	esac
	tracer=
	kill -0 "$pid" || fail "round $round: the target has died"
done
untouched "$pid"
[ "$(pages)" -eq 0 ] || fail "room is still mapped: $(cat "/proc/$pid/maps")"
go
finish
[ "$status" -eq 0 ] || fail "the target ended with $status"
[ "$(grep -c . target.out)" -eq 9 ] || fail "the target did not answer: $(cat target.out)"
[ "$(grep -v ready target.out | sort -u | grep -c .)" -eq 1 ] || fail "it computed something else: $(cat target.out)"
