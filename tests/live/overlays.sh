#!/bin/sh
# SPDX-License-Identifier: MIT
# An overlay on an overlay, as a container in a container has it. Maps show the file below, by a path that leads nowhere; a
# program and a library are found all the same, whichever of their files is named, also for the whole machine.
if [ -z "${OWN_MOUNTS:-}" ] && unshare -m true 2>/dev/null; then
	OWN_MOUNTS=1
	export OWN_MOUNTS
	exec unshare -m --propagation private /bin/sh "$0"
fi
. "${top_srcdir:-.}/tests/live/lib.sh"

at_end() {
	umount -R "$work/own" 2>/dev/null || true
}

needs_attach
[ -n "${OWN_MOUNTS:-}" ] || skip "no file system of its own may be mounted here"
[ -z "${OLD_KERNEL:-}" ] || skip "an old kernel asks nobody before files are opened"
mkdir own
mount -t tmpfs own own || skip "no file system of its own may be mounted here"
cd own
mkdir lower upper work middle upper2 work2 top
# The names are ours: on an overlay a file is known by that and by how it was built, and others' tests run the same.
cp "$targets/opener" lower/overlaid_opener
cp "$targets/libprobe.so" lower/liboverlaid.so
cp "$targets/hits" lower/overlaid_hits
mount -t overlay x -o lowerdir=lower,upperdir=upper,workdir=work middle || skip "there are no overlays here"
mount -t overlay x -o lowerdir=middle,upperdir=upper2,workdir=work2 top || skip "there is no overlay on an overlay here"
cd ..
own=$work/own

# -p: the files as the process calls them, as the overlay below does, and as its layer does.
for named in top middle lower; do
	start "$own/top/overlaid_opener" "$own/top/liboverlaid.so" 4
	wait_for target.out '^ready$'
	tracer -e "usdt:$own/$named/overlaid_opener:opener:round { @round = count(); }
		usdt:$own/$named/liboverlaid.so:libprobe:constructor { @constructor = count(); }
		usdt:$own/$named/liboverlaid.so:libprobe:work { @work = count(); }
		usdt:$own/$named/liboverlaid.so:libprobe:destructor { @destructor = count(); }" -p "$pid"
	go
	both_end
	same_maps
	! grep WARNING trace.err || fail "named in $named: warned"
done

# An ordinary user finds the program, of which /proc shows the file that was executed.
if command -v setpriv >/dev/null && [ "$(id -u)" -eq 0 ]; then
	chmod 755 "$work"
	mkdir users
	chown 65534:65534 users
	start setpriv --reuid=65534 --regid=65534 --clear-groups "$own/top/overlaid_hits" 100
	wait_for target.out '^ready$'
	rm -f trace.err
	setpriv --reuid=65534 --regid=65534 --clear-groups env XDG_RUNTIME_DIR="$work/users" "$usdtrap" \
		-e "usdt:$own/top/overlaid_hits:hits:tick { @hits = count(); @sum = sum(arg0); }" -p "$pid" \
		>trace.out 2>trace.err 9>&- &
	tracer=$!
	wait_for trace.err '^Attached\|ERROR'
	go
	both_end
	same_maps
fi

# The machine: by all ways that can be had here, and whoever was there before.
[ "$(id -u)" -eq 0 ] || exit 0
for way in fanotify connector poll; do
	start "$own/top/overlaid_hits" 7
	wait_for target.out '^ready$'
	rm -f trace.err
	"$usdtrap" --machine=$way -e "usdt:$own/top/overlaid_hits:hits:tick { @hits = count(); }" >trace.out 2>trace.err 9>&- &
	tracer=$!
	wait_for trace.err '^Attached\|ERROR'
	if grep -q ERROR trace.err; then
		finish
		tracer_ends
		echo "no $way here: $(grep ERROR trace.err)"
		continue
	fi
	(
		sleep 1
		echo go
	) | "$own/top/overlaid_hits" 30 >run.out 2>&1 || fail "a run ended with $?"
	go
	finish
	[ "$status" -eq 0 ] || fail "the target ended with $status"
	leave
	grep -qx '@hits: 37' trace.out || fail "$way: $(cat trace.out trace.err)"
done
