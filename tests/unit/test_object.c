/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <elf.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "elf/object.h"
#include "support/elf_writer.h"

/* A finished file and the object opened from it. */
struct fixture {
	char *file;
	size_t size;
	struct elf_object *object;
};

static struct fixture open_written(struct elf_writer *writer)
{
	struct fixture fixture;

	fixture.file = elf_writer_finish(writer, &fixture.size);
	assert_null(elf_object_open_memory(fixture.file, fixture.size, "file", &fixture.object));
	return fixture;
}

static void fixture_deinit(struct fixture *fixture)
{
	elf_object_destroy(fixture->object);
	free(fixture->file);
}

static void expect_error(struct usdtrap_error *error, enum usdtrap_error_code code, const char *message,
			 const char *hint)
{
	assert_non_null(error);
	assert_string_equal(usdtrap_error_message(error), message);
	assert_int_equal(usdtrap_error_code(error), code);
	if (hint)
		assert_string_equal(usdtrap_error_hint(error), hint);
	else
		assert_null(usdtrap_error_hint(error));
	usdtrap_error_destroy(error);
}

static void test_object_header_facts_are_told(void **state)
{
	(void)state;
	for (int variant = 0; variant < 4; variant++) {
		struct elf_writer writer = {.is_32_bit = variant & 1,
					    .is_big_endian = variant & 2,
					    .machine = EM_S390,
					    .interpreter = "/lib/ld.so.1",
					    .build_id = "0123456789abcdefghij"};
		struct fixture fixture = open_written(&writer);
		const uint8_t *build_id;
		uint64_t device, inode;
		size_t size;

		assert_string_equal(elf_object_name(fixture.object), "file");
		assert_int_equal(elf_object_machine(fixture.object), EM_S390);
		assert_int_equal(elf_object_address_bits(fixture.object), variant & 1 ? 32 : 64);
		assert_int_equal(elf_object_is_big_endian(fixture.object), (variant & 2) != 0);
		assert_true(elf_object_has_sections(fixture.object));
		assert_string_equal(elf_object_interpreter(fixture.object), "/lib/ld.so.1");
		build_id = elf_object_build_id(fixture.object, &size);
		assert_int_equal(size, 20);
		assert_memory_equal(build_id, "0123456789abcdefghij", 20);
		assert_false(elf_object_identity(fixture.object, &device, &inode));
		fixture_deinit(&fixture);
	}
}

static void test_object_without_extras_has_none(void **state)
{
	struct elf_writer writer = {.has_no_sections = true};
	struct fixture fixture = open_written(&writer);
	struct elf_section section;
	size_t size;

	(void)state;
	assert_false(elf_object_has_sections(fixture.object));
	assert_false(elf_object_section(fixture.object, ".note.stapsdt", 0, &section));
	assert_false(elf_object_note_segment(fixture.object, 0, &section));
	assert_null(elf_object_interpreter(fixture.object));
	elf_object_build_id(fixture.object, &size);
	assert_int_equal(size, 0);
	fixture_deinit(&fixture);
}

static void test_object_sections_are_found_by_name(void **state)
{
	struct elf_writer writer = {0};
	struct fixture fixture;
	struct elf_section section;

	(void)state;
	elf_writer_note(&writer, "x", 1, "content", 7);
	fixture = open_written(&writer);
	assert_true(elf_object_section(fixture.object, ".note.stapsdt", 0, &section));
	assert_int_equal(section.size, 24);
	assert_int_equal(section.alignment, 4);
	assert_memory_equal(section.bytes + 16, "content", 8);
	assert_memory_equal(fixture.file + section.offset, section.bytes, section.size);
	assert_false(elf_object_section(fixture.object, ".note.stapsdt", 1, &section));
	assert_true(elf_object_section(fixture.object, ".stapsdt.base", 0, &section));
	assert_int_equal(section.vaddr, ELF_WRITER_BASE);
	assert_false(elf_object_section(fixture.object, ".note", 0, &section));
	fixture_deinit(&fixture);
}

static void test_object_segments_are_told(void **state)
{
	struct elf_writer writer = {0};
	struct fixture fixture = open_written(&writer);
	size_t count;
	const struct elf_segment *segments = elf_object_segments(fixture.object, &count);

	(void)state;
	assert_int_equal(count, 2);
	assert_int_equal(segments[0].vaddr, ELF_WRITER_CODE);
	assert_int_equal(segments[0].memory_size, ELF_WRITER_CODE_SIZE);
	assert_true(segments[0].is_executable && !segments[0].is_writable);
	assert_int_equal(segments[1].vaddr, ELF_WRITER_DATA);
	assert_int_equal(segments[1].file_size, ELF_WRITER_DATA_FILE_SIZE);
	assert_int_equal(segments[1].memory_size, ELF_WRITER_DATA_SIZE);
	assert_true(!segments[1].is_executable && segments[1].is_writable);
	fixture_deinit(&fixture);
}

