#!/bin/sh
# SPDX-License-Identifier: MIT
# Functions that every program calls all the time, in several threads: each call is counted, each return seen.
. "${top_srcdir:-.}/tests/live/lib.sh"

needs_attach
libc=$(ldd "$targets/allocator" | awk '/libc\.so/ { print $3 }')
[ -n "$libc" ] || skip "no libc.so among the libraries of a program"

target allocator 4000 4
tracer -e "uprobe:$libc:malloc { @malloc = count(); @size = sum(arg0); } uprobe:$libc:free { @free = count(); }" -p "$pid"
go
both_end
same_maps

# Every block comes back with an address.
target allocator 1500 3
tracer -e "uretprobe:$libc:malloc /retval != 0/ { @malloc = count(); }
	uprobe:$libc:malloc { @size = sum(arg0); } uprobe:$libc:free { @free = count(); }" -p "$pid"
go
both_end
same_maps

# Left in the middle, again and again, the target goes on and computes what it always does.
target allocator 8000000 3
go
for _ in 1 2 3 4; do
	tracer -e "uprobe:$libc:malloc { @malloc = count(); } uretprobe:$libc:free { @free = count(); }" -p "$pid"
	sleep 0.2
	leave
	untouched "$pid"
done
finish
[ "$status" -eq 0 ] || fail "the target ended with $status"
grep -q '^@malloc: 24000000$' target.out || fail "the target did something else"
