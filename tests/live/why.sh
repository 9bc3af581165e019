#!/bin/sh
# SPDX-License-Identifier: MIT
# `usdtrap why': each thing that keeps a probe from firing is found, and what is fine is called fine.
. "${top_srcdir:-.}/tests/live/lib.sh"
needs_attach

guarded=$targets/guarded
start "$guarded"
wait_for target.out '^ready$'

why() {
	"$usdtrap" why "$@" >why.out 2>why.err || fail "why $*: $(cat why.err)"
	[ ! -s why.err ] || fail "why $*: $(cat why.err)"
	# Lines fit 80 columns, unless it is for one word; what is compared is what was said, a line each.
	awk 'length > 80 { sub(/^([A-Za-z]+  +| +(do: |from: )?)/, ""); if (/ /) print }' why.out >wide
	[ ! -s wide ] || fail "too wide: $(cat wide)"
	awk '/^       / && !/^       (do|from): / { sub(/^ +/, ""); printf " %s", $0; next }
		{ printf "%s%s", (NR > 1 ? "\n" : ""), $0 } END { print "" }' why.out >unwrapped
	mv unwrapped why.out
}
has() {
	grep -qx -e "$1" why.out || fail "not told: $1: $(cat why.out)"
}

# All is well: the whole report, addresses aside.
why guarded:tick -p "$pid"
sed "s,$guarded,FILE,; s/0x[0-9a-f]*/0xN/g; s/$pid/PID/g; /you may trace it/d" why.out >report
cat >expected <<'END'
fine   process PID is guarded, with 1 thread
fine   nobody traces it with ptrace
fine   usdt:FILE:guarded:tick is there, with 1 site
fine   the process runs that file, at load bias 0xN
fine   at its site 0xN is byte 90, as in the file: no tracer is there
fine   its semaphore 0xN is 0: the program passes it by until a tracer raises that, as usdtrap does

Nothing stands in the way: the code at the probe was not reached.
usdtrap discover -p PID shows which probes of the process are.
END
same expected report
has 'fine   you may trace it: .*CAP_SYS_PTRACE.*'
untouched "$pid"

# Another user of the semaphore; a tracer at work.
tell raise
why tick -p "$pid"
has 'note   its semaphore 0x[0-9a-f]* is 1: that many tracers want it'
tell lower
tracer -e "usdt:$guarded:tick { }" -p "$pid"
why tick -p "$pid"
has 'note   process [0-9]* (usdtrap) traces it'
thread=$(sed -n 's/^TracerPid:.//p' "/proc/$pid/status")
whose=$(sed -n 's/^Tgid:.//p' "/proc/$thread/status")
has "note   process $whose (usdtrap) traces it"
has 'note   at its site 0x[0-9a-f]* is byte cc, a trap: a tracer is there'
has 'WRONG  cannot trace .* traces it already, and there can be only one'
leave

# A process that is stopped, a probe that is not there, a file that is not run.
kill -STOP "$pid"
wait_for "/proc/$pid/status" '^State:.T'
why tick -p "$pid"
has 'WRONG  the process (guarded) is stopped: none of its code runs'
has "       do: kill -CONT $pid, if it is meant to run"
has '1 thing above must be put right before the probe can be seen to fire.'
kill -CONT "$pid"
why tack -p "$pid"
has "WRONG  process $pid: no USDT probe of its [0-9]* files is called tack"
has "       do: did you mean usdt:$targets/guarded:guarded:tick?"
why nothing:like_it -p "$pid"
has "       do: usdtrap -l -p $pid 'usdt:[*]' lists those that there are"
why "guraded:*" -p "$pid"
has "       do: did you mean usdt:$targets/guarded:guarded:[*]?"
why "usdt:$targets/hits:hits:tick" -p "$pid"
has "WRONG  the process does not run $targets/hits"
has "       do: usdtrap -l -p $pid 'usdt:[*]' lists the probes of the files it runs; a library may come later"
finish

# A file that was replaced while it ran; one whose code is no more what it was.
cp "$guarded" program
start ./program
wait_for target.out '^ready$'
cp "$guarded" program.new
mv program.new program
why "usdt:$work/program:tick" -p "$pid"
has "note   $work/program was deleted or replaced since the process began: it runs the former file, which is what is traced"
has 'fine   the process runs that file, at load bias 0x[0-9a-f]*'
finish

# What a linker that collects garbage leaves out.
cat >app.c <<'END'
#include <sys/sdt.h>
#include <stdio.h>
int main(void)
{
	STAP_PROBE(app, begin);
	puts("ready");
	fflush(stdout);
	return getchar() == 0;
}
END
if ${CC:-cc} -fuse-ld=lld -ffunction-sections -Wl,--gc-sections -o app app.c >build.log 2>&1; then
	start ./app
	wait_for target.out '^ready$'
	why app:begin -p "$pid"
	has 'note   a file without .stapsdt.base: .*'
	has '       from: github.com/llvm/llvm-project issue 66630'
	finish
