#!/bin/sh
# SPDX-License-Identifier: MIT
# `usdtrap top': the table says what the target says; on a terminal it is drawn in place, and q quits.
. "${top_srcdir:-.}/tests/live/lib.sh"
needs_attach

target busy
on_terminal() {
	"$helpers/terminal" "$@" >shown 9>&- || fail "$(cat shown)"
}

# On no terminal: one table after the other, until the time is over.
"$usdtrap" top -p "$pid" --time 2.2 >top.out 2>top.err </dev/null || fail "top: $(cat top.err)"
[ "$(grep -cx '    HITS/S     ALL HITS  PROBE' top.out)" -ge 3 ] || fail "too few tables: $(cat top.out)"
! grep -q "$(printf '\033')" top.out || fail "a file needs no terminal's codes"
grep -qE "^ +[0-9]+ +[1-9][0-9]*  usdt:$targets/busy:busy:hot\$" top.out || fail "no row: $(cat top.out)"
untouched "$pid"

# For programs: an object a second.
"$usdtrap" top -f json -p "$pid" --time 2.2 >top.out 2>top.err </dev/null || fail "top: $(cat top.err)"
! command -v python3 >/dev/null || python3 -c 'import json, sys
rows = [json.loads(line) for line in sys.stdin]
assert len(rows) >= 3 and all(row["seconds"] >= 0 for row in rows), rows
last = [row for row in rows[-1]["probes"] if row["probe"].endswith(":busy:hot")]
assert last and last[0]["hits"] > 0 and last[0]["rate"] > 0, rows' <top.out || fail "no JSON: $(cat top.out)"
untouched "$pid"

# On a terminal: q quits, and the terminal is as it was; what is typed is not shown.
stty_now="$work/stty.sh"
cat >"$stty_now" <<'END'
stty -a >before
"$@"
status=$?
stty -a >after
exit $status
END
on_terminal sh "$stty_now" "$usdtrap" top -p "$pid" <<EOT
expect q quits
expect HITS/S
expect busy:hot
run sleep 1.2
type xq
ends 0
EOT
[ -s before ] || fail "stty says nothing"
same before after
untouched "$pid"
! grep -q 'xq' shown || fail "keys are shown"

# It may be made smaller meanwhile: what comes then is cut to it.
on_terminal "$usdtrap" top -p "$pid" <<EOT
expect busy:hot
size 10 30
run sleep 2.5
type q
ends 0
EOT
grep -a 'usdt:' shown | sed "s/$(printf '\033')\[[0-9;]*[A-Za-z]//g" | tr -d '\r' >lines
[ "$(head -n 1 lines | wc -c)" -gt 31 ] || fail "nothing was to be cut: $(cat lines)"
[ "$(tail -n 1 lines | wc -c)" -le 31 ] || fail "not cut to 30 columns: $(tail -n 1 lines)"
untouched "$pid"

# Ctrl-C, and a terminal that goes away.
on_terminal "$usdtrap" top -p "$pid" <<EOT
expect busy:hot
key C
ends 0
EOT
untouched "$pid"
on_terminal "$usdtrap" top -p "$pid" <<EOT
expect busy:hot
hang up
EOT
tries=0
while [ "$(sed -n 's/^TracerPid:.//p' "/proc/$pid/status")" != 0 ]; do
	tries=$((tries + 1))
	[ $tries -lt 100 ] || fail "it goes on without a terminal"
	sleep 0.05
done
untouched "$pid"

# A reader that has seen enough ends it.
"$usdtrap" top -p "$pid" 2>top.err </dev/null | head -n 2 >head.out
[ ! -s top.err ] || fail "a reader that has seen enough: $(cat top.err)"
untouched "$pid"

# The target ends.
rm -f top.out # else what an earlier one said would do to wait for
"$usdtrap" top -p "$pid" >top.out 2>top.err </dev/null 9>&- &
tracer=$!
wait_for top.out 'HITS/S'
finish
tracer_ends
[ "$tracer_status" -eq 0 ] || fail "the target ended: $tracer_status"
[ "$(tail -n 1 top.out)" = "process $pid has ended" ] || fail "its end is not told: $(cat top.out)"

# One that ends before a second is over: what it did is told all the same.
target sites
rm -f top.out
"$usdtrap" top -p "$pid" >top.out 2>top.err </dev/null 9>&- &
tracer=$!
wait_for top.out 'HITS/S'
go
finish
tracer_ends
[ "$tracer_status" -eq 0 ] || fail "the target ended at once: $tracer_status"
hits=$(grep -c '^[-0-9]* [0-9]* [-0-9]* ' target.out)
[ "$hits" -gt 0 ] || fail "no hits: $(cat target.out)"
grep -qE "^ +[0-9]+ +$hits  usdt:$targets/sites:sites:value\$" top.out || fail "not $hits: $(cat top.out)"
