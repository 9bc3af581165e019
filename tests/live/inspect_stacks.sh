#!/bin/sh
# SPDX-License-Identifier: MIT
# usdtrap inspect, stack and regs: what each thread is in, as gdb(1) finds it; whoever sleeps sleeps on, whoever is
# stopped stays so, and nobody is told anything of it.
. "${top_srcdir:-.}/tests/live/lib.sh"
needs_attach
inspect() {
	"$usdtrap" inspect "$@" >said.out 2>said.err || fail "inspect $*: $(cat said.err)"
	[ ! -s said.err ] || fail "inspect $* complains: $(cat said.err)"
}

# Ten threads, each in a system call of its own, with the function in its stack that says which; none is woken by it.
target sleepers
wait_until_still
for _ in 1 2 3 4 5 6 7 8 9 10; do
	inspect "$pid" stack
	inspect "$pid" regs
done
inspect "$pid" stack
[ "$(grep -c '^thread ' said.out)" -eq "$(find "/proc/$pid/task" -mindepth 1 -maxdepth 1 | wc -l)" ] ||
	fail "not every thread is there: $(cat said.out)"
for call in epoll_wait poll select nanosleep; do
	grep -qE "^  #[0-9]+ +0x[0-9a-f]+  sleep_$call\+0x[0-9a-f]+  \(sleepers\)$" said.out ||
		fail "nobody is in sleep_$call: $(cat said.out)"
done
grep -qE "^thread [0-9]+ \(sleepers\), S, in [a-z0-9_]+\(0x" said.out || fail "no call: $(cat said.out)"
grep -qE "^  #0 +0x[0-9a-f]+  [a-z_0-9]*read\+0x[0-9a-f]+  \(libc" said.out || fail "the first does not read: $(cat said.out)"

# One thread alone, and registers: the pc is where /proc says that it goes on.
inspect "$pid" regs "$pid"
[ "$(grep -c '^thread ' said.out)" -eq 1 ] || fail "one thread was asked for: $(cat said.out)"
at=$(awk '{ print $9 }' "/proc/$pid/task/$pid/syscall")
grep -qE "^  rip +$at +[a-z_0-9]*read\+0x[0-9a-f]+$" said.out || fail "it is not at $at: $(cat said.out)"
grep -qE '^  rsp +0x[0-9a-f]+ +\[stack\]$' said.out || fail "the stack pointer leads to no stack: $(cat said.out)"
status=0
"$usdtrap" inspect "$pid" regs 1 >said.out 2>said.err || status=$?
[ $status -eq 1 ] || fail "thread 1 was found: $(cat said.out)"
same - said.err <<EOT
ERROR: process $pid has no thread 1
HINT: usdtrap inspect $pid threads
EOT

# As JSON, an object a thread.
if command -v python3 >/dev/null; then
	inspect -f json "$pid" stack
	python3 -c 'import json, sys
threads = [json.loads(line) for line in sys.stdin]
assert all(thread["frames"] and thread["tid"] and thread["name"] for thread in threads)
assert any(frame["symbol"] == "sleep_poll" for thread in threads for frame in thread["frames"])' <said.out ||
		fail "no JSON of stacks: $(cat said.out)"
	inspect -f json "$pid" regs
	python3 -c 'import json, sys
for line in sys.stdin:
	registers = json.loads(line)["registers"]
	assert len(registers) == 27 and int(registers["rip"], 16) and int(registers["rsp"], 16)' <said.out ||
		fail "no JSON of registers: $(cat said.out)"
fi
untouched "$pid"
go
finish
printf 'ready\nasleep 10, woken 0\n' | same - target.out

# A process that is stopped stays so, and its parent hears nothing.
target watcher
child=$(sed -n 's/^child //p' target.out)
tell stop
wait_for target.out 'stopped'
cp target.out expected
inspect "$child" stack
grep -q "^thread $child (watcher), T" said.out || fail "it is not stopped: $(cat said.out)"
grep -q "^  #1 " said.out || fail "no stack of a stopped process: $(cat said.out)"
sleep 0.3
grep -q '^State:.T' "/proc/$child/status" || fail 'looking at it woke it'
same expected target.out
tell cont
wait_for target.out 'continued'
tell term
wait_for target.out 'exited'
finish

# What gdb finds, address by address, in each thread of a program that sleeps.
command -v gdb >/dev/null && command -v python3 >/dev/null || exit 0
cat >walk.py <<'END'
import gdb
for thread in sorted(gdb.selected_inferior().threads(), key=lambda thread: thread.ptid[1]):
    thread.switch()
    print("thread", thread.ptid[1])
    frame = gdb.newest_frame()
    while frame is not None:
        if frame.type() != gdb.INLINE_FRAME:
            print("frame 0x%012x" % frame.pc())
        frame = frame.older()
END
cat >program.py <<'END'
import threading, time
def wait(n):
    return time.sleep(100) if n == 0 else wait(n - 1)
for i in range(3):
    threading.Thread(target=wait, args=(5 * i,), daemon=True).start()
time.sleep(0.2)
print("ready", flush=True)
wait(7)
END
"$(command -v python3)" program.py >program.out &
pid=$!
started="$started $pid"
wait_for program.out ready
wait_until_still
inspect "$pid" stack
gdb -batch -nx -ex 'set confirm off' -ex 'set debuginfod enabled off' -ex 'set backtrace past-main on' \
	-ex 'source walk.py' -p "$pid" >gdb.out 2>&1 || true
grep '^thread\|^frame' gdb.out >expected || fail "gdb says: $(cat gdb.out)"
sed -n 's/^\(thread [0-9]*\) .*/\1/p; s/^  #[0-9]* *\(0x[0-9a-f]*\) .*/frame \1/p' said.out | same expected -
