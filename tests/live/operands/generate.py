# SPDX-License-Identifier: MIT
"""generate.py SEED: writes a C program that knows what its probes pass.

The program has functions full of probes (<sys/sdt.h>) whose arguments come from
every kind of place a compiler may keep a value in: parameters, locals, globals
of this file and of another, arrays, members, loop counters, thread-local
variables, constants, parts of wider values, whole structures. Right behind each
probe it notes the same expressions down, and prints them when all is done:

    p17 s4=-5 u8=255 f8=0x1.8p+0 b24=0102...

that is the probe's name, and for each argument kind (signed, unsigned, float,
bytes), size and value. The same seed gives the same program. It is compiled
twice, with -DPART=1 and -DPART=2, as half of the globals live in part 2; with
-DLIBRARY it has library_main() for a main().
"""
import random
import sys

PRELUDE = r"""/* Made by generate.py %d. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pthread.h>
#include <sys/sdt.h>

/* A note whose operands are spelt out here, for those that <sys/sdt.h> does not make compilers write. */
#define RAW(name, arguments, ...) \
	__asm__ __volatile__("990:	nop\n" \
		"	.pushsection .note.stapsdt,\"?\",\"note\"\n" \
		"	.balign 4\n" \
		"	.4byte 992f-991f, 994f-993f, 3\n" \
		"991:	.asciz \"stapsdt\"\n" \
		"992:	.balign 4\n" \
		"993:	.8byte 990b, _.stapsdt.base, 0\n" \
		"	.asciz \"truth\"\n" \
		"	.asciz \"" #name "\"\n" \
		"	.asciz \"" arguments "\"\n" \
		"994:	.balign 4\n" \
		"	.popsection\n" :: __VA_ARGS__)

typedef long vector16 __attribute__((vector_size(16)));
typedef long vector32 __attribute__((vector_size(32)));
enum colour { RED, GREEN = 7, BLUE = 0x7fffffff };
struct pair { long first, second; };
struct triple { unsigned first; int second; double third; void *fourth; };
struct quad { long a, b, c, d; };
struct three { unsigned char bytes[3]; };
struct mixed { char c; short s; int i; long l; float f; double d; struct { unsigned short inner; int deep[4]; } in; };
struct floats { float first, second; };
union either { int i; float f; };

/* What was passed: for each argument its kind, its size, its bytes. 'P' and a number begin a hit. */
extern unsigned char passed[];
extern size_t passed_size;
#define NOTE(kind, type, value) \
	do { \
		type noted = (value); \
		passed[passed_size] = kind; \
		passed[passed_size + 1] = sizeof(noted); \
		memcpy(passed + passed_size + 2, &noted, sizeof(noted)); \
		passed_size += 2 + sizeof(noted); \
	} while (0)
#define HIT(number) NOTE('P', unsigned, number)

int elsewhere(int value);
static unsigned long work(void);
"""

MAIN = r"""
enum { PASSED_MAX = 8 << 20 };
unsigned char passed[PASSED_MAX + 4096];
size_t passed_size;

static void print_number(unsigned char kind, unsigned char size, const unsigned char *bytes)
{
	unsigned long value = 0;
	double real;
	float single;
#ifdef __FLT16_MAX__
	_Float16 half;
#endif

	memcpy(&value, bytes, size);
	if (kind == 'f' && size == 8) {
		memcpy(&real, bytes, size);
		printf(" f8=%%a", real);
#ifdef __FLT16_MAX__
	} else if (kind == 'f' && size == 2) {
		memcpy(&half, bytes, size);
		printf(" f2=%%a", (double)half);
#endif
	} else if (kind == 'f') {
		memcpy(&single, bytes, size);
		printf(" f4=%%a", (double)single);
	} else if (kind == 'u') {
		printf(" u%%u=%%lu", size, value);
	} else {
		printf(" s%%u=%%ld", size, (long)(value << (64 - 8 * size)) >> (64 - 8 * size));
	}
}

/* A long double ('l') has 10 bytes of value, and 6 of whatever was there. */
static void print_bytes(unsigned char kind, unsigned char size, const unsigned char *bytes)
{
	printf(" b%%u=", size);
	for (int i = 0; i < (kind == 'l' ? 10 : size); i++)
		printf("%%02x", bytes[i]);
	if (kind == 'l')
		printf("*");
}

static void print_passed(void)
{
	unsigned number;

	for (size_t at = 0; at < passed_size; at += 2 + passed[at + 1]) {
		unsigned char kind = passed[at], size = passed[at + 1];
		const unsigned char *bytes = passed + at + 2;

		if (kind == 'P') {
			memcpy(&number, bytes, sizeof(number));
			printf("%%sp%%u", at ? "\n" : "", number);
		} else if (kind == 'b' || kind == 'l') {
			print_bytes(kind, size, bytes);
		} else {
			print_number(kind, size, bytes);
		}
	}
	printf("\n");
	if (passed_size > PASSED_MAX)
		abort();
}

static unsigned long work(void)
{
	struct mixed mixed[4] = { gm, gms[1], gms[2], gms[3] };
	unsigned long sum = 0;

%s
	return sum;
}

static void *start(void *user)
{
	work();
	return user;
}

#ifdef LIBRARY
#define main __attribute__((visibility("default"))) library_main
#endif

/* Works once in each of two threads, as thread-local variables are to be found in both. */
int main(int argc, char *argv[])
{
	pthread_t thread;

	if (argc < 2 || !freopen(argv[1], "w", stdout))
		return 1;
	work();
	if (pthread_create(&thread, NULL, start, NULL))
		return 1;
	pthread_join(thread, NULL);
	print_passed();
	return elsewhere(0);
}
"""

