/* SPDX-License-Identifier: MIT */
/*
 * Each struct here is compiled twice: by the compiler that compiles this file,
 * and by the parser of C from the same words. Sizes, alignments, places and the
 * values of bit-fields must be the same.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lang/ast.h"
#include "lang/parser.h"
#include "lang/value.h"

#define TWICE(name, ...)         \
	struct name __VA_ARGS__; \
	static const char name##_text[] = "struct " #name " " #__VA_ARGS__ ";";

/* clang-format off: a line each, as they are underlined when they are wrong */
TWICE(plain, {
	char a;
	int b;
	short c;
	double d;
	char e[3];
	void *f;
	long double g;
	bool h;
})
TWICE(packed, {
	char a;
	int b;
	short c;
	long d;
} __attribute__((packed)))
TWICE(packed_members, {
	char a;
	int b __attribute__((packed));
	short c;
	long d __attribute__((packed, aligned(2)));
})
TWICE(aligned, {
	char a __attribute__((aligned(8)));
	int b;
	char c;
} __attribute__((aligned(32))))
TWICE(bits, {
	unsigned a : 3;
	int b : 7;
	unsigned long c : 40;
	char d : 5;
	_Bool e : 1;
	short f : 9;
	int g;
})
TWICE(bits_apart, {
	unsigned a : 3;
	unsigned : 0;
	int b : 7;
	int : 5;
	long c : 33;
	char : 0;
	int d : 32;
})
TWICE(bits_packed, {
	char a : 3;
	long b : 60;
	int c : 31;
	unsigned : 0;
	char d : 7;
	int e;
} __attribute__((packed)))
TWICE(bits_aligned, {
	int a : 3 __attribute__((aligned(1)));
	int b : 5 __attribute__((aligned(8)));
	int c : 2;
})
TWICE(nested, {
	char a;
	struct {
		short b;
		char c;
	} d;
	union {
		long e;
		char f[12];
	};
	struct {
		int g, h;
	};
	char i;
})
TWICE(arrays, {
	char a;
	int b[2][3];
	struct {
		char c;
		short d;
	} e[3];
	char f[2][5];
	int (*g)(void);
	int(*h)[4];
	int *i[4];
})
TWICE(enums, {
	char a;
	enum { ONE = 1, TWO } b;
	enum { FAR = 0x100000000 } c;
	enum { BELOW = -1 } d;
	enum { S = 5 } __attribute__((packed)) e;
})
TWICE(words, {
	long unsigned int a;
	short signed b;
	long long c;
	unsigned char d;
	signed char e;
	long int unsigned long f;
})
TWICE(constants, {
	char a[sizeof(int) * 2 + (1 << 2)];
	char b['A' & 0xf];
	char c[-1L < 1 ? 3 : 5];
	char d[(char)257];
	char e[_Alignof(short)];
})
TWICE(open, {
	int a;
	short b;
	char c[];
})
/* clang-format on */

struct field {
	const char *name;
	size_t offset;
};

/* The compiled struct's record, as the parser has it. */
static const struct type *parse(const char *name, const char *text, struct ast_program *program)
{
	static char script[4096];
	struct source source = {.name = "test", .text = script};
	struct diag_list diagnostics = {0};
	const struct c_name *entry;

	assert_true(strlen(text) + sizeof(" BEGIN { }") < sizeof(script));
	strcpy(script, text);
	strcat(script, " BEGIN { }");
	source.size = strlen(script);
	assert_true(parser_parse(&source, NULL, program, &diagnostics));
	diag_list_deinit(&diagnostics);
	entry = c_names_find(&program->names, C_NAME_STRUCT, name);
	assert_non_null(entry);
	return entry->type;
}

static void check(const char *name, const char *text, size_t size, size_t alignment, const struct field *fields,
		  size_t count)
{
	struct ast_program program = {0};
	const struct type *type = parse(name, text, &program);

	assert_int_equal(type->size, size);
	assert_int_equal(type_alignment(type), alignment);
	for (size_t i = 0; i < count; i++) {
		struct type_field field;

		if (!type_find_field(type, fields[i].name, &field))
			fail_msg("%s has no %s", text, fields[i].name);
		if (field.offset != fields[i].offset)
			fail_msg("%s: %s at %u, not %zu", text, fields[i].name, field.offset, fields[i].offset);
	}
	ast_program_deinit(&program);
}

