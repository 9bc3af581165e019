#!/bin/sh
# SPDX-License-Identifier: MIT
# Stacks in scripts: as keys, in their modes, as values, and after the target has ended; symbols and their addresses.
# covers: builtin-reg builtin-ustack text-stack config-stack-mode function-uaddr function-usym
# shellcheck disable=SC2016 # scripts have dollar signs of their own
. "${top_srcdir:-.}/tests/live/lib.sh"

tick="usdt:$targets/hits:hits:tick"

"$usdtrap" -q -e "$tick { @[ustack(1)] = count(); @depth = max(len(ustack)); @one = ustack(raw, 1);
	@symbol[usym(uaddr(\"main\"))] = count(); @nothing[usym(1)] = count(); @kernel[kstack] = count(); }" \
	-c "$targets/hits 5" -o trace.out </dev/null >target.out 2>target.err || fail "status $?: $(cat target.err)"
sed -e 's/main+[0-9]*$/main+OFFSET/' -e 's/^[0-9a-f][0-9a-f]*$/ADDRESS/' -e 's/^@depth: [1-9][0-9]*$/@depth: SOME/' \
	-e 's/^@one: $/@one:/' trace.out >shown
cat >wanted <<'EOT'


@[
        main+OFFSET
]: 5
@depth: SOME
@kernel[]: 5
@nothing[0x1]: 5
@one:
ADDRESS

@symbol[main]: 5
EOT
same wanted shown

# perf mode tells the file, build_id where in it; the configuration's mode holds where the script names none.
"$usdtrap" -q -e "config = { stack_mode=perf } $tick { printf(\"%s\", ustack(1)); printf(\"%s\", ustack(build_id, 1)); exit(); }" \
	-c "$targets/hits 5" -o trace.out </dev/null >target.out 2>target.err || fail "status $?: $(cat target.err)"
grep -Eq "^	[0-9a-f]+ main\+[0-9]+ \($targets/hits\)$" trace.out || fail "perf mode: $(cat trace.out)"
grep -Eq '^        ([0-9a-f]{8,} )?0x[0-9a-f]+$' trace.out || fail "build_id mode: $(cat trace.out)"

# In JSON a stack is a text.
"$usdtrap" -q -f json -e "$tick { @[ustack(2)] = count(); print(ustack(1)); exit(); }" \
	-c "$targets/hits 5" -o trace.out </dev/null >target.out 2>target.err || fail "status $?: $(cat target.err)"
sed 's/+[0-9]*/+N/g' trace.out | sed 's/main+N\\n.*\\n": 1/main+N\\n        CALLER\\n": 1/' >shown
printf '%s\n' '{"type": "value", "data": "\n        main+N\n"}' '{"type": "map", "data": {"@": {"\n        main+N\n        CALLER\n": 1}}}' >wanted
same wanted shown

# Registers: where the thread stands, and one that an argument of the probe is in or is not.
"$usdtrap" -q -e "$tick { printf(\"%s %d %d\\n\", usym(reg(\"ip\")), reg(\"ip\") == reg(\"pc\"), reg(\"rsp\") == reg(\"sp\")); exit(); }" \
	-c "$targets/hits 5" -o trace.out </dev/null >target.out 2>target.err || fail "status $?: $(cat target.err)"
printf '%s\n' 'main 1 1' '' '' >wanted
same wanted trace.out

# Folded: what flamegraph.pl reads, each stack once, whatever stands beside it in the key; all else as ever.
"$usdtrap" -q --folded -e "$tick { @[ustack(1), comm] = count(); @named[ustack(1)] = sum(2); @sizes[ustack(1), arg0 & 1] = hist(4);
	@stats[1, ustack(1), 2] = stats(10); @text[ustack(1)] = \"no number\"; @other[comm] = count(); }
	end { print(@other); }" \
	-c "$targets/hits 6" -o trace.out </dev/null >target.out 2>target.err || fail "status $?: $(cat target.err)"
sed 's/main+[0-9]*$/main+OFFSET/' trace.out >shown
cat >wanted <<'EOT'
@other[hits]: 6
hits;main 6
@named;main 12
@other[hits]: 6
@sizes;0;main 3
@sizes;1;main 3
@stats;1;2;main 60
@text[
        main+OFFSET
]: no number
EOT
same wanted shown
"$usdtrap" -q --folded -e "$tick { @[ustack] = count(); }" -c "$targets/hits 1000" -o trace.out </dev/null >target.out 2>target.err ||
	fail "status $?: $(cat target.err)"
grep -qE '^[^ ]*;main 1000$' trace.out || fail "a whole stack: $(cat trace.out)"
