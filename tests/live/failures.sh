#!/bin/sh
# SPDX-License-Identifier: MIT
# -k: what cannot be read of a target is told each time, with its place and in the words of bpftrace; without -k it is
# empty or unknown, and quiet.
# covers: diagnostic-read cli-warnings
# shellcheck disable=SC2016 # scripts have dollar signs of their own
. "${top_srcdir:-.}/tests/live/lib.sh"

cat >script.bt <<EOT
usdt:$targets/hits:hits:tick {
	print(*(int32 *)5);
	print(str(7));
	print(buf(9, 4));
	join(11);
	print(((int8 *)3)[2]);
	print(strlen((int8 *)13));
	print(@[arg0]); @[1000] = 1;
	if (arg0 == 1) { exit(); }
}
end { clear(@); }
EOT

"$usdtrap" -q -k script.bt -c "$targets/hits 5" -o trace.out </dev/null >target.out 2>told || fail "status $?: $(cat told)"
printf '%s\n' 0 '' '?' '' 0 0 0 0 '' '?' '' 0 0 0 '' '' >wanted
same wanted trace.out
sed -n 's/^script.bt:\([0-9]*\):[-0-9]*: WARNING: \(.*\)/\1 \2/p; s/^Additional Info - helper: \(.*\), retcode: \(.*\)/\1 \2/p' told >said
cat >once <<'EOT'
2 Bad address
probe_read_user -14
3 Bad address
probe_read_user_str -14
4 Bad address
probe_read_user -14
5 Bad address
probe_read_user -14
6 Bad address
probe_read_user -14
7 Bad address
probe_read_user_str -14
8 Can't lookup map element because it does not exist.
map_lookup_elem 0
EOT
cat once once >wanted
same wanted said

"$usdtrap" -q script.bt -c "$targets/hits 5" -o trace.out </dev/null >target.out 2>told || fail "status $?: $(cat told)"
printf '%s\n' 0 '' '?' '' 0 0 0 0 '' '?' '' 0 0 0 '' '' >wanted
same wanted trace.out
grep WARNING told && fail 'told without -k'
: # the last word was not found, as it should be
