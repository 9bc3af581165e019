#!/bin/sh
# SPDX-License-Identifier: MIT
# Libraries are covered from their first instruction, whether the loader maps them at the start or the program later on.
. "${top_srcdir:-.}/tests/live/lib.sh"

library=$targets/libprobe.so
program="usdt:$library:libprobe:constructor { @constructor = count(); }
	usdt:$library:libprobe:work { @work = count(); }
	usdt:$library:libprobe:destructor { @destructor = count(); }"

"$usdtrap" -e "$program" -c "$targets/linked" -o trace.out >target.out 2>trace.err </dev/null
same_maps

# Loaded and unloaded four times over.
round="usdt:$targets/opener:opener:round { @round = count(); }"
"$usdtrap" -e "$program $round" -c "$targets/opener $library 4" -o trace.out >target.out 2>trace.err </dev/null
same_maps

needs_attach
target linked
tracer -e "usdt:$library:libprobe:work { @work = count(); }" -p "$pid"
go
both_end
grep -qx '@work: 5' trace.out || fail "a library that was there: $(cat trace.out)"

target opener "$library" 4
tracer -e "$program $round" -p "$pid"
go
both_end
same_maps

# One that was there before goes, and comes again at another address.
target opener "$library" 4
go
wait_for target.out '^loaded$'
tracer -e "$program $round" -p "$pid"
both_end
printf '@constructor: 9\n@destructor: 4\n@round: 3\n@work: 20\n' >expected
maps trace.out | same expected -

# The same file by other paths: by a link of either kind and, where mounts can be had, by a mount.
ln -s "$library" symbolic.so
cp "$library" one.so
ln one.so other.so
target opener "$library" 4 "$work/symbolic.so"
tracer -e "$program $round" -p "$pid"
go
both_end
same_maps
target opener "$work/one.so" 4 "$work/other.so"
tracer -e "usdt:$work/one.so:libprobe:work { @work = count(); }" -p "$pid"
go
both_end
grep -qx '@work: 20' trace.out || fail "by a hard link: $(cat trace.out)"
# shellcheck disable=SC2016 # for the shell inside
by_mount='touch mounted.so && mount --bind one.so mounted.so && exec "$0" "$PWD/mounted.so" 4 "$PWD/one.so"'
if unshare -Um --map-root-user sh -c 'mount --bind one.so other.so' 2>/dev/null; then
	start unshare -Um --map-root-user sh -c "$by_mount" "$targets/opener"
	wait_for target.out '^ready$'
	tracer -e "usdt:$work/one.so:libprobe:work { @work = count(); }" -p "$pid"
	go
	both_end
	grep -qx '@work: 20' trace.out || fail "by a mount: $(cat trace.out)"
fi

# A copy is another file.
cp one.so copy.so
target opener "$work/copy.so" 4
tracer -e "usdt:$work/one.so:libprobe:work { @work = count(); }" -p "$pid"
go
both_end
! grep -q '^@work' trace.out || fail "a copy was taken for the file: $(cat trace.out)"
