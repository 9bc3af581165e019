#!/bin/sh
# SPDX-License-Identifier: MIT
# `make demo': traces the distribution's own Python while it runs, leaves, and shows that nothing was left behind. It ends
# with a status other than 0 if anything of what it tells is not so.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
: "${top_builddir:=$here/../..}"
usdtrap=$top_builddir/usdtrap
python=$(readlink -f /usr/bin/python3)
probe=usdt:$python:function__entry
# What is traced is what is typed: here, and in README.md.
program="$probe {time(\"%H:%M:%S\"); printf(\" line filename=%s, funcname=%s, lineno=%d\\n\", str(arg0), str(arg1), arg2);}"

scratch=$(mktemp -d)
traced=
tracer=
clean_up() {
	for pid in $tracer $traced; do
		kill "$pid" 2>/dev/null || :
	done
	rm -rf "$scratch"
}
trap clean_up EXIT
trap 'exit 130' INT TERM HUP

fail() {
	echo "demo: $*" >&2
	cat "$scratch"/*.err >&2 2>/dev/null || :
	exit 1
}

say() {
	printf '\n# %s\n' "$*"
}

# The site's address in the process, told by binutils and not by usdtrap.
find_site() {
	vaddr=$(readelf -n "$python" | awk '$1 == "Name:" && $2 == "function__entry" { getline; sub(/,.*/, ""); print $2; exit }')
	[ -n "$vaddr" ] || fail "$python has no probe function__entry: it was built without --with-dtrace"
	base=0
	if readelf -h "$python" | grep -q 'Type: *DYN'; then
		base=0x$(sed -n "s|-.* $python\$||p" "/proc/$traced/maps" | head -n 1)
	fi
	site=$((vaddr + base))
}

bytes_at_site() {
	dd if="/proc/$traced/mem" bs=1 skip="$site" count=8 2>/dev/null | od -An -tx1
}

rounds() {
	wc -l <"$scratch/python.out"
}

wait_for() { # COMMAND...: ten seconds at most
	turns=0
	until "$@"; do
		turns=$((turns + 1))
		[ "$turns" -lt 200 ] || fail "this did not happen within ten seconds: $*"
		sleep 0.05
	done
}

show_events() {
	head -n 14 "$scratch/usdtrap.out"
	events=$(grep -c 'funcname=' "$scratch/usdtrap.out") || fail "there was no event"
	grep -q 'funcname=greet,' "$scratch/usdtrap.out" || fail "greet was not seen"
	[ "$events" -le 14 ] || echo "... ($events events in all)"
}

say "The probes of $python, read from the file: no process and no privilege is needed."
echo "\$ usdtrap -l 'usdt:$python:*'"
"$usdtrap" -l "usdt:$python:*"

scope=$(cat /proc/sys/kernel/yama/ptrace_scope 2>/dev/null || echo 0)
if [ "$(id -u)" -ne 0 ] && [ "$scope" -ge 1 ]; then
	say "Yama (/proc/sys/kernel/yama/ptrace_scope is $scope) lets nobody but root attach to a process that is not a child:"
	echo "# so usdtrap starts the program. As root, this demo would attach to one that runs."
	echo "\$ usdtrap -e '$program' -c '$python greet.py 5'"
	"$usdtrap" -e "$program" -c "$python $here/greet.py 5" >"$scratch/usdtrap.out" 2>"$scratch/usdtrap.err" ||
		fail "usdtrap ended with $?"
	cat "$scratch/usdtrap.err"
	grep -v '^round' "$scratch/usdtrap.out" >"$scratch/events"
	mv "$scratch/events" "$scratch/usdtrap.out"
	show_events
	exit
fi

say "A Python program that runs:"
echo "\$ $python greet.py &"
"$python" "$here/greet.py" >"$scratch/python.out" &
traced=$!
wait_for grep -qx 'round 3' "$scratch/python.out"
find_site
before=$(bytes_at_site)
rounds_before=$(rounds)
echo "# process $traced; function__entry is a nop (90) at $(printf '%#x' "$site"); the bytes there:"
echo "before:$before"

say "Every call of a Python function, for three seconds:"
echo "\$ usdtrap -e '$program' -p $traced"
"$usdtrap" -e "$program" -p "$traced" >"$scratch/usdtrap.out" 2>"$scratch/usdtrap.err" &
tracer=$!
attached() {
	kill -0 "$tracer" 2>/dev/null || fail "usdtrap did not attach"
	grep -q '^Attached' "$scratch/usdtrap.err"
}
wait_for attached
sleep 1.5
during=$(bytes_at_site)
sleep 1.5
kill -INT "$tracer"
status=0
wait "$tracer" || status=$?
tracer=
[ "$status" -eq 0 ] || fail "usdtrap ended with $status"
cat "$scratch/usdtrap.err"
show_events

say "Ctrl-C. While it traced, a trap (cc) stood in the nop's place; now the nop is back:"
after=$(bytes_at_site)
echo "during:$during"
echo "after: $after"
rounds_then=$(rounds)
runs_on() {
	[ "$(rounds)" -gt "$rounds_then" ]
}
wait_for runs_on
echo "# and process $traced runs on: round $rounds_before before, round $(rounds) by now."

[ "${before# 90}" != "$before" ] || fail "there was no nop before"
[ "$during" = " cc${before# 90}" ] || fail "there was no trap"
[ "$after" = "$before" ] || fail "the bytes are not what they were"
grep -q '^TracerPid:.0$' "/proc/$traced/status" || fail "process $traced is still traced"
