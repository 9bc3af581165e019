/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <elf.h>

#include "elf/object.h"
#include "support/elf_writer.h"

/* What lies in the first two slots, as a number: the data segment's bytes count up. */
#define FIRST_CONTENT UINT64_C(0x2726252423222120)

enum { SECOND_SLOT = ELF_WRITER_TABLE + 8, THIRD_SLOT = ELF_WRITER_TABLE + 16 };

static const struct {
	const char *name;
	const char *symbol;
	bool is_program;
	bool is_unrelocated;
	uint64_t vaddr;
	bool has_slot;
	const char *error;
} slots[] = {
	{.name = "named by a relocation", .symbol = "imported", .vaddr = SECOND_SLOT, .has_slot = true},
	{.name = "the address is in a relocation", .symbol = "own", .vaddr = THIRD_SLOT, .has_slot = true},
	{.name = "the address is in the slot", .symbol = "settled", .vaddr = ELF_WRITER_TABLE, .has_slot = true},
	{.name = "left out, nobody else's can be meant", .symbol = "hidden", .vaddr = 0x3010},
	{.name = "left out in a program", .symbol = "exported", .is_program = true, .vaddr = 0x3018},
	{.name = "left out in a library",
	 .symbol = "exported",
	 .error = "symbol exported has no slot in the global offset table"},
	{.name = "another file's, without a slot",
	 .symbol = "other",
	 .error = "symbol other is not in the file's symbol tables"},
	{.name = "nobody's", .symbol = "nobody", .error = "symbol nobody is not in the file's symbol tables"},
	{.name = "a beginning is not the name",
	 .symbol = "import",
	 .error = "symbol import is not in the file's symbol tables"},
	{.name = "ambiguous",
	 .symbol = "twice",
	 .error = "symbol twice is ambiguous: symbols of that name have different addresses"},
	{.name = "no relocations, another's",
	 .symbol = "imported",
	 .is_unrelocated = true,
	 .error = "symbol imported is not in the file's symbol tables"},
	{.name = "no relocations, own", .symbol = "own", .is_unrelocated = true, .vaddr = 0x3008},
};

static char *write_file(bool is_program, bool is_unrelocated, size_t *ret_size)
{
	struct elf_writer writer = {.has_table = true, .interpreter = is_program ? "/lib/ld.so.1" : NULL};

	elf_writer_symbol(&writer, true, "imported", 0, SHN_UNDEF);
	elf_writer_symbol(&writer, true, "other", 0, SHN_UNDEF);
	elf_writer_symbol(&writer, true, "exported", 0x3018, 1);
	elf_writer_symbol(&writer, false, "own", 0x3008, 1);
	elf_writer_symbol(&writer, false, "hidden", 0x3010, 1);
	elf_writer_symbol(&writer, false, "settled", FIRST_CONTENT, 1);
	elf_writer_symbol(&writer, false, "twice", 0x3020, 1);
	elf_writer_symbol(&writer, false, "twice", 0x3028, 1);
	if (!is_unrelocated) {
		elf_writer_relocation(&writer, 0x3000, 1, 0); /* not in the table */
		elf_writer_relocation(&writer, ELF_WRITER_TABLE + ELF_WRITER_TABLE_SIZE, 2, 0);
		elf_writer_relocation(&writer, SECOND_SLOT, 1, 0);
		elf_writer_relocation(&writer, THIRD_SLOT, 0, 0x3008);
	}
	return elf_writer_finish(&writer, ret_size);
}

static void test_slot_is_found_or_done_without(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(slots) / sizeof(slots[0]); i++) {
		struct usdtrap_error *error;
		struct elf_object *object;
		uint64_t vaddr = 0;
		bool has_slot = false;
		size_t size;
		char *file = write_file(slots[i].is_program, slots[i].is_unrelocated, &size);

		assert_null(elf_object_open_memory(file, size, "file", &object));
		error = elf_object_slot(object, slots[i].symbol, strlen(slots[i].symbol), &vaddr, &has_slot);
		if (!error != !slots[i].error)
			fail_msg("%s: %s", slots[i].name, error ? usdtrap_error_message(error) : "found");
		if (error)
			assert_string_equal(usdtrap_error_message(error), slots[i].error);
		if (vaddr != slots[i].vaddr || has_slot != slots[i].has_slot)
			fail_msg("%s: 0x%llx, %d", slots[i].name, (unsigned long long)vaddr, has_slot);
		usdtrap_error_destroy(error);
		elf_object_destroy(object);
		free(file);
	}
}

static void test_slot_without_a_table_is_done_without(void **state)
{
	struct elf_writer writer = {0};
	struct elf_object *object;
	uint64_t vaddr = 0;
	bool has_slot = true;
	size_t size;
	char *file;

	(void)state;
	elf_writer_symbol(&writer, false, "own", 0x3008, 1);
	file = elf_writer_finish(&writer, &size);
	assert_null(elf_object_open_memory(file, size, "file", &object));
	assert_null(elf_object_slot(object, "own", 3, &vaddr, &has_slot));
	assert_int_equal(vaddr, 0x3008);
	assert_false(has_slot);
	elf_object_destroy(object);
	free(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_slot_is_found_or_done_without),
		cmocka_unit_test(test_slot_without_a_table_is_done_without),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
