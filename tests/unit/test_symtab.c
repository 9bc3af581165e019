/* SPDX-License-Identifier: MIT */
/* Thread-local symbols; the others are tested in test_object.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "elf/object.h"
#include "support/elf_writer.h"

/* A file with the thread-local symbol `depth' at 8, and a thread-local segment as asked. */
static char *write_file(uint64_t thread_size, uint64_t thread_alignment, size_t *ret_size)
{
	struct elf_writer writer = {.thread_size = thread_size, .thread_alignment = thread_alignment};

	elf_writer_symbol(&writer, false, "plain", 0x3000, 1);
	elf_writer_thread_symbol(&writer, "depth", 8);
	elf_writer_thread_symbol(&writer, "twice", 0);
	elf_writer_thread_symbol(&writer, "twice", 4);
	return elf_writer_finish(&writer, ret_size);
}

static const struct {
	const char *name;
	uint64_t thread_size, thread_alignment;
	const char *symbol;
	uint64_t alignment;
	const char *error;
} symbols[] = {
	{"found", 0x18, 16, "depth", 16, NULL},
	{"alignment 0 is 1", 0x18, 0, "depth", 1, NULL},
	{"odd alignment", 0x18, 24, "depth", 0, "the file has no sound thread-local segment"},
	{"no segment", 0, 0, "depth", 0, "the file has no sound thread-local segment"},
	{"not thread-local", 0x18, 16, "plain", 0, "symbol plain is not in the file's symbol tables"},
	{"ambiguous", 0x18, 16, "twice", 0, "symbol twice is ambiguous: symbols of that name have different addresses"},
};

static void test_symtab_thread_symbol_comes_with_its_segment(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(symbols) / sizeof(symbols[0]); i++) {
		struct elf_thread_segment segment = {0};
		struct usdtrap_error *error;
		struct elf_object *object;
		uint64_t offset = 0;
		size_t size;
		char *file = write_file(symbols[i].thread_size, symbols[i].thread_alignment, &size);

		assert_null(elf_object_open_memory(file, size, "file", &object));
		error = elf_object_thread_symbol(object, symbols[i].symbol, strlen(symbols[i].symbol), &offset,
						 &segment);
		if (!error != !symbols[i].error)
			fail_msg("%s: %s", symbols[i].name, error ? usdtrap_error_message(error) : "found");
		if (error)
			assert_string_equal(usdtrap_error_message(error), symbols[i].error);
		assert_int_equal(offset, error ? 0 : 8);
		assert_int_equal(segment.alignment, symbols[i].alignment);
		assert_int_equal(segment.memory_size, error ? 0 : 0x18);
		assert_int_equal(segment.vaddr, error ? 0 : ELF_WRITER_DATA);
		usdtrap_error_destroy(error);
		elf_object_destroy(object);
		free(file);
	}
}

static void test_symtab_thread_symbol_has_no_address(void **state)
{
	struct usdtrap_error *error;
	struct elf_object *object;
	uint64_t vaddr;
	size_t size;
	char *file = write_file(0x18, 16, &size);

	(void)state;
	assert_null(elf_object_open_memory(file, size, "file", &object));
	error = elf_object_symbol(object, "depth", 5, &vaddr);
	assert_non_null(error);
	assert_string_equal(usdtrap_error_message(error), "symbol depth is not in the file's symbol tables");
	usdtrap_error_destroy(error);
	elf_object_destroy(object);
	free(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_symtab_thread_symbol_comes_with_its_segment),
		cmocka_unit_test(test_symtab_thread_symbol_has_no_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
