#!/bin/sh
# SPDX-License-Identifier: MIT
# The scripts of tools/: each is as --fmt prints it, tells how it is run, and compiles without a warning; those for Python
# and C++ tell of a program what it knows of itself. tools_postgresql.sh and tools_runtimes.sh go on.
. "${top_srcdir:-.}/tests/live/lib.sh"
tools=$top_srcdir/tools

count=0
for tool in "$tools"/*.bt; do
	count=$((count + 1))
	name=$(basename "$tool")
	[ -x "$tool" ] || fail "$name cannot be executed"
	[ "$(head -n 1 "$tool")" = '#!/usr/bin/env usdtrap' ] || fail "$name does not begin with its interpreter"
	for part in "$name	" Shows: Needs: Run: "usdtrap tools/$name"; do
		grep -q "^ \*.*$part" "$tool" || fail "$name: its head has no $part"
	done
	"$usdtrap" --fmt "$tool" | same "$tool" -
	"$usdtrap" --dry-run "$tool" -c true >said.out 2>said.err || fail "$name is no script: $(cat said.err)"
	! grep WARNING said.err | grep -qv 'No matches for' || fail "$name: $(cat said.err)"
	grep -q "tools/$name" "$top_srcdir/Makefile.am" || fail "$name is not installed"
done
[ $count -ge 12 ] || fail "$count tools"

# trace NAME COMMAND [OPTION...]: the tool's output is in trace.out, the program's in target.out
trace() {
	tool=$tools/$1.bt
	command=$2
	shift 2
	"$usdtrap" -o trace.out "$tool" -c "$command" -- "$@" >target.out 2>trace.err </dev/null ||
		fail "$tool ended with $?: $(cat trace.err)"
	! grep WARNING trace.err | grep -qv -e 'No matches for' -e 'no safety net' || fail "$tool: $(cat trace.err)"
}

# The number of lines of trace.out that match.
lines() {
	grep -c -e "$1" trace.out || true
}

python=/usr/bin/python3.11
if "$usdtrap" -l "usdt:$python:python:function__entry" 2>/dev/null | grep -q .; then
	cat >work.py <<'END'
import gc
import time


def leaf(number):
    if number == 3:
        raise ValueError
    return number


def work():
    for number in range(5):
        try:
            leaf(number)
        except ValueError:
            pass


def slow():
    time.sleep(0.12)


work()
slow()
gc.collect()
END
	trace pyflow "$python work.py" --file=work.py
	sed -n 's/^ *[0-9]* *[0-9]* \( *[-<].*\)/\1/p' trace.out | sed "s|$work/||" >said.out
	{
		echo '-> <module> work.py:0'
		echo '  -> work work.py:11'
		for _ in 0 1 2 3 4; do printf '    -> leaf work.py:5\n    <- leaf\n'; done
		printf '  <- work\n  -> slow work.py:19\n  <- slow\n<- <module>\n'
	} >expected
	same expected said.out

	trace pyslow "$python work.py" --ms=100
	awk '$3 == "slow" && $4 ~ /work.py/ { print ($1 >= 120 && $1 < 2000) }' trace.out >said.out
	echo 1 | same - said.out
	[ "$(lines ' work ')" -eq 0 ] || fail "pyslow: work is not slow"

	# What the collector does, by its own callbacks; none run while the interpreter starts and ends.
	cat >collect.py <<'END'
import gc
import sys

gc.disable()


def seen(phase, info):
    if phase == "stop" and info["generation"] == 1:
        print("found", info["collected"])


class Ring:
    def __init__(self):
        self.ring = self


gc.callbacks.append(seen)
for size in (3, 40, 500):
    rings = [Ring() for _ in range(size)]
    del rings
    gc.collect(1)
END
	trace pygc "$python collect.py" --each
	awk '$1 == "found" { print $2 }' target.out >expected
	[ "$(wc -l <expected)" -eq 3 ] || fail "the program did not collect three times"
	awk '$1 ~ /^[0-9]+$/ && $3 == 1 { print $4 }' trace.out | same expected -
	grep -qx '@collections\[1\]: 3' trace.out || fail "pygc: not three collections"
	grep -qx "@found\[1\]: $(awk '{ sum += $1 } END { print sum }' expected)" trace.out || fail "pygc: found something else"

	mkdir shelf
	echo 'import shelf.book' >shelf/__init__.py
	printf 'import time\ntime.sleep(0.06)\n' >shelf/book.py
	printf 'import shelf\nimport shelf\ntry:\n    import nowhere_at_all\nexcept ImportError:\n    pass\n' >reader.py
	trace pyimport "$python -S reader.py"
	sed -n 's/^ *[0-9]* *[0-9]* \( *\)\(.*\(shelf\|nowhere\).*\)/\1\2/p' trace.out >said.out
	printf '  shelf.book\nshelf\nnowhere_at_all (not found)\n' >expected
	same expected said.out
	awk '$3 == "shelf" { print ($1 >= 60000 && $2 < $1 - 59000) } $3 == "shelf.book" { print ($2 >= 60000) }' trace.out >said.out
	printf '1\n1\n' | same - said.out
	trace pyimport "$python -S reader.py" --us=55000
	[ "$(lines shelf) $(lines nowhere)" = '2 0' ] || fail "pyimport: --us shows something else"

	# One that runs already.
	if sleep 60 & started="$started $!" && "$helpers/mayattach" $!; then
		cat >waits.py <<'END'
def answer():
    return input()


print("ready", flush=True)
while answer() != "go":
    pass
END
		start "$python" waits.py
		wait_for target.out '^ready$'
		wait_until_still
		tracer "$tools/pyflow.bt" -p "$pid" -- --file=waits.py
		tell one
		tell two
		go
		both_end
		[ "$(lines '-> answer') $(lines '<- answer')" = '2 3' ] || fail "pyflow: not two calls behind the one that waits"
	else
		echo "this user may not attach to a running process here: -p was not tried"
	fi
else
	echo "$python has no probes: the tools for Python were not tried"
fi

cat >throw.cc <<'END'
#include <cstdio>
#include <stdexcept>

static int thrown, caught, again;

static void work(int i)
{
	if (i % 3 == 0) {
		thrown++;
		throw std::out_of_range("no");
	}
	try {
		if (i % 5 == 0)
			throw i;
	} catch (int) {
		again++;
		throw;
	}
}

int main()
{
	for (int i = 1; i < 100; i++) {
		try {
			work(i);
		} catch (const std::out_of_range &) {
			caught++;
		} catch (int) {
		}
	}
	std::printf("@caught[St12out_of_range]: %d\n@caught[i]: %d\n", caught, 2 * again);
	std::printf("@rethrown[i]: %d\n@thrown[St12out_of_range]: %d\n@thrown[i]: %d\n", again, thrown, again);
}
END
if "${CXX:-c++}" -O1 -o throw throw.cc 2>compiler.err && ldd throw | grep -q 'libstdc++' &&
	"$usdtrap" -l usdt:libstdc++:libstdcxx:throw 2>/dev/null | grep -q .; then
	for link in '' -static-libstdc++; do
		# shellcheck disable=SC2086 # none, or one
		"${CXX:-c++}" -O1 $link -o throw throw.cc
		trace cppthrow ./throw --stacks
		same_maps
		[ "$(grep -c 'threw i$' trace.out)" -eq "$(sed -n 's/@thrown\[i\]: //p' target.out)" ] || fail "cppthrow: stacks"
		[ "$(grep -c '^  *main+' trace.out)" -ge 1 ] || fail "cppthrow: no stack of main"
	done
else
	echo "no C++ program with probes can be made here: cppthrow was not tried"
fi
