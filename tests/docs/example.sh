#!/bin/sh
# SPDX-License-Identifier: MIT
# docs/example.c: builds against the library as anybody's program does, is as short as is said, and does what it says.
. "${top_srcdir:-.}/tests/live/lib.sh"

[ "$(wc -l <"$top_srcdir/docs/example.c")" -lt 60 ] || fail "it has grown"
# shellcheck disable=SC2086 # these may be several words, or none
${CC:-cc} -Wall -Wextra -Werror ${SANITIZER_CFLAGS:-} -o example "$top_srcdir/docs/example.c" -I"$top_srcdir/include" \
	-L"$top_builddir/.libs" -lusdtrap -Wl,-rpath,"$top_builddir/.libs" >build.log 2>&1 || fail "$(cat build.log)"
! ./example 1 >said.out 2>said.err || fail "it needs a probe"

needs_attach
target hits 5
./example "$pid" hits tick >example.out 2>example.err 9>&- &
tracer=$!
tries=0
while [ "$(sed -n 's/^TracerPid:.//p' "/proc/$pid/status")" = 0 ]; do
	tries=$((tries + 1))
	[ $tries -lt 200 ] || fail "it does not attach: $(cat example.err)"
	sleep 0.05
done
sleep 0.3
go
both_end
for number in 0 1 2 3 4; do
	echo "$pid tick $number"
done >expected
echo '5 hits' >>expected
same expected example.out
