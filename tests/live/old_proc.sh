#!/bin/sh
# SPDX-License-Identifier: MIT
# A /proc that tells less, as that of an old kernel, or of one that was built without: neither in which call a thread sleeps,
# nor how long it has run, nor which children it has, nor what it has mapped by which file. For usdtrap alone, in a mount
# namespace of its own, empty files lie over those of the target.
. "${top_srcdir:-.}/tests/live/lib.sh"
[ "$(id -u)" -eq 0 ] || skip 'only root can cover files of /proc'
mkdir empty
cat >poor_proc <<-END
	#!/bin/sh
	# poor_proc PID ARGUMENT...
	process=/proc/\$1
	shift
	for file in "\$process"/syscall "\$process"/schedstat "\$process"/task/*/syscall "\$process"/task/*/schedstat \\
		"\$process"/task/*/children; do
		[ ! -e "\$file" ] || mount --bind /dev/null "\$file" || exit
	done
	mount --bind "$work/empty" "\$process/map_files" || exit
	[ ! -s "\$process/syscall" ] || exit
	exec "$usdtrap" "\$@"
END
chmod 755 poor_proc
poor() { # ARGUMENT...: as tracer, with a poor /proc/$pid
	given=$usdtrap
	printf '#!/bin/sh\nexec unshare -m "%s" %s "$@"\n' "$work/poor_proc" "$pid" >poorly
	chmod 755 poorly
	usdtrap=$work/poorly
	tracer "$@"
	usdtrap=$given
}
unshare -m sh -c "mount --bind /dev/null /proc/$$/syscall && mount --bind empty /proc/$$/map_files" 2>mount.err ||
	skip "no file of /proc may be covered here: $(cat mount.err)"

# One that sleeps in a call, which is not to see that somebody was there; hits, a semaphore, all put back.
target guarded
poor -p "$pid" -e "usdt:$targets/guarded:guarded:tick { @hits = count(); }"
tell 'hit 1000'
wait_for target.out '^@hits: 1000$'
leave
same_maps
untouched "$pid"
# And put back by whoever is left.
for victims in engine both; do
	poor -p "$pid" -e "usdt:$targets/guarded:guarded:tick { @hits = count(); }"
	engine=$(engine_of "$tracer")
	if [ $victims = both ]; then
		kill_tracer_and_engine
		"$usdtrap" repair "$pid" 2>said.err || fail "repair: $(cat said.err)"
	else
		kill -KILL "$engine"
		tracer_ends
	fi
	untouched "$pid"
done
finish
[ "$status" -eq 0 ] || fail "the target ended with $status: $(cat target.out target.err)"

# One that forks all the time, for which usdtrap waits at the begin, and looks for children.
target forker fork "$(many 300)"
poor -p "$pid" -e "usdt:$targets/forker:forker:parent { @parent = count(); }"
go
both_end
grep -qx 'children that ended wrong: 0' target.out || fail "forks: $(cat target.out target.err)"
maps target.out | grep '^@parent' >expected
maps trace.out | same expected -
