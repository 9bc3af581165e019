# SPDX-License-Identifier: MIT
"""Runs a document: does what its sessions show still happen?

run.py FILE

A session is a fenced block of the language "console". A line that begins with
"$ " is a command, as are the lines that begin with "> " behind it; what follows
is what the command shows, on both streams. All sessions of a document run in
one shell, one after the other, in a folder of their own. Compared is what is
told rather than what happens to be: a number stands for any number, an address
for any address, "..." for any text, and a line "..." for any lines. The lines of
a map may change places, as they stand in the order of such numbers.

<!-- needs: WORD... --> above a session says what must be installed for it:
commands, and probes as "usdt:FILE:PROBE". Without them the sessions up to the
next heading are left out. <!-- as shown --> means that the next session is
only shown, as its output cannot be had twice.

Exit status: 0 all sessions happened so, 77 none could be run, 1 otherwise.
"""
import itertools
import os
import re
import shutil
import subprocess
import sys

DONE = "--- that was it, with "


def pattern_of(line):
    """A regular expression for an expected line."""
    parts = []
    for piece in re.split(r"(0x[0-9a-f]+|\d+(?:\.\d+)?|\.\.\.)", line):
        if piece == "...":
            parts.append(".*")
        elif piece.startswith("0x"):
            parts.append("0x[0-9a-f]+")
        elif re.fullmatch(r"\d+(?:\.\d+)?", piece):
            parts.append(r"\d+(?:\.\d+)?")
        else:
            parts.append(re.sub(r"(?:\\ )+", r" +", re.escape(piece)))
    return "".join(parts)


def without_order_of_maps(lines):
    """The same lines, those of each map in the order of what is no number in them."""
    result = []
    for is_of_map, group in itertools.groupby(lines, lambda line: line.startswith("@")):
        result += sorted(group, key=lambda line: re.sub(r"\d+", "", line)) if is_of_map else group
    return result


def matches(expected, shown):
    regex = ""
    for line in expected:
        regex += r"(?:.*\n)*?" if line.strip() == "..." else pattern_of(line) + r" *\n"
    return re.fullmatch(regex, "".join(line.rstrip() + "\n" for line in shown)) is not None


def is_as_expected(expected, shown):
    return matches(expected, shown) or matches(without_order_of_maps(expected), without_order_of_maps(shown))


class Session:
    """The shell that all commands of a document run in."""

    def __init__(self, folder):
        environment = dict(os.environ, PS1="", PS2="", LC_ALL="C", TERM="dumb")
        self.shell = subprocess.Popen(["/bin/sh"], cwd=folder, env=environment, stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def run(self, command):
        """What COMMAND shows, as a list of lines. A job in the background shows nothing."""
        self.shell.stdin.write(command + "\necho; echo '" + DONE + "'$?\n")
        self.shell.stdin.flush()
        shown = []
        for line in self.shell.stdout:
            if line.startswith(DONE):
                break
            shown.append(line.rstrip("\n"))
        if shown and shown[-1] == "":
            shown.pop()
        return shown

    def end(self):
        """Ends the shell and what it left in the background."""
        self.run("for job in $(jobs -p); do kill $job; done")
        self.shell.stdin.close()
        self.shell.wait()


def read(path):
    """The commands of the document, as (line number, needs, command, expected lines, is only shown)."""
    needs, only_shown, commands = [], False, []
    in_session = False
    for number, line in enumerate(open(path, encoding="utf-8").read().splitlines(), 1):
        if in_session:
            if line.startswith("```"):
                in_session, only_shown = False, False
            elif line.startswith("$ "):
                commands.append((number, list(needs), line[2:], [], only_shown))
            elif line.startswith("> ") and commands and not commands[-1][3]:
                commands[-1] = commands[-1][:2] + (commands[-1][2] + "\n" + line[2:],) + commands[-1][3:]
            else:
                commands[-1][3].append(line)
        elif line == "```console":
            in_session = True
        elif line.startswith("#"):
            needs = []
        elif line.startswith("<!-- needs:"):
            needs = line[len("<!-- needs:"):-len("-->")].split()
        elif line.startswith("<!-- as shown"):
            only_shown = True
    return commands


def is_there(need):
    if not need.startswith("usdt:"):
        return shutil.which(need) is not None
    return subprocess.run(["usdtrap", "-l", need], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                          check=False).returncode == 0


def main(path):
    session = Session(os.getcwd())
    failed = ran = left_out = 0
    known = {}
    for number, needs, command, expected, only_shown in read(path):
        for need in needs:
            if need not in known:
                known[need] = is_there(need)
        if only_shown or not all(known[need] for need in needs):
            left_out += 1
            continue
        shown = session.run(command)
        ran += 1
        if not is_as_expected(expected, shown):
            failed += 1
            print(f"{path}:{number}: $ {command}\n--- expected", *expected, "--- shown", *shown, sep="\n")
    session.end()
    missing = sorted(need for need in known if not known[need])
    print(f"{path}: {ran} commands ran, {failed} showed something else, {left_out} were left out",
          f"(not here: {' '.join(missing)})" if missing else "")
    if failed:
        return 1
    return 0 if ran else 77


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
