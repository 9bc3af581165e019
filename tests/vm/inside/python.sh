#!/bin/sh
# SPDX-License-Identifier: MIT
# Debian's own Python, by the one-liner that everybody knows: who calls what. Each call that the script makes is there,
# in order, with its file, name and line.
. "${top_srcdir:-.}/tests/live/lib.sh"

python=/usr/bin/python3.11
[ -x $python ] || skip "there is no $python"
cat >calls.py <<'EOF'
def leaf(n):
    return n


def branch(n):
    for i in range(n):
        leaf(i)


branch(3)
EOF
"$usdtrap" -e "usdt:$python:function__entry { printf(\"%s %s:%d\n\", str(arg1), str(arg0), arg2); }" -c "$python calls.py" \
	-o trace.out 2>trace.err </dev/null
grep 'calls\.py' trace.out >ours || fail "no call was seen: $(cat trace.err)"
printf '%s %s:%d\n' '<module>' "$work/calls.py" 0 branch "$work/calls.py" 5 \
	leaf "$work/calls.py" 1 leaf "$work/calls.py" 1 leaf "$work/calls.py" 1 | same - ours
