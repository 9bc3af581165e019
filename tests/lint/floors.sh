#!/bin/sh
# SPDX-License-Identifier: MIT
# The floors hold (docs/floors.md): what each folder may include, who alone may use what, where architecture words may be.
# First the lint itself is tried on a tree that breaks every rule once. And docs/floors.md knows every file.
set -eu
LC_ALL=C
export LC_ALL
: "${top_srcdir:=.}"
lint=$(cd "$top_srcdir/tests/lint" && pwd)

check() { # of the tree in the working directory
	find src include -name '*.[ch]' | sort | xargs awk -f "$lint/code.awk" >"$scratch/code"
	awk -f "$lint/floors.awk" "$scratch/code"
}

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

mkdir -p "$scratch/bad/include/usdtrap" "$scratch/bad/src/base" "$scratch/bad/src/lang" "$scratch/bad/src/cellar"
cat >"$scratch/bad/src/base/bad.c" <<'END'
#include "os/ptrace.h"
#include <libelf.h>
#include <gelf.h>
#include <capstone/capstone.h>
#include <libunwind-ptrace.h>
#include <getopt.h>
	ptrace(PTRACE_CONT, tid, 0, 0);
	process_vm_readv(tid, 0, 0, 0, 0, 0);
	waitpid (-1, 0, 0);
	if (isatty(1))
	open("/proc/self/maps");
	struct user_regs_struct registers;
#ifdef __x86_64__
	byte = 0xCC;
	registers.rip--;
END
cat >"$scratch/bad/src/base/good.c" <<'END'
#include "base/error.h"
#include "config.h"
#include <usdtrap/hit.h>
/* ptrace(PTRACE_CONT) at %rip, 0xcc,
 * "os/ptrace.h" */
	ptrace_continue(tid, 0); // ptrace(2)
	write("usdt:/proc*: a /* that opens no comment"); /* 0xcc */
	print("a \"getopt(name)", "ptrace(");
	return trip + 0xccd;
END
echo '#include "trace/session.h"' >"$scratch/bad/src/lang/bad.c"
echo 'int x;' >"$scratch/bad/src/cellar/bad.c"
found=$(cd "$scratch/bad" && check) && status=0 || status=$?
expected=$(
	for line in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
		echo "src/base/bad.c:$line"
	done
	echo src/cellar/bad.c:1
	echo src/lang/bad.c:1
)
if [ "$status" = 0 ] || [ "$(echo "$found" | cut -d: -f1,2)" != "$expected" ]; then
	echo "the lint does not find what it should; it found:"
	echo "$found"
	exit 1
fi

cd "$top_srcdir"
check

# The words in backquotes, without folder and suffix; a * stands for any text.
# shellcheck disable=SC2016 # these backquotes are characters
known=$(tr '\n' ' ' <docs/floors.md | sed 's/.*## The files//' | grep -oE '`[^`]*`' | tr -d '`' | sed 's|.*/||; s|\.[ch]$||')
missing=0
for file in $(find src -name '*.[ch]' | sed 's|.*/||; s|\.[ch]$||' | sort -u); do
	set -f
	for name in $known ''; do
		# shellcheck disable=SC2254 # it is a pattern
		case $file in
		$name) break ;;
		esac
	done
	set +f
	if [ -z "$name" ]; then
		echo "docs/floors.md does not say what $file is"
		missing=1
	fi
done
[ "$missing" = 0 ]
echo "the floors hold in $(find src include -name '*.[ch]' | wc -l) files"
