#!/bin/sh
# SPDX-License-Identifier: MIT
# A thread that its tracer interrupted in a system call enters the call again, and never sees EINTR.
. "${top_srcdir:-.}/tests/live/lib.sh"

status=0
"$helpers/interrupted" || status=$?
exit $status
