#!/bin/sh
# SPDX-License-Identifier: MIT
# Targets as in containers: in namespaces of their own, with files of their own, by whichever path somebody outside calls
# those; as root, and as an ordinary user.
. "${top_srcdir:-.}/tests/live/lib.sh"
needs_attach

# Puts FILE, with the libraries it needs, into TREE as PATH.
put() { # FILE TREE PATH
	mkdir -p "$2$(dirname "$3")"
	cp "$1" "$2$3"
	ldd "$1" | grep -o '/[^ ]*' | while read -r needed; do
		mkdir -p "$2$(dirname "$needed")"
		cp -n "$needed" "$2$needed" 2>/dev/null || true
	done
}

# Runs a program in a container made as WAYS say; sets $inside to its pid, as we call it.
contained() { # WAYS... TREE PROGRAM ARGUMENTS...
	# LeakSanitizer, where it is built in, needs a thread of its own; none can be made after unshare(CLONE_NEWPID).
	start env ASAN_OPTIONS=detect_leaks=0 "$helpers/contain" "$@"
	tries=0
	until grep -qsx ready target.out; do
		if [ ! -e "/proc/$pid/exe" ]; then
			status=0
			wait "$pid" || status=$?
			[ $status -ne 77 ] || return 1
			fail "contain $*: $(cat target.err)"
		fi
		tries=$((tries + 1))
		[ $tries -lt 600 ] || fail "contain $*: nothing is ready"
		sleep 0.05
	done
	inside=$(tr -d ' ' <"/proc/$pid/task/$pid/children")
	[ -n "$inside" ] || inside=$pid
}

