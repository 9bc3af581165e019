#!/bin/sh
# SPDX-License-Identifier: MIT
# One-liners in the manner of those that are published for bpftrace, in both dialects: each is understood, or refused with
# the sentence that stands in front of it, and with nothing else. They are only read: -l attaches nothing.
set -u
: "${top_builddir:=.}"

program=$(cd "$top_builddir" && pwd)/usdtrap
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM

count=0
failures=0
while IFS='|' read -r expected script; do
	count=$((count + 1))
	"$program" --unsafe -l -e "$script" -p $$ >/dev/null 2>"$scratch/err" </dev/null
	said=$(sed -n 's/^stdin:[0-9:-]*: ERROR: //p' "$scratch/err" | sort -u)
	if [ "$said" != "$expected" ]; then
		printf 'FAILED: %s\nsaid: %s\nnot:  %s\n' "$script" "$said" "$expected"
		failures=$((failures + 1))
	fi
done <<'END'
|BEGIN { printf("hello world\n"); }
|tracepoint:raw_syscalls:sys_enter { @[comm] = count(); }
|tracepoint:syscalls:sys_enter_* { @[probe] = count(); }
|t:syscalls:sys_enter_openat /comm == "cat"/ { @opens++; } END { clear(@opens) }
|profile:hz:99 { @[comm] = count(); }
|profile:hz:99 { @[ustack] = count(); }
|p:hz:49 /pid == 3/ { @[ustack(5), comm] = count(); }
|uprobe:/lib/x86_64-linux-gnu/libc.so.6:malloc { @[ustack(5)] = hist(arg0) }
|uprobe:libc:fopen { printf("fopen: %s\n", str(arg0)); }
|u:/bin/bash:readline,ur:/bin/bash:readline { printf("%s\n", probe); }
|usdt:*:* { @[probe] = count(); } interval:s:1 { print(@); clear(@); }
|usdt:/usr/bin/python3:gc__start { @start[tid] = nsecs; } usdt:/usr/bin/python3:gc__done /@start[tid]/ { @us = hist((nsecs - @start[tid]) / 1000); delete(@start[tid]); }
|U:/usr/lib/postgresql/15/bin/postgres:query__start { printf("%-8d %s\n", pid, str(arg0)); }
|usdt:/usr/bin/python3:function__entry { @[str(arg0), str(arg1)] = count() } interval:s:5 { print(@, 10); exit() }
|BEGIN { @x = 1; @y[1,2] = "a"; $a = (1,2); printf("%d %s\n", $a.0, @y[1,2]); } END { delete(@y[1,2]); }
|BEGIN { $i = 0; while ($i < 5) { $i++; if ($i == 3) { continue } printf("%d\n", $i) } }
|BEGIN { unroll(3) { printf("x"); } time("%H:%M:%S\n"); cat("/proc/loadavg"); system("true"); }
|begin { @m[1] = 1; for ($kv : @m) { print($kv.0) } for ($i : 0..3) { print($i) } }
|BEGIN { @ = lhist(5, 0, 100, 10); @b = stats(3); @c = avg(3); @d = hist(8, 2); zero(@); }
|watchpoint:0x10000000:8:rw { printf("hit!\n"); exit(); }
|interval:ms:100 { @[cpu] = count(); } i:hz:10 { @t = sum(1) }
|self:signal:SIGUSR1 { print(@); } begin { @ = 1 }
|struct opaque { int a; char b[16]; }; usdt:/bin/x:p:n { $o = (struct opaque *)arg0; printf("%d %s\n", $o->a, $o.b); }
kprobe probes need BPF, which usdtrap works without|k:do_nanosleep { printf("sleep by %d\n", tid); }
kprobe probes need BPF, which usdtrap works without|kprobe:vfs_read { @start[tid] = nsecs; }
kretprobe probes need BPF, which usdtrap works without|kretprobe:vfs_read { @bytes = lhist(retval, 0, 2000, 200); }
fentry probes need BPF, which usdtrap works without|fentry:vfs_read { @[args.file] = count() }
kfunc probes need BPF, which usdtrap works without|kfunc:vfs_read { @ = count() }
iter probes need BPF, which usdtrap works without|iter:task { printf("%s\n", ctx->task->comm); }
rawtracepoint probes need BPF, which usdtrap works without|rt:sched_switch { @ = count() }
software probes need the kernel's performance events, which usdtrap does not use|software:faults:1 { @[comm] = count(); }
hardware probes need the kernel's performance events, which usdtrap does not use|hardware:cache-misses:1000000 { @[comm, pid] = count(); }
|tracepoint:sched:sched* { @[probe] = count(); } interval:s:5 { exit(); }
tracepoints of sched lie within the kernel, which only BPF can reach|tracepoint:sched:sched_switch { @[probe] = count(); }
|tracepoint:syscalls:sys_enter_openat { printf("%s %s\n", comm, str(args.filename)); }
|tracepoint:syscalls:sys_exit_read /args->ret/ { @[comm] = sum(args->ret); @sz = lhist(args->ret, 0, 65536, 4096); }
|tracepoint:syscalls:sys_enter_execve { printf("%-10u %-5d ", elapsed / 1e6, pid); join(args.argv); }
|tracepoint:raw_syscalls:sys_exit { @[comm, args.ret < 0 ? "failed" : "ok"] = count(); }
|uretprobe:/bin/bash:readline { printf("%d %s\n", uid, str(retval)); }
|uprobe:/bin/bash:shell_execve { printf("%s\n", func); print(reg("ip")); }
tracepoints of block lie within the kernel, which only BPF can reach|tracepoint:block:block_rq_issue { @ = hist(args.bytes); }
uprobe:TARGET@FILE:LINE needs debug information (DWARF), which usdtrap does not read|uprobe:/bin/bash@bash.c:12 { @ = count() }
curtask looks into the kernel, which only BPF can; usdtrap works without it|interval:s:1 { print(curtask); }
END
echo "$count one-liners, $failures failed"
[ "$failures" -eq 0 ] && [ "$count" -gt 30 ]
