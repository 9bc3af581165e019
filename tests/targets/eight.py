# SPDX-License-Identifier: MIT
"""Makes all eight probes of CPython 3.11 fire, in numbers it knows, and prints them as tests/live/python.bt does.

Everything happens in work(): a tracer counts from its entry to its return,
so that the interpreter's own start is none of our business.
"""
import gc
import os
import sys
from collections import Counter

FILE = os.path.basename(__file__)
counts = Counter()


def leaf(number):
    counts["entry", "leaf"] += 1
    return number


def recurse(depth):
    counts["entry", "recurse"] += 1
    return depth and recurse(depth - 1)


def fail():
    counts["entry", "fail"] += 1
    raise ValueError


def lines():
    counts["entry", "lines"] += 1
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
    first = lines.__code__.co_firstlineno
    for offset, times in ((1, 1), (2, 1), (3, 5), (4, 4), (5, 1)):
        counts["line", first + offset] = times


def audit():
    for number in range(9):
        sys.audit("usdtrap.test", number)
    counts["audit", "usdtrap.test"] = 9


def collect():
    def on_collection(phase, info):
        if phase == "start":
            counts["gc__start", info["generation"]] += 1
        else:
            counts["gc__done", "collections"] += 1
            counts["gc__done", "collected"] += info["collected"] + info["uncollectable"]

    gc.callbacks.append(on_collection)
    for generation in (0, 1, 2, 2, 0):
        for _ in range(10):
            ring = []
            ring.append(ring)
        del ring
        gc.collect(generation)
    gc.callbacks.remove(on_collection)


def load():
    for name in ("antigravity_is_not_this", "colorsys", "this_is_not_there"):
        try:
            __import__(name)
        except ImportError:
            pass
        counts["import__find__load__start", name] = 1
        counts["import__find__load__done", f"{name}, {int(name == 'colorsys')}"] = 1


def work():
    gc.disable()
    call()
    audit()
    collect()
    load()


print("ready", flush=True)
sys.stdin.readline()
work()
for (probe, key), count in sorted(counts.items(), key=lambda item: (item[0][0], str(item[0][1]))):
    print(f"@{probe}[{key}]: {count}")
    if probe == "entry":
        print(f"@return[{key}]: {count}")
sys.stdout.flush()
os._exit(0)