#define AT(name, field)                              \
	{                                            \
#field, offsetof(struct name, field) \
	}
#define CHECK(name, ...)                                                                      \
	do {                                                                                  \
		const struct field fields[] = {__VA_ARGS__};                                  \
		check(#name, name##_text, sizeof(struct name), _Alignof(struct name), fields, \
		      sizeof(fields) / sizeof(fields[0]));                                    \
	} while (0)

static void test_c_layout_of_members(void **state)
{
	(void)state;
	CHECK(plain, AT(plain, a), AT(plain, b), AT(plain, c), AT(plain, d), AT(plain, e), AT(plain, f), AT(plain, g),
	      AT(plain, h));
	CHECK(packed, AT(packed, a), AT(packed, b), AT(packed, c), AT(packed, d));
	CHECK(packed_members, AT(packed_members, a), AT(packed_members, b), AT(packed_members, c),
	      AT(packed_members, d));
	CHECK(aligned, AT(aligned, a), AT(aligned, b), AT(aligned, c));
	CHECK(nested, AT(nested, a), AT(nested, d), AT(nested, e), AT(nested, f), AT(nested, g), AT(nested, h),
	      AT(nested, i));
	CHECK(arrays, AT(arrays, b), AT(arrays, e), AT(arrays, f), AT(arrays, g), AT(arrays, h), AT(arrays, i));
	CHECK(enums, AT(enums, a), AT(enums, b), AT(enums, c), AT(enums, d), AT(enums, e));
	CHECK(words, AT(words, a), AT(words, b), AT(words, c), AT(words, d), AT(words, e), AT(words, f));
	CHECK(constants, AT(constants, a), AT(constants, b), AT(constants, c), AT(constants, d), AT(constants, e));
	CHECK(open, AT(open, a), AT(open, b), AT(open, c));
}

/* The bit-field NAME of the SIZE bytes at OBJECT is VALUE. */
static void check_bits(const struct type *type, const char *name, const void *object, size_t size, long long value)
{
	struct type_field field;
	struct value found;

	if (!type_find_field(type, name, &field))
		fail_msg("no %s", name);
	found = value_of_field(value_buffer(object, size), &field);
	if ((long long)value_integer(found) != value)
		fail_msg("%s of %s: %lld, not %lld", name, type->record->name, (long long)value_integer(found), value);
}

/* Bit-fields of random bytes, which shows where they lie, how wide they are, and their sign. */
#define CHECK_BITS(name, ...)                                                                   \
	do {                                                                                    \
		struct ast_program program = {0};                                               \
		const struct type *type = parse(#name, name##_text, &program);                  \
		struct name object;                                                             \
		assert_int_equal(type->size, sizeof(object));                                   \
		assert_int_equal(type_alignment(type), _Alignof(struct name));                  \
		for (unsigned round = 0; round < 64; round++) {                                 \
			for (size_t i = 0; i < sizeof(object); i++)                             \
				((unsigned char *)&object)[i] = (unsigned char)(random() >> 7); \
			__VA_ARGS__                                                             \
		}                                                                               \
		ast_program_deinit(&program);                                                   \
	} while (0)
#define BITS(field) check_bits(type, #field, &object, sizeof(object), (long long)object.field);

static void test_c_layout_of_bit_fields(void **state)
{
	(void)state;
	CHECK_BITS(bits, BITS(a) BITS(b) BITS(c) BITS(d) BITS(f) BITS(g));
	CHECK_BITS(bits_apart, BITS(a) BITS(b) BITS(c) BITS(d));
	CHECK_BITS(bits_packed, BITS(a) BITS(b) BITS(c) BITS(d) BITS(e));
	CHECK_BITS(bits_aligned, BITS(a) BITS(b) BITS(c));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_c_layout_of_members),
		cmocka_unit_test(test_c_layout_of_bit_fields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
