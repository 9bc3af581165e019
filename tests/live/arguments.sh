#!/bin/sh
# SPDX-License-Identifier: MIT
# A probe at several places, its arguments in registers, in memory, constant and of several sizes; texts of many kinds.
. "${top_srcdir:-.}/tests/live/lib.sh"

"$usdtrap" -e "usdt:$targets/sites:sites:value { printf(\"%lld %llu %d %s\\n\", arg0, arg1, arg2, str(arg3)); }" \
	-c "$targets/sites" -o trace.out >target.out 2>trace.err </dev/null
grep -v ready target.out >expected
grep . trace.out | same expected -

for capacity in 65536 5000 64 8; do
	"$usdtrap" -e "usdt:$targets/strings:strings:text { printf(\"%d [%s]\\n\", arg0, str(arg1, $capacity)); }" \
		-c "$targets/strings $capacity" -o trace.out >target.out 2>trace.err </dev/null
	grep -v ready target.out >expected
	grep . trace.out | same expected -
done
