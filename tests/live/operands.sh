#!/bin/sh
# SPDX-License-Identifier: MIT
# What probes pass is what is decoded: a generated program, compiled in a few ways. `make check-operands' does them all.
# covers: probe-usdt-arguments
. "${top_srcdir:-.}/tests/live/lib.sh"

command -v python3 >/dev/null || skip "there is no python3 to generate programs with"
status=0
python3 "$top_srcdir/tests/live/operands/check.py" "$helpers/operands/decode" || status=$?
exit $status