fi

# Runtimes, where they are installed: what keeps them silent is named, and no more once it is put right.
if php -r 'exit(0);' 2>/dev/null && "$usdtrap" -l "usdt:$(command -v php):php:function__entry" >list.out 2>&1; then
	start php -r 'echo "ready\n"; fgets(STDIN);'
	wait_for target.out '^ready$'
	why php:function__entry -p "$pid"
	has 'WRONG  PHP without USE_ZEND_DTRACE: .*'
	has '       do: start it with USE_ZEND_DTRACE=1 .*'
	why php:request__startup -p "$pid"
	! grep USE_ZEND_DTRACE why.out || fail "request__startup needs no USE_ZEND_DTRACE"
	finish
	start env USE_ZEND_DTRACE=1 php -r 'echo "ready\n"; fgets(STDIN);'
	wait_for target.out '^ready$'
	why php:function__entry -p "$pid"
	! grep WRONG why.out || fail "USE_ZEND_DTRACE is set"
	finish
fi
if "$usdtrap" -l 'usdt:/usr/bin/python3.11:python:function__entry' >list.out 2>&1; then
	start /usr/bin/python3.11 -c 'print("ready", flush=True); input()'
	wait_for target.out '^ready$'
	why python:function__entry -p "$pid"
	has 'note   CPython 3.11: .*'
	has 'Nothing stands in the way: the code at the probe was not reached.'
	tell bye
	finish
fi

# Bad input, whole.
refused() {
	expected=$1
	shift
	status=0
	"$usdtrap" why "$@" >said.out 2>said.err || status=$?
	[ "$status" -eq 1 ] || fail "why $*: status $status"
	[ ! -s said.out ] || fail "why $*: $(cat said.out)"
	printf '%s\n' "$expected" | same - said.err
}
refused "ERROR: usdtrap why wants one PROBE and -p PID
HINT: usdtrap why python:gc__start -p PID" tick
sleep 0 &
gone=$!
wait $gone
refused "ERROR: no process $gone
HINT: list processes: ps -e" tick -p $gone
refused "ERROR: -p takes a whole number from 1 to 4194304, not \"x\"" tick -p x

# For programs: an object a finding.
if command -v python3 >/dev/null; then
	start "$guarded"
	wait_for target.out '^ready$'
	"$usdtrap" why -f json tick -p "$pid" >why.out 2>why.err || fail "why -f json: $(cat why.err)"
	python3 -c 'import json, sys
findings = [json.loads(line) for line in sys.stdin]
kinds = [finding["kind"] for finding in findings]
assert kinds == ["process", "process", "access", "probe", "mapped", "site", "semaphore", "conclusion"], kinds
assert all(finding["mark"] == "fine" and finding["text"] for finding in findings[:-1])
assert findings[5]["byte"] == findings[5]["byte_in_file"] == 0x90 and int(findings[5]["address"], 16)
assert findings[6]["value"] == 0 and findings[7]["wrong"] == 0' <why.out || fail "no JSON: $(cat why.out)"
	finish
fi

# Somebody else's process: that is what is wrong, and nothing else can be told.
if [ "$(id -u)" -eq 0 ] && setpriv --reuid=65534 --regid=65534 --clear-groups "$usdtrap" -V >/dev/null 2>&1; then
	target guarded
	setpriv --reuid=65534 --regid=65534 --clear-groups "$usdtrap" why tick -p "$pid" >why.out 2>&1 ||
		fail "somebody else's: $(cat why.out)"
	tr -s '\n' ' ' <why.out | tr -s ' ' >report
	grep -qF "WRONG cannot trace $pid (guarded): it belongs to root, and usdtrap runs as user" report ||
		fail "who may trace it: $(cat why.out)"
	has '1 thing above must be put right before the probe can be seen to fire.'
	finish
fi

# A script that names the provider as one would here is told how it is written there.
cp "$targets/guarded" other
start ./other
wait_for target.out '^ready$'
! "$usdtrap" -p "$pid" -e "usdt:guraded:tick { }" >trace.out 2>trace.err || fail "usdt:guraded:tick is there"
grep -qxF "HINT: guraded: no such file mapped by process $pid, in PATH or here; did you mean usdt:$work/other:guarded:tick?" \
	trace.err || fail "a provider and a slip: $(cat trace.err)"
! "$usdtrap" -p "$pid" -e "usdt:guarded:tick { }" >trace.out 2>trace.err || fail "usdt:guarded:tick is there"
grep -qF '; did you mean usdt:*:guarded:tick?' trace.err || fail "a provider: $(cat trace.err)"
finish
