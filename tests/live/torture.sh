#!/bin/sh
# SPDX-License-Identifier: MIT
# usdtrap is killed again and again while it attaches, traces and leaves; nobody is harmed, and nothing is left behind.
# The long form: make torture.
LIVE_TIMEOUT=${LIVE_TIMEOUT:-300}
export LIVE_TIMEOUT
. "${top_srcdir:-.}/tests/live/lib.sh"
needs_attach
alone

# What is sanitized needs ten times as long: fewer kills.
kills=20 calls=2
! is_sanitized || kills=4 calls=1
"$helpers/torture" "$kills" "$calls" || fail "harm was done"
