# SPDX-License-Identifier: MIT
"""provider.py: a program that makes its probes while it runs, as those that use libstapsdt do (Node, Go and Python have
such; https://github.com/linux-usdt/libstapsdt).

What that library does, done here by hand: it writes a small shared object with one function for each probe (four nops
and a return) and a note that tells of it, into memory that has a file's descriptor and no path (memfd_create(2)) or, in
older versions, into a file in /tmp; it loads that with dlopen(3); and it takes a probe for enabled when the function no
longer begins with a nop. To fire a probe is to call the function, with the arguments in the registers of a call.

It does what its input says, a line each, and repeats the line when it is done:
	load memfd	makes provider `pyapp' with probes request(number, text) and done(number)
	load file	the same in a file in the working directory
	load unlinked	likewise, and unlinks the file
	close		closes the memory's descriptor
	fire N		fires both probes N times, if they are enabled, as such programs do
	unload		unloads the provider
	pause		sleeps for 100 ms
In the end it says how often it fired each.
"""
import ctypes
import os
import struct
import sys
import tempfile
import time

import _ctypes

GAP = 0x200000  # between text and data
NOPS = b"\x90\x90\x90\x90\xc3\x90\x90\x90"
REGISTERS = ("rdi", "rsi", "rdx", "rcx", "r8", "r9")
PROBES = {"request": (-4, 8), "done": (-4,)}  # sizes of their arguments; -: signed

SHT_PROGBITS, SHT_STRTAB, SHT_HASH, SHT_DYNAMIC, SHT_NOTE, SHT_DYNSYM = 1, 3, 5, 6, 7, 11
ALLOC, WRITE, EXECUTE = 2, 1, 4


def string_table(strings):
    """The table's bytes, and where in it each string is."""
    table, places = b"\0", {}
    for string in strings:
        places[string] = len(table)
        table += string.encode() + b"\0"
    return table, places


def note(provider, probe, sizes, place, base):
    """An entry of .note.stapsdt: https://sourceware.org/systemtap/wiki/UserSpaceProbeImplementation"""
    arguments = " ".join(f"{size}@%{register}" for size, register in zip(sizes, REGISTERS))
    content = struct.pack("<QQQ", place, base, 0) + b"".join(s.encode() + b"\0" for s in (provider, probe, arguments))
    return struct.pack("<III8s", 8, len(content), 3, b"stapsdt\0") + content + b"\0" * (-len(content) % 4)


