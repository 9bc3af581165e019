# SPDX-License-Identifier: MIT
"""check.py [--all] [--seeds N] [--first SEED] DECODE: does usdtrap decode what programs really pass?

Makes programs by generate.py, compiles each as the rows of BUILDS say, runs it
under DECODE (tests/live/operands/decode.c), and compares, argument by argument,
what DECODE saw with what the program says it passed. Without --all, one program
is compiled in the few ways of QUICK. Prints how many arguments were right, and
every one that was not. An argument may only be unknown (`?') where nobody could
know it: compilers name constants in memory by symbols that never reach a file
(.LC2), and a static variable may share its name with another one. The one
exception: gcc prints long doubles in decimal, if it is told to allow immediates.
"""
import argparse
import concurrent.futures
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter

sys.dont_write_bytecode = True
import generate  # pylint: disable=wrong-import-position

PIE = ["-fPIE", "-pie"]
NO_PIE = ["-fno-pie", "-no-pie"]
STATIC = ["-fno-pie", "-static"]
LINKS = {"pie": PIE, "no-pie": NO_PIE, "static": STATIC}
LEVELS = ["-O0", "-O1", "-O2", "-O3", "-Os"]
LLD = ["-fuse-ld=lld"]
LINKING = {"-pie", "-no-pie", "-static", "-static-pie", "-shared", "-s", "-fuse-ld=lld", "-Wl,--gc-sections",
           "-Wl,-Bsymbolic"}
LIBRARY_USER = "int library_main(int, char **);\nint main(int c, char **v)\n{\n\treturn library_main(c, v);\n}\n"
# <sys/sdt.h> lets a program say which operands the compiler may choose from: also vector registers, also addresses.
VECTORS = ["-DSTAP_SDT_ARG_CONSTRAINT=norx"]
ADDRESSES = ["-DSTAP_SDT_ARG_CONSTRAINT=nior"]

BUILDS = {
    f"{level[1:]} {link}": [level, *flags] for level in LEVELS for link, flags in LINKS.items()
}
BUILDS.update({
    "O2 static-pie": ["-O2", "-fPIE", "-static-pie"],
    "O2 pic": ["-O2", "-fPIC", "-pie"],
    "O2 lld pie": ["-O2", *PIE, *LLD],
    "O2 lld no-pie": ["-O2", *NO_PIE, *LLD],
    "O1 large no-pie": ["-O1", *NO_PIE, "-mcmodel=large"],
    "O2 sections pie": ["-O2", *PIE, "-ffunction-sections", "-fdata-sections", "-Wl,--gc-sections"],
    "O2 frame pointer": ["-O2", *PIE, "-fno-omit-frame-pointer"],
    "O3 native": ["-O3", *PIE, "-march=native", "-ffast-math", "-funroll-loops"],
    "O2 vectors pie": ["-O2", *PIE, *VECTORS],
    "O0 vectors no-pie": ["-O0", *NO_PIE, *VECTORS],
    "O2 addresses no-pie": ["-O2", *NO_PIE, *ADDRESSES],
    "O2 addresses pie": ["-O2", *PIE, *ADDRESSES],
    "O0 library": ["-O0", "-fPIC", "-shared", "-DLIBRARY"],
    "O2 library": ["-O2", "-fPIC", "-shared", "-DLIBRARY"],
    "O3 lld library": ["-O3", "-fPIC", "-shared", "-DLIBRARY", *LLD],
    "O2 hidden library": ["-O2", "-fPIC", "-shared", "-DLIBRARY", "-fvisibility=hidden", "-Wl,-Bsymbolic"],
    "O2 stripped no-pie": ["-O2", *NO_PIE, "-s"],
})

QUICK = [("gcc", "O0 pie"), ("gcc", "O1 static"), ("gcc", "O2 library"), ("gcc", "O2 addresses no-pie"),
         ("gcc", "O3 no-pie"), ("clang", "O0 no-pie"), ("clang", "O2 lld pie"), ("clang", "Os static")]

# What may be unknown, and why.
UNKNOWABLE = [
    (re.compile(r"symbol \.L\S* is not in the file's symbol tables"), "constants that compilers name .L..."),
    (re.compile(r"symbol \S+ is ambiguous"), "ambiguous local symbols"),
    (re.compile(r"\{16f@\S+: numbers with a fraction are not understood"), "long doubles in decimal"),
]
STRIPPED = (re.compile(r"symbol \S+ is not in the file's symbol tables"), "symbols that were stripped")
TOKEN = re.compile(r"\?\{.*?\}(?= |$)|\S+")


class Refused(Exception):
    """The compiler cannot make this program."""


def find_compiler(name):
    for candidate in (name, *(f"{name}-{version}" for version in range(30, 10, -1))):
        if shutil.which(candidate):
            return candidate
    return None


def run(command):
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
                          env={**os.environ, "LC_ALL": "C"}, errors="replace")


def function_at(lines, number):
    """The guard of the function whose text includes a line (from 1) of the program."""
    for text in reversed(lines[:number]):
        if text.startswith("#ifndef SKIP_"):
            return text[len("#ifndef "):]
    return None


def compile_object(command, source, skipped):
    """Compiles one part. Functions that the compiler refuses are added to SKIPPED and left out: gcc cannot print
    16-byte values in %r8 and up, and either compiler may run out of registers."""
    lines = source.splitlines()
    for _ in range(20):
        done = run(command + [f"-D{guard}" for guard in skipped])
        if done.returncode == 0:
            return
        errors = re.findall(r":(\d+):\d+: (?:fatal )?error: ", done.stderr)
        guilty = {function_at(lines, int(number)) for number in errors} - {None, *skipped}
        if not guilty:
            break
        skipped += sorted(guilty)
    raise Refused(done.stderr[:2000])


