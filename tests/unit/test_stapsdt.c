/* SPDX-License-Identifier: MIT */
/* Files are made by the ELF writer; what a walk gives is written down as text and compared whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <elf.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "elf/stapsdt.h"
#include "support/elf_writer.h"

#define NOT_CODE "is not in the file's code (the linker may have discarded the function)"
#define NO_SECTIONS                                                                                                   \
	"NOT_FOUND file: no USDT probes can be found: the file has no section headers\n"                              \
	"hint: a packer or sstrip has removed them, or the file is cut short, and nothing leads to its probe notes: " \
	"use the file as it was built\n"

static int write_note(const struct stapsdt_note *note, void *user)
{
	strbuf_addf(user, "%s:%s 0x%llx 0x%llx [%s]\n", note->provider, note->name, (unsigned long long)note->vaddr,
		    (unsigned long long)note->semaphore_vaddr, note->arguments);
	return 0;
}

static void write_error(const struct usdtrap_error *error, struct strbuf *out)
{
	static const char *const codes[] = {
		[USDTRAP_NOT_FOUND] = "NOT_FOUND",
		[USDTRAP_BAD_ELF] = "BAD_ELF",
	};

	strbuf_addf(out, "%s %s\n", codes[usdtrap_error_code(error)], usdtrap_error_message(error));
	if (usdtrap_error_hint(error))
		strbuf_addf(out, "hint: %s\n", usdtrap_error_hint(error));
}

static void write_problem(const struct usdtrap_error *problem, void *user)
{
	strbuf_add_string(user, "problem: ");
	write_error(problem, user);
}

/* Walks the notes of the SIZE bytes at FILE, which are freed, and compares all that comes of it with EXPECTED. */
static void expect_walk_of_bytes(char *file, size_t size, const char *expected)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	struct stapsdt_callbacks callbacks = {write_note, write_problem, &out};
	struct usdtrap_error *error;
	struct elf_object *object;

	assert_null(elf_object_open_memory(file, size, "file", &object));
	error = stapsdt_walk(object, &callbacks);
	if (error)
		write_error(error, &out);
	usdtrap_error_destroy(error);
	elf_object_destroy(object);
	free(file);
	assert_string_equal(strbuf_text(&out), expected);
}

static void expect_walk(struct elf_writer *writer, const char *expected)
{
	size_t size;
	char *file = elf_writer_finish(writer, &size);

	expect_walk_of_bytes(file, size, expected);
}

/* Where PART (of SIZE bytes) is in FILE. */
static char *find(char *file, size_t file_size, const void *part, size_t size)
{
	char *found = memmem(file, file_size, part, size);

	assert_non_null(found);
	return found;
}

static void test_stapsdt_notes_come_in_file_order(void **state)
{
	struct elf_writer writer = {0};

	(void)state;
	elf_writer_probe(&writer, "app", "stop", 0x1020, 0, "");
	elf_writer_probe(&writer, "app", "start", 0x1000, 0x3010, "8@%rdi -4@112(%rsp)");
	elf_writer_probe(&writer, "other", "start", 0x1001, 0x307e, "4@%eax");
	elf_writer_probe(&writer, "app", "start", 0x10ff, 0x3010, "-4@$1");
	expect_walk(&writer, "app:stop 0x1020 0x0 []\n"
			     "app:start 0x1000 0x3010 [8@%rdi -4@112(%rsp)]\n"
			     "other:start 0x1001 0x307e [4@%eax]\n"
			     "app:start 0x10ff 0x3010 [-4@$1]\n");
}

static void test_stapsdt_all_classes_and_byte_orders_are_read(void **state)
{
	(void)state;
	for (int variant = 0; variant < 4; variant++) {
		struct elf_writer writer = {.is_32_bit = variant & 1, .is_big_endian = variant & 2};

		elf_writer_probe(&writer, "p", "n", 0x1000, 0x3000, "4@%eax");
		elf_writer_probe(&writer, "p", "longer_name", 0x1002, 0, "");
		expect_walk(&writer, "p:n 0x1000 0x3000 [4@%eax]\np:longer_name 0x1002 0x0 []\n");
	}
}