# C type: kind and size, as <sys/sdt.h> sees them
INTEGERS = {
    "char": ("s", 1), "signed char": ("s", 1), "unsigned char": ("u", 1), "_Bool": ("u", 1),
    "short": ("s", 2), "unsigned short": ("u", 2), "int": ("s", 4), "unsigned": ("u", 4),
    "enum colour": ("u", 4), "long": ("s", 8), "unsigned long": ("u", 8), "long long": ("s", 8),
    "unsigned long long": ("u", 8),
}
FLOATS = {"float": ("f", 4), "double": ("f", 8)}
SCALARS = {**INTEGERS, **FLOATS}
OBJECTS = {
    "struct pair": ("b", 16), "struct triple": ("b", 24), "struct quad": ("b", 32), "struct three": ("b", 3),
    "__int128": ("b", 16), "unsigned __int128": ("b", 16), "long double": ("l", 16), "_Complex double": ("b", 16),
    "vector16": ("b", 16), "__float128": ("b", 16), "struct floats": ("u", 8), "_Complex float": ("u", 8),
    "union either": ("u", 4),
}
ARITHMETIC_OBJECTS = {"__int128", "unsigned __int128", "long double", "_Complex double", "__float128", "_Complex float"}
# What a compiler may keep in two general registers.
TWO_REGISTERS = {"struct pair", "__int128", "unsigned __int128", "long double", "_Complex double", "vector16", "__float128"}
POINTER = ("u", 8)

INTERESTING = [0, 1, 2, -1, -2, 0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF,
               0x100000000, 0x123456789ABCDEF0, 0x7FFFFFFFFFFFFFFF, -0x8000000000000000, 12345678901234]


class Value:
    """An expression, its C type, and what it passes to a probe."""

    def __init__(self, text, c_type, shape=None):
        self.text = text
        self.c_type = c_type
        self.kind, self.size = shape or SCALARS.get(c_type) or OBJECTS[c_type]

    def note(self):
        if self.c_type == "void *":
            return f"NOTE('u', unsigned long, (unsigned long)({self.text}));"
        return f"NOTE('{self.kind}', {self.c_type}, {self.text});"


def pointer(text):
    return Value(text, "void *", POINTER)


