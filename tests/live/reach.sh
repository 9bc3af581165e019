#!/bin/sh
# SPDX-License-Identifier: MIT
# `usdtrap discover' and `cover': which probes are reached; a site costs one stop. `usdtrap expect': how often.
. "${top_srcdir:-.}/tests/live/lib.sh"

cat >app.c <<'END'
#define SDT_USE_VARIADIC
#include <stdio.h>
#include <stdlib.h>
#include <sys/sdt.h>
static inline __attribute__((always_inline)) void twice(int i)
{
	STAP_PROBE1(app, twice, i);
}
int main(int argc, char **argv)
{
	char line[64];
	int count = argc > 1 ? atoi(argv[1]) : 0;
	STAP_PROBE(app, begin);
	if (count < 0)
		STAP_PROBE(app, never);
	for (int i = 0; i < count; i++)
		STAP_PROBE1(app, loop, i);
	if (count > 0) {
		puts("done");
		return 0;
	}
	puts("ready");
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		if (*line == 'l')
			for (int i = 0; i < 100000; i++)
				STAP_PROBE1(app, loop, i);
		twice(1);
		if (*line == 'b')
			twice(2);
		puts("did it");
		fflush(stdout);
	}
	return 0;
}
END
${CC:-cc} -O1 -o app app.c >build.log 2>&1 || skip "no program with probes can be built here: $(cat build.log)"

# A run, to its end: what was reached, what was not; the program's own output stays what it is.
"$usdtrap" cover -c './app 3' >cover.out 2>cover.err </dev/null || fail "cover: $(cat cover.err)"
grep -v -x 'done' cover.out >report
cat >expected <<'END'
reached  usdt:./app:app:begin
reached  usdt:./app:app:loop
-        usdt:./app:app:never
-        usdt:./app:app:twice

2 of 4 probes were reached
END
same expected report
"$usdtrap" cover -c './app 3' 'app:[bn]*' 2>cover.err </dev/null | grep -v -x 'done' >report
cat >expected <<'END'
reached  usdt:./app:app:begin
-        usdt:./app:app:never

1 of 2 probes were reached
END
same expected report

# Nothing to reach is no success.
status=0
"$usdtrap" cover -c './app 3' 'app:nosuch' >cover.out 2>cover.err </dev/null || status=$?
[ $status -eq 1 ] || fail "nothing to reach: status $status"
same - cover.err <<'END'
ERROR: no file that was run has such probes
HINT: without their names all are meant
END
"$usdtrap" cover -c './app 3' 'app:begin' 2>cover.err </dev/null | tail -n 1 >report
echo '1 of 1 probe was reached' | same - report

# For programs: an object a line. Returns what the Python expression $2 says of the list of objects in file $1.
holds() {
	command -v python3 >/dev/null || return 0
	python3 -c 'import json, sys
rows = [json.loads(line) for line in open(sys.argv[1]) if line.startswith("{")]
assert eval("(" + sys.argv[2] + ")"), rows' "$@" || fail "not so: $2"
}
"$usdtrap" cover -f json -c './app 3' >cover.out 2>cover.err </dev/null || fail "cover: $(cat cover.err)"
holds cover.out '[(row["probe"][-5:], row["reached"]) for row in rows[:-1]] ==
	[("begin", True), (":loop", True), ("never", False), ("twice", False)]'
holds cover.out 'rows[-1] == {"type": "summary", "reached": 2, "probes": 4, "sites": 2}'

# Expectations: all true, one false, one that nobody can tell.
expects() {
	wanted=$1
	shift
	status=0
	"$usdtrap" expect "$@" >expect.all 2>expect.err </dev/null || status=$?
	grep -v -x 'done' expect.all >expect.out || true
	[ "$status" -eq "$wanted" ] || fail "expect $*: status $status: $(cat expect.out expect.err)"
}
expects 0 'app:loop == 1000' 'app:loop>=1000' 'loop<1001' 'app:begin' 'app:never == 0' 'app:l* != 3' 'app:* > 1000' \
	-c './app 1000'
