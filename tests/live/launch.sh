#!/bin/sh
# SPDX-License-Identifier: MIT
# A program started with -c is what it would have been if the shell had started it.
. "${top_srcdir:-.}/tests/live/lib.sh"

# Runs a command plainly and by usdtrap, and compares what it prints.
alike() {
	# shellcheck disable=SC2086 # a command line, split as usdtrap splits it
	echo input | plainly $1 >plain.out 2>plain.err
	echo input | "$usdtrap" -e 'interval:s:60 { }' -c "$1" -o trace.out >traced.out 2>traced.err
	same plain.out traced.out
}

fields='^(SigBlk|SigIgn|SigCgt|Cpus_allowed|NoNewPrivs|Seccomp|CapEff|CapPrm|Groups|Uid)'
alike "grep -E $fields /proc/self/status"
alike 'cat /proc/self/oom_score_adj'
alike 'cat /proc/self/limits'
alike 'cat'
alike 'printenv LC_ALL LIVE_TEST'
alike 'pwd'
alike 'ls /proc/self/fd'

# Its process group, session and terminal are those of usdtrap, its own signals as they were set.
"$usdtrap" -e 'interval:s:60 { }' -c 'cat /proc/self/stat' -o trace.out >traced.out
sh -c 'exec "$@"' sh cat /proc/self/stat >plain.out
cut -d ' ' -f 5-8 plain.out >plain.ids
cut -d ' ' -f 5-8 traced.out | same plain.ids -
(
	trap '' USR1 PIPE
	"$usdtrap" -e 'interval:s:60 { }' -c 'grep SigIgn /proc/self/status' -o trace.out >ignoring.out
	grep SigIgn /proc/self/status >plain.out
)
same plain.out ignoring.out

# Not a program: said so, and nothing is left running.
status=0
"$usdtrap" -e 'interval:s:60 { }' -c ./missing >trace.out 2>trace.err || status=$?
[ "$status" -eq 1 ] || fail "a program that is missing: $status"
grep -q 'missing' trace.err || fail "a program that is missing: $(cat trace.err)"
echo 'no program' >script
status=0
"$usdtrap" -e 'interval:s:60 { }' -c ./script >trace.out 2>trace.err || status=$?
[ "$status" -eq 1 ] || fail "a file that is no program: $status"

# What it returns is its own affair.
"$usdtrap" -e 'end { printf("end\n"); }' -c false >trace.out 2>trace.err || fail "false(1): $?"
grep -qx end trace.out || fail "the end clause did not run"

# When usdtrap ends first it ends the program, as bpftrace does.
rm -f in
mkfifo in
"$usdtrap" -e 'interval:ms:100 { exit(); }' -c 'cat in' >trace.out 2>trace.err &
tracer=$!
tracer_ends
[ "$tracer_status" -eq 0 ] || fail "usdtrap ended with $tracer_status"