class Generator:
    """Makes one program."""

    def __init__(self, seed):
        self.seed = seed
        self.random = random.Random(seed)
        self.probes = 0
        self.part1 = []  # definitions in front of the functions
        self.part2 = []
        self.functions = []
        self.calls = []
        self.globals = []  # values that any function may pass

    # -- small things

    def pick(self, things):
        return self.random.choice(list(things))

    def chance(self, percent):
        return self.random.randrange(100) < percent

    def number(self):
        return self.pick(INTERESTING) if self.chance(60) else self.random.randrange(-(1 << 63), 1 << 63)

    def literal(self, c_type):
        """A constant expression of that type."""
        if c_type in FLOATS:
            return f"({c_type})({self.random.randrange(-1000000, 1000000)} / {1 << self.random.randrange(12)}.0)"
        bits = self.number() & 0xFFFFFFFFFFFFFFFF
        return f"({c_type})0x{bits:x}UL"

    def computed(self, c_type, source):
        """A value of that type made from an unsigned long at run time."""
        if c_type in FLOATS:
            return f"({c_type})((int)({source} & 0xfffff) / 64.0 - 4096)"
        return f"({c_type})({source})"

    # -- globals

    def define(self, declaration, name, initializer, c_type):
        """A variable in either part, static where it can be, with a value that changes at run time."""
        style = self.random.randrange(4)
        if style == 0:
            self.part1.append(f"static {declaration} = {initializer};")
        elif style == 1:
            self.part1.append(f"{declaration} = {initializer};")
        elif style == 2:
            self.part1.append(f"extern {declaration};")
            self.part2.append(f"{declaration} = {initializer};")
        else:
            odd = f"odd.{self.seed}${name}"
            self.part1.append(f"extern {declaration} __asm__(\"{odd}\");")
            self.part2.append(f"extern {declaration} __asm__(\"{odd}\");")
            self.part2.append(f"{declaration} = {initializer};")
        return c_type

    def make_globals(self):
        for i, c_type in enumerate(SCALARS):
            self.define(f"{c_type} g{i}", f"g{i}", self.literal(c_type), c_type)
            self.globals.append(Value(f"g{i}", c_type))
            self.globals.append(pointer(f"&g{i}"))
            self.define(f"__thread {c_type} t{i}", f"t{i}", self.literal(c_type), c_type)
            self.globals.append(Value(f"t{i}", c_type))
            values = ", ".join(self.literal(c_type) for _ in range(8))
            self.define(f"{c_type} a{i}[8]", f"a{i}", f"{{ {values} }}", c_type)
            self.globals.append(Value(f"a{i}[{self.random.randrange(8)}]", c_type))
            self.globals.append(Value(f"a{i}[(n + {self.random.randrange(8)}) & 7]", c_type))
            self.globals.append(Value(f"a{i}[i]", c_type))
            self.globals.append(Value(f"a{i}[7 - i]", c_type))
            self.globals.append(pointer(f"a{i}"))
            self.globals.append(pointer(f"&a{i}[{self.random.randrange(8)}]"))
        self.define("struct mixed gm", "gm", "{ 'x', -2, 3, 4, 5.5F, -6.25, { 7, { 8, -9, 10, -11 } } }", "struct mixed")
        self.define("struct mixed gms[4]", "gms", "{ { 'a', 1 }, { 'b', -2 }, { 'c', 3 }, { 'd', -4, -5, -6, 7, 8 } }",
                    "struct mixed")
        for base in ("gm", "gms[2]", "gms[i & 3]", "pm[1]", "(*pm)"):
            for member, c_type in (("c", "char"), ("s", "short"), ("i", "int"), ("l", "long"), ("f", "float"),
                                   ("d", "double"), ("in.inner", "unsigned short"), ("in.deep[i & 3]", "int"),
                                   ("in.deep[3]", "int")):
                self.globals.append(Value(f"{base}.{member}", c_type))
        self.define("long matrix[4][8]", "matrix", "{ { 1, -2 }, { 3, -4 }, { 5, [7] = -6 } }", "long")
        self.globals += [Value("matrix[i & 3][n & 7]", "long"), Value("matrix[2][i]", "long"),
                         Value("matrix[i & 3][7]", "long")]
        self.globals += [pointer('"a string"'), pointer("work"), pointer("elsewhere"), pointer("puts"),
                         pointer("stdout"), pointer("pm"), pointer("&pm->in.deep[i & 3]")]

    def make_object_globals(self):
        initializers = {
            "struct pair": "{ 0x1122334455667788, -2 }", "struct quad": "{ 1, -2, 3, -4 }",
            "struct triple": "{ 4000000000U, -5, 6.5, &passed }", "struct three": "{ { 1, 2, 255 } }",
            "__int128": "-3", "unsigned __int128": "77", "long double": "-2.5L", "_Complex double": "1.5",
            "vector16": "{ 5, -6 }", "__float128": "-0.125Q", "struct floats": "{ 1.5F, -2.5F }",
            "_Complex float": "-3.5F", "union either": "{ -7 }",
        }
        for i, c_type in enumerate(OBJECTS):
            self.define(f"{c_type} o{i}", f"o{i}", initializers[c_type], c_type)

    # -- values in a function

    def constants(self):
        c_type = self.pick(INTEGERS)
        return self.pick([Value(self.literal(c_type), c_type), Value(str(self.pick([0, 1, -1, 42, -128])), "int"),
                          Value(f"0x{self.number() & 0xFFFFFFFFFFFFFFFF:x}UL", "unsigned long"), Value("'x'", "int"),
                          Value("sizeof(struct mixed)", "unsigned long"), Value("GREEN", "int"),
                          pointer("(void *)0"), pointer("(void *)-1L"), Value("9223372036854775807L", "long")])

    def derived(self, value):
        """An expression made of another one."""
        if value.c_type in FLOATS:
            return self.pick([Value(f"({value.text}) * 2", value.c_type), Value(f"(float)({value.text})", "float"),
                              Value(f"(double)({value.text})", "double"), value, value])
        if value.c_type not in INTEGERS:
            return value
        c_type = self.pick(INTEGERS)
        source = f"(unsigned long)({value.text})"
        return self.pick([
            Value(f"({c_type})({value.text})", c_type), Value(f"({c_type})({source} >> 8)", c_type),
            Value(f"({c_type})({source} + i)", c_type), Value(f"({c_type})({source} ^ {self.random.randrange(256)})", c_type),
            Value(f"({value.text}) > 5", "int"), value, value, value])

    def argument(self, names):
        roll = self.random.randrange(100)
        if roll < 12:
            return self.constants()
        if roll < 50:
            return self.derived(self.pick(names))
        return self.derived(self.pick(self.globals))

    def probe(self, values, indent):
        number = self.probes
        self.probes += 1
        count = len(values)
        arguments = "".join(f", {value.text}" for value in values)
        lines = [f"DTRACE_PROBE{count or ''}(truth, p{number}{arguments});", f"HIT({number});"]
        lines += [value.note() for value in values]
        return [indent + line for line in lines]

    def locals(self, parameters):
        """Declarations, and the values they give."""
        lines, values = [], list(parameters)
        integers = [value.text for value in parameters if value.c_type in INTEGERS] + ["n"]
        for i in range(self.random.randrange(1, 6)):
            c_type = self.pick(SCALARS)
            source = f"(unsigned long)({self.pick(integers)}) * {self.random.randrange(1, 1000)}UL"
            lines.append(f"{c_type} v{i} = {self.computed(c_type, source)};")
            values.append(Value(f"v{i}", c_type))
        shape = self.random.randrange(7)
        c_type = self.pick(SCALARS)
        if shape == 0:
            lines.append(f"{c_type} list[8];")
            lines.append(f"for (unsigned k = 0; k < 8; k++) list[k] = {self.computed(c_type, 'k * 77UL + n')};")
            values += [Value("list[i]", c_type), Value("list[5]", c_type), pointer("list"), pointer("&list[i]")]
        elif shape == 1:
            lines.append(f"struct mixed m = gms[n & 3], *q = &m;")
            values += [Value("m.s", "short"), Value("m.in.deep[i & 3]", "int"), Value("q->d", "double"),
                       Value("q->c", "char"), pointer("q")]
        elif shape == 2:
            size = self.pick([600, 40000])
            lines.append(f"volatile {c_type} wide[{size}];")
            lines.append(f"wide[n & 7] = {self.computed(c_type, 'n * 99UL')}; wide[{size - 1}] = {self.literal(c_type)};")
            values += [Value("wide[n & 7]", c_type), Value(f"wide[{size - 1}]", c_type), pointer("wide")]
        elif shape == 3:
            lines.append(f"{c_type} varying[(n & 7) + 8];")
            lines.append(f"for (unsigned k = 0; k < (n & 7) + 8; k++) varying[k] = {self.computed(c_type, 'k * 55UL + n')};")
            values += [Value("varying[i]", c_type), Value("varying[(n & 7) + 7]", c_type), pointer("varying")]
        elif shape == 4:
            register = self.pick(["rbx", "r12", "r13", "r14", "r15"])  # those that calls leave alone
            lines.append(f"register long fixed __asm__(\"{register}\") = (long)n * -3;")
            values += [Value("fixed", "long"), Value("(char)fixed", "char"), Value("(unsigned short)fixed", "unsigned short")]
        elif shape == 5:
            lines.append(f"static {c_type} kept = {self.literal(c_type)}; kept += (n & 1);")
            values += [Value("kept", c_type), pointer("&kept")]
        else:
            i = self.random.randrange(len(SCALARS))
            name = list(SCALARS)[i]
            lines.append(f"const {name} *walk = a{i};")
            values += [Value("walk[i]", name), Value("*walk", name), pointer("walk + i")]
        return lines, values

    # -- functions, each with a guard, so that one that a compiler refuses can be left out

    def begin(self, name, signature):
        self.functions.append(f"#ifndef SKIP_{name}\n__attribute__((noinline)) {signature}\n{{")

    def end(self, name, calls):
        self.functions.append("}\n#endif\n")
        self.calls += [f"#ifndef SKIP_{name}", *("\t" + call for call in calls), "#endif"]

    def opaque(self):
        return f"opaque[{self.random.randrange(32)}]"

    def function(self, number):
        """A function with a loop of probes."""
        rand = self.random
        types = [self.pick(SCALARS) for _ in range(rand.randrange(0, 9))]
        parameters = [Value(f"x{i}", c_type) for i, c_type in enumerate(types)]
        signature = "".join(f", {value.c_type} {value.text}" for value in parameters)
        lines, values = self.locals(parameters)
        values.append(Value("i", "unsigned"))
        values.append(Value("n", "unsigned"))
        linkage = self.pick(["static ", ""])
        self.begin(f"f{number}", f"{linkage}unsigned long f{number}(unsigned n, struct mixed *pm{signature})")
        self.functions += ["\t" + line for line in lines]
        loop = self.pick(["for (unsigned i = 0; i < 3; i++) {", "for (unsigned i = 4; i-- > 1;) {",
                          "for (unsigned i = n & 1; i < 5; i += 2) {", "{ unsigned i = n & 3;"])
        self.functions.append("\t" + loop)
        for _ in range(rand.randrange(1, 5)):
            count = self.pick([0, 1, 1, 2, 2, 3, 3, 4, 5, 6, 8, 10, 12])
            self.functions += self.probe([self.argument(values) for _ in range(count)], "\t\t")
            if self.chance(30):
                changed = rand.randrange(len(SCALARS))
                self.functions.append(f"\t\tg{changed} += 1;")
            if self.chance(20) and number > 1:
                self.functions.append(f"\t\thelp{rand.randrange(2)}(n + i, {rand.randrange(100)});")
        self.functions.append("\t}")
        result = " + ".join([f"(unsigned long)({value.text} != 0)" for value in parameters] or ["n"])
        self.functions.append(f"\treturn {result};")
        self.end(f"f{number}", [
            f"sum += f{number}((unsigned){self.opaque()}, mixed + {rand.randrange(2)}" +
            "".join(f", {self.computed(value.c_type, self.opaque())}" for value in parameters) + ");"
            for _ in range(2)])

    def inlined(self, number):
        """A probe in a function that is inlined into several places: one name, several sites."""
        self.functions.append(f"static inline __attribute__((always_inline)) void help{number}(unsigned long u, int c)\n{{")
        values = [Value("(unsigned char)(u >> 8)", "unsigned char"), Value("(short)u", "short"), Value("c", "int"),
                  Value("u * 3", "unsigned long"), Value("g1", list(SCALARS)[1])]
        self.functions += self.probe(self.random.sample(values, 4), "\t")
        self.functions.append("}\n")

    def object_function(self, number, index, c_type, probes):
        """Whole objects by value, in PROBES, which name a parameter, a pointer, a local, a global."""
        self.begin(f"f{number}", f"{c_type} f{number}({c_type} by_value, {c_type} *p, unsigned n)")
        self.functions.append(f"\t{c_type} local = p[1];")
        if c_type in ARITHMETIC_OBJECTS:
            self.functions.append("\tlocal = local * (int)n + by_value;")
        for values in probes:
            self.functions += self.probe(values, "\t")
        self.functions.append("\treturn local;")
        self.end(f"f{number}", [f"{{ {c_type} two[2] = {{ o{index}, o{index} }}; "
                                f"f{number}(two[0], two, (unsigned){self.opaque()}); }}"])

    def object_functions(self, number, index, c_type):
        probes = []
        for text in ("by_value", f"o{index}", "*p", "p[n & 1]", "local"):
            probes.append([Value(text, c_type)])
            probes.append([Value(text, c_type), Value("(short)n", "short")])
        if c_type in TWO_REGISTERS:
            # One in a function: the fewer registers are in use, the less gcc takes %r8 and up, and refuses to print them.
            for i, values in enumerate(probes):
                self.object_function(f"{number}_{i}", index, c_type, [values])
        else:
            probes.append([Value("*p", c_type), Value("local", c_type), Value(f"o{index}", c_type)])
            self.object_function(number, index, c_type, probes)

    def wide_constants(self, number):
        """Constants of 16 bytes. Those of more than 64 bits are refused by gcc for PIE and cut by clang."""
        for i, (guard, text) in enumerate([("", "-5"), ("", "12345678901234"),
                                           ("WIDE_CONSTANTS", "0x1234567890abcdef << 40"),
                                           ("WIDE_CONSTANTS", "-1 << 100")]):
            for c_type in ("__int128", "unsigned __int128"):
                name = f"f{number}_{i}{c_type[0]}"
                value = Value(f"({c_type}){text}", c_type)
                self.begin(name, f"void {name}(void)")
                self.functions.append(f"#ifdef {guard}" if guard else "#if 1")
                self.functions += self.probe([value], "\t")
                self.functions.append("#endif")
                self.end(name, [f"{name}();"])

    def half_function(self, number):
        """Half precision, where the compiler knows it."""
        self.begin(f"f{number}", f"void f{number}(float s)")
        self.functions.append("#ifdef __FLT16_MAX__\n\t_Float16 half = s, list[2] = { s * 2, -s };")
        for text in ("half", "list[1]", "half * 3", "(_Float16)1.5"):
            self.functions += self.probe([Value(text, "_Float16", ("f", 2))], "\t")
        self.functions.append("#endif")
        self.end(f"f{number}", [f"f{number}({value}F);" for value in ("0.1", "-65504.0", "1e-7", "1e6", "-0.0")])

    def raw(self, number, arguments, operands, values):
        lines = [f"RAW(p{self.probes}, \"{arguments}\", {operands});", f"HIT({self.probes});"]
        self.probes += 1
        return ["\t" + line for line in lines + [value.note() for value in values]]

    def raw_function(self, number):
        """Operands that compilers would write if <sys/sdt.h> let them."""
        self.part1.append("int raw_int = -1234; static short raw_list[8] = { 1, -2, 3, -4, 5, -6, 7, -8 };")
        self.part1.append("static __thread int raw_local = -77;")
        for part, value in ((self.part1, 5), (self.part2, 6)):
            part.append(f"__attribute__((used)) static int twin = {value};")
        low = Value("(unsigned char)w", "unsigned char")
        second = Value("(unsigned char)(w >> 8)", "unsigned char")
        rows = [
            ("1@%h[w] -1@%h[w]", '[w] "Q"(w)', [second, Value("(signed char)(w >> 8)", "signed char")]),
            ("1@%b[w] 2@%w[w] 4@%k[w] 8@%q[w]", '[w] "r"(w)',
             [low, Value("(unsigned short)w", "unsigned short"), Value("(unsigned)w", "unsigned"),
              Value("w", "unsigned long")]),
            ("-1@%[w] -2@%[w] -4@%[w] -8@%[w]", '[w] "r"(w)',
             [Value("(signed char)w", "signed char"), Value("(short)w", "short"), Value("(int)w", "int"),
              Value("(long)w", "long")]),
            ("-4@%b[w] 8@%w[w]", '[w] "r"(w)', [Value("(int)(signed char)w", "int"),
                                                Value("(unsigned long)(unsigned short)w", "unsigned long")]),
            ("%[w] %k[w] $-7", '[w] "r"(w)', [Value("w", "unsigned long"), Value("w & 0xffffffff", "unsigned long"),
                                              Value("-7UL", "unsigned long")]),
            ("8f@%[d] 8@%[d] 4f@%[s] -4@%[s]", '[d] "x"(d), [s] "x"(s)',
             [Value("d", "double"), Value("bits_of(d)", "unsigned long"), Value("s", "float"),
              Value("(int)bits_of_single(s)", "int")]),
            ("16@%[v] 8@%[v]", '[v] "x"(v)', [Value("v", "vector16"), Value("(unsigned long)v[0]", "unsigned long")]),
            ("-2@(%[list],%[i],2) -2@4(%[list],%[i],2) -2@-2(%[list],%[i],2)", '[list] "r"(raw_list), [i] "r"(i)',
             [Value("raw_list[i]", "short"), Value("raw_list[i + 2]", "short"), Value("raw_list[i - 1]", "short")]),
            ("-2@raw_list(,%[i],2) -2@raw_list+4(,%[i],2)", '[i] "r"(i)',
             [Value("raw_list[i]", "short"), Value("raw_list[i + 2]", "short")]),
            ("-4@raw_int(%%rip) -4@raw_int -2@2+raw_list(%%rip) -2@raw_list+14 -2@raw_list+16-2(%%rip)", '"m"(raw_int)',
             [Value("raw_int", "int"), Value("raw_int", "int"), Value("raw_list[1]", "short"),
              Value("raw_list[7]", "short"), Value("raw_list[7]", "short")]),
            ("8@$raw_int 8@$raw_list+4", '"m"(raw_int), "m"(raw_list)', [pointer("&raw_int"), pointer("&raw_list[2]")]),
            ("-4@twin(%%rip)", '"m"(twin)', [Value("twin", "int")]),
            ("8@%%fs:0", '"r"(w)', [pointer("thread_pointer()")]),
            ("8@raw_int@GOTPCREL(%%rip)", '"m"(raw_int)', [pointer("&raw_int")]),
        ]
        program_rows = [
            ("-4@%%fs:raw_local@tpoff", '"m"(raw_local)', [Value("raw_local", "int")]),
            ("-4@raw_local@tpoff(%[thread])", '[thread] "r"(thread_pointer())', [Value("raw_local", "int")]),
        ]
        self.functions.append("""static inline unsigned long bits_of(double d)
{
	unsigned long bits;

	memcpy(&bits, &d, sizeof(bits));
	return bits;
}

static inline unsigned bits_of_single(float s)
{
	unsigned bits;

	memcpy(&bits, &s, sizeof(bits));
	return bits;
}

static inline void *thread_pointer(void)
{
	void *pointer;

	__asm__("mov %%fs:0, %0" : "=r"(pointer));
	return pointer;
}

static int got_user(void)
{
	/* Makes the linker keep a slot for raw_int, as a relaxed load would not. */
	int *pointer;

	__asm__("mov raw_int@GOTPCREL(%%rip), %0" : "=r"(pointer));
	return *pointer;
}
""")
        self.begin(f"f{number}", f"int f{number}(unsigned long w, long i, double d, float s, vector16 v)")
        for arguments, operands, values in rows:
            self.functions += self.raw(number, arguments, operands, values)
        self.functions.append("#ifndef LIBRARY")
        for arguments, operands, values in program_rows:
            self.functions += self.raw(number, arguments, operands, values)
        self.functions.append("#endif\n#ifdef __AVX__\n\tvector32 y = { i, -1, (long)w, 0x5a5a5a5a };")
        self.functions += self.raw(number, "32@%t[y]", '[y] "x"(y)', [Value("y", "vector32", ("b", 32))])
        self.functions.append("#endif\n\treturn got_user();")
        self.end(f"f{number}", [
            f"sum += (unsigned long)f{number}(opaque[{k}], {1 + k % 5}, (double)(int)opaque[{k}] / 8, "
            f"(float)(short)opaque[{k}], (vector16){{ (long)opaque[{k}], -{k} }});" for k in range(4)])

    # -- the whole

    def program(self):
        self.make_globals()
        self.make_object_globals()
        self.inlined(0)
        self.inlined(1)
        for number in range(30):
            self.function(number)
        for index, c_type in enumerate(OBJECTS):
            self.object_functions(100 + index, index, c_type)
        self.wide_constants(200)
        self.half_function(300)
        self.raw_function(400)
        opaque = ", ".join(f"0x{self.number() & 0xFFFFFFFFFFFFFFFF:x}UL" for _ in range(32))
        return "\n".join([
            PRELUDE % self.seed,
            "#if PART == 1",
            *self.part1,
            f"static volatile unsigned long opaque[32] = {{ {opaque} }};",
            *self.functions,
            MAIN % "\n".join(self.calls),
            "#else",
            *self.part2,
            "int elsewhere(int value)\n{\n\treturn value;\n}",
            "#endif",
        ]) + "\n"


if __name__ == "__main__":
    sys.stdout.write(Generator(int(sys.argv[1])).program())