/* The first program header, changed to say that its segment goes on past the end of the address space. */
static void test_object_segment_that_wraps_is_left_out(void **state)
{
	struct elf_writer writer = {0};
	struct elf_object *object;
	const struct elf_segment *segments;
	Elf64_Phdr header;
	size_t size, count;
	char *file = elf_writer_finish(&writer, &size);

	(void)state;
	memcpy(&header, file + sizeof(Elf64_Ehdr), sizeof(header));
	header.p_memsz = UINT64_MAX - header.p_vaddr + 1;
	memcpy(file + sizeof(Elf64_Ehdr), &header, sizeof(header));
	assert_null(elf_object_open_memory(file, size, "file", &object));
	segments = elf_object_segments(object, &count);
	assert_int_equal(count, 1);
	assert_int_equal(segments[0].vaddr, ELF_WRITER_DATA);
	elf_object_destroy(object);
	free(file);
}

static void test_object_addresses_and_offsets_convert_both_ways(void **state)
{
	struct elf_writer writer = {0};
	struct fixture fixture = open_written(&writer);
	size_t count;
	const struct elf_segment *segments = elf_object_segments(fixture.object, &count);
	uint64_t value;

	(void)state;
	assert_true(elf_object_vaddr_to_offset(fixture.object, ELF_WRITER_DATA + 5, &value));
	assert_int_equal(value, segments[1].offset + 5);
	assert_true(elf_object_offset_to_vaddr(fixture.object, value, &value));
	assert_int_equal(value, ELF_WRITER_DATA + 5);
	assert_false(elf_object_vaddr_to_offset(fixture.object, ELF_WRITER_DATA + ELF_WRITER_DATA_FILE_SIZE, &value));
	assert_false(elf_object_vaddr_to_offset(fixture.object, 0, &value));
	assert_false(elf_object_offset_to_vaddr(fixture.object, 0, &value));
	assert_int_equal(value, ELF_WRITER_DATA + 5);
	fixture_deinit(&fixture);
}

static void test_object_bytes_are_read_within_one_segment(void **state)
{
	struct elf_writer writer = {0};
	struct fixture fixture = open_written(&writer);
	unsigned char buffer[ELF_WRITER_CODE_SIZE + 1];

	(void)state;
	assert_null(elf_object_read(fixture.object, ELF_WRITER_DATA + 3, buffer, 4));
	assert_memory_equal(buffer, "\3\4\5\6", 4);
	assert_null(elf_object_read(fixture.object, ELF_WRITER_CODE, buffer, ELF_WRITER_CODE_SIZE));
	assert_int_equal(buffer[ELF_WRITER_CODE_SIZE - 1], 0x90);
	expect_error(elf_object_read(fixture.object, ELF_WRITER_CODE, buffer, ELF_WRITER_CODE_SIZE + 1),
		     USDTRAP_NOT_FOUND, "file: does not hold the 257 bytes at address 0x1000", NULL);
	expect_error(elf_object_read(fixture.object, 0x3040, buffer, 1), USDTRAP_NOT_FOUND,
		     "file: does not hold the 1 bytes at address 0x3040", NULL);
	expect_error(elf_object_read(fixture.object, UINT64_MAX, buffer, 2), USDTRAP_NOT_FOUND,
		     "file: does not hold the 2 bytes at address 0xffffffffffffffff", NULL);
	fixture_deinit(&fixture);
}