def compile_program(compiler, flags, source, folder, name):
    """Compiles one program; returns the path of the file with the probes, that of the program, and how many functions
    were left out."""
    path = os.path.join(folder, name)
    with open(f"{path}.c", "w", encoding="ascii") as file:
        file.write(source)
    command = [compiler, "-w", "-pthread", *(flag for flag in flags if flag not in LINKING), "-c", f"{path}.c"]
    if compiler.startswith("gcc") and "-fno-pie" in flags:
        command.append("-DWIDE_CONSTANTS")
    skipped = []
    for part in (1, 2):
        compile_object(command + [f"-DPART={part}", "-o", f"{path}.{part}.o"], source, skipped)
    done = run([compiler, "-pthread", *flags, f"{path}.1.o", f"{path}.2.o", "-o", path])
    if done.returncode:
        raise Refused(done.stderr[:2000])
    if "-shared" not in flags:
        return path, path, len(skipped)
    with open(f"{path}.user.c", "w", encoding="ascii") as file:
        file.write(LIBRARY_USER)
    done = run([compiler, f"{path}.user.c", path, f"-Wl,-rpath,{folder}", "-o", f"{path}.user"])
    if done.returncode:
        raise Refused(done.stderr[:2000])
    return path, f"{path}.user", len(skipped)


def is_same(expected, actual):
    if expected.endswith("*"):
        return actual.startswith(expected[:-1])
    return expected == actual


def why_unknown(token, flags):
    rules = UNKNOWABLE + ([STRIPPED] if "-s" in flags else [])
    for pattern, meaning in rules:
        if pattern.search(token):
            return meaning
    return None


def compare(expected, actual, flags, count, complain):
    """Counts arguments in COUNT, and says what is wrong."""
    if len(expected) != len(actual):
        complain(f"{len(actual)} hits were seen, {len(expected)} were made")
    for number, (wanted, seen) in enumerate(zip(expected, actual)):
        wanted, seen = TOKEN.findall(wanted), TOKEN.findall(seen)
        if wanted[:1] != seen[:1] or len(wanted) != len(seen):
            complain(f"hit {number}: {' '.join(seen)}, not {' '.join(wanted)}")
            return
        for index, (want, see) in enumerate(zip(wanted[1:], seen[1:])):
            count["arguments"] += 1
            reason = why_unknown(see, flags) if see.startswith("?") else None
            if is_same(want, see):
                count["right"] += 1
            elif reason:
                count[reason] += 1
            else:
                count["wrong"] += 1
                complain(f"hit {number}, {wanted[0]} argument {index}: {see}, not {want}")


def check(decode, compiler, build, seed, folder):
    """Makes and runs one program. Returns counts and complaints."""
    flags = BUILDS[build]
    count, complaints = Counter(), []
    name = f"{seed}-{compiler}-{build.replace(' ', '-')}"

    def complain(text):
        complaints.append(f"seed {seed}, {compiler} {build}: {text}")

    try:
        path, program, skipped = compile_program(compiler, flags, generate.Generator(seed).program(), folder, name)
    except Refused as refused:
        count["programs that did not compile"] += 1
        complain(f"does not compile: {refused}")
        return count, complaints
    count["programs"] += 1
    count["functions left out, as the compiler refused them"] += skipped
    told = os.path.join(folder, f"{name}.told")
    done = run([decode, path, program, told])
    if done.returncode == 77:
        print(done.stderr, end="")
        os._exit(77)
    if done.returncode or done.stderr:
        complain(f"exit status {done.returncode}: {done.stderr[:2000]}")
    try:
        with open(told, encoding="ascii") as file:
            expected = file.read().splitlines()
    except FileNotFoundError:
        expected = []
    compare(expected, done.stdout.splitlines(), flags, count, complain)
    if not expected:
        complain("the program told nothing")
    for suffix in ("", ".c", ".1.o", ".2.o", ".user", ".user.c", ".told"):
        if not complaints and os.path.exists(path + suffix):
            os.remove(path + suffix)
    return count, complaints


def main():
    parser = argparse.ArgumentParser(description="Compares what programs pass with what usdtrap decodes.")
    parser.add_argument("--all", action="store_true", help="every compiler and build, not the quick few")
    parser.add_argument("--seeds", type=int, default=1, help="how many programs")
    parser.add_argument("--first", type=int, default=1, help="the first one's seed")
    parser.add_argument("--keep", help="a folder in which everything is kept")
    parser.add_argument("decode")
    options = parser.parse_args()
    compilers = {name: find_compiler(name) for name in ("gcc", "clang")}
    wanted = [(name, build) for name in compilers for build in BUILDS] if options.all else QUICK
    jobs = [(compilers[name], build, seed) for seed in range(options.first, options.first + options.seeds)
            for name, build in wanted if compilers[name] and not ("lld" in build and not shutil.which("ld.lld"))]
    total, complaints = Counter(), []
    with tempfile.TemporaryDirectory() as temporary, concurrent.futures.ThreadPoolExecutor(2) as pool:
        done = [pool.submit(check, options.decode, *job, options.keep or temporary) for job in jobs]
        for future in concurrent.futures.as_completed(done):
            count, texts = future.result()
            total += count
            complaints += texts
    for text in complaints[:100]:
        print(text)
    for what, number in sorted(total.items(), key=lambda item: item[0] not in ("programs", "arguments", "right")):
        print(f"{number:8} {what}")
    if not total["arguments"]:
        print("nothing was compared")
    return 1 if complaints or not total["arguments"] else 0


if __name__ == "__main__":
    sys.exit(main())
