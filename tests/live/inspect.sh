#!/bin/sh
# SPDX-License-Identifier: MIT
# usdtrap inspect: what a process has mapped, what its threads do, its memory, its code and its probes, all without
# stopping it; and the same as JSON.
. "${top_srcdir:-.}/tests/live/lib.sh"

target sites
inspect() {
	"$usdtrap" inspect "$pid" "$@" >said.out 2>said.err || fail "inspect $*: $(cat said.err)"
}
program=$(readlink -f "$targets/sites")

# What the kernel itself shows, line by line.
inspect maps
sed 's/^\([0-9a-f]*\)-\([0-9a-f]*\) \(....\) \([0-9a-f]*\) .*/\1 \2 \3 \4/' "/proc/$pid/maps" |
	while read -r start end rights offset; do
		printf '%x-%x %s %x\n' "0x$start" "0x$end" "$rights" "0x$offset"
	done >expected
sed 's/^ *\([0-9a-f]*-[0-9a-f]*\) *\([r-][w-][x-][ps]\) *\([0-9a-f]*\) .*/\1 \2 \3/' said.out | same expected -
grep -q "r-xp .* $program  [0-9]* probes*  build id [0-9a-f]*\.\.\.$" said.out || fail "no probes at $program: $(cat said.out)"

# It waits for its input in read(0, ...).
wait_until_still
inspect threads
grep -qE "^ *$pid +sites +S +read\(0x0, 0x[0-9a-f]+, 0x[0-9a-f]+\) at [a-z_]*read" said.out ||
	fail "the thread does not read: $(cat said.out)"
inspect
grep -qE "^process $pid \(sites\): [0-9]+ mappings, [0-9]+ usdt probes?$" said.out || fail "in brief: $(cat said.out)"

# Functions: where nm says they are.
inspect symbols main
address=$(sed -n 's/^ *\([0-9a-f]*\) .* T main .*/\1/p' said.out)
[ -n "$address" ] || fail "main is not found: $(cat said.out)"
# shellcheck disable=SC2086 # NM may be a command with options
${NM:-nm} "$program" | sed -n 's/^0*\([0-9a-f]*\) T main$/\1/p' >nm.out
base=$(sed -n "s|^\([0-9a-f]*\)-[0-9a-f]* .... 00000000 .*$program\$|\1|p" "/proc/$pid/maps" | head -n 1)
[ $((0x$address)) -eq $((0x$base + 0x$(cat nm.out))) ] || fail "main is at $address, not at $base + $(cat nm.out)"

# Memory: the beginning of an ELF file, and by a function's name the same bytes as by its address.
inspect mem "0x$base" 4
grep -qE "^ *$base +7f 45 4c 46 +\|\.ELF\|$" said.out || fail "no ELF header: $(cat said.out)"
inspect mem main 32
cp said.out by_name.out
inspect mem "0x$address" 32
same by_name.out said.out

# Variables: initialised ones, and those that begin as zeros, which lie behind what the file has.
for variable in word byte program_invocation_name; do
	inspect symbols "$variable"
	grep -qE "^ *[0-9a-f]+ +[0-9]+ [Dd] $variable  " said.out || fail "no $variable: $(cat said.out)"
done
inspect mem word uint32
grep -qE '^ *[0-9a-f]+  4000000000  0xee6b2800$' said.out || fail "word: $(cat said.out)"
inspect mem word
grep -qE '^ *[0-9a-f]+  00 28 6b ee +\|\.\(k\.\|$' said.out || fail "all of it: $(cat said.out)"
inspect mem byte int8
grep -qE '^ *[0-9a-f]+  -100$' said.out || fail "byte: $(cat said.out)"
inspect mem sites_texts pointer 4
sed -n 's/^.*  \(0x[0-9a-f]*\)  sites+0x[0-9a-f]*$/\1/p' said.out >pointers
while read -r pointer; do
	inspect mem "$pointer" string
	sed 's/^ *[0-9a-f]*  //' said.out