static void test_object_symbols_are_found_in_both_tables(void **state)
{
	(void)state;
	for (int is_32_bit = 0; is_32_bit < 2; is_32_bit++) {
		struct elf_writer writer = {.is_32_bit = is_32_bit};
		struct fixture fixture;
		uint64_t vaddr = 1;

		elf_writer_symbol(&writer, true, "exported", 0x3000, 1);
		elf_writer_symbol(&writer, true, "imported", 0, SHN_UNDEF);
		elf_writer_symbol(&writer, false, "exported", 0x3000, 1);
		elf_writer_symbol(&writer, false, "hidden", 0x3008, 1);
		elf_writer_symbol(&writer, false, "twice", 0x3010, 1);
		elf_writer_symbol(&writer, false, "twice", 0x3018, 1);
		elf_writer_symbol(&writer, false, "constant", 0x3020, SHN_ABS);
		fixture = open_written(&writer);
		assert_null(elf_object_symbol(fixture.object, "exported+8", 8, &vaddr));
		assert_int_equal(vaddr, 0x3000);
		assert_null(elf_object_symbol(fixture.object, "hidden", 6, &vaddr));
		assert_int_equal(vaddr, 0x3008);
		expect_error(elf_object_symbol(fixture.object, "hidde", 5, &vaddr), USDTRAP_NOT_FOUND,
			     "symbol hidde is not in the file's symbol tables", NULL);
		expect_error(elf_object_symbol(fixture.object, "imported", 8, &vaddr), USDTRAP_NOT_FOUND,
			     "symbol imported is not in the file's symbol tables", NULL);
		expect_error(elf_object_symbol(fixture.object, "constant", 8, &vaddr), USDTRAP_NOT_FOUND,
			     "symbol constant is not in the file's symbol tables", NULL);
		expect_error(elf_object_symbol(fixture.object, "twice", 5, &vaddr), USDTRAP_UNSUPPORTED,
			     "symbol twice is ambiguous: symbols of that name have different addresses", NULL);
		assert_int_equal(vaddr, 0x3008);
		fixture_deinit(&fixture);
	}
}

static const struct {
	const char *name;
	const char *content;
	const char *message;
	const char *hint;
} foreign[] = {
	{"empty", "", "file: an empty file, not an ELF file", NULL},
	{"shorter than a magic number", "\177E", "file: not an ELF file", NULL},
	{"text", "root:x:0:0", "file: not an ELF file", NULL},
	{"script", "#!/bin/sh\necho", "file: a script for /bin/sh, not an ELF file",
	 "a script's probes are those of the program that runs it: name /bin/sh instead"},
	{"script with an argument", "#! /usr/bin/perl -w\n", "file: a script for /usr/bin/perl, not an ELF file",
	 "a script's probes are those of the program that runs it: name /usr/bin/perl instead"},
	{"script through env", "#!/usr/bin/env python3\n", "file: a script for python3, not an ELF file",
	 "a script's probes are those of the program that runs it: name python3 instead"},
	{"script through env with options", "#!/usr/bin/env -S LANG=C\truby -w",
	 "file: a script for ruby, not an ELF file",
	 "a script's probes are those of the program that runs it: name ruby instead"},
	{"script for nobody", "#!\n/bin/sh", "file: a script, not an ELF file", NULL},
	{"script through env for nobody", "#!/usr/bin/env\n", "file: a script, not an ELF file", NULL},
	{"archive", "!<arch>\nx", "file: a static library, not an ELF file",
	 "its probes are in the programs that were linked with it"},
	{"linker script", "/* GNU ld script\n", "file: a script for the linker, not an ELF file",
	 "name the shared library itself, which ends in .so.NUMBER"},
};

static void test_object_file_of_another_kind_is_named(void **state)
{
	struct elf_object *object = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++) {
		expect_error(elf_object_open_memory(foreign[i].content, strlen(foreign[i].content), "file", &object),
			     USDTRAP_BAD_ELF, foreign[i].message, foreign[i].hint);
		assert_null(object);
	}
}

static void test_object_not_linked_or_core_is_refused(void **state)
{
	struct elf_writer writer = {.type = ET_REL};
	struct elf_object *object = NULL;
	size_t size;
	char *file = elf_writer_finish(&writer, &size);

	(void)state;
	expect_error(elf_object_open_memory(file, size, "a.o", &object), USDTRAP_UNSUPPORTED,
		     "a.o: an object file that is not linked yet", "name the program or library it is linked into");
	free(file);
	writer = (struct elf_writer){.type = ET_CORE};
	file = elf_writer_finish(&writer, &size);
	expect_error(elf_object_open_memory(file, size, "core", &object), USDTRAP_UNSUPPORTED, "core: a core dump",
		     "name the program that dumped it");
	free(file);
	assert_null(object);
}

