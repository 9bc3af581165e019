#!/bin/sh
# SPDX-License-Identifier: MIT
# File systems that are mounted while the whole machine is traced, in this mount namespace and in others, some of them with
# the number of one that is gone: who starts there is asked, and where nobody can be asked that is told. It runs in a root,
# a pid and a mount namespace of its own: nobody else is asked, and no process events help, which tell of what was missed.
if [ -z "${OWN_MOUNTS:-}" ] && unshare -m true 2>/dev/null; then
	OWN_MOUNTS=1
	export OWN_MOUNTS
	exec unshare -m --propagation private /bin/sh "$0"
fi
. "${top_srcdir:-.}/tests/live/lib.sh"

at_end() {
	umount -R "$work/own" 2>/dev/null || true
}

if [ -z "${OWN_ROOT:-}" ]; then
	[ -n "${OWN_MOUNTS:-}" ] || skip "no file system of its own may be mounted here"
	[ -z "${OLD_KERNEL:-}" ] || skip "an old kernel asks nobody before programs start"
	mkdir own
	mount -t tmpfs root own || skip "no file system of its own may be mounted here"
	mkdir -p own/work own/root own/upper/opt/tests/live own/upper/opt/tests/targets
	cp "$usdtrap" own/upper/opt/usdtrap
	cp "$top_srcdir/tests/live/lib.sh" "$0" own/upper/opt/tests/live
	cp "$targets/hits" "$targets/opener" "$targets/libprobe.so" own/upper/opt/tests/targets
	# A program that needs no loader: of a loader the kernel would ask as well, and that lies on another file system.
	printf 'int main(void) { return 0; }\n' >alone.c
	${CC:-cc} -static -o own/upper/opt/alone alone.c 2>said.err || skip "no static program can be built: $(cat said.err)"
	status=0
	OWN_ROOT=1 USDTRAP='' top_srcdir=/opt top_builddir=/opt ASAN_OPTIONS=detect_leaks=0 "$helpers/contain" \
		"overlay=/:$work/own/upper:$work/own/work" "$work/own/root" /bin/sh /opt/tests/live/machine_mounts.sh || status=$?
	[ $status -eq 0 ] || exit $status
	exit 0
fi

mount -t tmpfs dev /dev
for device in null:3 zero:5 random:8; do
	mknod -m 666 "/dev/${device%:*}" c 1 "${device#*:}"
done
usdtrap=/opt/usdtrap
"$usdtrap" --machine=fanotify --dry-run -e 'tracepoint:syscalls:sys_enter_execve { }' >trace.out 2>trace.err </dev/null ||
	skip "nobody is asked here before programs start: $(cat trace.err)"

tracer -e 'tracepoint:syscalls:sys_enter_execve { printf("%s:", comm); join(args.argv); }'

# Three in a row, with one number.
mkdir m other lower upper merged
for round in 1 2 3; do
	mount -t tmpfs numbered m
	awk '$9 == "numbered" { print $3 } $10 == "numbered" { print $3 }' /proc/self/mountinfo >>numbers
	cp /opt/alone m
	m/alone here $round
	umount m
done
echo "numbers: $(sort numbers | uniq | wc -l) of 3"

# In namespaces that nobody knew of; there is not even a moment to look around before the program starts.
cat >elsewhere.sh <<EOS
mount -t tmpfs x m
cp /opt/alone m
m/alone elsewhere \$1
mount -t tmpfs x lower
mount -t tmpfs x upper
mkdir upper/upper upper/work
cp /opt/alone lower
mount -t overlay x -o lowerdir=lower,upperdir=upper/upper,workdir=upper/work merged
merged/alone overlaid \$1
EOS
for round in 1 2 3; do
	unshare -m /bin/sh elsewhere.sh $round
done

# One that stays: what it mounts later is seen as well.
mkfifo later
unshare -m /bin/sh -c 'read -r line <later; mount -t tmpfs x other; cp /opt/alone other; other/alone later' 9>&- &
started="$started $!"
other=$!
sleep 1.2
echo go >later
wait $other

