#!/bin/sh
# SPDX-License-Identifier: MIT
# usdtrap inspect of a process in a container: other mounts, another root, other process ids, and users of its own. What
# it has mapped is found where it is, and not where the same path leads from here.
. "${top_srcdir:-.}/tests/live/lib.sh"
needs_attach
command -v unshare >/dev/null || skip "there is no unshare(1)"
command -v chroot >/dev/null || skip "there is no chroot(1)"

# What the target needs, in a tree of its own; the file of that name in our tree is another.
mkdir -p tree/bin tree/proc
cp "$targets/sleepers" tree/bin/inner
ldd "$targets/sleepers" | sed -n 's/^[^/]*\(\/[^ ]*\) (0x.*/\1/p' | while read -r library; do
	mkdir -p "tree$(dirname "$library")"
	cp -L "$library" "tree$library"
done
# shellcheck disable=SC2016 # for the shell inside
unshare -Urmpf sh -c 'mount -t tmpfs none "$1" 2>/dev/null && umount "$1"' sh "$work" >/dev/null 2>&1 ||
	skip "this user may not make a container (unshare -Urmpf)"
mkfifo input
# shellcheck disable=SC2016
unshare -Urmpf sh -c 'mount --bind tree tree && mount -t proc none tree/proc && exec chroot tree /bin/inner' \
	<input >target.out 2>target.err &
outer=$!
started="$started $outer"
exec 7>input
tries=0
until grep -q ready target.out; do
	tries=$((tries + 1))
	[ $tries -lt 200 ] || skip "the container does not start: $(cat target.err)"
	sleep 0.05
done
pid=$(cat "/proc/$outer/task/$outer/children")
pid=${pid% }
started="$started $pid"
[ "$(readlink "/proc/$pid/exe")" != "$targets/sleepers" ] || fail "it runs the program out here"
[ "$(sed -n 's/^NSpid:.*	//p' "/proc/$pid/status")" = 1 ] || fail "it has no process ids of its own"

inspect() {
	"$usdtrap" inspect "$pid" "$@" >said.out 2>said.err || fail "inspect $*: $(cat said.err)"
}
inspect
grep -qE "^process $pid \(inner\): [0-9]+ mappings, 1 usdt probe$" said.out || fail "in brief: $(cat said.out)"
inspect maps
grep -qE 'r-xp .*/bin/inner  1 probe  build id' said.out || fail "its file is not read: $(cat said.out)"
inspect symbols main
grep -qE ' T main  .*/bin/inner$' said.out || fail "its symbols are not read: $(cat said.out)"
inspect stack
grep -qE '^  #[0-9]+ +0x[0-9a-f]+  sleep_poll\+0x[0-9a-f]+  \(inner\)$' said.out || fail "its stacks: $(cat said.out)"
grep -qE '  \(libc' said.out || fail "its library is not read: $(cat said.out)"
inspect threads
grep -qE "read\(0x0, .* at [a-z_0-9]*read\+0x" said.out || fail "its threads: $(cat said.out)"
inspect probes
grep -qE '^usdt:.*/bin/inner:sleepers:never  0x[0-9a-f]+  not trapped' said.out || fail "its probes: $(cat said.out)"
inspect disas sleepers:never 1
grep -qE '^ *[0-9a-f]+  90 +nop$' said.out || fail "its code: $(cat said.out)"
inspect mem main 16
! grep -q "nothing can be read" said.out || fail "its memory: $(cat said.out)"
"$usdtrap" why sleepers:never -p "$pid" >said.out 2>&1 || true
! grep -q '^WRONG' said.out || fail "why: $(cat said.out)"
echo go >&7
exec 7>&-
wait "$outer" || true
grep -q 'woken 0' target.out || fail "somebody woke up: $(cat target.out)"
