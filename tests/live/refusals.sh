#!/bin/sh
# SPDX-License-Identifier: MIT
# What usdtrap should not touch it refuses, says why, and leaves as it was.
. "${top_srcdir:-.}/tests/live/lib.sh"

# Runs usdtrap, which must end with 1 and say something that matches $1.
refused() {
	pattern=$1
	shift
	result=0
	"$usdtrap" "$@" >trace.out 2>trace.err || result=$?
	[ $result -eq 1 ] || fail "$pattern: usdtrap ended with $result"
	grep -q -e "$pattern" trace.err || fail "does not say \`$pattern': $(cat trace.err)"
}

count='{ @ = count(); }'

refused 'usdt:NAME needs a process, named with -p or -c' -e "usdt:tick $count"
refused 'profile cannot be had for the whole machine' -e "profile:hz:99 $count"
refused 'no process 4194000' -e "usdt:$targets/hits:hits:tick $count" -p 4194000
refused 'tick' -e "usdt:$targets/hits:hits:tock $count" -c "$targets/hits 1"

needs_attach

# A probe that the process does not have, but may load.
target hits 1000
tracer -e "usdt:$targets/sites:sites:value $count" -p "$pid"
grep -q "process $pid has none of the named files mapped" trace.err || fail "does not say so: $(cat trace.err)"
leave
untouched "$pid"

# Somebody else's trap at the site: planted there by another tool.
offset=$("$usdtrap" -lv "usdt:$targets/hits:hits:tick" | grep -o '0x[0-9a-f]*' | head -n 1)
base=$(sed -n "s|^\\([0-9a-f]*\\)-.* 00000000 .*$targets/hits\$|\\1|p" "/proc/$pid/maps" | head -n 1)
address=$(printf '%x' $((0x$base + offset)))
"$helpers/plant" "$pid" "$address" cc
refused 'another tracer' -e "usdt:$targets/hits:hits:tick $count" -p "$pid"
! "$helpers/pristine" "$pid" >left.out || fail "usdtrap wrote over another tracer's trap"
grep -q ': cc in memory, 90 in the file' left.out || fail "the other's trap: $(cat left.out)"
"$helpers/plant" "$pid" "$address" 90
untouched "$pid"

# Traced by somebody else already.
"$usdtrap" -e "usdt:$targets/hits:hits:tick $count" -p "$pid" >first.out 2>first.err 9>&- &
tracer=$!
wait_for first.err '^Attached'
refused '(usdtrap) traces it already' -e "usdt:$targets/hits:hits:tick $count" -p "$pid"
go
both_end
grep -qx '@: 1000' first.out || fail "the first tracer lost hits: $(cat first.out)"

# A process that has ended and waits to be reaped.
(
	"$targets/hits" 0 </dev/null >/dev/null &
	echo $! >zombie.pid
	exec sleep 60
) &
started="$started $!"
wait_for zombie.pid .
zombie=$(cat zombie.pid)
wait_for_end "$zombie"
refused 'ended' -e "usdt:$targets/hits:hits:tick $count" -p "$zombie"

# The file was replaced since the process started: what is on the disk is not what runs.
cp "$targets/hits" replaced
start ./replaced 1000
wait_for target.out '^ready$'
cp "$targets/hits" new
printf 'x' >>new
mv new replaced
refused 'replaced' -e "usdt:./replaced:hits:tick $count" -p "$pid"
go
finish
[ "$status" -eq 0 ] || fail "the target with a new file ended with $status"

# A program of the i386 kind is listed, and not traced.
# shellcheck disable=SC2086 # a command line
if ${CC:-cc} -m32 -O2 -nostdlib -static -fno-pie -no-pie -ffreestanding \
	-idirafter "/usr/include/$(uname -m)-linux-gnu" -o compat "$top_srcdir/tests/targets/compat.c" 2>compat.err; then
	"$usdtrap" -l 'usdt:./compat:*' >trace.out
	echo 'usdt:./compat:compat:tick' | same - trace.out
	if ./compat & then
		pid=$!
		started="$started $pid"
		sleep 0.2
		[ ! -e "/proc/$pid/exe" ] || refused 'runs a program of another kind' -e "usdt:./compat:compat:tick $count" -p "$pid"
	fi
fi
