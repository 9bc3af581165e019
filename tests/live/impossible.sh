#!/bin/sh
# SPDX-License-Identifier: MIT
# What cannot be traced is refused with its reason, or told when it comes up, and spoils nothing else.
. "${top_srcdir:-.}/tests/live/lib.sh"

# A return to code that the program has made itself is not seen, which is said once; those to code of files are.
"$usdtrap" -e "uprobe:$targets/generated:called { @calls = count(); } uretprobe:$targets/generated:called { @returns = sum(retval); }" \
	-c "$targets/generated 10" -o trace.out >target.out 2>trace.err </dev/null || fail "usdtrap ended with $?"
printf 'ready\nsum 110\n' | same - target.out
maps trace.out >found
printf '@calls: 20\n@returns: 55\n' | same - found
sed 's/0x[0-9a-f]*/ADDRESS/g; s/process [0-9]*/process PID/' trace.err >said
cat >expected <<'EOT'
Attached 2 probes
WARNING: a return of the function at ADDRESS in process PID is not seen: what it returns to, ADDRESS, is in memory of no file, as code is that a program generates while it runs
WARNING: 10 returns of functions could not be seen, or not be told from another call's: they are missing
EOT
same expected said

refused() {
	result=0
	"$usdtrap" -q "$@" >said.out 2>said || result=$?
	[ $result -eq 1 ] || fail "$*: $result, $(cat said.out said)"
}

# The vsyscall page belongs to the kernel.
refused -e 'watchpoint:0xffffffffff600000:1:x { }' -c true
grep -q 'a watchpoint cannot watch 0xffffffffff600000, which is the kernel.s (the vsyscall page among it)$' said ||
	fail "vsyscall: $(cat said)"
# There is no file of that name whose functions could be named, and no instruction anywhere that could.
refused -e 'uprobe:[vsyscall]:time { }' -c true
grep -q 'ERROR' said || fail "vsyscall by name: $(cat said)"

# Names that nobody has, nearly right.
refused -e "uprobe:$targets/generated:caled { }" -c true
grep -q '^HINT: .*did you mean called?$' said || fail "a name: $(cat said)"
refused -e "uretprobe:$targets/generated:calledd { }" -c true
grep -q '^HINT: .*did you mean called?$' said || fail "a name: $(cat said)"
