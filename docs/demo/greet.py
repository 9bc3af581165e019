# SPDX-License-Identifier: MIT
"""A program to be traced: three functions that call each other, five rounds a second.

greet.py [ROUNDS]   stops after so many rounds, or never; every round is a line of output.
"""
import sys
import time


def shout(text):
    return text.upper() + "!"


def greet(name):
    return shout("hello " + name)


def round_of_greetings(number):
    for name in ("ada", "grace"):
        greet(name)
    print("round", number, flush=True)


def main(rounds):
    number = 0
    while number != rounds:
        number += 1
        round_of_greetings(number)
        time.sleep(0.2)


main(int(sys.argv[1]) if len(sys.argv) > 1 else -1)
