#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes src/arch/x86_64_syscalls.c: the system calls of x86-64, with the names and C types of their arguments.

    python3 src/arch/x86_64_syscalls.py --prototypes LINUX/include/linux/syscalls.h >src/arch/x86_64_syscalls.c

Three things are brought together, since no one source has all of them:

- numbers and user-space names: <asm/unistd_64.h>, which linux-libc-dev installs (--numbers);
- what the kernel's tracepoints say of each call, argument by argument: the format files of a mounted tracefs
  (--formats; as root: mount -t tracefs nodev /sys/kernel/tracing);
- the prototypes of <linux/syscalls.h>, a header of the kernel (Debian: linux-headers-*-common), for the calls that the
  kernel of this machine was built without.

The result is committed, since none of these can be had wherever usdtrap is built. The committed one was made from
numbers of Linux 6.1, format files of Linux 6.18, prototypes of Linux 6.12. tests/live/syscall_table.sh compares it with
the tracefs of the machine it runs on.
"""

import argparse
import os
import re
import sys

# Calls that the kernel has under another name than user space: arch/x86/entry/syscalls/syscall_64.tbl of Linux.
KERNEL_NAMES = {
    "stat": "newstat",
    "fstat": "newfstat",
    "lstat": "newlstat",
    "sendfile": "sendfile64",
    "uname": "newuname",
    "umount2": "umount",
    "_sysctl": "sysctl",
}

# Calls younger than the header that the numbers are read from: the same table, of Linux 6.17.
YOUNGER = {
    "uretprobe": 335,
    "uprobe": 336,
    "cachestat": 451,
    "fchmodat2": 452,
    "map_shadow_stack": 453,
    "futex_wake": 454,
    "futex_wait": 455,
    "futex_requeue": 456,
    "statmount": 457,
    "listmount": 458,
    "lsm_get_self_attr": 459,
    "lsm_set_self_attr": 460,
    "lsm_list_modules": 461,
    "mseal": 462,
    "setxattrat": 463,
    "getxattrat": 464,
    "listxattrat": 465,
    "removexattrat": 466,
    "open_tree_attr": 467,
    "file_getattr": 468,
    "file_setattr": 469,
}

# Calls that Linux has no more, but had in versions that are still in use: kernel/sysctl_binary.c up to 5.8,
# fs/dcookies.c up to 5.12 (the system call up to 6.6).
FORMER = {
    "sysctl": [("struct __sysctl_args *", "args")],
    "lookup_dcookie": [("u64", "cookie64"), ("char *", "buf"), ("size_t", "len")],
}

HEAD = """\
/* SPDX-License-Identifier: MIT */
/*
 * The system calls of x86-64, in order of their numbers. Made by
 * x86_64_syscalls.py, which tells from what; not to be edited by hand.
 *
 * Each: number, name in user space, name in the kernel (NULL: the call was
 * never more than a number), how many arguments, their C types and names.
 * Behind them the indexes of those that have a kernel name, in order of it.
 */
#include "arch/x86_64.h"

/* clang-format off */
const struct usdtrap_syscall x86_64_syscalls[] = {
"""


def read_numbers(path):
    numbers = dict(YOUNGER)
    with open(path, encoding="ascii") as header:
        for line in header:
            found = re.match(r"#define __NR_(\w+) (\d+)$", line.strip())
            if found:
                numbers[found[1]] = int(found[2])
    return numbers


def tidy(c_type):
    """One blank between words, none at the ends: "const char *", as format files have it."""
    return re.sub(r"\s*\*", " *", " ".join(c_type.split())).strip()


def read_format(path):
    """The arguments in one format file: all fields behind __syscall_nr."""
    arguments = None
    with open(path, encoding="ascii") as lines:
        for line in lines:
            found = re.match(r"\s*field:(.*?)(\w+);\s*offset:", line)
            if not found:
                continue
            if found[2] == "__syscall_nr":
                arguments = []
            # Linux 6.17 appends copies of what pointers point at, one dynamic field each: no arguments.
            elif arguments is not None and "__data_loc" not in found[1]:
                arguments.append((tidy(found[1]), found[2]))
    return arguments


def read_formats(directory):
    calls = {}
    for name in os.listdir(directory):
        if name.startswith("sys_enter_"):
            calls[name[len("sys_enter_"):]] = read_format(os.path.join(directory, name, "format"))
    return calls


def read_prototypes(path):
    calls = {}
    with open(path, encoding="ascii") as header:
        text = re.sub(r"/\*.*?\*/", " ", header.read(), flags=re.DOTALL)
    for name, parameters in re.findall(r"asmlinkage long sys_(\w+)\((.*?)\);", text, flags=re.DOTALL):
        parameters = parameters.replace("__user", " ")
        parameters = [] if parameters.strip() == "void" else parameters.split(",")
        found = [re.match(r"(.*[\s*])(\w+)$", parameter.strip(), flags=re.DOTALL) for parameter in parameters]
        if all(found):  # a few are declared without names, or by a type alone
            calls.setdefault(name, [(tidy(one[1]), one[2]) for one in found])
    return calls


def row(number, name, kernel_name, arguments):
    if arguments is None:
        return '\t{%d, "%s", NULL, 0, {{0}}},' % (number, name)
    inner = ", ".join('{"%s", "%s"}' % argument for argument in arguments) or "{0}"
    return '\t{%d, "%s", "%s", %d, {%s}},' % (number, name, kernel_name, len(arguments), inner)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--numbers", default="/usr/include/x86_64-linux-gnu/asm/unistd_64.h")
    parser.add_argument("--formats", default="/sys/kernel/tracing/events/syscalls")
    parser.add_argument("--prototypes", required=True)
    options = parser.parse_args()

    numbers = read_numbers(options.numbers)
    formats = read_formats(options.formats)
    prototypes = read_prototypes(options.prototypes)
    unknown = set(formats) - {KERNEL_NAMES.get(name, name) for name in numbers}
    if unknown:
        sys.exit("no number is known of: " + ", ".join(sorted(unknown)))
    print(HEAD, end="")
    by_name = []
    for index, (name, number) in enumerate(sorted(numbers.items(), key=lambda item: item[1])):
        kernel_name = KERNEL_NAMES.get(name, name)
        for source in (formats, prototypes, FORMER):
            arguments = source.get(kernel_name)
            if arguments is not None:
                break
        print(row(number, name, kernel_name, arguments))
        if arguments is not None:
            by_name.append((kernel_name, index))
    print("};\n")
    print("const uint16_t x86_64_syscalls_by_name[] = {")
    indexes = [index for _, index in sorted(by_name)]
    for start in range(0, len(indexes), 20):
        print("\t" + ", ".join(map(str, indexes[start:start + 20])) + ",")
    print("};\n/* clang-format on */")


main()
