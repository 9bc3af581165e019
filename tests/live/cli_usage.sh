#!/bin/sh
# SPDX-License-Identifier: MIT
# What usdtrap says of itself: whole texts, on the right stream, with the right status.
# covers: cli-info cli-help cli-version cli-usage cli-pid cli-buffering cli-format diagnostic-colour cli-combined
. "${top_srcdir:-.}/tests/live/lib.sh"

# says STATUS STREAM ARGUMENT... <EXPECTED: all that is said, on STREAM, and nothing on the other one.
says() {
	expected_status=$1
	stream=$2
	shift 2
	cat >expected
	: >nothing
	status=0
	"$usdtrap" "$@" >said.out 2>said.err </dev/null || status=$?
	[ "$status" -eq "$expected_status" ] || fail "usdtrap $*: status $status, not $expected_status"
	if [ "$stream" = out ]; then
		same expected said.out
		same nothing said.err
	else
		same expected said.err
		same nothing said.out
	fi
}

synopsis='USAGE:
    usdtrap [options] FILE [parameters]
    usdtrap [options] -e '\''PROGRAM'\'' [parameters]
    usdtrap -l [PATTERN]
    usdtrap -h shows all options'

says 1 err <<EOT
usdtrap traces running programs in bpftrace's language, by ptrace alone.

$synopsis

FIVE TO TRY:
  Which probes does a program have?
    usdtrap -l 'usdt:/usr/bin/python3:*'
  Where are those of a running process, and what do they tell?
    usdtrap -lv 'usdt:*' -p PID
  Count all that fire there, until Ctrl-C:
    usdtrap -p PID -e 'usdt:* { @[probe] = count(); }'
  Print an argument, in a program of your own from its start:
    usdtrap -c 'python3 -c pass' -e 'usdt:*:audit { print(str(arg0)); }'
  What does a function return? A histogram:
    usdtrap -p PID -e 'uretprobe:libc:read { @bytes = hist(retval); }'
EOT
[ "$(wc -l <said.err)" -le 20 ] || fail "the first meeting is too long for a small screen"
! grep -E '.{81}' said.err || fail "the first meeting is too wide for a small screen"

"$usdtrap" -h >help.out
! grep -E '.{81}' help.out || fail "the help is too wide for a small screen"
grep -q '^USAGE:$' help.out || fail "the help has no usage"
says 0 out --help <help.out
says 0 out help <help.out
# Each command has a help of its own, by -h and by `help', that fits a small screen and shows how it is used.
commands=$(sed -n '/^COMMANDS:/,/^$/s/^    \([a-z]*\) .*/\1/p' help.out)
[ "$(echo "$commands" | wc -l)" -ge 10 ] || fail "the help shows only so many commands: $commands"
for command in $commands; do
	[ "$command" != help ] || continue
	"$usdtrap" "$command" -h >command.out 2>said.err || fail "$command -h: $(cat said.err)"
	! grep -E '.{81}' command.out || fail "the help of $command is too wide for a small screen"
	[ "$(wc -l <command.out)" -le 40 ] || fail "the help of $command is long: $(wc -l <command.out) lines"
	for heading in USAGE OPTIONS EXAMPLES; do
		grep -q "^$heading:\$" command.out || fail "the help of $command has no $heading: $(cat command.out)"
	done
	grep -q "^    usdtrap $command " command.out || fail "the help of $command shows no $command: $(cat command.out)"
	says 0 out help "$command" <command.out
	says 0 out "$command" --help <command.out
done
says 0 out help help <help.out
says 1 err help topp <<EOT
ERROR: usdtrap has no command called topp
HINT: did you mean usdtrap help top?
EOT
says 1 err help nothing-at-all <<EOT
ERROR: usdtrap has no command called nothing-at-all
EOT
says 1 err list --pdi <<EOT
ERROR: unknown option --pdi
HINT: did you mean --pid?
USAGE:
    usdtrap list [PATTERN...] [-p PID | -c 'COMMAND']
    usdtrap list -h shows how it is used
