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

for mode in 'fork 300' 'vfork 30' 'spawn 0' 'system 0' 'threads 1200' 'clone3 300' 'shared 30' 'daemon 300'; do
	case ${OLD_KERNEL:-}$mode in 3*clone3*) continue ;; esac # it came with Linux 5.3
	children=${mode#* }
	mode=${mode% *}
	"$usdtrap" --follow -e "$program" -c "$targets/forker $mode 30" -o trace.out >target.out 2>trace.err </dev/null
	check "$mode" "$children"
done

# Those that are killed while they are armed: no failure, and not a word of it.
"$usdtrap" --follow -e "$program" -c "$targets/forker killed $(many 300)" -o trace.out >target.out 2>trace.err </dev/null
grep -qx 'children that ended wrong: 0' target.out || fail "killed: $(tail -n 1 target.out)"
grep '^@parent' target.out >expected
grep '^@parent' trace.out | same expected -
! grep WARNING trace.err || fail "killed: warned"

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
for mode in 'fork 300' 'vfork 30' 'threads 1200' 'clone3 300' 'shared 30' 'daemon 300'; do
	case ${OLD_KERNEL:-}$mode in 3*clone3*) continue ;; esac # it came with Linux 5.3
	children=${mode#* }
	mode=${mode% *}
	target forker "$mode" 30
	tracer --follow -e "$program" -p "$pid"
	go
	both_end
	check "$mode" "$children"
done

# Those that were there before it: children, and theirs.
target family 5
tracer --follow -e "usdt:$targets/family:family:work { @work = count(); @by[pid] = count(); }" -p "$pid"
go
both_end
grep -qx '@work: 1200' target.out || fail "those before: $(cat target.out)"
grep -qx '@work: 1200' trace.out || fail "those before: $(cat trace.out)"
[ "$(grep -c '^@by\[.*: 100$' trace.out)" -eq 12 ] || fail "those before: $(cat trace.out)"
target family 5
tracer -e "usdt:$targets/family:family:work { @work = count(); @by[pid] = count(); }" -p "$pid"
go
both_end
grep -qx "@by\[$pid]: 100" trace.out || fail "without --follow: $(cat trace.out)"
grep -qx '@work: 100' trace.out || fail "without --follow: $(cat trace.out)"
# Also those whose parents have ended, if they are still in the session that the process began.
target family 5 orphans
tracer --follow -e "usdt:$targets/family:family:work { @work = count(); @by[pid] = count(); }" -p "$pid"
go
both_end
grep -qx '@work: 700' target.out || fail "orphans: $(cat target.out)"
grep -qx '@work: 700' trace.out || fail "orphans: $(cat trace.out)"
[ "$(grep -c '^@by\[.*: 100$' trace.out)" -eq 7 ] || fail "orphans: $(cat trace.out)"
# Left, they are as they were.
target family 5
tracer --follow -e "usdt:$targets/family:family:work { @work = count(); }" -p "$pid"
for process in $pid $(cat "/proc/$pid/task/$pid/children"); do
	grep -q '^TracerPid:.[1-9]' "/proc/$process/status" || fail "process $process is not followed"
done
leave
for process in $pid $(cat "/proc/$pid/task/$pid/children"); do
	untouched "$process"
done
go
finish
[ "$status" -eq 0 ] || fail "those before: ended with $status"

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
