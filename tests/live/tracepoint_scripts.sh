#!/bin/sh
# SPDX-License-Identifier: MIT
# Tracepoints in scripts: fields by name, as numbers, strings and arrays, at one tracepoint and at many.
# covers: probe-process-tracepoints probe-syscall-enter probe-syscall-exit probe-raw-syscalls probe-tracepoint-arrow function-join
. "${top_srcdir:-.}/tests/live/lib.sh"

run() {
	"$usdtrap" -e "$1" -c "$2" >trace.out 2>trace.err </dev/null || fail "usdtrap ended with $?: $(cat trace.err)"
}

echo something >file
run 'tracepoint:syscalls:sys_enter_openat { printf("open %d %s\n", args.dfd, str(args->filename)); }
	t:syscalls:sys_exit_read /args.ret > 0/ { @bytes = sum(args.ret); @sizes[sizeof(args.ret)] = count(); }
	t:syscalls:sys_enter_execve { join(args.argv); @words[str(*args.argv), str(args.argv[1])] = args.__syscall_nr }' \
	'/bin/cat file'
grep -qx 'open -100 file' trace.out || fail "no open: $(cat trace.out)"
grep -qx '/bin/cat file' trace.out || fail "no command line: $(cat trace.out)"
grep -qx '@words\[/bin/cat, file\]: 59' trace.out || fail "no words: $(cat trace.out)"
grep -q '^@sizes\[8\]: ' trace.out || fail "no sizes: $(cat trace.out)"
grep -q '^@bytes: [1-9]' trace.out || fail "no bytes: $(cat trace.out)"

# Any call, by number; and all entries that there are, of which each is one probe.
run 'tracepoint:raw_syscalls:sys_enter /args.id == 59/ { @raw[args.id, args.args[0] != 0] = count(); }
	tracepoint:raw_syscalls:sys_exit /args.id == 59/ { @ret = args.ret; }
	tracepoint:syscalls:sys_enter_* /args.__syscall_nr == 59/ { @[probe] = count(); }' /bin/true
grep -qx '@raw\[59, true\]: 1' trace.out || fail "raw: $(cat trace.out)"
grep -qx '@ret: 0' trace.out || fail "raw: $(cat trace.out)"
grep -qx '@\[tracepoint:syscalls:sys_enter_execve\]: 1' trace.out || fail "all: $(cat trace.out)"
grep -qx 'Attached 371 probes' trace.err || fail "all: $(cat trace.err)"

# Births, programs, ends, signals: of one program that starts another one and sends itself a signal.
cat >script.sh <<'END'
trap : USR1
/bin/true
kill -USR1 $$
END
run 'tracepoint:sched:sched_process_exec { @exec[str(args.filename), args.pid == pid, args.old_pid == tid] = count(); }
	tracepoint:sched:sched_process_fork { @fork[args.parent_comm, args.parent_pid == pid, args.child_pid != pid] = count(); }
	tracepoint:sched:sched_process_exit { @exit[args.comm, args.prio > 0, args.group_dead] = count(); }
	tracepoint:signal:signal_deliver /args.sig == 10/ { @signal[args.sig, args.errno, args.code] = count(); }' \
	'/bin/sh script.sh'
grep -E '^@(exec|fork|exit|signal)' trace.out | sort >maps
cat >expected <<'END'
@exec[/bin/sh, true, true]: 1
@exit[sh, true, true]: 1
@fork[sh, true, true]: 1
@signal[10, 0, 0]: 1
END
same expected maps

# A thread that ends before its process is not the last.
needs_attach
target caller 10
tracer -e 'tracepoint:sched:sched_process_exit { @[args.group_dead] = count(); }' -p "$pid"
go
both_end
printf '@[false]: 5\n@[true]: 1\n' >expected
maps trace.out | same expected -