EOT
says 1 err repair --al <<EOT
ERROR: usdtrap repair has no option --al
HINT: usdtrap repair -h shows its options
EOT
says 1 err inspect 1 --fromat json <<EOT
ERROR: usdtrap inspect has no option --fromat
HINT: did you mean --format?
EOT
says 1 err repair <<EOT
ERROR: repair which process?
HINT: usdtrap repair PID, or usdtrap repair all
EOT
says 1 err repair 12x <<EOT
ERROR: repair: '12x' is no process id
HINT: usdtrap repair PID, or usdtrap repair all
EOT

version=$(sed -n 's/^AC_INIT(\[usdtrap\], \[\(.*\)\])/\1/p' "$top_srcdir/configure.ac")
echo "usdtrap v$version" | says 0 out -V
echo "usdtrap v$version" | says 0 out --version

# A wrong command line: what is wrong, what would be right, and how it is made.
says 1 err --dry-rnu <<EOT
ERROR: unknown option --dry-rnu
HINT: did you mean --dry-run?
$synopsis
EOT
says 1 err -p 1a1 -e 'begin { }' <<EOT
ERROR: Failed to parse pid: invalid trailing bytes: 1a1
$synopsis
EOT
says 1 err -f xml -e 'begin { }' <<EOT
ERROR: Invalid output format "xml"
HINT: Valid formats: 'text', 'json'
$synopsis
EOT
says 1 err -p 1 <<EOT
ERROR: a FILE or -e 'PROGRAM' is needed
$synopsis
EOT
says 1 err lits <<EOT
ERROR: failed to open file 'lits': No such file or directory
HINT: did you mean usdtrap list?
EOT
says 1 err ./list <<EOT
ERROR: failed to open file './list': No such file or directory
EOT
# What was meant, but for a letter before it.
says 1 err 'usdt:/bin/sh:*' <<EOT
ERROR: failed to open file 'usdt:/bin/sh:*': No such file or directory
HINT: usdtrap -l 'usdt:/bin/sh:*' lists probes; what to do at them is said with -e: usdtrap -e 'usdt:/bin/sh:* { ... }'
EOT
says 1 err 4242 <<EOT
ERROR: failed to open file '4242': No such file or directory
HINT: a process is named with -p, and what to do there with -e: usdtrap -p 4242 -e 'PROGRAM'; or usdtrap inspect 4242
EOT
says 1 err 'begin { exit(); }' <<EOT
ERROR: failed to open file 'begin { exit(); }': No such file or directory
HINT: a program stands behind -e: usdtrap -e 'PROGRAM'
EOT
# -c is no shell. The first word that only a shell understands is told.
says 0 err -q -e 'interval:s:1 { }' -c "true 'a' | cat" -o /dev/null <<EOT
WARNING: -c runs no shell: the program is given 'a' as it is
HINT: for a shell, write the command into a file: -c 'sh FILE', with --follow for the programs that it starts
EOT
says 0 err -q --no-warnings -e 'interval:s:1 { }' -c "true 'a' | cat" -o /dev/null </dev/null
# Tracepoints: a slip, and names that the C library has and the kernel has not.
says 1 err -e 't:syscalls:sys_enter_opne { }' -c true <<EOT
stdin:1:1-26: ERROR: No matches for tracepoint syscalls:sys_enter_opne.
t:syscalls:sys_enter_opne { }
~~~~~~~~~~~~~~~~~~~~~~~~~
HINT: there is no tracepoint syscalls:sys_enter_opne that ptrace(2) can show; did you mean syscalls:sys_enter_open?
stdin:1:1-26: ERROR: Probe has no valid attach points. If this is expected, set the 'missing_probes' config variable to 'warn'.
t:syscalls:sys_enter_opne { }
~~~~~~~~~~~~~~~~~~~~~~~~~
EOT
"$usdtrap" -e 't:syscalls:sys_exit_stat { }' -c true 2>said.err && fail "stat is found"
grep -q '; the kernel calls stat newstat: syscalls:sys_exit_newstat$' said.err || fail "stat: $(cat said.err)"
says 1 err . <<EOT
ERROR: failed to read file '.': Is a directory
EOT
says 1 err /dev/zero <<EOT
ERROR: '/dev/zero' is no script: it goes on after 16 MiB
EOT
says 1 err -e 'tracepoint:syscalls:sys_enter_read { }' <<EOT
ERROR: tracepoint:syscalls:sys_enter_read cannot be had for the whole machine: every process would have to stop for it again and again, this terminal's and the reader of the output among them, which might then wait for each other
HINT: name processes with -p or -c; --follow traces their children as well
EOT
says 1 err -e 'tracepoint:sched:sched_process_exit { }' <<EOT
ERROR: tracepoint:sched:sched_process_exit cannot be had for the whole machine: without a stop the kernel tells only that somebody has begun or ended, when its name may be forgotten already
HINT: name processes with -p or -c; --follow traces their children as well
EOT
says 1 err --filesystem ./missing -e 'tracepoint:syscalls:sys_enter_execve { }' <<EOT
ERROR: ./missing: No such file or directory
EOT

