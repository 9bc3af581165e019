#!/bin/sh
# SPDX-License-Identifier: MIT
# Libraries that no loader tells of: what a program maps by itself is found within 100 ms, with --watch-maps before a
# single instruction of it runs. Where something else lies then nothing is written; what comes again is traced again.
. "${top_srcdir:-.}/tests/live/lib.sh"
case ${OLD_KERNEL:-} in 3*) skip "an old kernel has no filters of system calls, which this is about in part" ;; esac

library=$targets/libguarded.so
program="usdt:$library:libguarded:work { @work = count(); }"

# Has the target do WORD..., each when the one before is done.
does() {
	for word; do
		before=$(grep -cx "$word" target.out) || true
		tell "$word"
		tries=0
		until [ "$(grep -cx "$word" target.out)" -gt "$before" ]; do
			tries=$((tries + 1))
			[ $tries -lt 600 ] || fail "the target does not $word: $(cat target.err)"
			sleep 0.02
		done
	done
}

begins() {
	go
	wait_for target.out '^ready$'
}

# All CALLS were made with the semaphore up, and were hits; the text of the target was right whenever it looked.
ends() { # WHAT CALLS
	both_end
	grep -qx "called $2" target.out || fail "$1: $(cat target.out)"
	grep -qx "@work: $2" target.out || fail "$1: the semaphore was not up for all of $2: $(cat target.out)"
	same_maps
	! grep WARNING trace.err | grep -v 'by the program, which mapped its text anew' || fail "$1: warned"
}

# In one go, without a pause: nothing may be missed.
words='map call unmap map call other again call anew call copy call unmap map call'
{ echo go && for word in $words; do echo "$word"; done; } >input
for filter in '' --seccomp; do
	# shellcheck disable=SC2086 # one option, or none
	"$usdtrap" --watch-maps $filter -e "$program" -c "$targets/mapper $library" -o trace.out <input >target.out \
		2>trace.err
	grep -qx 'called 30' target.out || fail "in one go $filter: $(cat target.out)"
	grep -qx '@work: 30' target.out || fail "in one go $filter: the semaphore was not up: $(cat target.out)"
	same_maps
done

needs_attach
target mapper "$library"
tracer -e "$program" -p "$pid"
grep -q "process $pid has none of the named files mapped" trace.err || fail "not told to wait: $(cat trace.err)"
sed -i '/none of the named files/d' trace.err
begins
does map pause call
does other second check              # something else lies there now, ...
does again pause call                # and the library once more
does copy second call                # with our trap in the copy
does unmap second map pause call
does unmap map pause call            # perhaps at the same place, so that the maps are as they were
does anew pause call
does unmap slowly pause call         # the text is there long before the semaphore
ends 'by itself' 35

# What was put elsewhere is left alone when usdtrap leaves, and what is still there gets its text back.
target mapper "$library"
tracer -e "$program" -p "$pid"
begins
does map pause call other
leave
! grep WARNING trace.err | grep -v 'none of the named' || fail "left: warned"
does check
untouched "$pid"
does again
tracer -e "$program" -p "$pid"
does call copy pause call
leave
does check call
finish
grep -c '^text right$' target.out | grep -qx 2 || fail "left: $(cat target.out)"
grep -qx 'called 20' target.out || fail "left: $(cat target.out)"
grep -qx '@work: 15' target.out || fail "left: the semaphore: $(cat target.out)"

# The program is slow to put its copy in place: nothing is there meanwhile, empty memory or none at all.
target mapper "$library"
tracer -e "$program" -p "$pid"
begins
does map second call
does vacate second refill call       # with our trap in the copy, which is still ours
does second call
leave
! grep WARNING trace.err | grep -v 'none of the named' || fail "vacated: warned"
grep -qx '@work: 15' trace.out || fail "vacated: $(cat trace.out)"
does call check
tracer -e "usdt:$library:libguarded:work { printf(\"hit\\n\"); }" -p "$pid"
does anew
tries=0
until grep -q hit trace.out; do
	tries=$((tries + 1))
	[ $tries -lt 100 ] || fail "what was mapped anew is not traced"
	does pause call
done
does pause
hits=$(grep -c hit trace.out)
does vanish second refill call call  # the trap in the copy is met, and is nobody's: it is taken out
leave
if [ "$(grep -c hit trace.out)" -eq "$hits" ]; then # else it was not noticed that the text was away
	grep -q "WARNING: process $pid runs a copy of its text that it made while that was traced" trace.err ||
		fail "vanished: not told"
fi
does check call
finish
[ "$status" -eq 0 ] || fail "after the copy had vanished the target ended with $status"
[ "$(grep -c '^text right$' target.out)" -eq 2 ] || fail "vanished: $(cat target.out)"

# A library that was loaded before, unloaded, and loaded again.
target mapper "$library"
begins
does map call
tracer -e "$program" -p "$pid"
does call unmap map pause call
leave
grep -qx '@work: 10' trace.out || fail "loaded before: $(cat trace.out)"
finish