def shared_object(provider, probes):
    """The bytes of a shared object with PROBES, a function each."""
    names = ("", ".shstrtab", ".hash", ".dynsym", ".dynstr", ".text", ".stapsdt.base", ".dynamic", ".note.stapsdt")
    section_names, name_at = string_table(names)
    strings, string_at = string_table(probes)
    count = len(probes) + 1
    offset = 64 + 3 * 56
    places = {}

    def place(name, size, alignment):
        nonlocal offset
        offset += -offset % alignment
        places[name] = offset, size
        offset += size
        return places[name][0]

    hash_at = place(".hash", 4 * (2 + 1 + count), 8)
    symbols_at = place(".dynsym", 24 * count, 8)
    strings_at = place(".dynstr", len(strings), 1)
    text_at = place(".text", len(NOPS) * len(probes), 16)
    base_at = place(".stapsdt.base", 1, 1)
    dynamic_at = place(".dynamic", 16 * 6, 8)
    notes = b"".join(
        note(provider, name, sizes, text_at + index * len(NOPS), base_at)
        for index, (name, sizes) in enumerate(probes.items()))
    place(".note.stapsdt", len(notes), 4)
    place(".shstrtab", len(section_names), 1)
    headers_at = offset + -offset % 8

    symbols = bytes(24) + b"".join(
        struct.pack("<IBBHQQ", string_at[name], 0x12, 0, 5, text_at + index * len(NOPS), len(NOPS))
        for index, name in enumerate(probes))
    chain = [0] + [i - 1 for i in range(1, count)]
    contents = {
        ".hash": struct.pack(f"<{3 + count}I", 1, count, count - 1, *chain),
        ".dynsym": symbols,
        ".dynstr": strings,
        ".text": NOPS * len(probes),
        ".stapsdt.base": b"\0",
        ".dynamic": struct.pack("<12Q", 4, hash_at, 5, strings_at, 6, symbols_at, 10, len(strings), 11, 24, 0, 0),
        ".note.stapsdt": notes,
        ".shstrtab": section_names,
    }
    kinds = {
        ".hash": (SHT_HASH, ALLOC, 3, 0),
        ".dynsym": (SHT_DYNSYM, ALLOC, 4, 1),
        ".dynstr": (SHT_STRTAB, ALLOC, 0, 0),
        ".text": (SHT_PROGBITS, ALLOC | EXECUTE, 0, 0),
        ".stapsdt.base": (SHT_PROGBITS, ALLOC, 0, 0),
        ".dynamic": (SHT_DYNAMIC, ALLOC | WRITE, 4, 0),
        ".note.stapsdt": (SHT_NOTE, 0, 0, 0),
        ".shstrtab": (SHT_STRTAB, 0, 0, 0),
    }
    image = bytearray(headers_at)
    image[0:64] = struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\2\1\1", 3, 62, 1, text_at, 64, headers_at, 0, 64, 56, 3, 64,
                              len(names), names.index(".shstrtab"))
    image[64:232] = b"".join(
        struct.pack("<IIQQQQQQ", *segment)
        for segment in ((1, 5, 0, 0, 0, dynamic_at, dynamic_at, 0x1000),
                        (1, 6, dynamic_at, dynamic_at + GAP, dynamic_at + GAP, 96, 96, 0x1000),
                        (2, 6, dynamic_at, dynamic_at + GAP, dynamic_at + GAP, 96, 96, 8)))
    headers = bytes(64)
    for name in names[1:]:
        kind, flags, link, info = kinds[name]
        start, size = places[name]
        image[start:start + size] = contents[name]
        address = (start + (GAP if flags & WRITE else 0)) if flags & ALLOC else 0
        entry = {".dynsym": 24, ".dynamic": 16, ".hash": 4}.get(name, 0)
        headers += struct.pack("<IIQQQQIIQQ", name_at[name], kind, flags, address, start, size, link, info, 1, entry)
    return bytes(image) + headers


class Provider:
    """A provider that is loaded: its probes can be fired."""

    def __init__(self, where):
        image = shared_object("pyapp", PROBES)
        if where == "memfd":
            self.fd = os.memfd_create("pyapp")
            path = f"/proc/{os.getpid()}/fd/{self.fd}"
        else:
            self.fd, path = tempfile.mkstemp(".so", "pyapp-", os.getcwd())
        os.write(self.fd, image)
        self.library = ctypes.CDLL(path)
        if where != "memfd":
            self.close()
        if where == "unlinked":
            os.unlink(path)

    def close(self):
        os.close(self.fd)
        self.fd = -1

    def is_enabled(self, probe):
        address = ctypes.cast(self.library[probe], ctypes.c_void_p).value
        return ctypes.c_ubyte.from_address(address).value & 0x90 != 0x90

    def fire(self, probe, *arguments):
        self.library[probe](*arguments)

    def unload(self):
        _ctypes.dlclose(self.library._handle)
        if self.fd >= 0:
            self.close()


def main():
    fired = dict.fromkeys(PROBES, 0)
    provider = None
    print("ready", flush=True)
    sys.stdin.readline()
    for line in sys.stdin:
        word, *rest = line.split()
        if word == "load":
            provider = Provider(rest[0])
        elif word == "unload":
            provider.unload()
        elif word == "close":
            provider.close()
        elif word == "pause":
            time.sleep(0.1)
        elif word == "fire":
            for number in range(int(rest[0])):
                if provider.is_enabled("request"):
                    provider.fire("request", ctypes.c_int(number), b"GET /")
                    fired["request"] += 1
                if provider.is_enabled("done"):
                    provider.fire("done", ctypes.c_int(-number))
                    fired["done"] += 1
        print(line, end="", flush=True)
    for probe, count in fired.items():
        print(f"@{probe}: {count}")


main()
