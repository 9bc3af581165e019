#!/bin/sh
# SPDX-License-Identifier: MIT
# system() and cat(): the target goes on before they begin, what is printed keeps its order, and a command finds all as
# the user's own shell would find it.
# covers: function-system function-cat
# shellcheck disable=SC2016 # scripts have dollar signs of their own
. "${top_srcdir:-.}/tests/live/lib.sh"

echo "of a file" >expected
tick="usdt:$targets/hits:hits:tick"

# Order: each command's output stands where it was asked for, whatever the target did meanwhile.
"$usdtrap" -q --unsafe -e "$tick /arg0 < 20/ { printf(\"hit %d\\n\", arg0); system(\"echo command %d\", arg0); }
	$tick { @hits = count(); @sum = sum(arg0); } end { printf(\"end\\n\"); cat(\"expected\"); printf(\"last\\n\"); }" \
	-c "$targets/hits 1000" -o trace.out </dev/null >target.out 2>target.err || fail "status $?: $(cat target.err)"
same_maps
printf 'end\nof a file\nlast\n' >wanted
sed -n '/^end$/,/^last$/p' trace.out >ordered
same wanted ordered
number=0
while [ $number -lt 20 ]; do
	printf 'hit %d\ncommand %d\n\n' $number $number
	number=$((number + 1))
done >wanted
sed '/^end$/,$d' trace.out >ordered
same wanted ordered

# The target does not wait: it is over before the command may end.
mkfifo fifo
"$usdtrap" -q --unsafe -e "$tick /arg0 == 0/ { printf(\"before\\n\"); system(\"cat fifo; echo over\"); printf(\"after\\n\"); }" \
	-c "$targets/hits 100" -o trace.out </dev/null >target.out 2>target.err &
tracer=$!
started="$started $tracer"
wait_for target.out '^@hits'
grep -q after trace.out && fail "the output did not wait for the command"
echo word >fifo
wait "$tracer" || fail "status $?"
printf 'before\nword\nover\n\nafter\n\n\n' >wanted
same wanted trace.out

# A command is the user's: his processors, though the tracer has bound itself to the target's; his signals, descriptors,
# session and fate when memory runs out. What runs in this shell is compared with what runs in that one.
cat >look.sh <<'EOT'
grep -E '^(SigBlk|SigIgn|SigCgt|Cpus_allowed|CapEff|Seccomp)' /proc/self/status
cat /proc/self/oom_score_adj
readlink /proc/self/fd/0 /proc/self/fd/2
cut -d ' ' -f 6 /proc/self/stat
umask
EOT
echo input >input
plainly sh look.sh <input >wanted 2>errors
"$usdtrap" -q --unsafe -e "$tick /arg0 == 900/ { system(\"sh look.sh\"); exit(); }" \
	-c "$targets/hits 1000" -o trace.out <input >target.out 2>errors || fail "status $?: $(cat errors)"
sed -n '/./p' trace.out >looked
same wanted looked
# Of descriptors it has the standard ones, whatever this shell has open; the fourth is the folder that ls reads.
exec 7<look.sh
"$usdtrap" -q --unsafe -e 'begin { system("ls /proc/self/fd"); }' -o trace.out </dev/null
exec 7<&-
printf '%s\n' 0 1 2 3 '' '' '' >wanted
same wanted trace.out

# cat() reads as much as it may, and what cannot be read is told and left out.
printf '%s' 0123456789 >digits
status=0
BPFTRACE_MAX_CAT_BYTES=4 "$usdtrap" -q -e 'begin { cat("digits"); printf("|"); cat("nothing%d", 1); cat("."); print("on"); }' \
	>said.out 2>said.err </dev/null || status=$?
[ "$status" = 0 ] || fail "cat: status $status"
printf '0123|on\n\n\n' >wanted
same wanted said.out
cat >wanted <<'EOT'
ERROR: failed to open file 'nothing1' (No such file or directory)
ERROR: failed to read file '.' (Is a directory)
EOT
same wanted said.err

# A second Ctrl-C does not wait for a command that never ends.
"$usdtrap" -q --unsafe -e 'begin { system("echo $$ >command.pid; exec sleep 100"); } interval:s:100 { }' >said.out 2>said.err &
tracer=$!
started="$started $tracer"
wait_for command.pid '^[0-9]'
started="$started $(cat command.pid)"
kill -INT "$tracer"
sleep 0.2
kill -INT "$tracer"
wait "$tracer" || true
