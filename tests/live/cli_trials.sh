#!/bin/sh
# SPDX-License-Identifier: MIT
# --test and --bench run what is for them, and tell in words, tables and JSON; self:signal: probes hear the tool's signals.
# covers: json-trials cli-test cli-bench probe-self
. "${top_srcdir:-.}/tests/live/lib.sh"

cat >trials.bt <<'EOT'
begin { print("begin"); }
test:good { print("in good"); return 0; }
test:bad { return 3; }
test:asserting { assert(1 == 2, "no"); print("never"); }
test:leaving { exit(); }
bench:count { @n = count(); }
bench:a_longer_name { print("thousands of times"); }
interval:us:1000 { print("never"); }
end { clear(@n); print("end"); }
EOT

# Tests: the status tells whether all passed.
status=0
"$usdtrap" -q --test trials.bt >said.out 2>said.err || status=$?
[ "$status" -eq 1 ] || fail "--test with a failing test: status $status"
same - said.out <<'EOT'
begin
in good
test:good: passed
test:bad: failed, it returned 3
test:asserting: failed
test:leaving: passed
end


EOT
echo 'trials.bt:4:18-38: ERROR: no' | same - said.err
"$usdtrap" -q --test --probe-filter good trials.bt >said.out || fail "--test with a test that passes: status $?"
"$usdtrap" --test -f json -e 'test:a { } test:b { return 1; }' >said.out || true
same - said.out <<'EOT'
{"type": "attached_probes", "count": 2, "data": {"probes": 2}}
{"type": "test_result", "data": {"a": true}}
{"type": "test_result", "data": {"b": false}}
EOT

# Benchmarks: names and times.
"$usdtrap" -q --bench trials.bt >said.out || fail "--bench: status $?"
sed 's/ [0-9]*[numµ]*s  */ TIME /' said.out >shape.out
same - shape.out <<'EOT'
begin
+---------------+--------------+
| BENCHMARK     | AVERAGE TIME |
+---------------+--------------+
| count         | TIME |
| a_longer_name | TIME |
+---------------+--------------+

end


EOT
"$usdtrap" -q --bench -f json -e 'bench:a { }' >said.out
grep -qx '{"type": "benchmark_result", "data": {"a": [0-9]*}}' said.out || fail "--bench -f json: $(cat said.out)"

# Without the mode there is nothing to do, and with it nothing else.
for options in '' --bench; do
	status=0
	# shellcheck disable=SC2086 # there may be none
	"$usdtrap" $options -e 'test:a { }' >said.out 2>said.err || status=$?
	[ "$status" -eq 1 ] || fail "a test alone, $options: status $status"
	echo 'ERROR: No probes to attach' | same - said.err
done

# Signals: `pid' is what a shell knows the tool by, and each signal has its own clauses.
tracer -e 'begin { printf("%d\n", pid); } self:signal:SIGUSR1 { print(probe); }
	self:signal:SIGUSR2 { print("two"); @n++; if (@n == 2) { exit(); } }'
wait_for trace.out "$tracer"
kill -USR1 "$tracer"
wait_for trace.out 'self:signal:SIGUSR1'
kill -USR2 "$tracer"
wait_for trace.out two
kill -USR2 "$tracer"
pid=$tracer
tracer_ends
[ "$tracer_status" -eq 0 ] || fail "ended by exit() in a signal's clause: $tracer_status"
printf '%s\nself:signal:SIGUSR1\ntwo\ntwo\n\n\n@n: 2\n' "$pid" | same - trace.out

# Who asks for none of them is ended by them, as any program.
"$usdtrap" -q -e 'interval:s:1 { }' >said.out &
tracer=$!
sleep 0.3
kill -USR1 "$tracer"
status=0
wait "$tracer" || status=$?
tracer=
[ "$status" -gt 128 ] || fail "SIGUSR1 without a clause for it: status $status"
