#!/bin/sh
# SPDX-License-Identifier: MIT
# A probe at several places, its arguments in registers, in memory, constant and of several sizes; texts of many kinds.
# covers: function-str-trailer config-str-trunc-trailer probe-usdt probe-usdt-arguments
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

# A text that fills its room counts as cut, and shows the trailer; its bytes are those that were read.
printf '%s\n' 'config = { max_strlen = 6; str_trunc_trailer = "+" }' \
	"usdt:$targets/strings:strings:text { print(str(arg1, 4)); print(strlen(str(arg1, 4))); print(str(arg1) == str(arg1)); }" >cut.bt
"$usdtrap" -q cut.bt -c "$targets/strings 64" -o trace.out >target.out 2>trace.err </dev/null
grep -q '^...+$' trace.out || fail "nothing was cut: $(cat trace.out)"
grep -q '^[4-9]$' trace.out && fail "more than three bytes: $(cat trace.out)"
grep -q '^false$' trace.out && fail 'a text is not itself'
: # none of these, as it should be