static void test_stapsdt_prelinked_file_is_adjusted(void **state)
{
	(void)state;
	for (int variant = 0; variant < 2; variant++) {
		struct elf_writer writer = {.is_32_bit = variant, .prelink = 0x41000000};

		elf_writer_probe(&writer, "p", "guarded", 0x1000, 0x3000, "");
		elf_writer_probe(&writer, "p", "unguarded", 0x1002, 0, "");
		expect_walk(&writer, "p:guarded 0x41001000 0x41003000 []\np:unguarded 0x41001002 0x0 []\n");
	}
}

static void test_stapsdt_prelink_downwards_wraps_at_the_file_s_width(void **state)
{
	struct elf_writer writer = {.is_32_bit = true, .prelink = (uint64_t)-0x800};

	(void)state;
	elf_writer_probe(&writer, "p", "n", 0x1000, 0x3000, "");
	expect_walk(&writer, "p:n 0x800 0x2800 []\n");
}

static void test_stapsdt_without_base_section_nothing_is_adjusted(void **state)
{
	struct elf_writer writer = {.has_no_base = true};

	(void)state;
	elf_writer_probe(&writer, "p", "n", 0x1000, 0x3000, "");
	expect_walk(&writer, "p:n 0x1000 0x3000 []\n");
}

/* lld --gc-sections drops the section that most notes mean, yet another object's copy of it may survive. */
static void test_stapsdt_base_zero_beside_a_base_section_adjusts_nothing(void **state)
{
	struct elf_writer writer = {.has_no_base = true};

	(void)state;
	elf_writer_probe(&writer, "p", "n", 0x1000, 0x3000, "");
	writer.has_no_base = false;
	expect_walk(&writer, "p:n 0x1000 0x3000 []\n");
}

static void test_stapsdt_foreign_notes_are_passed_over(void **state)
{
	struct elf_writer writer = {0};

	(void)state;
	elf_writer_note(&writer, "GNU", 3, "abc", 3);
	elf_writer_probe(&writer, "p", "n", 0x1000, 0, "");
	elf_writer_note(&writer, "", 0, "", 0);
	elf_writer_note(&writer, "stapsdt+", 3, "longer owner", 12);
	expect_walk(&writer, "p:n 0x1000 0x0 []\n");
}

static void test_stapsdt_section_aligned_to_8_is_read(void **state)
{
	struct elf_writer writer = {.alignment = 8};

	(void)state;
	elf_writer_probe(&writer, "p", "n", 0x1000, 0, "12345");
	elf_writer_probe(&writer, "p", "m", 0x1001, 0, "1");
	expect_walk(&writer, "p:n 0x1000 0x0 [12345]\np:m 0x1001 0x0 [1]\n");
}

static void test_stapsdt_missing_last_padding_is_no_harm(void **state)
{
	struct elf_writer writer = {0};

	(void)state;
	elf_writer_probe(&writer, "p", "n", 0x1000, 0, "12");
	writer.notes.length -= 1; /* 24 + 2 + 2 + 3 bytes are one byte short of a multiple of 4 */
	expect_walk(&writer, "p:n 0x1000 0x0 [12]\n");
}

static int count_one(const struct stapsdt_note *note, void *user)
{
	(void)note;
	++*(int *)user;
	return 1;
}

static void test_stapsdt_callback_ends_the_walk(void **state)
{
	struct elf_writer writer = {0};
	int count = 0;
	struct stapsdt_callbacks callbacks = {count_one, NULL, &count};
	struct elf_object *object;
	size_t size;
	char *file;

	(void)state;
	elf_writer_probe(&writer, "p", "n", 0x1000, 0, "");
	elf_writer_probe(&writer, "p", "m", 0x1001, 0, "");
	file = elf_writer_finish(&writer, &size);
	assert_null(elf_object_open_memory(file, size, "file", &object));
	assert_null(stapsdt_walk(object, &callbacks));
	assert_int_equal(count, 1);
	elf_object_destroy(object);
	free(file);
}

static const char no_end[] = {0, 0x10, 0, 0, 0, 0, 0, 0, 0,   0x20, 0,   0, 0,   0,   0,   0,
			      0, 0,    0, 0, 0, 0, 0, 0, 'p', 0,    'n', 0, '8', '@', '%', 'r'};

