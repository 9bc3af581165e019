#!/bin/sh
# SPDX-License-Identifier: MIT
# How often which system call is made, by programs with children and by a server: as strace -c counts them, with and
# without a filter.
. "${top_srcdir:-.}/tests/live/lib.sh"

command -v strace >/dev/null || skip "no strace"
strace -o /dev/null true 2>/dev/null || skip "strace may not trace here"

mkdir folder
for i in 1 2 3 4 5 6 7 8 9; do
	echo "$i" >"folder/file$i"
done
cat >busy.sh <<'END'
for file in folder/*; do
	cat "$file" | tr 0-9 a-j
done | sort | uniq -c | (read -r line; echo "$line")
END

# "NAME COUNT" lines of strace's table. Of calls that do not return it knows nothing.
strace_calls() {
	awk '$1 ~ /^[0-9.]+$/ && $NF != "total" { print $NF, $4 }' "$1" | sort
}

# Calls that depend on who comes first, on times, or on what is waited for: those of waiting, and what memory is asked for.
steady() {
	grep -vE '^(exit|exit_group|wait4|rt_sigreturn|restart_syscall|futex|poll|ppoll|brk|mmap|munmap|mprotect|read|write) ' "$1" || true
}

# In a child clone(2) ends as well, which strace has no stop for.
all_calls='tracepoint:raw_syscalls:sys_exit /args.ret || args.id != 56/ { @[syscall_name(args.id)] = count(); }'

plainly strace -f -c -U time-percent,total-time,avg-time,calls,name -o strace.out /bin/sh busy.sh >/dev/null 2>&1 ||
	skip "an older strace"
strace_calls strace.out | steady /dev/stdin >expected
[ "$(grep -c . expected)" -gt 10 ] || fail "strace counts nothing: $(cat strace.out)"
"$usdtrap" -q --follow -e "$all_calls" -c '/bin/sh busy.sh' \
	-o trace.out >target.out 2>trace.err || fail "usdtrap ended with $?: $(cat trace.err)"
counts() {
	sed -n 's/^@\[\(.*\)\]: \([0-9]*\)$/\1 \2/p' "$1" | sort
}
counts trace.out >all
steady all | same expected -

# A few of them, with a filter, which Linux before 4.8 has not: execve and openat.
filter=--seccomp
[ -z "${OLD_KERNEL:-}" ] || filter=--follow
"$usdtrap" -q "$filter" --no-warnings -e 'tracepoint:syscalls:sys_exit_execve { @["execve"] = count(); }
	tracepoint:syscalls:sys_exit_openat { @["openat"] = count(); } tracepoint:syscalls:sys_enter_dup2 { @["dup2"] = count(); }' \
	-c '/bin/sh busy.sh' -o trace.out >target.out 2>trace.err || fail "usdtrap ended with $?: $(cat trace.err)"
counts trace.out >few
grep -E '^(execve|openat|dup2) ' expected | same - few

# A server, whose one thread answers 500 clients in a row.
cat >server.py <<'END'
import socket, sys
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
for _ in range(500):
    client, _ = listener.accept()
    client.sendall(client.recv(100)[::-1])
    client.close()
END
cat >clients.py <<'END'
import socket, sys
for i in range(500):
    with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as server:
        server.sendall(b"%d" % i)
        assert server.recv(100) == (b"%d" % i)[::-1]
END
serve() {
	rm -f port
	"$@" >port 2>serve.err &
	server=$!
	started="$started $server"
	wait_for port '^[0-9]'
	python3 clients.py "$(head -n 1 port)" || fail "the server does not answer"
	wait "$server" || fail "the server ended with $?: $(cat serve.err)"
}
PYTHONDONTWRITEBYTECODE=1 PYTHONHASHSEED=1
export PYTHONDONTWRITEBYTECODE PYTHONHASHSEED
python=$(python3 -c 'import sys; print(sys.executable)') # what is called python3 may be a script
serve plainly strace -f -c -o strace.out -U time-percent,total-time,avg-time,calls,name "$python" -S -E server.py
strace_calls strace.out | steady /dev/stdin >expected
serve "$usdtrap" -q -e "$all_calls" -o trace.out -c "$python -S -E server.py"
counts trace.out >all
steady all | same expected -
grep -qx 'accept4 500' all || fail "accept4: $(cat all)"
grep -qx 'sendto 500' all || fail "sendto: $(cat all)"
