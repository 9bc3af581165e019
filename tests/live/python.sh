#!/bin/sh
# SPDX-License-Identifier: MIT
# All eight probes of Debian's CPython 3.11, by a script that knows how often each must fire and with what.
. "${top_srcdir:-.}/tests/live/lib.sh"

python=/usr/bin/python3.11
script=$top_srcdir/tests/targets/eight.py
"$usdtrap" -l "usdt:$python:python:*" >probes.out 2>/dev/null || skip "$python has no probes"
[ "$(wc -l <probes.out)" -eq 8 ] || skip "$python has other probes"

cat >eight.bt <<'EOF'
usdt:/usr/bin/python3.11:function__entry /str(arg1) == "work"/ { @on = 1; }
usdt:/usr/bin/python3.11:function__entry /@on && str(arg0) == str($1) && str(arg1) != "count_call"/ { @entry[str(arg1), arg2] = count(); }
usdt:/usr/bin/python3.11:function__return /@on && str(arg0) == str($1) && str(arg1) != "count_call"/ { @return[str(arg1)] = count(); }
usdt:/usr/bin/python3.11:function__return /@on && str(arg1) == "lines"/ { @left[arg2] = count(); }
usdt:/usr/bin/python3.11:line /@on && str(arg0) == str($1) && str(arg1) == "lines"/ { @line[arg2] = count(); }
usdt:/usr/bin/python3.11:gc__start /@on/ { @gc__start[arg0] = count(); }
usdt:/usr/bin/python3.11:gc__done /@on/ { @gc__done["collections"] = count(); @gc__done_sum["objects"] = sum(arg0); }
usdt:/usr/bin/python3.11:import__find__load__start /@on/ { @import__find__load__start[str(arg0)] = count(); }
usdt:/usr/bin/python3.11:import__find__load__done /@on/ { @import__find__load__done[str(arg0), arg1] = count(); }
usdt:/usr/bin/python3.11:audit /@on && str(arg0) == "usdtrap.test"/ { @audit[str(arg0)] = count(); }
usdt:/usr/bin/python3.11:function__return /str(arg1) == "work"/ { @on = 0; }
end { clear(@on); }
EOF

"$usdtrap" eight.bt -c "$python $script" -o trace.out "$script" >target.out 2>trace.err </dev/null
same_maps

# The recipe: without it function__entry is silent for ordinary calls.
recipe="usdt:$python:function__entry /str(arg1) == \"leaf\"/ { @leaf = count(); }"
"$usdtrap" -e "$recipe" -c "$python $script" -o trace.out >target.out 2>trace.err </dev/null
grep -qx '@leaf: 137' trace.out || fail "with the recipe: $(cat trace.out)"
[ "$(grep -c no-recipe trace.err)" -eq 1 ] || fail "the recipe is not told in one line: $(cat trace.err)"
grep no-recipe trace.err | grep -q 'line' || fail "the recipe does not name what was raised: $(cat trace.err)"
"$usdtrap" -e "$recipe" --no-recipe -c "$python $script" -o trace.out >target.out 2>trace.err </dev/null
! grep -q '@leaf' trace.out || fail "--no-recipe: $(cat trace.out)"
! grep -q no-recipe trace.err || fail "--no-recipe: $(cat trace.err)"

needs_attach
start "$python" "$script"
wait_for target.out '^ready$'
tracer eight.bt -p "$pid" "$script"
leave
untouched "$pid"
tracer eight.bt -p "$pid" "$script"
go
both_end
same_maps

# Left in the middle: the interpreter has its text and semaphores back, and computes what it should.
cat >loop.py <<'EOF'
def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


print("ready", flush=True)
for _ in range(20):
    if fib(18) != 2584:
        print("WRONG", flush=True)
print("done", flush=True)
input()
EOF
start "$python" loop.py
wait_for target.out '^ready$'
for _ in 1 2 3; do
	"$usdtrap" -e "usdt:$python:function__* { @[probe] = count(); } interval:ms:50 { exit(); }" -p "$pid" \
		>trace.out 2>trace.err
	untouched "$pid"
done
wait_for target.out '^done$'
tell bye
finish
[ "$status" -eq 0 ] || fail "python ended with $status"
! grep -q WRONG target.out || fail "python computed something else"
