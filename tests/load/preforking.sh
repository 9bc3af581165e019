#!/bin/sh
# SPDX-License-Identifier: MIT
# A server in Python that forks its workers, as gunicorn does, and replaces each after some requests: each call of its
# handler is counted, in whichever worker, also in those that were there before, and every answer is right.
. "${top_srcdir:-.}/tests/load/lib.sh"
needs_attach
python=/usr/bin/python3.11
[ -x $python ] || skip "there is no $python"
"$usdtrap" -l "usdt:$python:python:function__entry" 2>/dev/null | grep -q . || skip "this Python has no probes"

requests=$(size 300 20000)
life=$(size 20 50)

serve() {
	start $python "$top_srcdir/tests/targets/prefork.py" 4 "$requests" "$life"
	wait_for target.out '^ready$'
}

rate() {
	sed -n 's/ requests a second$//p' target.err
}

serve
go
finish
without=$(rate)
[ "$status" -eq 0 ] || fail "untraced the server ended with $status"

serve
tracer --follow -e "usdt:$python:python:function__entry /str(arg1) == \"handle\"/ { @calls = count(); }" -p "$pid"
engine
watch_memory memory
go
both_end
grep -qx 'wrong: 0' target.out || fail "answers were wrong: $(tail -n 3 target.out)"
grep -qx "@calls: $requests" target.out || fail "the server itself counts otherwise: $(grep calls target.out)"
same_maps
row 'workers forked' "$(sed -n 's/^workers: //p' target.out)"
row 'requests, calls counted, lost' "$requests, $(sed -n 's/^@calls: //p' trace.out), 0"
row 'requests a second, traced and not' "$(rate), $without ($(slowdown "$without" "$(rate)") times slower)"
memory_is_flat memory
