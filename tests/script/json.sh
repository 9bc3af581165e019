#!/bin/sh
# SPDX-License-Identifier: MIT
#
# What -f json writes, judged by a JSON parser that is not ours: every line is
# one object, and says what the script asked for, whatever bytes are in it.
set -eu
usdtrap=${top_builddir:-.}/usdtrap
python=$(command -v python3) || {
	echo 'python3 is missing: no JSON parser to judge by'
	exit 77
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cat >"$work/script.bt" <<'SCRIPT'
begin {
	printf("quote \" backslash \\ newline \n tab \t bell \007 \xff\xc3\xa4\n");
	time("%H:%M:%S\n");
	print((1, "two", (-3, true), 0x7fffffffffffffff));
	print(buf("a\x01\"", 3));
	@scalar = -5;
	@text = "a \"b\" \xfe";
	@["key 1"] = 1; @["\"\n"] = 2;
	@two[1, "x"] = count();
	@nested[1, (2, "y")] = sum(7);
	@average[1] = avg(4); @average[1] = avg(7);
	@stats = stats(10); @stats = stats(-3);
	@hist = hist(-1); @hist = hist(0); @hist = hist(5000); @hist = hist(0x7fffffffffffffff);
	@lhist["a"] = lhist(-1, 0, 100, 10); @lhist["a"] = lhist(1000, 0, 100, 10);
	@empty = hist(1); zero(@empty);
	print(@two);
}
SCRIPT

cat >"$work/judge.py" <<'JUDGE'
import json
import sys

lines = [json.loads(line) for line in sys.stdin.buffer.read().decode("utf-8").splitlines()]
found = [(line["type"], line["data"]) for line in lines if line["type"] not in ("attached_probes", "time")]
expected = [
    ("printf", 'quote " backslash \\ newline \n tab \t bell \x07 \xff\xe4\n'),
    ("value", [1, "two", [-3, True], "9223372036854775807"]),
    ("value", 'a\\x01"'),
    ("map", {"@two": {"1,x": 1}}),
    ("map", {"@": {"key 1": 1, '"\n': 2}}),
    ("stats", {"@average": {"1": 5}}),
    ("hist", {"@empty": []}),
    ("hist", None),
    ("hist", {"@lhist": {"a": None}}),
    ("map", {"@nested": {"1,(2,y)": 7}}),
    ("map", {"@scalar": -5}),
    ("stats", {"@stats": {"count": 2, "average": 3, "total": 7}}),
    ("map", {"@text": 'a "b" \xfe'}),
    ("map", {"@two": {"1,x": 1}}),
]
log = found[7][1]["@hist"]
assert len(log) == 65, log
assert log[0] == {"max": -1, "count": 1}, log[0]
assert log[1] == {"min": 0, "max": 0, "count": 1}, log[1]
assert log[64] == {"min": 4611686018427387904, "max": "9223372036854775807", "count": 1}, log[64]
linear = found[8][1]["@lhist"]["a"]
assert linear[0] == {"max": -1, "count": 1}, linear[0]
assert linear[1] == {"min": 0, "max": 9, "count": 0}, linear[1]
assert linear[11] == {"min": 100, "count": 1}, linear[11]
expected[7] = ("hist", {"@hist": log})
expected[8] = ("hist", {"@lhist": {"a": linear}})
for got, wanted in zip(found, expected):
    assert got == wanted, f"{got} instead of {wanted}"
assert len(found) == len(expected), found[len(expected):]
JUDGE

"$usdtrap" -f json "$work/script.bt" >"$work/out"
"$python" "$work/judge.py" <"$work/out"
