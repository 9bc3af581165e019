#!/bin/sh
# SPDX-License-Identifier: MIT
# The compiled-in tracepoints are those that this machine's kernel has: every system call of the kernel is in the table,
# with as many arguments, and nearly all have the same names and types (a few differ from one kernel to the next).
. "${top_srcdir:-.}/tests/live/lib.sh"

events=/sys/kernel/tracing/events
if [ ! -e $events/syscalls ]; then
	if [ -z "${IN_NAMESPACE:-}" ]; then
		unshare -m true 2>/dev/null || skip "tracefs is not mounted, and cannot be by this user"
		IN_NAMESPACE=1
		export IN_NAMESPACE
		result=0
		unshare -m /bin/sh "$LIVE_TEST" || result=$?
		exit $result
	fi
	mount -t tracefs nodev /sys/kernel/tracing 2>/dev/null || skip "there is no tracefs"
fi
[ -r $events/syscalls/sys_enter_read/format ] || skip "tracefs cannot be read by this user, or has no system calls"
[ "$(uname -m)" = x86_64 ] || skip "the table is of x86-64"

"$helpers/tracepoints" >ours

# The kernel's, in the same form. Fields of __data_loc behind the arguments of a call are copies of what these point at.
for event in "$events"/syscalls/sys_* "$events"/raw_syscalls/sys_*; do
	awk '
		FNR == 1 { count = split(FILENAME, part, "/"); print part[count - 2] ":" part[count - 1] }
		/field:/ && !/ common_/ && !(FILENAME ~ /\/syscalls\// && /__data_loc/) {
			sub(/^[[:blank:]]*field:/, "")
			sub(/;.*/, "")
			# "unsigned long args[6]" is "unsigned long[6] args".
			if (match($0, /\[[0-9]*\]$/)) {
				bounds = substr($0, RSTART)
				sub(/\[[0-9]*\]$/, "")
				name = $NF
				sub(/ [^ ]*$/, "")
				$0 = $0 bounds " " name
			}
			print "    " $0
		}
	' "$event/format"
done >theirs

# One line a tracepoint: its name, how many fields, and the fields.
fold() {
	awk '
		/^[^ ]/ { if (name) print name, count fields; name = $0; count = 0; fields = ""; next }
		{ count++; fields = fields ";" $0 }
		END { print name, count fields }
	' "$1" | sort
}
fold ours >ours.folded
fold theirs >theirs.folded
[ "$(wc -l <theirs.folded)" -gt 600 ] || fail "the kernel has few system calls: $(wc -l <theirs.folded)"

cut -d' ' -f1 ours.folded >ours.names
cut -d' ' -f1 theirs.folded >theirs.names
unknown=$(comm -13 ours.names theirs.names)
cut -d';' -f1 ours.folded >ours.counts
cut -d';' -f1 theirs.folded >theirs.counts
join ours.counts theirs.counts | awk '$2 != $3' >different.counts
[ ! -s different.counts ] || fail "other numbers of fields: $(cat different.counts)"
total=$(wc -l <theirs.folded)
same=$(comm -12 ours.folded theirs.folded | wc -l)
echo "$same of $total tracepoints are alike to the letter; not known: ${unknown:-none}"
comm -13 ours.folded theirs.folded
[ $((same * 100)) -ge $((total * 95)) ] || fail "too many differ"
