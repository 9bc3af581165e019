#!/bin/sh
# SPDX-License-Identifier: MIT
# Bad surroundings are named for what they are: no /proc, one that hides processes, a filter that denies ptrace(2), a kernel
# before 3.4, closed outputs, no TERM.
. "${top_srcdir:-.}/tests/live/lib.sh"
[ -z "${OLD_KERNEL:-}" ] || skip 'it plays other kernels itself'

# LeakSanitizer needs ptrace(2) itself.
if is_sanitized; then
	ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0
	export ASAN_OPTIONS
fi

# said COMMAND...: what a command that fails with 1 says on standard error, to be compared with standard input.
said() {
	cat >expected
	result=0
	"$@" >said.out 2>said.err </dev/null || result=$?
	[ $result -eq 1 ] || fail "$*: ended with $result: $(cat said.err)"
	same expected said.err
}

# In namespaces of its own, as root there.
apart() {
	if [ "$(id -u)" -eq 0 ]; then
		unshare -m "$@"
	else
		unshare -r -m "$@"
	fi
}

without_proc() {
	# shellcheck disable=SC2016 # for the shell within
	apart sh -c 'mount -t tmpfs none /proc && exec "$@"' sh "$usdtrap" "$@"
}

if ! is_sanitized && apart mount -t tmpfs none /proc 2>/dev/null; then
	for arguments in "-p $$ -e usdt:*{@=count()}" '-c true -e interval:s:1{@=count()}' "-l -p $$" "inspect $$" \
		"why tick -p $$" "top -p $$" 'cover -c true' 'repair all'; do
		# shellcheck disable=SC2086 # several words
		said without_proc $arguments <<-'END'
			ERROR: /proc is not mounted here, and nothing else tells of processes
			HINT: mount it: mount -t proc proc /proc; or, from outside of a chroot: mount --bind /proc ROOT/proc
		END
	done
	# What needs no process goes on.
	without_proc -l "usdt:$targets/hits:*" >said.out || fail 'without /proc no file is listed'
	grep -qx "usdt:$targets/hits:hits:tick" said.out || fail "without /proc: $(cat said.out)"
	without_proc -e 'BEGIN { print(6 * 7); exit(); }' 2>said.err | grep -qx 42 || fail "without /proc: $(cat said.err)"
fi

