#!/bin/sh
# SPDX-License-Identifier: MIT
# A stripped file that has its symbols packed in .gnu_debugdata, as Fedora makes them: its functions are found, traced,
# and named in stacks. What is no such table is passed over.
. "${top_srcdir:-.}/tests/live/lib.sh"

for tool in objcopy xz; do
	command -v $tool >/dev/null || skip "no $tool"
done
grep -q '^#define HAVE_LZMA 1$' "$top_builddir/config.h" || skip "built without liblzma"

# As rpmbuild does it: what remains is the text, in the section a symbol table of all functions, packed.
cp "$targets/functions" whole
objcopy --only-keep-debug whole debug
nm debug --format=posix | awk '$2 ~ /^[Tt]$/ { print $1 }' >keep
objcopy -S --remove-section .gdb_index --remove-section .comment --keep-symbols=keep debug mini 2>objcopy.err || skip "$(cat objcopy.err)"
xz -k mini
cp whole functions
strip functions
! "$usdtrap" -l 'uprobe:./functions:many' >listed 2>&1 || fail "it is not stripped"
objcopy --add-section .gnu_debugdata=mini.xz functions

"$usdtrap" -l 'uprobe:./functions:*' >listed || fail "no list"
grep -qx 'uprobe:./functions:many' listed || fail "many is not among $(cat listed)"
"$usdtrap" -q -e 'uprobe:./functions:many { @[func, ustack(2)] = count(); } uretprobe:./functions:many { @ret = retval; }' \
	-c ./functions >trace.out 2>trace.err </dev/null || fail "usdtrap ended with $?: $(cat trace.err)"
grep '^@\|^ ' trace.out | sed 's/+[0-9]*$//' >maps
printf '@[many, \n        many\n        main\n@ret: 7000000025\n' | same - maps

# Cut short, packed otherwise, no ELF file: as if it were not there.
head -c 200 mini.xz >bad1
gzip -c mini >bad2
echo "not an ELF file" | xz -c >bad3
: >bad4
for bad in 1 2 3 4; do
	cp whole functions
	strip functions
	objcopy --add-section .gnu_debugdata=bad$bad functions
	! "$usdtrap" -l 'uprobe:./functions:many' >listed 2>listed.err || fail "a bad table $bad: $(cat listed)"
	grep -q 'the file has no functions in its symbol tables' listed.err || fail "a bad table $bad: $(cat listed.err)"
done
