#!/bin/sh
# SPDX-License-Identifier: MIT
#
# What the tests under load share, beside tests/live/lib.sh, which this reads.
# Each runs in a short form in `make check', and in a long one by `make load'
# (LOAD=long). What it measured it prints as a table:
#
#	size SHORT LONG         prints the one or the other
#	row NAME VALUE          one line of the table
#	engine                  sets $engine to the tracing process of $tracer
#	resident                the KiB of memory that $engine uses
#	watch_memory FILE       writes that into FILE every 0.05 s as long as it lives, in the background
#	memory_is_flat FILE     of the second half of what was written the greatest is near the least
#	ran_for FROM TO         seconds between two `date +%s.%N', with three digits
#	slowdown WITH WITHOUT   how many times longer the one is than the other

LIVE_TIMEOUT=${LIVE_TIMEOUT:-120}
[ "${LOAD:-short}" != long ] || LIVE_TIMEOUT=900
export LIVE_TIMEOUT
. "${top_srcdir:-.}/tests/live/lib.sh"

size() {
	if [ "${LOAD:-short}" = long ]; then
		echo "$2"
	else
		echo "$1"
	fi
}

row() {
	printf '%-40s %s\n' "$1" "$2"
}

engine() {
	engine=$(tr -d ' ' <"/proc/$tracer/task/$tracer/children")
}

resident() {
	awk '/^VmRSS/ { print $2 }' "/proc/$engine/status" 2>/dev/null
}

watch_memory() {
	while [ -n "$(resident)" ]; do
		resident
		sleep 0.05
	done >"$1" &
}

# What is allocated once, as a table that grows, is allocated by the middle; a leak grows on. 256 KiB are the allocator's.
memory_is_flat() {
	awk '{ kib[NR] = $1 } END {
		least = most = kib[int(NR / 2) + 1]
		for (i = int(NR / 2) + 1; i <= NR; i++) {
			if (kib[i] < least) least = kib[i]
			if (kib[i] > most) most = kib[i]
		}
		printf "%d KiB at the middle, %d KiB at most after it\n", kib[int(NR / 2) + 1], most
		exit !(NR > 3 && most - least <= 256)
	}' "$1" >flat || is_sanitized || fail "memory grows: $(cat flat) ($(wc -l <"$1") looks)"
	row "usdtrap's memory" "$(cat flat)"
}

ran_for() {
	awk -v from="$1" -v to="$2" 'BEGIN { printf "%.3f\n", to - from }'
}

slowdown() {
	awk -v with="$1" -v without="$2" 'BEGIN { printf "%.1f\n", with / without }'
}
