#!/bin/sh
# SPDX-License-Identifier: MIT
# Samples are of threads that run, as many as asked for, and stand where the program is busy; sleepers are left alone.
# covers: probe-profile
. "${top_srcdir:-.}/tests/live/lib.sh"
needs_attach

target burner
tracer -e 'profile:hz:100 { @[comm] = count(); @probe[probe] = count(); @all = count(); } interval:s:2 { exit(); }' -p "$pid"
tracer_ends
[ "$tracer_status" -eq 0 ] || fail "usdtrap ended with $tracer_status: $(cat trace.err)"
! grep -q 'sleeper' trace.out || fail "a sleeper was sampled: $(cat trace.out)"
samples=$(sed -n 's/^@\[burner\]: //p' trace.out)
[ "${samples:-0}" -ge 20 ] || fail "few samples: $(cat trace.out)"
# Two threads burn; whether at once, the number of processors tells.
all=$(sed -n 's/^@all: //p' trace.out)
[ "$all" -le 450 ] || fail "too many samples: $(cat trace.out)"
grep -q '^@probe\[profile:hz:100\]: ' trace.out || fail "another name: $(cat trace.out)"
go
finish
[ "$status" -eq 0 ] || fail "the target ended with $status"
grep -qx 'woken 0' target.out || fail "a sleeper was woken"
