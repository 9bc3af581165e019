#!/bin/sh
# SPDX-License-Identifier: MIT
# Why a process cannot be traced: the real reasons, as far as this machine and this user can bring them about.
. "${top_srcdir:-.}/tests/live/lib.sh"

# refused MESSAGE HINT COMMAND...: usdtrap, run by COMMAND, must say just this.
refused() {
	echo "ERROR: $1" >expected
	[ -z "$2" ] || echo "HINT: $2" >>expected
	shift 2
	result=0
	"$@" >trace.out 2>trace.err || result=$?
	[ $result -eq 1 ] || fail "usdtrap ended with $result, which should have said: $(cat expected)"
	same expected trace.err
}

trace() { # PID [COMMAND...]: runs usdtrap by COMMAND
	process=$1
	shift
	"$@" "$usdtrap" -e "usdt:$targets/hits:hits:tick { @ = count(); }" -p "$process"
}

# A program, so that it becomes what it runs.
cat >as_nobody <<-'EOF'
	#!/bin/sh
	exec setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
EOF
chmod +x as_nobody

# Starts a command, waits until it runs the program `$1' (its comm), sets $pid.
run() {
	comm=$1
	shift
	"$@" </dev/null >/dev/null 2>&1 9>&- &
	pid=$!
	started="$started $pid"
	wait_for "/proc/$pid/comm" "^$comm\$"
}

wait_for_tracer() {
	wait_for "/proc/$1/status" '^TracerPid:.[1-9]'
}

if grep -qx kthreadd /proc/2/comm 2>/dev/null; then
	refused 'cannot trace 2 (kthreadd): it is a thread of the kernel and runs no program' '' trace 2
fi

if [ "$(id -u)" -ne 0 ] && [ "$(stat -c %u /proc/1)" -eq 0 ]; then
	refused "cannot trace 1 ($(cat /proc/1/comm)): it belongs to root, and usdtrap runs as user $(id -un)" \
		'run it as root: sudo usdtrap -p 1' trace 1
fi

needs_attach

# Other tracers.
if command -v strace >/dev/null; then
	run sleep sleep 60
	traced=$pid
	run strace strace -p "$traced"
	wait_for_tracer "$traced"
	refused "cannot trace $traced (sleep): $pid (strace) traces it already, and there can be only one" \
		"end that first: kill -INT $pid" trace "$traced"
fi
if command -v gdb >/dev/null; then
	run sleep sleep 60
	traced=$pid
	mkfifo commands
	exec 8<>commands # so that it waits for more
	# shellcheck disable=SC2016 # for the shell that becomes gdb
	run gdb sh -c 'exec gdb -nx -q -p "$1" <commands 8>&-' sh "$traced"
	wait_for_tracer "$traced"
	refused "cannot trace $traced (sleep): $pid (gdb) traces it already, and there can be only one" \
		'type "detach" in that gdb' trace "$traced"
	kill -KILL "$pid" # first: what it holds cannot end before
fi

if [ "$(id -u)" -ne 0 ] || ! ./as_nobody "$usdtrap" --version >/dev/null 2>&1; then
	echo "other users' processes need root and a build that everybody may run"
	exit 0
fi
chmod 755 .

# Other users.
run sleep sleep 60
refused "cannot trace $pid (sleep): it belongs to root, and usdtrap runs as user nobody" \
	"run it as root: sudo usdtrap -p $pid" trace "$pid" ./as_nobody
refused "cannot trace $pid (sleep): it has capabilities that usdtrap lacks: CAP_SYS_PTRACE" \
	"run it as root: sudo usdtrap -p $pid" trace "$pid" setpriv --bounding-set=-sys_ptrace
run sleep ./as_nobody sleep 60
refused "cannot trace $pid (sleep): it belongs to user nobody, and usdtrap, though root, lacks CAP_SYS_PTRACE" \
	"give the capability to the container (docker run --cap-add=SYS_PTRACE), or run usdtrap as that user: \
setpriv --reuid=65534 --regid=65534 --clear-groups usdtrap -p $pid" trace "$pid" setpriv --bounding-set=-sys_ptrace

# Programs with more rights than their user.
program() { # MODE: a copy of sleep(1)
	cp "$(command -v sleep)" "$1"
	chmod "$1" "$1"
}
program 4755
run 4755 ./as_nobody ./4755 60
if grep -q '^Uid:.65534.0.0' "/proc/$pid/status"; then
	refused "cannot trace $pid (4755): it is a set-user-ID program and has the rights of root" \
		"run it as root: sudo usdtrap -p $pid" trace "$pid" ./as_nobody
	program 2755
	run 2755 ./as_nobody ./2755 60
	refused "cannot trace $pid (2755): it has the rights of group 0, and usdtrap runs as group 65534" \
		"run it as root: sudo usdtrap -p $pid" trace "$pid" ./as_nobody
fi
start ./as_nobody "$helpers/secretive"
wait_for target.out '^ready$'
refused "cannot trace $pid (secretive): it does not want to be looked into: it set PR_SET_DUMPABLE to 0, has changed \
its user, or its program file may not be read" "run it as root: sudo usdtrap -p $pid" trace "$pid" ./as_nobody

# Another user namespace: root in there is nobody out here.
if unshare --user --map-root-user true 2>/dev/null; then
	run sleep sleep 60
	refused "cannot trace $pid (sleep): it is in another user namespace, where usdtrap's capabilities do not count" \
		'run usdtrap as root outside of this container' trace "$pid" unshare --user --map-root-user
fi

# Yama, where it rules.
if [ "$(cat /proc/sys/kernel/yama/ptrace_scope 2>/dev/null)" = 1 ]; then
	run sleep ./as_nobody sleep 60
	refused "cannot trace $pid (sleep): Yama lets users trace only what they start under the tracer \
(kernel.yama.ptrace_scope = 1)" "start the program with usdtrap -c CMD, or run it as root (sudo usdtrap -p $pid), or \
allow it until the next restart: sudo sysctl kernel.yama.ptrace_scope=0" trace "$pid" ./as_nobody
fi