/* Whatever its length, a cut file opens with what it has left or is refused; the sanitizers watch. */
static void test_object_truncated_anywhere_is_survived(void **state)
{
	struct elf_writer writer = {.interpreter = "/lib/ld.so", .build_id = "0123456789abcdefghij"};
	struct elf_object *object;
	struct elf_section section;
	uint64_t vaddr;
	size_t size;
	char *file;

	(void)state;
	elf_writer_probe(&writer, "p", "n", 0x1000, 0, "");
	elf_writer_symbol(&writer, true, "s", 0x3000, 1);
	file = elf_writer_finish(&writer, &size);
	for (size_t cut = 0; cut < size; cut++) {
		char *copy = malloc(cut + 1);
		struct usdtrap_error *error;

		memcpy(copy, file, cut);
		copy = realloc(copy, cut ? cut : 1); /* so that a read behind the cut is seen */
		error = elf_object_open_memory(copy, cut, "file", &object);
		if (!error) {
			elf_object_section(object, ".note.stapsdt", 0, &section);
			usdtrap_error_destroy(elf_object_symbol(object, "s", 1, &vaddr));
			elf_object_destroy(object);
		} else {
			assert_int_equal(usdtrap_error_code(error), USDTRAP_BAD_ELF);
		}
		usdtrap_error_destroy(error);
		free(copy);
	}
	free(file);
}

static void test_object_opened_by_path_has_the_file_s_identity(void **state)
{
	struct elf_writer writer = {.build_id = "0123456789abcdefghij"};
	char path[] = "/tmp/test_object.XXXXXX";
	int fd = mkstemp(path);
	struct elf_object *object;
	uint64_t device, inode;
	_cleanup_strbuf_ struct strbuf message = {0};
	unsigned char byte;
	struct stat status;
	size_t size;
	char *file;

	(void)state;
	assert_true(fd >= 0);
	elf_writer_probe(&writer, "p", "n", 0x1000, 0, "");
	file = elf_writer_finish(&writer, &size);
	assert_int_equal(write(fd, file, size), size);
	assert_null(elf_object_open(path, &object));
	assert_int_equal(fstat(fd, &status), 0);
	assert_true(elf_object_identity(object, &device, &inode));
	assert_int_equal(device, status.st_dev);
	assert_int_equal(inode, status.st_ino);
	assert_string_equal(elf_object_name(object), path);

	/* A file that shrinks under an open object is an error for what is gone, and no signal. */
	assert_int_equal(ftruncate(fd, 10), 0);
	strbuf_addf(&message, "%s: does not hold the 1 bytes at address 0x1000", path);
	expect_error(elf_object_read(object, ELF_WRITER_CODE, &byte, 1), USDTRAP_NOT_FOUND, strbuf_text(&message),
		     NULL);
	elf_object_destroy(object);
	close(fd);
	unlink(path);
	free(file);
}

static void test_object_descriptor_may_be_closed_after_opening(void **state)
{
	struct elf_writer writer = {0};
	int fd = memfd_create("test_object", MFD_CLOEXEC);
	struct elf_object *object;
	unsigned char byte;
	size_t size;
	char *file = elf_writer_finish(&writer, &size);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, file, size), size);
	free(file);
	assert_null(elf_object_open_fd(fd, "memory", &object));
	close(fd);
	assert_null(elf_object_read(object, ELF_WRITER_DATA + 7, &byte, 1));
	assert_int_equal(byte, 7);
	elf_object_destroy(object);
}

static void test_object_path_that_is_no_file_is_explained(void **state)
{
	struct elf_object *object = NULL;

	(void)state;
	expect_error(elf_object_open("/no/such/file", &object), USDTRAP_NOT_FOUND,
		     "/no/such/file: No such file or directory", NULL);
	expect_error(elf_object_open("/", &object), USDTRAP_BAD_ELF, "/: a directory, not an ELF file", NULL);
	expect_error(elf_object_open("/dev/null", &object), USDTRAP_BAD_ELF,
		     "/dev/null: not a regular file, let alone an ELF file", NULL);
	assert_null(object);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_object_header_facts_are_told),
		cmocka_unit_test(test_object_without_extras_has_none),
		cmocka_unit_test(test_object_sections_are_found_by_name),
		cmocka_unit_test(test_object_segments_are_told),
		cmocka_unit_test(test_object_segment_that_wraps_is_left_out),
		cmocka_unit_test(test_object_addresses_and_offsets_convert_both_ways),
		cmocka_unit_test(test_object_bytes_are_read_within_one_segment),
		cmocka_unit_test(test_object_symbols_are_found_in_both_tables),
		cmocka_unit_test(test_object_file_of_another_kind_is_named),
		cmocka_unit_test(test_object_not_linked_or_core_is_refused),
		cmocka_unit_test(test_object_truncated_anywhere_is_survived),
		cmocka_unit_test(test_object_opened_by_path_has_the_file_s_identity),
		cmocka_unit_test(test_object_descriptor_may_be_closed_after_opening),
		cmocka_unit_test(test_object_path_that_is_no_file_is_explained),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
