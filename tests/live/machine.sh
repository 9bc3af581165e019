#!/bin/sh
# SPDX-License-Identifier: MIT
# Neither -p nor -c: every process that has the file mapped, and every one that maps it later, whichever way usdtrap hears
# of those. The files are copies of this test's own, so that nothing else on the machine is touched.
. "${top_srcdir:-.}/tests/live/lib.sh"
needs_attach
[ -z "${OLD_KERNEL:-}" ] || skip "an old kernel asks nobody before files are opened"
[ "$(id -u)" -eq 0 ] || skip "only root is asked before files are opened"

# Others' tests run what was built as these were; on an overlay a file is known by that and by its name. So the name is ours.
cp "$targets/hits" machine_hits
cp "$targets/linked" "$targets/opener" "$targets/libprobe.so" "$targets/forker" .
LD_LIBRARY_PATH=$work
export LD_LIBRARY_PATH
program="
	usdt:$work/machine_hits:hits:tick { @hits = count(); @by[pid] = count(); }
	usdt:$work/libprobe.so:libprobe:* { @lib[probe] = count(); }
	uprobe:$work/machine_hits:main { @main = count(); }
	uretprobe:$work/machine_hits:main { @returns = count(); }"

traces() {
	tracer -v "$@" -e "$program"
}

# What the maps must say: NAME VALUE...
says() {
	while [ $# -gt 0 ]; do
		grep -q "^@$1: $2\$" trace.out || fail "not @$1: $2: $(cat trace.out)"
		shift 2
	done
}

start "$work/machine_hits" 7
wait_for target.out '^ready$'
traces --machine=fanotify
go

# Others that start.
for run in 1 2 3 4 5; do
	echo go | ./machine_hits 100 >run.out 2>&1 || fail "run $run ended with $?"
	grep -q '^work right$' run.out || fail "run $run: $(cat run.out)"
done
cat machine_hits >copy # who only reads the file is let alone
cmp machine_hits copy || fail "a reader of the file was disturbed"
chmod +x copy
echo go | ./copy 1000 >run.out 2>&1 || fail "a copy ended with $?" # another file

# A library: linked, opened by a program that knew nothing of it, and several times.
for run in 1 2 3; do
	echo go | ./linked >run.out || fail "linked ended with $?, the ${run}th time"
done
echo go | ./opener "$work/libprobe.so" 4 >run.out || fail "opener ended with $?"

# A wanted file that cannot be executed: who tried goes on untraced.
chmod -x machine_hits
! ./machine_hits 1 2>/dev/null || fail "it was executed"
chmod +x machine_hits
finish
[ "$status" -eq 0 ] || fail "the target ended with $status"
sleep 0.2
leave
[ "$tracer_status" -eq 0 ] || fail "usdtrap ended with $tracer_status"
if ! grep -q WARNING trace.err; then # else the machine was too busy, which is told
	says hits 507 'by\['"$pid"'\]' 7 main 5 returns 5
	says 'lib.*constructor\]' 21 'lib.*work\]' 35 'lib.*destructor\]' 7
fi

# The interpreter of a script: the kernel opens it while it holds a lock that a tracer needs. Nearly always it is reached in
# time, and if not that is told.
printf '#!%s/machine_hits\n' "$work" >script
chmod +x script
traces --machine=fanotify
for script in 1 2 3 4 5 6 7 8 9 10; do
	cp script "script$script"
	echo go | "./script$script" >run.out 2>&1 || true # its argument is the script's path, which is no number
done
leave
scripts=$(sed -n 's/^@main: //p' trace.out)
late=$(sed -n 's/^WARNING: \([0-9]*\) processes had begun.*/\1/p' trace.err)
missed=$(sed -n 's/^WARNING: \([0-9]*\) such processes had ended.*/\1/p' trace.err)
[ $((${scripts:-0} + ${late:-0} + ${missed:-0})) -ge 10 ] || fail "of 10 scripts: $(cat trace.out trace.err)"
echo "interpreters of 10 scripts: ${scripts:-0} reached, ${late:-0} of them perhaps late"

# Left while processes run: they are as they were.
start "$work/machine_hits" 10
wait_for target.out '^ready$'
traces --machine=fanotify
leave
untouched "$pid"
go
finish
[ "$status" -eq 0 ] || fail "the target ended with $status"

# Runs hits from FOLDER, in a mount namespace of its own in which MOUNTING was done. False: that cannot be had here.
mkdir place
elsewhere() { # FOLDER MOUNTING
	(
		sleep 1
		echo go
	) | unshare -m /bin/sh -c "{ $2; } && cd $1 && exec ./machine_hits 30" >run.out 2>&1 && return 0
	echo "not here: $(cat run.out)"
	return 1
}

# The other ways: those that are there, and those that live long enough.
for way in connector poll; do
	start "$work/machine_hits" 7
	wait_for target.out '^ready$'
	rm -f trace.err
	"$usdtrap" --machine=$way -e "$program" >trace.out 2>trace.err 9>&- &
	tracer=$!
	wait_for trace.err 'Attached\|ERROR'
	if grep -q 'silent: it speaks in the first pid namespace\|CAP_NET_ADMIN' trace.err; then
		finish
		tracer_ends
		echo "there is no connector here"
		continue
	fi
	grep -q WARNING trace.err || fail "$way: no word of what may be missed"
	go
	finish
	(
		sleep 1
		echo go
	) | ./machine_hits 30 >run.out 2>&1
	# In a mount namespace that is new, by another path, and through an overlay.
	late=1
	if elsewhere place "mount --bind $work place"; then
		late=$((late + 1))
	fi
	if elsewhere place/merged "mount -t tmpfs x place && mkdir place/lower place/upper place/work place/merged &&
		cp machine_hits place/lower &&
		mount -t overlay x -o lowerdir=place/lower,upperdir=place/upper,workdir=place/work place/merged"; then
		late=$((late + 1))
	fi
	# One that somebody else traces is told of once, however often it is looked at.
	sh -c 'sleep 1.5; echo go' | "$usdtrap" -q -e 'usdt::hits:tick { @ = count(); }' -c './machine_hits 5' >run.out 2>&1 ||
		fail "another tracer: $(cat run.out)"
	leave
	[ "$(grep -c '^WARNING: cannot trace .*(machine_hits).* traces it already' trace.err)" -eq 1 ] ||
		fail "$way: $(cat trace.err)"
	! grep 'in all' trace.err || fail "$way: counted more than once"
	says hits $((7 + 30 * late))
	[ "$(grep -c '^@by' trace.out)" -eq $((1 + late)) ] || fail "$way: $(cat trace.out)"
	grep -q "$late processes had begun" trace.err || fail "$way does not say that it was late: $(cat trace.err)"
done

# What cannot be had for all is refused.
for probe in 'tracepoint:syscalls:sys_enter_read' 'tracepoint:sched:sched_process_fork' 'profile:hz:99' \
	'watchpoint:0x1000:8:w' 'tracepoint:syscalls:sys_*_execve*,tracepoint:syscalls:sys_enter_open'; do
	! "$usdtrap" -e "$probe { @ = count(); }" >trace.out 2>trace.err || fail "$probe: not refused"
	grep -q 'cannot be had for the whole machine' trace.err || fail "$probe: $(cat trace.err)"
done
