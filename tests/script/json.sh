#!/bin/sh
# SPDX-License-Identifier: MIT
#
# What -f json writes, judged by a JSON parser that is not ours: every line is
# one object, and says what the script asked for, whatever bytes are in it.
# covers: json-tseries json-hist json-attached
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

# The same for what is told while a script runs, for work that takes its turn, and for values of every other kind.
cat >"$work/shapes.bt" <<'SCRIPT'
struct pair { int first; char name[4]; int numbers[2]; };
enum colour { RED = 1 };
begin {
	errorf("error \"%d\"", 1);
	warnf("warning\t\xff");
	@keyed[1] = 1; print(@keyed[2]); clear(@keyed);
	print(str(0));
	system("printf 'a\"b\\n'");
	cat("/dev/null");
	print((enum colour)1); print((int8 *)16); print((x=1, y="z")); print((1, (true, -2)));
	print((int32[2])0x200000001); print(kstack); print(ntop(0x0100007f));
	@record = (a=1, b=(2, "x"));
	@records[(1, RED)] = (a=1);
	@series["k"] = tseries(3, 1d, 4); @series["k"] = tseries(-5, 1d, 4);
	@single = tseries(7, 1d, 4, "max");
	@min = min(3); @max[1] = max(-3); @pointer = (int8 *)255; @bool = true;
	@sum = sum(18446744073709551615);
}
SCRIPT
cat >"$work/shapes.py" <<'JUDGE'
import json
import re
import sys

lines = [json.loads(line) for line in sys.stdin.buffer.read().decode("utf-8").splitlines()]
told = [line for line in lines if "msg" in line]
for line in told:
    assert line["filename"].endswith("shapes.bt") and line["line"] > 0 and line["col"] > 0, line
assert [(line["type"], line["msg"]) for line in told] == [
    ("errorf", 'error "1"'),
    ("warnf", "warning\t\xff"),
    ("helper_error", "Can't lookup map element because it does not exist."),
    ("helper_error", "Bad address"),
], told
assert (told[2]["helper"], told[2]["retcode"]) == ("map_lookup_elem", 0), told[2]
assert (told[3]["helper"], told[3]["retcode"]) == ("probe_read_user_str", -14), told[3]
rest = [(line["type"], line["data"]) for line in lines if "msg" not in line]
series = [data for kind, data in rest if kind == "tseries"]
assert [list(data) for data in series] == [["@series"], ["@single"]], series
for points in (series[0]["@series"]["k"], series[1]["@single"]):
    assert len(points) == 1 and re.fullmatch(r"\d{4}-\d\d-\d\dT00:00:00\.000Z", points[0]["interval_start"]), points
assert (series[0]["@series"]["k"][0]["value"], series[1]["@single"][0]["value"]) == (-5, 7), series
found = [row for row in rest if row[0] not in ("tseries", "attached_probes")]
expected = [
    ("value", 0),
    ("value", ""),
    ("syscall", 'a"b\n'),
    ("cat", ""),
    ("value", 1),
    ("value", 16),
    ("value", {"x": 1, "y": "z"}),
    ("value", [1, [True, -2]]),
    ("value", [1, 2]),
    ("value", ""),
    ("value", "127.0.0.1"),
    ("map", {"@bool": True}),
    ("map", {"@max": {"1": -3}}),
    ("map", {"@min": 3}),
    ("map", {"@pointer": 255}),
    ("map", {"@record": {"a": 1, "b": [2, "x"]}}),
    ("map", {"@records": {"1,RED": {"a": 1}}}),
    ("map", {"@sum": "18446744073709551615"}),
]
for got, wanted in zip(found, expected):
    assert got == wanted, f"{got} instead of {wanted}"
assert len(found) == len(expected), found[len(expected):]
JUDGE
"$usdtrap" -k --unsafe -f json "$work/shapes.bt" >"$work/out"
"$python" "$work/shapes.py" <"$work/out"
