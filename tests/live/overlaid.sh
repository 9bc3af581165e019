#!/bin/sh
# SPDX-License-Identifier: MIT
# bpftrace comes later and has the kernel lay its own probe over our trap: that is told, with its name, while it is
# there, and `why' tells it as well; when it leaves, the trap is put in again.
. "${top_srcdir:-.}/tests/live/lib.sh"
[ "$(id -u)" -eq 0 ] || skip "only root can lay probes of the kernel's"
command -v bpftrace >/dev/null || skip "bpftrace is not installed"
needs_attach
[ -z "${OLD_KERNEL:-}" ] || skip "an old kernel has no bpf(2), which tells whose the probe is"

target hits 4000000000000
probe="usdt:$targets/hits:hits:tick"
timeout 20 bpftrace -e "$probe { @ = count(); } interval:s:1 { exit(); }" -p "$pid" >other.out 2>other.err ||
	skip "bpftrace does not work here: $(tail -n 1 other.err)"
grep -q 'Attaching' other.out || skip "bpftrace does not work here: $(tail -n 1 other.err)"

tracer -e "$probe { @hits = count(); }" -p "$pid"
go
sleep 1.5
timeout 60 bpftrace -e "$probe { @ = count(); } interval:s:6 { exit(); }" -p "$pid" >other.out 2>other.err &
other=$!
started="$started $other"
wait_for trace.err "has laid a probe of the kernel's over the trap"
grep '^WARNING' trace.err | sed "s/process [0-9]* (bpftrace)/process OTHER (bpftrace)/" >said
cat >expected <<EOT
WARNING: process OTHER (bpftrace) has laid a probe of the kernel's over the trap of $probe in process $pid, and gets its hits; usdtrap gets none until that ends
EOT
same expected said
"$usdtrap" why "$probe" -p "$pid" >why.out 2>&1 || true
tr '\n' ' ' <why.out | tr -s ' ' |
	grep -q "note process [0-9]* (bpftrace) has a probe of the kernel's there, and gets its hits" || fail "why: $(cat why.out)"
wait "$other" || true
wait_for trace.err 'is gone, and the trap was put in again: what was passed in between is not counted'
[ "$(grep -c '^WARNING' trace.err)" -eq 2 ] || fail "told otherwise: $(cat trace.err)"
leave
untouched "$pid"
