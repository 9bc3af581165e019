#!/bin/sh
# SPDX-License-Identifier: MIT
# usdtrap is killed again and again while it attaches, traces and leaves; nobody is harmed, and nothing is left behind.
# The long form: make torture.
LIVE_TIMEOUT=${LIVE_TIMEOUT:-300}
export LIVE_TIMEOUT
. "${top_srcdir:-.}/tests/live/lib.sh"
needs_attach
alone

"$helpers/torture" 20 2 || fail "harm was done"
