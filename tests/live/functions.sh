#!/bin/sh
# SPDX-License-Identifier: MIT
# Functions by name, offset, address and wildcard; their arguments and return values; what is said of those that are not.
# covers: probe-uprobe-bounds probe-uprobe-unsized probe-uprobe probe-uprobe-offset probe-uprobe-address builtin-func builtin-retval builtin-arguments
. "${top_srcdir:-.}/tests/live/lib.sh"

cp "$targets/functions" functions
run() {
	"$usdtrap" "$@" -c ./functions >said.out 2>said.err </dev/null
}

# Arguments in registers and on the stack; strings; what is returned.
run -e 'uprobe:./functions:many { printf("%d %d %d %d %d %d %ld %d\n", arg0, arg1, arg2, arg3, arg4, arg5, arg6, arg7); }
	uretprobe:./functions:many { printf("%s returned %ld\n", func, retval); }
	u:./functions:greeting { printf("greet %s\n", str(arg0)); }
	ur:./functions:greeting { printf("%s: %s\n", probe, str(retval)); }' || fail "usdtrap ended with $?: $(cat said.err)"
grep -vE '^(ready|7000000025|hello world|42 8|2|)$' said.out >got.out
same - got.out <<EOT
1 -2 3 4 5 6 7000000000 8
many returned 7000000025
greet world
uretprobe:./functions:greeting: hello world
EOT

# Both names are one place; a wildcard means it once.
run -e 'uprobe:./functions:*_named { @[func] = count(); } uprobe:./functions:also_named { @also = count(); }
	uprobe:./functions:also_named+0 { @zero = count(); }' || fail "usdtrap ended with $?"
grep '^@' said.out | sort >got.out
same - got.out <<EOT
@[also_named]: 2
@also: 2
@zero: 2
EOT

# By address, and by the offset of the second instruction.
address=$(nm functions | awk '$3 == "many" { print $1 }')
second=$(objdump -d --no-show-raw-insn --disassemble=many functions | awk '/^ / { sub(":", "", $1); print $1 }' | sed -n 2p)
offset=$((0x$second - 0x$address))
run -e "uprobe:./functions:0x$address { @[func] = count(); } uprobe:./functions:many+$offset { @[probe] = count(); }
	uprobe:./functions:0x$second { @second = count(); }" || fail "usdtrap ended with $?: $(cat said.err)"
grep '^@' said.out | sort >got.out
same - got.out <<EOT
@[many]: 1
@[uprobe:./functions:many+$offset]: 1
@second: 1
EOT

# What cannot be had.
refuses() {
	status=0
	run -e "$1 { }" || status=$?
	[ $status -eq 1 ] || fail "$1 ended with $status"
	sed "s/'many' size is [0-9]*/'many' size is SIZE/; s/its [0-9]* functions/its N functions/" said.err >got.err
	cat - >wanted.err
	grep -qxF -f wanted.err got.err || fail "$1: $(cat said.err)"
	[ "$(grep -cxF -f wanted.err got.err)" -eq "$(wc -l <wanted.err)" ] || fail "$1: $(cat said.err)"
}
# A symbol that has no size: nothing but its beginning is known.
refuses 'uprobe:./functions:_init' <<EOT
stdin:1:1-25: ERROR: uprobe:./functions:_init: Could not determine boundary for _init (symbol has size 0).
HINT: Use --unsafe to force attachment. WARNING: This could lead to data corruption in the target process.
EOT
run --unsafe -e 'uprobe:./functions:_init { @ = count(); }' || fail "usdtrap ended with $?: $(cat said.err)"
grep -qx '@: 1' said.out || fail "a symbol without a size: $(cat said.out)"
run -e 'uprobe:./functions:_[if]ni* { @[func] = count(); } uprobe:./functions:m[a]ny { @many = count(); }' &&
	fail "a wildcard means symbols without a size"
refuses 'uprobe:./functions:many+9999' <<EOT
stdin:1:1-29: ERROR: uprobe:./functions:many+9999: Offset outside the function bounds ('many' size is SIZE)
EOT
refuses 'uprobe:./functions:greetnig' <<EOT
stdin:1:1-28: ERROR: No matches for uprobe ./functions:greetnig.
HINT: ./functions: none of its N functions is called greetnig; did you mean greeting?
EOT
refuses 'uprobe:./functions:0xa' <<EOT
stdin:1:1-23: ERROR: No matches for uprobe ./functions:0xa.
HINT: Could not resolve address: ./functions:0xa; it lies in none of the file's functions
EOT
refuses 'uprobe:./functions:chosen' <<EOT
stdin:1:1-26: ERROR: uprobe:./functions:chosen: ./functions: what is called chosen chooses a function when the program is loaded (IFUNC)
HINT: name the functions that it chooses among: *chosen*
EOT
# The same where several files are meant.
cp functions functions2
cp functions functions3
refuses 'uprobe:./functions[2-3]:greetnig' <<EOT
stdin:1:1-33: ERROR: No matches for uprobe ./functions[2-3]:greetnig.
HINT: ./functions[2-3]: none of its 2 files has a function called greetnig; did you mean greeting?
EOT
refuses 'uprobe:./functions[2-3]:chosen' <<EOT
stdin:1:1-31: ERROR: uprobe:./functions[2-3]:chosen: ./functions2: what is called chosen chooses a function when the program is loaded (IFUNC)
HINT: name the functions that it chooses among: *chosen*
EOT
refuses 'uprobe:./missing:main' <<EOT
stdin:1:1-22: ERROR: No matches for uprobe ./missing:main.
EOT

# A file that was stripped says so; with a debug file beside it it is as before.
command -v objcopy >/dev/null || skip "the rest needs objcopy"
objcopy --only-keep-debug functions functions.debug
strip functions
refuses 'uprobe:./functions:many' <<EOT
stdin:1:1-24: ERROR: No matches for uprobe ./functions:many.
EOT
grep -qE 'did you mean|stripped|called many' said.err || fail "no word about it: $(cat said.err)"
objcopy --add-gnu-debuglink=functions.debug functions
run -e 'uprobe:./functions:many { @[arg1] = count(); }' || fail "the debug file is not found: $(cat said.err)"
grep -qx '@\[-2\]: 1' said.out || fail "many was not seen"
"$usdtrap" -l 'uprobe:./functions:many,uretprobe:./functions:*_named' >got.out
same - got.out <<EOT
uprobe:./functions:many
uretprobe:./functions:also_named
uretprobe:./functions:twice_named
EOT
