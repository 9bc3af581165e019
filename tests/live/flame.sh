#!/bin/sh
# SPDX-License-Identifier: MIT
# Where a program spends its time: folded stacks, and a page; by samples and at a probe.
. "${top_srcdir:-.}/tests/live/lib.sh"

status=0
"$usdtrap" flame >trace.out 2>trace.err || status=$?
[ $status -eq 1 ] || fail "no program: $status"
grep -q 'usdtrap flame wants a program: -p PID or -c COMMAND' trace.err || fail "no program: $(cat trace.err)"

# Of a program that is started, at each hit of a probe.
"$usdtrap" flame "$targets/hits:hits:tick" -c "$targets/hits 50" >both.out 2>trace.err </dev/null ||
	fail "usdtrap ended with $?: $(cat trace.err)"
grep -q '^hits;.*;main 50$' both.out || fail "no stacks of main: $(cat both.out)"

needs_attach
target burner
"$usdtrap" flame -p "$pid" --time 2 >trace.out 2>trace.err || fail "usdtrap ended with $?: $(cat trace.err)"
grep -qE '^burner;.*;run;outer;burn [0-9]+$' trace.out || fail "no stacks of burn: $(cat trace.out)"
! grep -q sleeper trace.out || fail "a sleeper was sampled"
"$usdtrap" flame -p "$pid" --time 1 --html page.html >trace.out 2>trace.err || fail "usdtrap ended with $?"
grep -q '^[0-9]* stacks are drawn in page.html$' trace.out || fail "it says: $(cat trace.out)"
grep -q '\["burn",[0-9]*,' page.html || fail "no burn on the page"
status=0
"$usdtrap" flame -p "$pid" --time 0.1 --html /no/such/folder/page.html >trace.out 2>trace.err || status=$?
[ $status -eq 1 ] || fail "a page that cannot be written: $status"
grep -q 'cannot write to /no/such/folder/page.html: No such file or directory' trace.err || fail "it says: $(cat trace.err)"
go
finish
[ "$status" -eq 0 ] || fail "the target ended with $status"
grep -qx 'woken 0' target.out || fail "a sleeper was woken"

# Who only sleeps has no stacks to show, and that is said.
target sites
wait_until_still
"$usdtrap" flame -p "$pid" --time 0.3 >trace.out 2>trace.err || fail "usdtrap ended with $?"
[ ! -s trace.out ] || fail "a sleeper ran: $(cat trace.out)"
echo 'NOTE: there are no stacks: no thread ran, all slept' | same - trace.err
go
finish