done <pointers >texts.out
printf '"%s"\n' nought one two three | same - texts.out
inspect mem '*sites_texts+16' string
grep -q '  "two"$' said.out || fail "where a pointer leads: $(cat said.out)"
inspect mem '**environ' string
environment=$(tr '\000' '\n' <"/proc/$pid/environ" | sed 's/=.*//; q')
[ "$(sed 's/^ *[0-9a-f]*  "//; s/=.*//; q' said.out)" = "$environment" ] || fail "the environment: $(cat said.out)"
# What others have written may be meant to do something to a terminal: characters are shown as they are, and no more.
finish
# shellcheck disable=SC1003 # a backslash
odd=$(printf 'caf\303\251 \351\033[2J"\\')
cp "$targets/sites" "$(printf 's\033[2J\302\233')"
start env -i ODD="$odd" "$(printf './s\033[2J\302\233')"
wait_for target.out '^ready$'
inspect mem '**environ' string
sed 's/^ *[0-9a-f]*//' said.out | grep -qxF "  \"ODD=$(printf 'caf\303\251') \\xe9\\x1b[2J\\\"\\\\\"" ||
	fail "a string: $(cat said.out)"
for part in '' threads stack; do
	inspect $part
	# shellcheck disable=SC1003 # a backslash
	grep -qF 's\x1b[2J\xc2\x9b' said.out || fail "the name in $part: $(cat said.out)"
	! grep -q "$(printf '\033')" said.out || fail "a name reaches the terminal in $part"
done
finish
target sites
wait_until_still

inspect -f json symbols word
grep -q '"kind": "variable"' said.out || fail "kind: $(cat said.out)"

# Code: a site is a nop, then a trap that is marked, then a nop again.
inspect probes
grep -q "  not trapped$" said.out || fail "no free site: $(cat said.out)"
! grep -q "  trapped" said.out || fail "a site is trapped: $(cat said.out)"
cp said.out probes.out
name=$(sed -n '1s/^usdt:[^:]*:\([^ ]*\) .*/\1/p' said.out)
inspect disas "usdt:$program:$name" 1
grep -qE '^ *[0-9a-f]+  90 +nop$' said.out || fail "the site is no nop: $(cat said.out)"
tracer -p "$pid" -e "usdt:$program:* { }"
inspect disas "usdt:$program:$name" 1
grep -qE '^ *[0-9a-f]+  cc +int3 +<- changed: the file has nop$' said.out || fail "the trap is not marked: $(cat said.out)"
sites=$(grep -c 'trapped' probes.out)
inspect maps
grep -qE "^[^/]* r-xp .* $program  [0-9]+ probes?  $sites traps?  build id" said.out || fail "not $sites traps: $(cat said.out)"
[ "$(grep -cE ' traps?  ' said.out)" -eq 1 ] || fail "traps elsewhere: $(cat said.out)"
inspect -f json maps
grep -q "\"traps\": $sites}" said.out || fail "no traps in JSON: $(cat said.out)"
inspect probes
! grep -q "not trapped" said.out || fail "a site is free while all are traced: $(cat said.out)"
inspect -f json probes
grep -q '"trapped": true' said.out || fail "no trap in JSON: $(cat said.out)"
leave
inspect disas "usdt:$program:$name" 1
grep -qE '^ *[0-9a-f]+  90 +nop$' said.out || fail "the site is no nop any more: $(cat said.out)"

inspect maps
! grep -qE ' traps?  ' said.out || fail "a trap is left: $(cat said.out)"

# What calls and operands name: a function of the same file, one of another that is reached by a pointer, a variable.
inspect disas main 300
"$usdtrap" inspect "$pid" disas target_ready 100 >>said.out 2>said.err || : # it is a part of main, mostly
grep -qE 'callq \*?[0-9a-fx]+(\(%rip\))?  # (_IO_)?setvbuf, by a pointer$' said.out ||
	fail "no call of setvbuf: $(cat said.out)"
grep -qE 'callq 0x[0-9a-f]+  # constants$' said.out || fail "no call of constants: $(cat said.out)"
inspect symbols 'memory*' # a compiler that made a copy of it has given that another name: memory.constprop.0
inspect disas "0x$(sed -n '1s/^ *\([0-9a-f]*\) .*/\1/p' said.out)" 100
grep -qE '\(%rip\).*  # byte$' said.out || fail "byte is not named: $(cat said.out)"
inspect -f json disas main 300
grep -q '"target": "0x' said.out || fail "no target in JSON: $(cat said.out)"

# Where a thread goes on is marked in the code.
inspect -f json threads
at=$(sed -n 's/.*"address": "\(0x[0-9a-f]*\)".*/\1/p' said.out | head -n 1)
inspect disas "$at" 1
grep -q "<- thread $pid$" said.out || fail "no thread at $at: $(cat said.out)"

# Every part is JSON, an object a line.
if command -v python3 >/dev/null; then
	for part in maps threads probes 'symbols m*' 'mem main' 'disas main 3' ''; do
		# shellcheck disable=SC2086 # parts and what stands behind them
		inspect -f json $part
		python3 -c 'import json, sys
lines = [json.loads(line) for line in sys.stdin]
assert lines and all(isinstance(line, dict) for line in lines)' <said.out || fail "no JSON of $part: $(cat said.out)"
	done
fi
untouched "$pid"
finish

# What cannot be.
refuses() {
	cat >expected
	status=0
	"$usdtrap" inspect "$@" >said.out 2>said.err || status=$?
	[ "$status" -eq 1 ] || fail "inspect $*: status $status"
	same expected said.err
}
refuses "$pid" <<EOT
ERROR: no process $pid
HINT: list processes: ps -e
EOT
refuses <<EOT
ERROR: usdtrap inspect wants the id of a process first
HINT: usdtrap inspect PID threads
EOT
refuses 99999999 threads <<EOT
ERROR: there is no process 99999999
EOT
if grep -qx kthreadd /proc/2/comm 2>/dev/null && [ "$(id -u)" -eq 0 ]; then
	refuses 2 stack <<EOT
ERROR: cannot trace 2 (kthreadd): it is a thread of the kernel and runs no program
EOT
	"$usdtrap" inspect 2 threads | grep -qE '^ *2 +kthreadd +[A-Z] +(waits in the kernel|runs, on processor [0-9]+)$' ||
		fail "a thread of the kernel: $("$usdtrap" inspect 2 threads)"
fi
refuses $$ mpas <<EOT
ERROR: usdtrap inspect has no part called mpas
HINT: did you mean maps?
EOT
refuses $$ mem <<EOT
ERROR: usdtrap inspect PID mem wants an ADDRESS behind it
HINT: usdtrap inspect -h shows how it is used
EOT
refuses $$ disas no_such_function <<EOT
ERROR: process $$ has no function or variable called no_such_function
HINT: usdtrap inspect $$ symbols '*no_such_function*' looks for such
EOT
refuses $$ mem 16 <<EOT
ERROR: 0x10: Bad address
EOT
refuses $$ mem '*16' <<EOT
ERROR: 0x10: Bad address
EOT
refuses -f xml $$ <<EOT
ERROR: Invalid output format "xml"
HINT: Valid formats: 'text', 'json'
EOT
"$usdtrap" inspect $$ symbols | head -n 1 >said.out || fail "a reader that goes away"
