#!/bin/sh
# SPDX-License-Identifier: MIT
# A target forks after all of usdtrap was killed: the child has all that was left, and no journal tells of it. By the
# net's own table it is repaired nevertheless, by the command and by the next attach, and heals itself.
. "${top_srcdir:-.}/tests/live/lib.sh"
needs_attach
alone

XDG_RUNTIME_DIR=$work
export XDG_RUNTIME_DIR
program="usdt:$targets/guarded:guarded:tick { @hits = count(); }"

# A target whose usdtrap was killed, and its child: $child.
inherit() {
	target guarded
	tracer -e "$program" -p "$pid"
	kill_tracer_and_engine
	[ "${OLD_KERNEL:-}" != 3.3 ] || kill -CONT "$pid"
	tell fork
	wait_for target.out '^child'
	child=$(sed -n 's/^child //p' target.out)
	! "$helpers/pristine" "$child" >left || fail "the child has nothing"
	[ "$(grep -c 'cc in memory, 90 in the file\|semaphore' left)" -eq 2 ] || fail "the child has: $(cat left)"
}

child_ends() {
	tell child
	wait_for target.out '^the child ended'
	grep -qx 'the child ended with 0' target.out || fail "$1: $(tail -n 1 target.out)"
}

note="NOTE: process CHILD has a safety net that it was left by its parent, whose usdtrap was killed: 1 byte put back"

inherit
"$usdtrap" repair "$child" 2>said
echo "$note" | sed "s/CHILD/$child/" | same - said
untouched "$child"
grep -q '^SigCgt:.*[02468ace].$' "/proc/$child/status" || fail "the child has SIGTRAP's handler"
"$usdtrap" repair "$child" 2>said
echo "NOTE: nothing of a killed usdtrap is known in process $child" | same - said
# What its parent has is its own.
! "$helpers/pristine" "$pid" >left || fail "the parent was repaired as well"
child_ends 'after a repair'
"$usdtrap" repair "$pid" 2>said
untouched "$pid"
finish

inherit
"$usdtrap" repair all 2>said
grep -qx "$(echo "$note" | sed "s/CHILD/$child/")" said || fail "all: $(cat said)"
grep -q "^NOTE: process $pid had traps of usdtrap $engine, which was killed: 1 byte" said || fail "all: $(cat said)"
untouched "$child"
untouched "$pid"
child_ends 'after a repair of all'
finish

inherit
parent=$pid
tracer -e "$program" -p "$child"
grep -qx "$(echo "$note" | sed "s/CHILD/$child/")" trace.err || fail "attach: $(cat trace.err)"
child_ends 'traced'
tracer_ends
grep -qx '@hits: 10' trace.out || fail "attach: $(cat trace.out)"
"$usdtrap" repair "$parent" 2>said
untouched "$parent"
finish

# Left alone, it survives its first hit.
inherit
child_ends 'left alone'
"$usdtrap" repair "$pid" 2>said
untouched "$pid"
finish

# Whoever is traced, and whoever such a one has made, is left alone.
target guarded
tracer -e "$program" -p "$pid"
tell fork
wait_for target.out '^child'
child=$(sed -n 's/^child //p' target.out)
untouched "$child"
"$usdtrap" repair all 2>said
! grep -q "process $pid\|process $child" said || fail "what is in use was repaired: $(cat said)"
child_ends 'of a target that is traced'
leave
untouched "$pid"
finish