# Another user's process, and a /proc that shows one's own alone. Process 1 of the namespace is root's.
if [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null; then
	cat >hidden.sh <<-'EOF'
		mount -t proc -o hidepid=2 proc /proc || exit 77
		setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
	EOF
	if unshare -m -p -f sh hidden.sh true 2>/dev/null; then
		for arguments in '-p 1 -e usdt:*{@=count()}' '-l -p 1' 'inspect 1' 'why tick -p 1' 'top -p 1'; do
			# shellcheck disable=SC2086 # several words
			said unshare -m -p -f sh hidden.sh "$usdtrap" $arguments <<-'END'
				ERROR: cannot see process 1: it belongs to another user, and /proc hides it (hidepid)
				HINT: run it as root: sudo usdtrap -p 1
			END
		done
	fi
fi

said "$usdtrap" -p 4194304 -e 'usdt:* { }' <<-'END'
	ERROR: no process 4194304
	HINT: list processes: ps -e
END

# A filter that denies ptrace(2).
needs_attach
target hits 1
said env OLD_KERNEL=none "$helpers/old_kernel" -p "$pid" -e 'usdt:* { @ = count(); }' <<-END
	ERROR: cannot trace $pid (hits): a seccomp filter denies usdtrap the system call ptrace(2): Operation not permitted
	HINT: in a container: docker run --security-opt seccomp=unconfined; in a systemd unit: SystemCallFilter=@debug
END

# A kernel before 3.4: it works, and what that costs is said.
(sleep 0.5 && go) &
OLD_KERNEL=3.3 "$helpers/old_kernel" -p "$pid" -e 'usdt:* { @ = count(); }' >trace.out 2>trace.err ||
	fail "as on Linux 3.3: $(cat trace.err)"
cat >expected <<-END
	NOTE: the kernel is older than Linux 3.4 and has no PTRACE_SEIZE: each thread of process $pid stops for a moment; should all of usdtrap be killed by kill -9, it may stay stopped: usdtrap repair $pid
	Attached 1 probe
END
same expected trace.err
grep -qx '@: 1' trace.out || fail "as on Linux 3.3: $(cat trace.out)"

# A SIGSTOP of a tracer that is killed may come when nobody is there any more to take it. Here that is somebody else's, of
# which the tracer, which stands, has not heard, so that it always comes; whoever repairs wakes the process. One that was
# known to be stopped stays so.
XDG_RUNTIME_DIR=$work
export XDG_RUNTIME_DIR
folder=$work/usdtrap
[ "$(id -u)" -ne 0 ] || folder=/run/usdtrap
newest=$usdtrap
usdtrap=$helpers/old_kernel
OLD_KERNEL=3.3
export OLD_KERNEL
target guarded
tracer -p "$pid" -e "usdt:$targets/guarded:guarded:tick { @hits = count(); }"
engine=$(engine_of "$tracer")
kill -STOP "$engine"
kill -STOP "$pid"
kill -KILL "$engine"
tracer_ends
grep -qx "NOTE: process $pid had been left stopped by it, and goes on (SIGCONT)" trace.err ||
	fail "left stopped: $(cat trace.err)"
tell show
wait_for target.out '^semaphore 0$'
untouched "$pid"
tracer -p "$pid" -e "usdt:$targets/guarded:guarded:tick { @hits = count(); }"
kill -STOP "$pid"
wait_for "$(find "$folder" -name "$pid-*")" '^stopped$'
kill -KILL "$(engine_of "$tracer")"
tracer_ends
! grep SIGCONT trace.err || fail 'somebody else had stopped it, and it was woken'
grep -q '^State:.T' "/proc/$pid/status" || fail "it is not stopped any more: $(grep State "/proc/$pid/status")"
kill -CONT "$pid"
"$usdtrap" repair "$pid" # what could not be done in one that is stopped
untouched "$pid"
finish
[ "$status" -eq 0 ] || fail "as on Linux 3.3: the target ended with $status"
unset OLD_KERNEL
usdtrap=$newest

# A /proc that is read-only, as sandboxes have it: memory is written to by PTRACE_POKETEXT. In a program that is started,
# and as root also in one that runs: many sites, a semaphore, everything put back, also by whoever is left after kill -9.
cat >read_only <<-END
	#!/bin/sh
	[ "\$(id -u)" -eq 0 ] || root=-r
	exec unshare \$root -m sh -c 'mount -o remount,bind,ro /proc && exec "\$@"' sh "$usdtrap" "\$@"
END
chmod 755 read_only
if apart mount -o remount,bind,ro /proc 2>/dev/null; then
	./read_only --info >said.out
	grep -qF '  /proc/PID/mem written to (Linux 2.6.39): no, so bytes are written by PTRACE_POKETEXT' said.out ||
		fail "--info with a read-only /proc: $(cat said.out)"
	./read_only -c "$targets/hits 7" -e 'usdt:* { @ = count(); }' >trace.out 2>trace.err </dev/null ||
		fail "a read-only /proc: $(cat trace.err)"
	grep -qx '@: 7' trace.out || fail "a read-only /proc: $(cat trace.out trace.err)"
	grep -qx 'work right' trace.out || fail "a read-only /proc, the target: $(cat trace.out)"
fi
if [ "$(id -u)" -eq 0 ] && apart mount -o remount,bind,ro /proc 2>/dev/null; then
	writable=$usdtrap
	usdtrap=./read_only
	target guarded
	tracer -p "$pid" -e "usdt:$targets/guarded:guarded:tick { @hits = count(); }"
	tell 'hit 1000'
	wait_for target.out '^@hits: 1000$'
	leave
	same_maps
	untouched "$pid"
	finish
	[ "$status" -eq 0 ] || fail "a read-only /proc: the target ended with $status: $(cat target.out target.err)"

	target busy
	for victims in 'engine' 'both'; do
		tracer -p "$pid" -e "usdt:$targets/busy:busy:* { @hits = count(); }"
		engine=$(engine_of "$tracer")
		if [ $victims = both ]; then
			kill -STOP "$tracer"
			kill -KILL "$tracer"
		fi
		kill -KILL "$engine"
		tracer_ends
		wait_for_end "$engine"
		[ $victims = engine ] || "$usdtrap" repair "$pid" 2>said.err || fail "a read-only /proc: $(cat said.err)"
		untouched "$pid"
	done
	finish
	[ "$status" -eq 0 ] || fail "a read-only /proc: the target ended with $status: $(cat target.out target.err)"
	grep -qx 'wrong: 0' target.out || fail "a read-only /proc: $(cat target.out)"
	usdtrap=$writable
fi

# What each lack means is told when asked for.
OLD_KERNEL=3.3 "$helpers/old_kernel" --info >said.out
for line in 'PTRACE_SEIZE (Linux 3.4): no, so attaching stops each thread for a moment' 'kcmp(2) (Linux 3.5): no, so ' \
	'PTRACE_GETSIGMASK (Linux 3.11): no, so ' 'seccomp(2) filters that ask a tracer (Linux 4.8): no, so ' \
	'/proc/PID/mem written to (Linux 2.6.39): yes'; do
	grep -qF "  $line" said.out || fail "--info as on Linux 3.3 does not say '$line': $(cat said.out)"
done

# Outputs that are closed, and a terminal that nobody has named.
result=0
"$usdtrap" -e 'BEGIN { print(1); exit(); }' 2>said.err >&- || result=$?
[ $result -eq 1 ] || fail "without standard output: ended with $result"
cat >expected <<-'END'
	ERROR: cannot write to standard output: it is closed
	HINT: -o FILE writes to a file instead
END
same expected said.err
"$usdtrap" -o said.out -e 'BEGIN { print(1); exit(); }' 2>&- >&- <&- || fail "-o with everything closed: $?"
grep -qx 1 said.out || fail "-o with everything closed: $(cat said.out)"
env -u TERM "$usdtrap" -e 'BEGIN { print(1); exit(); }' >said.out 2>said.err || fail "without TERM: $(cat said.err)"
grep -qx 1 said.out || fail "without TERM: $(cat said.out)"