static const struct {
	const char *name;
	uint32_t type;
	const char *description; /* three addresses follow from it: 0x1000, 0x2000, 0 */
	size_t size;
	const char *problem;
} broken[] = {
	{"unknown type", 2, no_end, sizeof(no_end), "is of type 2; only type 3 is known"},
	{"no room for addresses", 3, no_end, 23, "its description of 23 bytes is too short for three addresses"},
	{"empty", 3, no_end, 0, "its description of 0 bytes is too short for three addresses"},
	{"nothing after the addresses", 3, no_end, 24, "its provider has no end"},
	{"provider without end", 3, no_end, 25, "its provider has no end"},
	{"name without end", 3, no_end, 27, "its name has no end"},
	{"arguments without end", 3, no_end, sizeof(no_end), "its argument text has no end"},
};

static void test_stapsdt_broken_note_spoils_no_other(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		struct elf_writer writer = {0};
		_cleanup_strbuf_ struct strbuf expected = {0};
		size_t size, offset;
		char *file;

		elf_writer_probe(&writer, "p", "before", 0x1000, 0, "");
		offset = writer.notes.length;
		elf_writer_note(&writer, "stapsdt", broken[i].type, broken[i].description, broken[i].size);
		elf_writer_probe(&writer, "p", "after", 0x1001, 0, "");
		file = elf_writer_finish(&writer, &size);
		offset += (size_t)(find(file, size, "\10\0\0\0\42\0\0\0", 8) - file);
		strbuf_addf(&expected,
			    "p:before 0x1000 0x0 []\n"
			    "problem: BAD_ELF file: note at file offset 0x%zx: %s\n"
			    "p:after 0x1001 0x0 []\n",
			    offset, broken[i].problem);
		expect_walk_of_bytes(file, size, strbuf_text(&expected));
	}
}

static void test_stapsdt_32_bit_note_without_room_for_addresses_is_reported(void **state)
{
	struct elf_writer writer = {.is_32_bit = true};
	size_t size;
	_cleanup_strbuf_ struct strbuf expected = {0};
	char *file;

	(void)state;
	elf_writer_note(&writer, "stapsdt", 3, no_end, 11);
	elf_writer_probe(&writer, "p", "n", 0x1000, 0, "");
	file = elf_writer_finish(&writer, &size);
	strbuf_addf(
		&expected,
		"problem: BAD_ELF file: note at file offset 0x%zx: its description of 11 bytes is too short for three "
		"addresses\n"
		"p:n 0x1000 0x0 []\n",
		(size_t)(find(file, size, "stapsdt", 8) - file) - 12);
	expect_walk_of_bytes(file, size, strbuf_text(&expected));
}

static const struct {
	const char *name;
	const char *provider, *probe;
	uint64_t vaddr, semaphore_vaddr;
	const char *arguments;
	const char *problem;
} doubtful[] = {
	{"no provider", "", "n", 0x1000, 0, "", "its provider is empty"},
	{"no name", "p", "", 0x1000, 0, "", "its name is empty"},
	{"escape sequence in the provider", "\33[2J", "n", 0x1000, 0, "", "its provider has control characters in it"},
	{"line feed in the name", "p", "n\nm", 0x1000, 0, "", "its name has control characters in it"},
	{"DEL in the arguments", "p", "n", 0x1000, 0, "8@\177", "its argument text has control characters in it"},
	{"discarded function", "p", "n", 0, 0, "", "p:n: its address 0x0 " NOT_CODE},
	{"address behind the code", "p", "n", 0x1100, 0, "", "p:n: its address 0x1100 " NOT_CODE},
	{"address in the data", "p", "n", 0x3000, 0, "", "p:n: its address 0x3000 " NOT_CODE},
};

