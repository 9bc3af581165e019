#!/bin/sh
# SPDX-License-Identifier: MIT
# -c: which of the two ends first, and how, decides what becomes of the other.
# covers: cli-command status-ok cli-dry-run
. "${top_srcdir:-.}/tests/live/lib.sh"

tick="usdt:$targets/hits:hits:tick"

# It is traced from its first hit to its end, which ends the script; what it returns makes no difference.
"$usdtrap" -e "$tick { @hits = count(); @sum = sum(arg0); } end { printf(\"cpid %d\\n\", cpid > 1); }" \
	-c "$targets/hits 1000" -o trace.out </dev/null >target.out 2>target.err || fail "status $?"
same_maps
grep -qx 'cpid 1' trace.out || fail "cpid is not known: $(cat trace.out)"
grep -qx 'Attached 2 probes' target.err || fail "not attached: $(cat target.err)"

# A dry run never starts it.
"$usdtrap" --dry-run -e "$tick { }" -c "$targets/hits 1" >said.out 2>said.err </dev/null || fail "dry run: $?"
[ ! -s said.out ] || fail "a dry run ran the program: $(cat said.out)"

# A program that leaves word when it is asked to end, and how to wait for that.
cat >program.sh <<'EOT'
trap 'echo asked to end; exit 0' TERM
trap 'echo interrupted; exit 0' INT
echo "program $$"
while :; do
	sleep 0.05
done
EOT

# The program's pid, once it runs.
run_program() {
	rm -f program.out # of the one before, or its word is taken for this one's
	"$usdtrap" -e "$1" -c 'sh program.sh' >program.out 2>trace.err &
	tracer=$!
	wait_for program.out '^program'
	program=$(sed -n 's/^program //p' program.out)
	started="$started $program"
}

# usdtrap ends first: by exit(), or by a signal sent to it alone.
run_program 'interval:ms:200 { exit(4); }'
tracer_ends
[ "$tracer_status" -eq 4 ] || fail "exit(4): $tracer_status"
wait_for program.out '^asked to end$'
for signal in INT TERM; do
	run_program 'interval:s:1000 { }'
	leave_by $signal
	[ "$tracer_status" -eq 0 ] || fail "$signal: $tracer_status"
	wait_for program.out '^asked to end$'
done

# Ctrl-C while it attaches, or before that: what was not attached is not said to be. begin ends once it has been heard.
target busy
# shellcheck disable=SC2016 # the script's own dollar
sh -c 'exec "$1" --unsafe --no-warnings -e "BEGIN { system(\"kill -INT $$\"); \$t = nsecs + 3e9; while (nsecs < \$t) { \$s = strftime(\"%c\", nsecs); } } usdt:* { }" -p "$2"' \
	sh "$usdtrap" "$pid" >trace.out 2>trace.err || fail "interrupted early: $?: $(cat trace.err)"
same - trace.err <<EOT
NOTE: interrupted while attaching
EOT
finish

# usdtrap is killed: the program goes on.
run_program 'interval:s:1000 { }'
leave_by KILL
sleep 0.3
[ -e "/proc/$program/exe" ] || fail "the program ended with the killed usdtrap"
! grep asked program.out || fail "the program was asked to end by the killed usdtrap"
kill "$program"
