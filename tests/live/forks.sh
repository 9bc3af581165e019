#!/bin/sh
# SPDX-License-Identifier: MIT
# Children of a target are unharmed, whichever way they are made, and those with memory of their own are not traced.
. "${top_srcdir:-.}/tests/live/lib.sh"

count=$(many 30)
program="usdt:$targets/forker:forker:parent { @parent = count(); }
	usdt:$targets/forker:forker:child { @child = count(); }"

check() {
	grep -qx 'children that ended wrong: 0' target.out || fail "$1: $(tail -n 1 target.out)"
	maps target.out >expected
	# Such a child runs in the target's memory: whether its hits count is not what this is about.
	if [ "$1" = vfork ] || [ "$1" = shared ]; then
		maps trace.out | grep -v '^@child' | same expected -
	else
		maps trace.out | same expected -
	fi
}

for mode in fork vfork spawn system threads clone3 shared daemon; do
	case ${OLD_KERNEL:-}$mode in 3*clone3*) continue ;; esac # it came with Linux 5.3
	"$usdtrap" -e "$program" -c "$targets/forker $mode $count" -o trace.out >target.out 2>trace.err </dev/null
	check $mode
done

# A program that runs with its owner's rights keeps them, also if an ordinary user traces its parent. (But not where an
# old kernel is played: an ordinary user gets that filter only if he gives up such rights.)
if [ "$(id -u)" -eq 0 ] && [ -z "${OLD_KERNEL:-}" ] && command -v setpriv >/dev/null; then
	chmod 755 .
	cp "$targets/forker" "$helpers/identity" .
	chmod 4755 identity
	if setpriv --reuid=65534 --regid=65534 --clear-groups ./identity; then
		PATH="/nonexistent:$PATH" setpriv --reuid=65534 --regid=65534 --clear-groups "$usdtrap" \
			-e "usdt:./forker:forker:parent { @parent = count(); }" \
			-c "./forker spawn 5 $PWD/identity" >target.out 2>trace.err </dev/null
		grep -qx 'children that ended wrong: 0' target.out || fail "set-user-ID: $(tail -n 1 target.out)"
	fi
fi

needs_attach
for mode in fork vfork spawn system threads clone3 shared daemon; do
	case ${OLD_KERNEL:-}$mode in 3*clone3*) continue ;; esac # it came with Linux 5.3
	target forker $mode "$count"
	tracer -e "$program" -p "$pid"
	go
	both_end
	check $mode
done
