#!/bin/sh
# SPDX-License-Identifier: MIT
# Returns of C++ functions, named as in C++: those that an exception left have none, also where the same call returns
# from another function the next time.
# covers: probe-uprobe-cpp
. "${top_srcdir:-.}/tests/live/lib.sh"

compiler=${CXX:-c++}
"$compiler" -O1 -o thrower "$top_srcdir/tests/targets/thrower.cc" 2>compiler.err || skip "no C++ program can be made here"
ldd thrower | grep -q 'libstdc++' || skip "C++ names are read by libstdc++, which is not here"

probes=
for name in worker::run 'catches(int)' goes_through throws_or_returns; do
	probes="${probes:+$probes,}uretprobe:./thrower:cpp:\"$name\""
done
"$usdtrap" -e "$probes { @[func] = count(); }" -c ./thrower >both.out 2>trace.err </dev/null || fail "usdtrap ended with $?"
grep '^@' both.out | sort | uniq -c | awk '{ print $1 }' | sort -u >counts
echo 2 | same - counts
[ "$(grep -c '^@' both.out)" -eq 8 ] || fail "not all functions returned"

# Every overload, or one of them; any of a class.
"$usdtrap" -l 'uprobe:./thrower:*_or_returns*' >said.out
grep -q 'throws_or_returns' said.out || fail "a mangled name is not listed"
"$usdtrap" -e 'uprobe:./thrower:cpp:"*::run" { @[func] = count(); }' -c ./thrower 2>trace.err </dev/null | grep '^@.*::run' |
	tail -n 2 | sort >said.out
printf '@[idler::run(int)]: 30\n@[worker::run(int)]: 30\n' | same - said.out
if "$usdtrap" -e 'uprobe:./thrower:cpp:"worker::walk" { }' -c ./thrower >both.out 2>said.err </dev/null; then
	fail "there is no worker::walk"
fi
grep -q 'none of its .* functions is called cpp:"worker::walk"; did you mean cpp:"worker::run"?' said.err ||
	fail "it says something else"

# -l lists what -e would attach to.
"$usdtrap" -l 'uretprobe:./thrower:cpp:"*::run"' >said.out
printf 'uretprobe:./thrower:cpp:"%s::run(int)"\n' idler worker | same - said.out
"$usdtrap" -l -e 'uprobe:./thrower:cpp:"worker::run" { }' >said.out
echo 'uprobe:./thrower:cpp:"worker::run(int)"' | same - said.out
! "$usdtrap" -l 'uprobe:./thrower:cpp:"idler::rnu(int)",uprobe:./thrower:rust:"run"' >said.out 2>said.err ||
	fail "there is no idler::rnu"
cat >expected <<'EOT'
ERROR: ./thrower: none of its NUMBER functions is called cpp:"idler::rnu(int)"
HINT: did you mean cpp:"idler::run(int)"?
ERROR: names of the language rust are not known, only those of cpp
EOT
sed 's/its [0-9]* functions/its NUMBER functions/' said.err | same expected -