# Where another process answers nobody is asked, and that is told.
if [ -n "$(awk '$2 == "fuse"' /proc/filesystems)" ] && mknod /dev/fuse c 10 229 &&
	mount -i -t fuse -o fd=3,rootmode=40000,user_id=0,group_id=0 nobody m 3<>/dev/fuse 2>said.err; then
	wait_for trace.err "^NOTE: programs on these file systems are not seen: $work/m (fuse)\$"
	umount -l m
else
	echo "no fuse here: $(cat said.err)"
fi

# A namespace is not held when its processes have ended: what it has mounted could not be freed.
engine=$(engine_of "$tracer")
tries=0
until [ "$(readlink /proc/"$engine"/fd/* | grep -c mountinfo)" -eq 1 ]; do
	tries=$((tries + 1))
	[ $tries -lt 100 ] || fail "namespaces are held: $(readlink /proc/"$engine"/fd/*)"
	sleep 0.1
done

leave
[ "$tracer_status" -eq 0 ] || fail "usdtrap ended with $tracer_status: $(cat trace.err)"
for round in 1 2 3; do
	echo "sh:m/alone here $round"
	echo "sh:m/alone elsewhere $round"
	echo "sh:merged/alone overlaid $round"
done | sort >expected
echo "sh:other/alone later" >>expected
grep ':[a-z]*/alone' trace.out | sort >actual
same expected actual
! grep WARNING trace.err || fail "a warning"

# A file that was named here, run by other names: bound elsewhere in another namespace, and through an overlay that was not
# there yet. Nobody is late.
mkdir files
mount -t tmpfs files files
cp /opt/tests/targets/hits files/mounted_hits # a name of its own, for who traces all that are called hits on an overlay
cp /opt/tests/targets/libprobe.so files/libmounted.so
cp /opt/tests/targets/opener files
files=$work/files
traces() { # FOLDER OPTIONS...
	folder=$1
	shift
	tracer "$@" -e "usdt:$folder/mounted_hits:hits:tick { @hits = count(); } uprobe:$folder/mounted_hits:main { @main = count(); }
		usdt:$folder/libmounted.so:libprobe:work { @work = count(); }"
}
traces "$files"
cat >elsewhere.sh <<EOS
mount --bind $files other
echo go | other/mounted_hits 10
mount -t tmpfs x upper
mkdir upper/upper upper/work
mount -t overlay x -o lowerdir=$files,upperdir=upper/upper,workdir=upper/work merged
echo go | merged/mounted_hits 20
echo go | merged/opener $work/merged/libmounted.so 4
EOS
for round in 1 2 3; do
	unshare -m /bin/sh elsewhere.sh >run.out 2>&1 || fail "elsewhere: $(cat run.out)"
	[ "$(grep -c '^work right$' run.out)" -eq 2 ] || fail "elsewhere: $(cat run.out)"
done
leave
printf '@hits: 90\n@main: 6\n@work: 60\n' >expected
maps trace.out >actual
if ! grep -q WARNING trace.err; then # else the machine was too busy, which is told
	same expected actual
fi

# Where the file is any, it is each that somebody runs when tracing begins, by whatever path; and who runs one of these later.
cp files/mounted_hits same
start ./same 10
wait_for target.out '^ready$'
tracer -e 'usdt:*:hits:tick { @hits[comm] = count(); }'
grep -q '^NOTE: files that were not named are those that a process runs now: 1\.' trace.err || fail "no word: $(cat trace.err)"
echo go | files/mounted_hits 20 >run.out 2>&1
echo go | ./same 30 >run.out 2>&1
go
finish
leave
echo '@hits[same]: 40' >expected
maps trace.out | same expected -

# The same program in a layer that nobody named, of which nobody was asked: what runs there for a while is found.
traces "$files" -v
mount -t tmpfs x lower
cp files/mounted_hits lower
mount -t tmpfs x upper
mkdir upper/upper upper/work
mount -t overlay x -o lowerdir=lower,upperdir=upper/upper,workdir=upper/work merged
start merged/mounted_hits 10
wait_for target.out '^ready$'
wait_for trace.err "^NOTE: process $pid had begun with what is traced before it could be reached"
wait_until_still
go
finish
leave
grep -q '^@hits: 10$' trace.out || fail "not found: $(cat trace.out trace.err)"
grep -q '^WARNING: 1 processes had begun with what is traced' trace.err || fail "not told: $(cat trace.err)"
umount merged upper lower files