static void test_stapsdt_note_that_cannot_be_true_is_left_out(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(doubtful) / sizeof(doubtful[0]); i++) {
		struct elf_writer writer = {0};
		_cleanup_strbuf_ struct strbuf expected = {0};
		size_t size, offset;
		char *file;

		elf_writer_probe(&writer, doubtful[i].provider, doubtful[i].probe, doubtful[i].vaddr,
				 doubtful[i].semaphore_vaddr, doubtful[i].arguments);
		elf_writer_probe(&writer, "p", "after", 0x1001, 0, "");
		file = elf_writer_finish(&writer, &size);
		offset = (size_t)(find(file, size, "stapsdt", 8) - file) - 12;
		strbuf_addf(&expected,
			    "problem: BAD_ELF file: note at file offset 0x%zx: %s\n"
			    "p:after 0x1001 0x0 []\n",
			    offset, doubtful[i].problem);
		expect_walk_of_bytes(file, size, strbuf_text(&expected));
	}
}

static const struct {
	const char *name;
	uint64_t vaddr;
} lost_semaphores[] = {
	{"in the code", 0x1000},
	{"discarded by lld", 4},
	{"half outside the data", 0x307f},
	{"at the end of the world", UINT64_MAX},
};

static void test_stapsdt_semaphore_that_is_not_there_is_forgotten(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(lost_semaphores) / sizeof(lost_semaphores[0]); i++) {
		struct elf_writer writer = {0};
		_cleanup_strbuf_ struct strbuf expected = {0};
		size_t size;
		char *file;

		elf_writer_probe(&writer, "p", "n", 0x1001, lost_semaphores[i].vaddr, "8@%rdi");
		writer.has_no_base = true; /* what it would move by is not what is tested */
		file = elf_writer_finish(&writer, &size);
		strbuf_addf(&expected,
			    "problem: BAD_ELF file: note at file offset 0x%zx: p:n: its semaphore 0x%llx is not in the "
			    "file's writable data (the linker may have discarded it, since no code looks at it)\n"
			    "p:n 0x1001 0x0 [8@%%rdi]\n",
			    (size_t)(find(file, size, "stapsdt", 8) - file) - 12,
			    (unsigned long long)lost_semaphores[i].vaddr);
		expect_walk_of_bytes(file, size, strbuf_text(&expected));
	}
}

static void test_stapsdt_sizes_that_lie_are_followed_by_the_next_probe(void **state)
{
	struct elf_writer writer = {0};
	size_t size, offset, second;
	_cleanup_strbuf_ struct strbuf expected = {0};
	char *file;

	(void)state;
	elf_writer_probe(&writer, "p", "one", 0x1000, 0, "");
	second = writer.notes.length;
	elf_writer_probe(&writer, "p", "two", 0x1001, 0, "");
	elf_writer_probe(&writer, "p", "three", 0x1002, 0, "");
	file = elf_writer_finish(&writer, &size);
	offset = (size_t)(find(file, size, "stapsdt", 8) - file) - 12 + second;
	file[offset + 6] = 1; /* description size + 64 Ki */
	strbuf_addf(&expected,
		    "p:one 0x1000 0x0 []\n"
		    "problem: BAD_ELF file: note at file offset 0x%zx: claims more bytes than its section has left "
		    "(108); skipped 52 bytes\n"
		    "p:three 0x1002 0x0 []\n",
		    offset);
	expect_walk_of_bytes(file, size, strbuf_text(&expected));
}

static void test_stapsdt_truncated_last_note_is_reported(void **state)
{
	struct elf_writer writer = {0};
	size_t size, offset;
	_cleanup_strbuf_ struct strbuf expected = {0};
	char *file;

	(void)state;
	elf_writer_probe(&writer, "p", "one", 0x1000, 0, "");
	offset = writer.notes.length;
	elf_writer_probe(&writer, "p", "two", 0x1001, 0, "");
	writer.notes.length = offset + 30;
	file = elf_writer_finish(&writer, &size);
	offset += (size_t)(find(file, size, "stapsdt", 8) - file) - 12;
	strbuf_addf(&expected,
		    "p:one 0x1000 0x0 []\n"
		    "problem: BAD_ELF file: note at file offset 0x%zx: claims more bytes than its section has left "
		    "(30); skipped 30 bytes\n",
		    offset);
	expect_walk_of_bytes(file, size, strbuf_text(&expected));
}