says 1 err /proc/self/exe <<EOT
ERROR: '/proc/self/exe' is a program or a library, not a script
HINT: usdtrap -l /proc/self/exe lists its probes, usdtrap -c /proc/self/exe -e 'PROGRAM' traces it
EOT
# A large one is still a program, rather than a script that is too long.
{ printf '\177ELF'; head -c 20000000 /dev/zero; } >large
says 1 err large <<EOT
ERROR: 'large' is a program or a library, not a script
HINT: usdtrap -l large lists its probes, usdtrap -c large -e 'PROGRAM' traces it
EOT
says 1 err -e ' ' <<EOT
ERROR: -e needs a program that says something
HINT: usdtrap -e 'BEGIN { print("hello"); }'
$synopsis
EOT
sleep 0 &
gone=$!
wait $gone
says 1 err -p $gone -e 'usdt:*:* { }' <<EOT
ERROR: no process $gone
HINT: list processes: ps -e
EOT

# Colours where people see them, and only there.
BPFTRACE_COLOR=purple says 1 err ./list <<EOT
WARNING: BPFTRACE_COLOR is 'purple', and only 'auto', 'always' and 'never' mean something
ERROR: failed to open file './list': No such file or directory
EOT
BPFTRACE_COLOR=always says 1 err ./list <<EOT
$(printf '\033[31mERROR\033[0m'): failed to open file './list': No such file or directory
EOT

# Nowhere to say it.
status=0
"$usdtrap" -h >&- 2>said.err || status=$?
[ "$status" -eq 1 ] || fail "help to a closed stream: $status"
echo 'ERROR: cannot write to standard output: Bad file descriptor' | same - said.err
status=0
"$usdtrap" -h >/dev/full 2>said.err || status=$?
[ "$status" -eq 1 ] || fail "help to a full disk: $status"
echo 'ERROR: cannot write to standard output: No space left on device' | same - said.err

# What it is made of.
"$usdtrap" --info >said.out 2>said.err || fail "--info: $(cat said.err)"
grep -q '^  version: usdtrap v[0-9]' said.out || fail "--info tells no version: $(cat said.out)"
grep -q '^  Arch: x86_64$' said.out || fail "--info tells no machine: $(cat said.out)"
same nothing said.err

# Test harnesses wait for a word on standard output, which comes at once, whatever the buffering.
__BPFTRACE_NOTIFY_PROBES_ATTACHED=1 "$usdtrap" -B full -e 'interval:s:60 { }' >said.out 2>said.err &
tracer=$!
wait_for said.out '^__BPFTRACE_NOTIFY_PROBES_ATTACHED$'
leave
[ "$tracer_status" -eq 0 ] || fail "after the word for harnesses: status $tracer_status"