cat >expected <<'END'
ok      app:loop == 1000: 1000 hits
ok      app:loop>=1000: 1000 hits
ok      loop<1001: 1000 hits
ok      app:begin: 1 hit
ok      app:never == 0: 0 hits
ok      app:l* != 3: 1000 hits
ok      app:* > 1000: 1001 hits
END
same expected expect.out
[ ! -s expect.err ] || fail "$(cat expect.err)"
expects 1 'app:loop <= 3' app:never 'app:begin = 1' -c './app 4'
cat >expected <<'END'
FAILED  app:loop <= 3: 4 hits
FAILED  app:never: 0 hits
ok      app:begin = 1: 1 hit
END
same expected expect.out
expects 1 -f json 'app:loop <= 3' app:begin -c './app 4'
holds expect.out 'rows == [{"expectation": "app:loop <= 3", "hits": 4, "met": False},
	{"expectation": "app:begin", "hits": 1, "met": True}]'
expects 2 'app:lop == 0' -c './app 1'
echo "ERROR: 'app:lop == 0': no file that was run has such a probe" | same - expect.err
expects 2 'app:loop' -c ./none
echo "ERROR: cannot run './none': No such file or directory" | same - expect.err
for wrong in 'a b' 'app:loop ~ 3' 'app:loop < x' '< 3' 'app:loop < -1' 'app:loop < 3 4' 'app:loop <'; do
	expects 2 "$wrong" -c './app 1'
	printf "ERROR: '%s' is no expectation\nHINT: a probe, an operator and a number: 'python:gc__done <= 3'\n" "$wrong" |
		same - expect.err
done
expects 2 -c './app 1'
cat >expected <<'END'
ERROR: usdtrap expect wants what to expect, and of whom
HINT: usdtrap expect 'python:gc__done <= 3' -c 'python3 program.py'
END
same expected expect.err
for word in discover cover top; do
	"$usdtrap" $word >said.out 2>said.err && fail "$word alone is no error"
	head -n 1 said.err | grep -qxE "ERROR: usdtrap $word wants -[pc] ('COMMAND'|PID)" || fail "$(cat said.err)"
done

needs_attach

# Starts it where nothing is left of what an earlier one said.
discovers() {
	rm -f discover.err
	"$usdtrap" discover "$@" -p "$pid" >discover.out 2>discover.err 9>&- &
	tracer=$!
	wait_for discover.err 'waiting for 4 probes'
}

# What is reached is told as it is, once a probe; its trap is gone then, and the others stay.
start ./app
wait_for target.out '^ready$'
discovers
tell loop
wait_for discover.out ':loop$'
wait_for discover.out ':twice$'
wait_for target.out '^did it$'
[ "$(grep -c . discover.out)" -eq 2 ] || fail "told more than once: $(cat discover.out)"
tell both
tell loop
tries=0
until [ "$(grep -c '^did it$' target.out)" -eq 3 ]; do
	tries=$((tries + 1))
	[ $tries -lt 600 ] || fail "the target stands still: $(cat target.out)"
	sleep 0.05
done
leave
[ "$tracer_status" -eq 0 ] || fail "discover ended with $tracer_status: $(cat discover.err)"
untouched "$pid"
sites=$("$usdtrap" -lv "usdt:./app:app:twice" | grep -c site)
if [ "$sites" -eq 2 ]; then
	printf '%s\n' "usdt:$work/app:app:loop" "usdt:$work/app:app:twice" '' '2 of 4 probes were reached, at 3 sites' |
		same - discover.out
fi
grep -qx "2 of 4 probes were reached, at [0-9]* sites" discover.out || fail "no summary: $(cat discover.out)"

discovers -f json
tell loop
wait_for discover.out ':twice'
leave
holds discover.out '[row["type"] for row in rows] == ["probe", "probe", "summary"] and rows[2]["reached"] == 2'

# For so long; and of the probes that are named.
"$usdtrap" discover -p "$pid" --time 0.3 app:never >discover.out 2>discover.err 9>&- || fail "--time: $(cat discover.err)"
printf '\n%s\n' '0 of 1 probe was reached, at 0 sites' | same - discover.out
untouched "$pid"

# A process that ends meanwhile.
discovers
finish
tracer_ends
[ "$tracer_status" -eq 0 ] || fail "the process ended: $tracer_status"