static void test_stapsdt_file_of_broken_notes_alone_is_bad(void **state)
{
	struct elf_writer writer = {0};
	size_t size;
	_cleanup_strbuf_ struct strbuf expected = {0};
	char *file;

	(void)state;
	elf_writer_probe(&writer, "p", "n", 0x9000, 0, "");
	file = elf_writer_finish(&writer, &size);
	strbuf_addf(&expected,
		    "problem: BAD_ELF file: note at file offset 0x%zx: p:n: its address 0x9000 " NOT_CODE "\n"
		    "BAD_ELF file: none of its probe notes can be used\n",
		    (size_t)(find(file, size, "stapsdt", 8) - file) - 12);
	expect_walk_of_bytes(file, size, strbuf_text(&expected));
}

static void test_stapsdt_section_beyond_the_end_of_the_file_is_reported(void **state)
{
	struct elf_writer writer = {0};
	Elf64_Shdr header;
	char *file, *headers;
	size_t size;

	(void)state;
	elf_writer_probe(&writer, "p", "n", 0x1000, 0, "");
	file = elf_writer_finish(&writer, &size);
	headers = file + ((Elf64_Ehdr *)file)->e_shoff;
	for (int i = 0; i < ((Elf64_Ehdr *)file)->e_shnum; i++) {
		memcpy(&header, headers + i * sizeof(header), sizeof(header));
		if (header.sh_type == SHT_NOTE)
			header.sh_offset = 0x10000;
		memcpy(headers + i * sizeof(header), &header, sizeof(header));
	}
	expect_walk_of_bytes(file, size,
			     "problem: BAD_ELF file: its section .note.stapsdt of 52 bytes lies beyond its end\n"
			     "BAD_ELF file: none of its probe notes can be used\n");
}

/* Thousands of section headers may lead to the same large bytes: time and memory must not follow them. */
static void test_stapsdt_sections_without_number_are_not_all_read(void **state)
{
	enum { SECTIONS = 1000 };
	struct elf_writer writer = {0};
	struct strbuf out = {0};
	Elf64_Ehdr header;
	Elf64_Shdr notes = {0}, any;
	struct elf_object *object;
	_cleanup_strbuf_ struct strbuf copy = {0};
	struct stapsdt_callbacks callbacks = {write_note, NULL, &out};
	size_t size, rows = 0;
	char *file;

	(void)state;
	elf_writer_probe(&writer, "p", "n", 0x1000, 0, "");
	file = elf_writer_finish(&writer, &size);
	memcpy(&header, file, sizeof(header));
	for (int i = 0; i < header.e_shnum; i++) {
		memcpy(&any, file + header.e_shoff + (size_t)i * sizeof(any), sizeof(any));
		if (any.sh_type == SHT_NOTE)
			notes = any;
	}
	strbuf_add(&copy, file, size);
	free(file);
	for (int i = 0; i < SECTIONS; i++)
		strbuf_add(&copy, &notes, sizeof(notes));
	header.e_shnum += SECTIONS;
	memcpy(copy.text, &header, sizeof(header));
	assert_null(elf_object_open_memory(copy.text, copy.length, "file", &object));
	assert_null(stapsdt_walk(object, &callbacks));
	elf_object_destroy(object);
	for (const char *row = strbuf_text(&out); *row; row = strchr(row, '\n') + 1)
		rows++;
	strbuf_deinit(&out);
	assert_int_equal(rows, ELF_REPEATED_MAX);
}

static void test_stapsdt_file_without_probes_teaches_what_that_means(void **state)
{
	struct elf_writer writer = {0};

	(void)state;
	expect_walk(
		&writer,
		"NOT_FOUND file: no USDT probes\n"
		"hint: there is nothing in its section .note.stapsdt: this build was made without probes (some "
		"programs need a configure option such as --enable-dtrace), or they are in a library that the program "
		"loads\n");
}

static void test_stapsdt_file_without_section_headers_says_so(void **state)
{
	struct elf_writer writer = {.has_no_sections = true};

	(void)state;
	elf_writer_probe(&writer, "p", "n", 0x1000, 0, "");
	expect_walk(&writer, NO_SECTIONS);
}

