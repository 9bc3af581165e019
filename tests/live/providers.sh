#!/bin/sh
# SPDX-License-Identifier: MIT
# Probes that a program makes while it runs, in a library that is in memory alone, as libstapsdt does: they are listed,
# found when they come, enabled while they are traced and not a moment longer, and every firing counts.
. "${top_srcdir:-.}/tests/live/lib.sh"
[ -z "${OLD_KERNEL:-}" ] || skip "the programs of this need memfd_create(2)"

program='usdt:*:pyapp:request { @request = count(); @sum = sum(arg0); @path[str(arg1)] = count(); }
	usdt:*:pyapp:done { @done = count(); @down = sum(arg0); }'
provider=$top_srcdir/tests/targets/provider.py
[ -x /usr/bin/python3 ] || skip 'there is no /usr/bin/python3'

says() {
	before=$(grep -cx "$1" target.out) || true
	tell "$1"
	tries=0
	until [ "$(grep -cx "$1" target.out)" -gt "$before" ]; do
		tries=$((tries + 1))
		[ $tries -lt 600 ] || fail "the target does not $1: $(cat target.err)"
		sleep 0.02
	done
}

begins() {
	start /usr/bin/python3 "$provider"
	wait_for target.out '^ready$'
	go
}

# The target has fired FIRED times, and so it was told.
ends() { # WHAT FIRED
	both_end
	grep -qx "@request: $2" target.out || fail "$1: $(cat target.out)"
	grep '^@' target.out | sort >expected
	grep -E '^@(request|done):' trace.out | sort | same expected -
}

# From the start, and with nothing but what the loader tells.
printf 'go\nload memfd\nfire 10\nunload\nload memfd\nfire 10\nload file\nfire 10\n' |
	"$usdtrap" -e "$program" -c "/usr/bin/python3 $provider" -o trace.out >target.out 2>trace.err
grep -q "No matches for usdt:\*:pyapp:request in /usr/bin/python3: waiting for what it loads" trace.err ||
	fail "not told to wait: $(cat trace.err)"
grep -qx '@request: 30' target.out || fail "from the start: $(cat target.out)"
grep -qx '@request: 30' trace.out || fail "from the start: $(cat trace.out)"
grep -qx '@sum: 135' trace.out || fail "from the start: $(cat trace.out)"
grep -qx '@path\[GET /\]: 30' trace.out || fail "from the start: $(cat trace.out)"
grep -qx '@down: -135' trace.out || fail "from the start: $(cat trace.out)"
rm -f pyapp-*

needs_attach

# Before the library is there, ...
begins
tracer -e "$program" -p "$pid"
grep -q "No matches for usdt:\*:pyapp:request in process $pid: waiting for what it loads" trace.err ||
	fail "not told to wait: $(cat trace.err)"
says 'load memfd'
says 'fire 10'
says unload
says 'load memfd'
says close
says 'fire 10'
ends 'before it is there' 20

# ... and when it is. When usdtrap has left, the probes are not enabled any more.
begins
says 'load memfd'
"$usdtrap" -l -p "$pid" >list.out
grep -q '^usdt:/memfd:pyapp:pyapp:request$' list.out || fail "not listed: $(cat list.out)"
tracer -e 'usdt::pyapp:request { @request = count(); } usdt::pyapp:done { @done = count(); }' -p "$pid"
says 'fire 10'
leave
says 'fire 10'
tracer -e "$program" -p "$pid"
says 'fire 5'
kill -STOP "$pid" # leaving one that is stopped
leave
kill -CONT "$pid"
says 'fire 10'
untouched "$pid"
finish
grep -qx '@request: 15' target.out || fail "left: $(cat target.out)"
grep -qx '@request: 5' trace.out || fail "left: $(cat trace.out)"

# A file that is unlinked when it is loaded, ...
begins
tracer -e "$program" -p "$pid"
says 'load unlinked'
says 'fire 10'
ends unlinked 10

# ... and before usdtrap comes: only root can read it then, others are told so.
begins
says 'load unlinked'
tracer -e "$program" -p "$pid"
says 'fire 10'
if [ "$(id -u)" -eq 0 ]; then
	ends 'unlinked before' 10
else
	both_end
	grep -q 'pyapp-.*was deleted or replaced since it was mapped, and the old file cannot be opened' trace.err ||
		fail "not told why: $(cat trace.err)"
fi

# In memory alone, with its descriptor closed, before usdtrap comes: the same.
begins
says 'load memfd'
says close
"$usdtrap" -l -p "$pid" >list.out 2>list.err || true
tracer -e "$program" -p "$pid"
says 'fire 10'
if [ "$(id -u)" -eq 0 ]; then
	grep -q '^usdt:/memfd:pyapp:pyapp:request$' list.out || fail "closed: not listed: $(cat list.out)"
	ends 'closed before' 10
else
	both_end
	for file in list.err trace.err; do
		grep -q '^WARNING: /memfd:pyapp is a file in memory, which its process has closed, and cannot be opened' $file ||
			fail "closed: $file: $(cat $file)"
	done
fi
