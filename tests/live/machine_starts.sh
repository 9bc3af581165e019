#!/bin/sh
# SPDX-License-Identifier: MIT
# Each command that starts, told once and rightly, without a process being traced; and none is held up by usdtrap, whatever
# becomes of it. Only commands on a file system of this test's own are asked about.
if [ -z "${OWN_MOUNTS:-}" ] && unshare -m true 2>/dev/null; then
	OWN_MOUNTS=1
	export OWN_MOUNTS
	exec unshare -m --propagation private /bin/sh "$0"
fi
. "${top_srcdir:-.}/tests/live/lib.sh"
[ -n "${OWN_MOUNTS:-}" ] || skip "no file system of its own may be mounted here"

mkdir own
mount -t tmpfs starts own || skip "no file system of its own may be mounted here"
at_end() {
	umount -l "$work/own" 2>/dev/null || true
}
own=$work/own
cp /bin/true /bin/sh "$own"
printf '#!%s/sh\n:\n' "$own" >"$own/script"
printf 'no program\n' >"$own/nonsense"
chmod +x "$own/script" "$own/nonsense"

enter='tracepoint:syscalls:sys_enter_execve { printf("%s <%s> ", comm, str(args->filename)); join(args->argv, "|"); }'
exits='tracepoint:syscalls:sys_exit_execve { printf("%s %d\n", comm, args->ret); }'

traces() {
	tracer --filesystem "$own" "$@"
}
"$usdtrap" --filesystem "$own" --machine=fanotify --dry-run -e "$enter" >trace.out 2>trace.err ||
	skip "nobody is asked here before programs start: $(cat trace.err)"

# The right words, in the order of events; of a script once; a call that fails has no end that is told.
traces -e "$enter $exits"
"$own/true" a 'b c' ''
"$own/script" x y
"$own/sh" -c "exec \"$own/true\" \"\$0\"" last
"$own/nonsense" 2>/dev/null || true
"$own/missing" 2>/dev/null || true
sleep 0.3
leave
[ "$tracer_status" -eq 0 ] || fail "usdtrap ended with $tracer_status"
cat >expected <<EOT
sh <$own/true> $own/true|a|b c|
true 0
sh <$own/script> $own/script|x|y
script 0
sh <$own/sh> $own/sh|-c|exec "$own/true" "\$0"|last
sh 0
sh <$own/true> $own/true|last
true 0
sh <$own/nonsense> $own/nonsense
EOT
sed '/^$/d; s/^[^ ]*sh </sh </' trace.out >actual
if grep -q 'is not told here' trace.err; then # no connector
	grep -v ' 0$' expected >calls
	mv calls expected
fi
# A shell runs what is no program as a script of its own.
grep -v 'sh|.*nonsense' actual | same expected -

# An argument as long as the kernel takes, and many.
long=$(head -c 100000 /dev/zero | tr '\0' a)
many=$(seq 1 5000)
BPFTRACE_MAX_STRLEN=131072
export BPFTRACE_MAX_STRLEN
traces -o long -e 'tracepoint:syscalls:sys_enter_execve { printf("%s\n", str(args->argv[1])); printf("%s\n", str(args->argv[5000])); }'
"$own/true" "$long"
# shellcheck disable=SC2086 # each is an argument
"$own/true" $many
sleep 0.3
leave
[ "$(awk 'length($0) == 100000' long | wc -l)" -eq 1 ] || fail "the long argument: $(wc long)"
[ "$(grep -cx 5000 long)" -eq 1 ] || fail "the last of many arguments: $(tail -n 2 long)"
unset BPFTRACE_MAX_STRLEN

# Ten thousand in a row.
traces -e 'tracepoint:syscalls:sys_enter_execve { @starts = count(); @[str(args->argv[1])] = count(); }'
count=0
while [ $count -lt 10000 ]; do
	"$own/true" "$((count % 10))" || fail "command $count ended with $?"
	count=$((count + 1))
done
sleep 0.3
leave
grep -q '^@starts: 10000$' trace.out || fail "of 10000 commands: $(cat trace.out trace.err)"
[ "$(grep -c '^@\[[0-9]\]: 1000$' trace.out)" -eq 10 ] || fail "their arguments: $(cat trace.out)"
late=$(sed -n 's/^WARNING: \([0-9]*\) of 10000 commands.*/\1/p' trace.err)
[ "${late:-0}" -lt 100 ] || fail "$(cat trace.err)"
echo "10000 commands in a row: 10000 told, ${late:-0} of them late on this busy machine, none harmed"

# Commands start, whatever became of usdtrap. Each gets two seconds; most need none.
starts() {
	count=0
	while [ $count -lt 20 ]; do
		timeout 2 "$own/true" || fail "$1: a command does not start"
		count=$((count + 1))
	done
}
gate_of() {
	for process in /proc/[0-9]*; do
		if grep -q '^usdtrap-gate$' "$process/comm" 2>/dev/null &&
			[ "$(readlink "$process/ns/mnt")" = "$(readlink /proc/self/ns/mnt)" ]; then
			echo "${process#/proc/}"
		fi
	done
}
for signal in STOP KILL; do
	for part in front engine gate all; do
		traces -e "$enter"
		engine=$(cat "/proc/$tracer/task/$tracer/children")
		case $part in
		front) victims=$tracer ;;
		engine) victims=$engine ;;
		gate) victims=$(gate_of) ;;
		all) victims="$tracer $engine $(gate_of)" ;;
		esac
		[ -n "$victims" ] || fail "there is no $part"
		# shellcheck disable=SC2086 # they are several
		kill -$signal $victims
		starts "$part, $signal"
		# shellcheck disable=SC2086
		kill -CONT $victims 2>/dev/null || true
		starts "$part, $signal, continued"
		kill -INT "$tracer" 2>/dev/null || true
		tracer_ends
		if [ "$part" = gate ]; then
			grep -q 'was killed or stood still' trace.err || fail "no word of the gate's end: $(cat trace.err)"
		fi
		[ -z "$(gate_of)" ] || fail "$part, $signal: the gate is still there"
	done
done

# Its output is a pipe that nobody reads.
mkfifo full
"$usdtrap" --filesystem "$own" --queue 4K -B none -e 'tracepoint:syscalls:sys_enter_execve { printf("%4000s\n", "x"); }' \
	>full 2>trace.err 9>&- &
tracer=$!
exec 8<full
wait_for trace.err '^Attached'
starts "a full pipe"
starts "a full pipe"
exec 8<&-
leave

# The script runs commands of its own, which are asked about like any others, and waits for them.
traces --unsafe -e "tracepoint:syscalls:sys_enter_execve /str(args->argv[1]) != \"own\"/ { system(\"$own/true own; sleep 0.3\"); }"
starts "system()"
leave
