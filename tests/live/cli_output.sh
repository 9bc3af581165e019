#!/bin/sh
# SPDX-License-Identifier: MIT
# Where a script's output goes, in which order and form, and what happens when it cannot go there.
# covers: cli-quiet cli-file cli-output cli-buffering text-attached text-notify json-attached cli-eval
# shellcheck disable=SC2016 # scripts have dollar signs of their own
. "${top_srcdir:-.}/tests/live/lib.sh"

# runs STATUS ARGUMENT...: output in said.out and said.err.
runs() {
	expected_status=$1
	shift
	status=0
	"$usdtrap" "$@" >said.out 2>said.err </dev/null || status=$?
	[ "$status" -eq "$expected_status" ] || fail "usdtrap $*: status $status, not $expected_status: $(cat said.err)"
}

said_out() {
	same - said.out
}

said_err() {
	same - said.err
}

hello='begin { printf("hello %s\n", str($1)); }'

# A script from each place it can come from.
printf '%s\n' "$hello" >hello.bt # echo would make a line's end of \n where /bin/sh is dash
runs 0 -e "$hello" world
printf 'hello world\n\n\n' >expected
said_out <expected
said_err <<EOT
Attached 1 probe
EOT
runs 0 hello.bt world
said_out <expected
"$usdtrap" - world <hello.bt >said.out 2>said.err
said_out <expected
runs 0 ./hello.bt -q -- world
said_out <expected
: | said_err
runs 0 -e "$hello" -o out.txt world
: | said_out
same expected out.txt

# The words of bpftrace's test harness and of -f json stand before what begin prints.
__BPFTRACE_NOTIFY_PROBES_ATTACHED=1 "$usdtrap" -e "$hello" world >said.out 2>said.err
{ echo __BPFTRACE_NOTIFY_PROBES_ATTACHED; cat expected; } | said_out
runs 0 -f json -e "$hello end { @x = 5; }" world
said_out <<EOT
{"type": "attached_probes", "count": 2, "data": {"probes": 2}}
{"type": "printf", "data": "hello world\n"}
{"type": "map", "data": {"@x": 5}}
EOT
: | said_err

runs 0 -q -f json -e "$hello" world
said_out <<EOT
{"type": "printf", "data": "hello world\n"}
EOT

# exit() says the status; a dry run does nothing.
runs 3 -e 'begin { exit(3); }'
runs 0 --dry-run -e 'begin { printf("x"); exit(3); }'
: | said_out
said_err <<EOT
Attached 1 probe
EOT

# However it is buffered, it comes whole.
cat >many.bt <<'EOT'
interval:ms:1 { printf("%d ", @n); @n++; if (@n % 7 == 0) { printf("\n"); } if (@n == 100) { exit(); } }
end { printf("end"); clear(@n); }
EOT
runs 0 many.bt
cp said.out expected
[ "$(grep -o '[0-9]*' expected | wc -l)" -eq 100 ] || fail "output is missing: $(cat expected)"
grep -q '99 end$' expected || fail "the end is missing: $(cat expected)"
for mode in line full none; do
	runs 0 -B $mode many.bt
	said_out <expected
done

# Where it cannot go.
status=0
"$usdtrap" -e "$hello" >&- 2>said.err || status=$?
[ "$status" -eq 1 ] || fail "closed standard output: $status"
said_err <<EOT
ERROR: cannot write to standard output: it is closed
HINT: -o FILE writes to a file instead
EOT
"$usdtrap" -e "$hello" -o out.txt world >&- || fail "-o with a closed standard output"
status=0
"$usdtrap" -q -e "$hello" >/dev/full 2>said.err || status=$?
[ "$status" -eq 1 ] || fail "full disk: $status"
said_err <<EOT
ERROR: cannot write to standard output: No space left on device
EOT
runs 1 -q -e "$hello" -o /dev/full
said_err <<EOT
ERROR: cannot write to /dev/full: No space left on device
EOT
runs 1 -e "$hello" -o missing/file
said_err <<EOT
ERROR: cannot write to missing/file: No such file or directory
EOT
"$usdtrap" -e "$hello" world 2>&- >said.out || fail "closed standard error"
grep -qx 'hello world' said.out || fail "closed standard error: $(cat said.out)"

# A reader that goes ends what would go on for ever, without a word, also when there is nothing to print.
"$usdtrap" -q -e 'interval:ms:1 { printf("tick\n"); }' 2>said.err | head -n 1 >said.out
echo tick | said_out
: | said_err
{ "$usdtrap" -q -e 'interval:s:1000 { }' 2>said.err || echo "status $?"; } | true
: | said_err

# Nobody reads either stream, and SIGTERM ends it all the same.
mkfifo full.pipe
(exec 8<full.pipe && exec sleep 60) &
reader=$!
started="$started $reader"
"$usdtrap" -e 'interval:us:100 { unroll(50) { printf("%d 0123456789012345678901234567890123456789\n", @n); @n++; } }' --queue 16K \
	>full.pipe 2>&1 &
tracer=$!
sleep 0.5
kill -TERM "$tracer"
tracer_ends
[ "$tracer_status" -eq 1 ] || fail "full pipe for both streams: status $tracer_status"
kill "$reader"

# Without a probe in it, a process is not traced; its end still ends the script.
runs 1 -q -e 'interval:s:1000 { }' -p 4194303
said_err <<EOT
ERROR: no process 4194303
HINT: list processes: ps -e
EOT
sleep 60 &
sleeper=$!
started="$started $sleeper"
"$usdtrap" -q -e 'interval:ms:10 { printf("tick\n"); } end { printf("end\n"); }' -p $sleeper >trace.out &
tracer=$!
wait_for trace.out tick
grep -q '^TracerPid:.0$' "/proc/$sleeper/status" || fail "a process without probes is traced"
kill $sleeper
tracer_ends
[ "$tracer_status" -eq 0 ] || fail "a process that ended: status $tracer_status"
grep -qx end trace.out || fail "a process that ended: no end"

# The engine process is killed: said. (What becomes of the target: killed.sh.)
needs_attach
target guarded
tracer -e "usdt:$targets/guarded:guarded:tick { }" -p "$pid"
engine=$(engine_of "$tracer")
kill -KILL "$engine"
tracer_ends
[ "$tracer_status" -eq 1 ] || fail "killed engine: status $tracer_status"
grep -v '^NOTE: process' trace.err >said.err || true
same - said.err <<EOT
Attached 1 probe
ERROR: the tracing process $engine was killed by signal 9 (Killed)
EOT