# The opener, which loads a library four times; FILE and LIBRARY are what they are called here.
opened() { # WHAT FILE LIBRARY
	tracer -e "usdt:$2:opener:round { @round = count(); @pid[pid, comm] = count(); }
		usdt:$3:libprobe:constructor { @constructor = count(); }
		usdt:$3:libprobe:work { @work = count(); @where[usym(reg(\"ip\"))] = count(); }
		usdt:$3:libprobe:destructor { @destructor = count(); }" -p "$inside"
	go
	both_end
	grep -v '^@where\|^@pid' trace.out >counts
	mv trace.out whole
	mv counts trace.out
	same_maps
	grep -q "^@pid\[$inside, opener\]: 4$" whole || fail "$1: $(cat whole)"
	grep -q '^@where\[libprobe_work]: 20$' whole || fail "$1: $(cat whole)"
	! grep WARNING trace.err | grep -v 'none of the named files mapped\|waiting for what it loads' || fail "$1: warned"
}

tree=$work/tree
put "$targets/opener" "$tree" /opt/opener
put "$targets/libprobe.so" "$tree" /opt/libcontained.so # machine.sh traces whoever has it by its name on an overlay
put "$targets/hits" "$tree" "$targets/guarded" # another program than the one of that path here
put "$targets/guarded" "$tree" /opt/guarded
put "$targets/jitted" "$tree" /opt/jitted
mkdir -p "$tree/tmp"
chmod 755 "$work"

all() { # WAYS...
	ways=$*
	# By the paths inside, by those outside, by mixtures of them, and by words.
	contained "$@" "$tree" /opt/opener /opt/libcontained.so 4 || return 1
	opened "$ways, inside" /opt/opener /opt/libcontained.so
	contained "$@" "$tree" /opt/opener /opt/libcontained.so 4
	opened "$ways, outside" "$tree/opt/opener" "$tree/opt/libcontained.so"
	contained "$@" "$tree" /opt/opener /opt/libcontained.so 4
	opened "$ways, words" opener "/proc/$inside/root/opt/libcontained.so"
	contained "$@" "$tree" /opt/opener /opt/libcontained.so 4
	opened "$ways, any" '' '*'

	# Where a path means one file here and another one there, the process's is meant.
	contained "$@" "$tree" "$targets/guarded" 100
	! "$usdtrap" -e "usdt:$targets/guarded:guarded:tick { }" -p "$inside" >said.out 2>said.err </dev/null ||
		fail "$ways: a file of ours was taken for one of its"
	grep -q 'No matches for usdt' said.err || fail "$ways: $(cat said.err)"
	tracer -e "usdt:$targets/guarded:hits:tick { @hits = count(); @sum = sum(arg0); }" -p "$inside"
	go
	both_end
	same_maps

	# What was compiled there.
	contained "$@" "$tree" /opt/jitted
	tracer -e 'usdt::jitted:here { printf("%d %s\n", arg0, ustack); }' -p "$inside"
	go
	tell once
	wait_for target.out '^once$'
	leave
	grep -q compiled_function trace.out || fail "$ways: the compiled function has no name: $(cat trace.out)"
	finish

	# Looked at from all sides.
	contained "$@" "$tree" /opt/guarded
	"$usdtrap" -l -p "$inside" 'usdt:*' >said.out 2>said.err || fail "$ways: -l: $(cat said.err)"
	grep -q '^usdt:/proc/[0-9]*/root/opt/guarded:guarded:tick$\|^usdt:/.*/tree/opt/guarded:guarded:tick$' said.out ||
		fail "$ways: -l: $(cat said.out)"
	"$usdtrap" -l 'usdt:*:guarded:tick' >said.out 2>said.err || fail "$ways: -l of all: $(cat said.err)"
	grep -q "^usdt:/proc/$inside/root/opt/guarded:guarded:tick\$\|^usdt:$tree/opt/guarded:guarded:tick\$" said.out ||
		fail "$ways: -l of all: $(cat said.out)"
	for file in /opt/guarded "$tree/opt/guarded"; do
		"$usdtrap" why "$file:guarded:tick" -p "$inside" >said.out 2>said.err || fail "$ways: why: $(cat said.err)"
		grep -q '^fine   the process runs that file, at load bias' said.out || fail "$ways: why: $(cat said.out)"
		grep -q '^fine   at its site 0x[0-9a-f]* is byte 90' said.out || fail "$ways: why: $(cat said.out)"
	done
	"$usdtrap" inspect "$inside" probes >said.out 2>said.err || fail "$ways: inspect: $(cat said.err)"
	grep -q 'guarded:tick' said.out || fail "$ways: inspect: $(cat said.out)"
	"$usdtrap" discover -p "$inside" >said.out 2>said.err 9>&- &
	tracer=$!
	wait_for said.err 'waiting for'
	tell 'hit 5'
	wait_for said.out ':guarded:tick$'
	leave
	"$usdtrap" explain tick -p "$inside" >said.out 2>said.err 9>&- &
	tracer=$!
	wait_for said.out 'All is in place'
	tell 'hit 5'
	tracer_ends
	grep -q 'guarded:tick' said.out || fail "$ways: explain: $(cat said.out said.err)"

	# It outlives the death of all of usdtrap.
	tracer -e 'usdt::guarded:tick { @hits = count(); }' -p "$inside"
	engine=$(tr -d ' ' <"/proc/$tracer/task/$tracer/children")
	kill -STOP "$tracer"
	kill -KILL "$engine" "$tracer"
	tracer_ends
	wait_for_end "$engine"
	tell 'hit 7'
	tell show
	wait_for target.out '^semaphore'
	"$usdtrap" repair "$inside" 2>said.err
	untouched "$inside"
	finish
	[ "$status" -eq 0 ] || fail "$ways: the target ended with $status"
}

# On an overlay, as images are: files of a layer below, and what was written to them since. The path of a layer will do.
overlaid() { # WAYS...
	ways="$* overlay"
	rm -rf lower upper scratch merged
	mkdir upper scratch merged
	cp -r "$tree" lower
	for path in /opt/opener "$work/lower/opt/opener" opener; do
		contained "$@" "overlay=$work/lower:$work/upper:$work/scratch" "$work/merged" \
			/opt/opener /opt/libcontained.so 4 || return 1
		case $path in
		/opt/*) opened "$ways, $path" "$path" /opt/libcontained.so ;;
		*) opened "$ways, $path" "$path" "$work/lower/opt/libcontained.so" ;;
		esac
	done
	# Another program was put over it: that is what runs, and not the one below.
	mkdir -p upper/opt
	cp "$targets/hits" upper/opt/opener
	contained "$@" "overlay=$work/lower:$work/upper:$work/scratch" "$work/merged" /opt/opener 100
	tracer -e "usdt:$work/upper/opt/opener:hits:tick { @hits = count(); @sum = sum(arg0); }" -p "$inside"
	go
	both_end
	same_maps
}

# Files that were deleted, or replaced by others, since they were mapped.
replaced() { # WAYS... DIRECTORY PREFIX
	ways="$* replaced"
	cp "$targets/guarded" "$tree/opt/app"
	contained "$@" "$tree" /opt/app
	cp "$targets/hits" "$tree/opt/app.new"
	mv "$tree/opt/app.new" "$tree/opt/app"
	for path in /opt/app app '' "$tree/opt/app"; do
		case $path in
		"$tree"*) [ "$*" = chroot ] || continue ;; # of what was deleted no path of ours tells any more
		esac
		tracer -e "usdt:$path:guarded:tick { @hits = count(); }" -p "$inside"
		tell 'hit 10'
		wait_for target.out '^@hits: 10$'
		leave
		grep -qx '@hits: 10' trace.out || fail "$ways, $path: $(cat trace.out)"
		: >target.out
	done
	finish

	# A library; only root can read one that no path leads to any more.
	cp "$targets/libprobe.so" "$tree/opt/gone.so"
	contained "$@" "$tree" /opt/opener /opt/gone.so 1
	go
	wait_for target.out '^loaded$'
	rm "$tree/opt/gone.so"
	if [ "$(id -u)" -eq 0 ]; then
		tracer -e "usdt:/opt/gone.so:libprobe:work { @work = count(); }" -p "$inside"
		both_end
		grep -qx '@work: 5' trace.out || fail "$ways, a library: $(cat trace.out)"
	else
		! "$usdtrap" -e "usdt:/opt/gone.so:libprobe:work { }" -p "$inside" 2>said.err >said.out </dev/null ||
			fail "$ways, a library: traced"
		grep -q '/opt/gone.so was deleted or replaced since it was mapped, and the old file cannot be opened' \
			said.err || fail "$ways, a library: $(cat said.err)"
		finish
	fi
}

# A process that gave up all files once it had begun, as the sandboxes of browsers do: nothing of it is warned of.
sandboxed() {
	mkdir empty
	start perl -e 'chroot("empty") && chdir("/") or die "chroot: $!"; $| = 1; print "ready\n"; <STDIN>; getppid() for 1..7'
	wait_for target.out '^ready$'
	tracer -e 'uprobe:libc:getppid { @calls = count(); }' -p "$pid"
	go
	both_end
	grep -qx '@calls: 7' trace.out || fail "sandboxed: $(cat trace.out)"
	! grep WARNING trace.err || fail "sandboxed: warned"
}

if [ "$(id -u)" -eq 0 ]; then
	sandboxed
	all || skip "there can be no container here: $(cat target.err)"
	all chroot
	replaced
	replaced chroot
	overlaid || echo "no overlay here: $(cat target.err)"
fi
all user || [ "$(id -u)" -eq 0 ] || skip "there can be no container here: $(cat target.err)"
replaced user
overlaid user || echo "no overlay in a user namespace here: $(cat target.err)"
