#!/bin/sh
# SPDX-License-Identifier: MIT
# What a script may do to its target, with --unsafe: write into its memory, and send signals to it or to one of its threads.
# covers: function-write-user function-signal cli-unsafe
# shellcheck disable=SC2016 # scripts have dollar signs of their own
. "${top_srcdir:-.}/tests/live/lib.sh"

ask="usdt:$targets/obedient:obedient:ask"

"$usdtrap" -q --unsafe -k -e "$ask /arg2 == 1/ { print(write_user((int8 *)arg0, \"written\", 8)); }
	$ask /arg2 == 2/ { print(write_user((int8 *)arg0, \"X\", 1)); print(write_user((int8 *)arg1, \"Y\", 1)); }
	$ask /arg2 == 2/ { print(write_user((int8 *)1, \"Z\", 1)); }
	$ask /arg2 == 3/ { signal_thread(\"SIGUSR2\"); }
	$ask /arg2 == 4/ { signal(\"USR1\"); }" \
	-c "$targets/obedient" -o trace.out </dev/null >target.out 2>target.err || fail "status $?: $(cat target.err)"
cat >wanted <<'EOT'
ready
0: text constant, SIGUSR2 here 0
1: written constant, SIGUSR2 here 0
2: Xritten constant, SIGUSR2 here 0
3: Xritten constant, SIGUSR2 here 1
4: Xritten constant, SIGUSR2 here 0
SIGUSR1 anywhere 1, SIGUSR2 in the first thread 0
EOT
same wanted target.out
printf '%s\n' true true false false '' '' >wanted
same wanted trace.out
grep -c 'Additional Info - helper: probe_write_user, retcode: -14' target.err | grep -qx 2 || fail "$(cat target.err)"

# A signal that ends it ends it.
"$usdtrap" -q --unsafe -e "$ask { @hits = count(); signal(9); }" -c "$targets/obedient" -o trace.out \
	</dev/null >target.out 2>target.err || fail "status $?: $(cat target.err)"
printf '%s\n' '' '' '@hits: 1' >wanted
same wanted trace.out
