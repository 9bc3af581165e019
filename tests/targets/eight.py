# SPDX-License-Identifier: MIT
"""Makes all eight probes of CPython 3.11 fire, in numbers it knows, and prints them as tests/live/python.sh counts them.

Everything happens in work(): a tracer counts from its entry to its return, so
that the interpreter's own start is none of our business.
"""
import gc
import os
import sys
from collections import Counter

counts = Counter()


def leaf(number):
    return number


def recurse(depth):
    return depth and recurse(depth - 1)


def fail():
    raise ValueError


def lines():
    total = 0
    for i in range(4):
        total += i
    return total


def call():
    for number in range(137):
        leaf(number)
    recurse(40)
    for _ in range(3):
        try:
            fail()
        except ValueError:
            pass
    lines()


def audit():
    for number in range(9):
        sys.audit("usdtrap.test", number)


def on_collection(phase, info):
    """The interpreter's own word for what the two gc probes should say."""
    count_call(on_collection)
    if phase == "start":
        counts[f"gc__start[{info['generation']}]"] += 1
    else:
        counts["gc__done[collections]"] += 1
        counts["gc__done_sum[objects]"] += info["collected"] + info["uncollectable"]


def collect():
    gc.disable()
    gc.callbacks.append(on_collection)
    for generation in (0, 1, 2, 2, 0):
        for _ in range(10):
            ring = []
            ring.append(ring)
        del ring
        gc.collect(generation)
    gc.callbacks.remove(on_collection)


def load():
    for name in ("this_is_not_there", "colorsys", "neither_is_this"):
        try:
            __import__(name)
        except ImportError:
            pass


def work():
    call()
    audit()
    collect()
    load()


def count_call(function, times=1):
    """Notes calls that a tracer sees; it does not see those of this one, which is filtered out by its name."""
    code = function.__code__
    counts[f"entry[{code.co_name}, {code.co_firstlineno}]"] += times
    counts[f"return[{code.co_name}]"] += times


print("ready", flush=True)
sys.stdin.readline()
work()
for function, times in ((work, 1), (call, 1), (leaf, 137), (recurse, 41), (fail, 3), (lines, 1), (audit, 1),
                        (collect, 1), (load, 1)):
    count_call(function, times)
first = lines.__code__.co_firstlineno
for offset, times in ((1, 1), (2, 5), (3, 4), (4, 1)):
    counts[f"line[{first + offset}]"] = times
counts[f"left[{first + 4}]"] = 1
counts["audit[usdtrap.test]"] = 9
for name, found in (("this_is_not_there", 0), ("colorsys", 1), ("neither_is_this", 0)):
    counts[f"import__find__load__start[{name}]"] = 1
    counts[f"import__find__load__done[{name}, {found}]"] = 1
for what, times in counts.items():
    print(f"@{what}: {times}")
sys.stdout.flush()
os._exit(0)
