#!/bin/sh
# SPDX-License-Identifier: MIT
# --seccomp: a program stops at the calls that are asked for, each seen as without it, and at no others, which stay quick.
. "${top_srcdir:-.}/tests/live/lib.sh"
[ -z "${OLD_KERNEL:-}" ] || skip "an old kernel has no filters of system calls"

script='tracepoint:syscalls:sys_enter_close { @enter[comm] = count(); }
	tracepoint:syscalls:sys_exit_close { @exit[comm, args.ret] = count(); }
	tracepoint:syscalls:sys_enter_wait4 { @wait = count(); }
	tracepoint:syscalls:sys_exit_clone { @clone[args.ret > 0] = count(); }
	tracepoint:syscalls:sys_exit_clone3 { @clone3[args.ret > 0] = count(); }
	tracepoint:syscalls:sys_enter_execve { join(args.argv); }
	tracepoint:syscalls:sys_exit_execve { @execve[args.ret] = count(); }'

run() {
	out=$1
	shift
	"$usdtrap" "$@" >"$out" 2>trace.err <input || fail "usdtrap ended with $?: $(cat trace.err)"
}

# Threads, children, programs: everything that is seen without a filter, and nothing else. Both ways of starting children.
echo go >input
run plain.out --follow -e "$script" -c "$targets/caller 2000"
run filtered.out --seccomp -e "$script" -c "$targets/caller 2000"
grep -q '^WARNING: --seccomp: the program and its children cannot do without usdtrap any more: should it be killed, ' \
	trace.err || fail "no word of what a filter means"
grep -qx 'wrong 0, woken 0' filtered.out || fail "the target: $(cat filtered.out)"
same plain.out filtered.out
grep -qx '@wait: 4' filtered.out || fail "children: $(cat filtered.out)"
# There are two ways to make a thread or child: in the parent it returns a number, in the child 0.
awk '/^@clone/ { if ($1 ~ /true/) parents += $2; else children += $2 } END { print parents, children }' \
	filtered.out >clones
[ "$(cat clones)" = "9 9" ] || fail "births: $(cat clones)"
echo "cd / && (exec /bin/echo one; echo never) && /bin/echo two; /bin/echo three | /bin/cat" >script.sh
run plain.out --follow -e "$script" -c "/bin/sh script.sh"
run filtered.out --seccomp -e "$script" -c "/bin/sh script.sh"
sort plain.out >expected
sort filtered.out | same expected -
grep -qx '@execve\[0\]: 5' filtered.out || fail "programs: $(cat filtered.out)"

# Threads that are sampled meanwhile enter the calls again that this ends, which nobody sees. (Without children: a
# SIGCHLD that nobody waits for wakes a thread, which no tracer can make up for if another thread then takes it.)
run filtered.out --seccomp -e "$script profile:hz:999 { @samples = count(); }" -c "$targets/caller 900"
grep -E '^(close|getppid|wait4|wrong)' filtered.out >expected
printf 'close 3600\ngetppid 3600\nwait4 0\nwrong 0, woken 0\n' | same expected -
run plain.out --follow -e "$script" -c "$targets/caller 900"
grep '^@' plain.out >expected
grep '^@' filtered.out | grep -v '^@samples' | same expected -

# The safety net's own calls are none of the program's, also where a filter stops them.
run filtered.out --seccomp -e "uprobe:$targets/caller:main { @main = count(); }
	tracepoint:syscalls:sys_enter_rt_sigaction /args.sig == 5/ { @taken = count(); }
	tracepoint:syscalls:sys_exit_rt_sigreturn { @returned = count(); }" -c "$targets/caller 1"
grep '^@' filtered.out >maps
echo '@main: 1' | same - maps

# Where there is nothing to filter that is said.
for what in 'interval:s:1 { exit(); } tracepoint:sched:sched_process_exit { }' 'tracepoint:raw_syscalls:sys_enter { }'; do
	run plain.out --seccomp -e "$what" -c /bin/true
	grep -qx 'WARNING: --seccomp changes nothing: the script asks for no system call, or for all of them' trace.err ||
		fail "$what: $(cat trace.err)"
done

# An ordinary user's program gives up more, which is said; one with rights of its own does not.
if [ "$(id -u)" -eq 0 ]; then
	run plain.out --seccomp -e 't:syscalls:sys_enter_close { @ = count(); }' -c '/bin/grep NoNewPrivs /proc/self/status'
	grep -q '^NoNewPrivs:.0$' plain.out || fail "root's program: $(cat plain.out)"
	! grep -q no_new_privs trace.err || fail "root is told of no_new_privs"
else
	run plain.out --seccomp -e 't:syscalls:sys_enter_close { @ = count(); }' -c '/bin/grep NoNewPrivs /proc/self/status'
	grep -q '^NoNewPrivs:.1$' plain.out || fail "a user's program: $(cat plain.out)"
	grep -q 'set-user-ID programs give them no rights (no_new_privs)$' trace.err || fail "no word of no_new_privs"
fi

# Calls that were not asked for cost nothing that could be seen: without a filter they take some fifty times as long.
time_of() {
	begin=$(date +%s%N)
	"$@" <input >time.out 2>time.err || fail "$* ended with $?"
	end=$(date +%s%N)
	echo $(((end - begin) / 1000000))
}
calls='dd if=/dev/zero of=/dev/null bs=1 count=500000'
# shellcheck disable=SC2086 # words
alone_ms=$(time_of $calls)
filtered_ms=$(time_of "$usdtrap" --seccomp -e 't:syscalls:sys_enter_openat { @ = count(); }' -c "$calls")
echo "1000000 calls: $alone_ms ms untraced, $filtered_ms ms beside a filter"
[ "$filtered_ms" -lt $((5 * alone_ms + 1000)) ] || fail "calls that nobody asked for are slow"

# Killed: the front says so and ends the program, whose calls fail from then on.
mkfifo block
"$usdtrap" --seccomp -e 't:syscalls:sys_enter_openat { printf("%s\n", str(args.filename)); }' \
	-c '/bin/sh script2.sh' >trace.out 2>trace.err <input 9>&- &
tracer=$!
# (What the shell says of its failing calls goes elsewhere: it would stand in the middle of usdtrap's lines.)
cat >script2.sh <<'END'
exec 2>program.err
trap 'echo terminated; exit 0' TERM
echo $$ >program.pid
while :; do
	echo >/dev/null
done
END
wait_for trace.out '^/dev/null$'
engine=$(pgrep -P "$tracer" -x usdtrap) || fail "no engine"
kill -KILL "$engine"
tracer_ends
[ "$tracer_status" -eq 1 ] || fail "usdtrap ended with $tracer_status"
grep -q '^WARNING: with --seccomp a program cannot do without its tracer: .* so process [0-9]* gets a SIGTERM$' trace.err ||
	fail "nothing said of the program: $(cat trace.err)"
wait_for_end "$(cat program.pid)"
grep -qx terminated trace.out || fail "the program did not get SIGTERM"
