#!/bin/sh
# SPDX-License-Identifier: MIT
# A target that blocks or ignores SIGTRAP, which the kernel undoes at every trap: it lives, and all hits are counted.
. "${top_srcdir:-.}/tests/live/lib.sh"

for mode in ignored blocked; do
	"$usdtrap" -e "usdt:$targets/handlers:handlers:tick { @hits = count(); }" -c "$targets/handlers $mode" \
		-o trace.out >target.out 2>trace.err </dev/null
	grep -q '^taken' target.out || fail "$mode: the target did not reach its end"
	same_maps
done
