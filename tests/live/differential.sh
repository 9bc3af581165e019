#!/bin/sh
# SPDX-License-Identifier: MIT
# The same programs under bpftrace and usdtrap: what they print is the same, line by line, but for blank lines and for
# bpftrace's line about attaching. tests/live/differential/ has the programs, statements of a BEGIN clause: same.txt those
# that must agree with every bpftrace, different.txt those where bpftrace 0.17 was another, with the reason in front; there
# the newest bpftrace is followed. Of these 0.17, where it is installed, must still differ: the list is to stay true.
# shellcheck disable=SC2016 # programs have dollar signs of their own
. "${top_srcdir:-.}/tests/live/lib.sh"

command -v bpftrace >/dev/null || skip "bpftrace is not installed"
[ "$(id -u)" -eq 0 ] || skip "bpftrace wants to be root"
timeout 20 bpftrace -e 'BEGIN { printf("works\n"); exit(); }' 2>/dev/null </dev/null | grep -qx works ||
	skip "bpftrace does not work here"

tidy() {
	sed '/^Attaching [0-9]* probes*\.\.\.$/d; s/[[:blank:]]*$//; /^$/d' "$1"
}

# Runs the statements $1 under both. Their outputs are in theirs.out and ours.out, their statuses compared.
both() {
	their_status=0
	timeout 20 bpftrace --unsafe -e "BEGIN { $1 exit(); }" 42 word >said.out 2>theirs.err </dev/null || their_status=$?
	tidy said.out >theirs.out
	our_status=0
	timeout 20 "$usdtrap" --unsafe -e "BEGIN { $1 exit(); }" 42 word >said.out 2>ours.err </dev/null || our_status=$?
	tidy said.out >ours.out
	[ "$their_status" -eq "$our_status" ] && cmp -s theirs.out ours.out
}

count=0
while IFS= read -r program; do
	count=$((count + 1))
	both "$program" && continue
	diff -u theirs.out ours.out || true
	cat theirs.err ours.err
	fail "they differ (status $their_status and $our_status): $program"
done <"$top_srcdir/tests/live/differential/same.txt"
[ $count -gt 50 ] || fail "only $count programs were compared"

if bpftrace --version | grep -q 'v0\.17\.'; then
	while IFS="$(printf '\t')" read -r reason program; do
		! both "$program" || fail "no difference, though $reason: $program"
	done <"$top_srcdir/tests/live/differential/different.txt"
fi

# Probes, too: what a program counts of itself, counted by both.
run_target() {
	"$@" -c "$targets/hits 20000" </dev/null | sed '/^Attaching/d; s/[[:blank:]]*$//; /^$/d' | sort
}
program="usdt:$targets/hits:hits:tick { @[probe] = count(); @sum = sum(arg0); @text[str(arg1)] = count(); @h = hist(arg0); }"
run_target timeout 60 bpftrace -e "$program" >theirs.out 2>theirs.err || skip "bpftrace traces no usdt probes here"
grep -q '^@sum: ' theirs.out || skip "bpftrace traces no usdt probes here: $(head -n 3 theirs.err)"
run_target "$usdtrap" -e "$program" >ours.out 2>ours.err
same theirs.out ours.out