static void test_stapsdt_file_cut_before_its_section_headers_says_so(void **state)
{
	struct elf_writer writer = {0};
	char *file;
	size_t size;

	(void)state;
	elf_writer_probe(&writer, "p", "n", 0x1000, 0, "");
	file = elf_writer_finish(&writer, &size);
	expect_walk_of_bytes(file, ((Elf64_Ehdr *)file)->e_shoff + 10, NO_SECTIONS);
}

static void test_stapsdt_note_segment_serves_a_file_without_section_headers(void **state)
{
	struct elf_writer writer = {
		.has_no_sections = true, .has_note_segment = true, .build_id = "0123456789abcdefghij"};

	(void)state;
	elf_writer_note(&writer, "GNU", 5, "property", 8);
	elf_writer_probe(&writer, "p", "n", 0x1000, 0x3000, "4@%eax");
	expect_walk(&writer, "p:n 0x1000 0x3000 [4@%eax]\n");
}

/* The segment holds the same notes as the section: each counts once. */
static void test_stapsdt_note_segment_beside_sections_is_not_read_twice(void **state)
{
	struct elf_writer writer = {.has_note_segment = true};

	(void)state;
	elf_writer_probe(&writer, "p", "n", 0x1000, 0, "");
	expect_walk(&writer, "p:n 0x1000 0x0 []\n");
}

/* A note segment is no list of probes: what is wrong in it may be anybody's. */
static void test_stapsdt_note_segment_with_foreign_damage_stays_quiet(void **state)
{
	struct elf_writer writer = {.has_no_sections = true, .has_note_segment = true};

	(void)state;
	elf_writer_probe(&writer, "p", "n", 0x1000, 0, "");
	elf_writer_note(&writer, "GNU", 5, "", 0);
	writer.notes.text[writer.notes.length - 12] = 1; /* a description of so much more than there is */
	expect_walk(&writer, "p:n 0x1000 0x0 []\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stapsdt_notes_come_in_file_order),
		cmocka_unit_test(test_stapsdt_all_classes_and_byte_orders_are_read),
		cmocka_unit_test(test_stapsdt_prelinked_file_is_adjusted),
		cmocka_unit_test(test_stapsdt_prelink_downwards_wraps_at_the_file_s_width),
		cmocka_unit_test(test_stapsdt_without_base_section_nothing_is_adjusted),
		cmocka_unit_test(test_stapsdt_base_zero_beside_a_base_section_adjusts_nothing),
		cmocka_unit_test(test_stapsdt_foreign_notes_are_passed_over),
		cmocka_unit_test(test_stapsdt_section_aligned_to_8_is_read),
		cmocka_unit_test(test_stapsdt_missing_last_padding_is_no_harm),
		cmocka_unit_test(test_stapsdt_callback_ends_the_walk),
		cmocka_unit_test(test_stapsdt_broken_note_spoils_no_other),
		cmocka_unit_test(test_stapsdt_32_bit_note_without_room_for_addresses_is_reported),
		cmocka_unit_test(test_stapsdt_note_that_cannot_be_true_is_left_out),
		cmocka_unit_test(test_stapsdt_semaphore_that_is_not_there_is_forgotten),
		cmocka_unit_test(test_stapsdt_sizes_that_lie_are_followed_by_the_next_probe),
		cmocka_unit_test(test_stapsdt_truncated_last_note_is_reported),
		cmocka_unit_test(test_stapsdt_file_of_broken_notes_alone_is_bad),
		cmocka_unit_test(test_stapsdt_section_beyond_the_end_of_the_file_is_reported),
		cmocka_unit_test(test_stapsdt_sections_without_number_are_not_all_read),
		cmocka_unit_test(test_stapsdt_file_without_probes_teaches_what_that_means),
		cmocka_unit_test(test_stapsdt_file_without_section_headers_says_so),
		cmocka_unit_test(test_stapsdt_file_cut_before_its_section_headers_says_so),
		cmocka_unit_test(test_stapsdt_note_segment_serves_a_file_without_section_headers),
		cmocka_unit_test(test_stapsdt_note_segment_beside_sections_is_not_read_twice),
		cmocka_unit_test(test_stapsdt_note_segment_with_foreign_damage_stays_quiet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
