#!/bin/sh
# SPDX-License-Identifier: MIT
# --follow: every hit of every child counts, whichever way it was made and whatever it runs; and nobody is harmed.
. "${top_srcdir:-.}/tests/live/lib.sh"

program="usdt:$targets/forker:forker:parent { @parent = count(); }
	usdt:$targets/forker:forker:child { @child = count(); }"

check() { # MODE CHILDREN'S-HITS
	grep -qx 'children that ended wrong: 0' target.out || fail "$1: $(tail -n 1 target.out)"
	{
		grep '^@parent' target.out
		[ "$2" -eq 0 ] || echo "@child: $2"
	} | sort >expected
	maps trace.out | same expected -
	! grep WARNING trace.err || fail "$1: warned"
}

for mode in 'fork 300' 'vfork 30' 'spawn 0' 'system 0' 'threads 1200'; do
	children=${mode#* }
	mode=${mode% *}
	"$usdtrap" --follow -e "$program" -c "$targets/forker $mode 30" -o trace.out >target.out 2>trace.err </dev/null
	check "$mode" "$children"
done

# A shell, its children, and theirs: run, in the background, by a double fork, and by exec.
cat >commands <<EOT
$targets/hits 100 </dev/null
$targets/hits 200 </dev/null &
( ( $targets/hits 400 </dev/null ) & )
wait
sleep 0.5
exec $targets/hits 800 </dev/null
EOT
"$usdtrap" --follow -e "usdt:$targets/hits:hits:tick { @hits = count(); @by[pid] = count(); }" -c '/bin/sh commands' \
	-o trace.out >target.out 2>trace.err </dev/null
grep -qx '@hits: 1500' trace.out || fail "a shell's: $(grep hits trace.out)"
[ "$(grep -c '^@by\[' trace.out)" -eq 4 ] || fail "a shell's: $(cat trace.out)"

# Without it, the command alone.
"$usdtrap" -e "usdt:$targets/hits:hits:tick { @hits = count(); }" -c '/bin/sh commands' -o trace.out >target.out \
	2>trace.err </dev/null
grep -qx '@hits: 800' trace.out || fail "without --follow: $(cat trace.out)"

needs_attach
for mode in 'fork 300' 'vfork 30' 'threads 1200'; do
	children=${mode#* }
	mode=${mode% *}
	target forker "$mode" 30
	tracer --follow -e "$program" -p "$pid"
	go
	both_end
	check "$mode" "$children"
done

# Left in the middle of it: parent and children go on.
target busy
for round in 1 2 3 4 5; do
	tracer --follow -e "usdt:$targets/busy:busy:* { @hits = count(); }" -p "$pid"
	sleep 0.2
	leave
	untouched "$pid"
	[ "$tracer_status" -eq 0 ] || fail "round $round: usdtrap ended with $tracer_status"
done
finish
grep -qx 'wrong: 0' target.out || fail "left in the middle: $(cat target.out)"
