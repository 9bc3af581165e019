/* SPDX-License-Identifier: MIT */
#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "elf/function.h"
#include "elf/object.h"
#include "support/elf_writer.h"

enum { CODE = ELF_WRITER_CODE };

struct fixture {
	char *bytes, *debug_bytes;
	struct elf_object *object, *debug;
	struct elf_functions *functions;
};

static struct elf_object *open_writer(struct elf_writer *writer, char **ret_bytes)
{
	struct elf_object *object;
	size_t size;

	*ret_bytes = elf_writer_finish(writer, &size);
	assert_null(elf_object_open_memory(*ret_bytes, size, "file", &object));
	return object;
}

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	struct elf_writer writer = {0}, debug_writer = {0};

	assert_non_null(fixture);
	elf_writer_function(&writer, true, "open", CODE + 0x10, 0x10, STT_FUNC);
	elf_writer_function(&writer, false, "open", CODE + 0x10, 0, STT_FUNC); /* .symtab says it again */
	elf_writer_function(&writer, false, "__open", CODE + 0x10, 0x10, STT_FUNC);
	elf_writer_function(&writer, false, "a_local", CODE + 0x10, 0x10, STT_FUNC);
	elf_writer_function(&writer, false, "copy@@V2", CODE + 0x40, 8, STT_FUNC);
	elf_writer_function(&writer, false, "copy@V1", CODE + 0x30, 8, STT_FUNC);
	elf_writer_function(&writer, true, "strlen", CODE + 0x50, 8, STT_GNU_IFUNC);
	elf_writer_function(&writer, false, "_start", CODE + 0x60, 0, STT_FUNC);
	elf_writer_function(&writer, true, "imported", 0, 0, STT_FUNC);
	elf_writer_function(&writer, false, "in_data", ELF_WRITER_DATA, 8, STT_FUNC);
	elf_writer_function(&writer, false, "", CODE + 0x70, 8, STT_FUNC);
	elf_writer_symbol(&writer, false, "object", CODE + 0x70, 1);
	elf_writer_function(&debug_writer, false, "hidden", CODE + 0x80, 8, STT_FUNC);
	elf_writer_function(&debug_writer, false, "open", CODE + 0x10, 0x10, STT_FUNC);
	fixture->object = open_writer(&writer, &fixture->bytes);
	fixture->debug = open_writer(&debug_writer, &fixture->debug_bytes);
	assert_null(elf_functions_load(fixture->object, fixture->debug, &fixture->functions));
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	elf_functions_destroy(fixture->functions);
	elf_object_destroy(fixture->object);
	elf_object_destroy(fixture->debug);
	free(fixture->bytes);
	free(fixture->debug_bytes);
	free(fixture);
	return 0;
}

static void test_functions_load_takes_each_name_of_each_address_once(void **state)
{
	static const struct {
		const char *name;
		uint64_t vaddr, size;
	} expected[] = {
		{"__open", CODE + 0x10, 0x10}, {"_start", CODE + 0x60, 0}, {"a_local", CODE + 0x10, 0x10},
		{"copy", CODE + 0x30, 8},      {"copy", CODE + 0x40, 8},   {"hidden", CODE + 0x80, 8},
		{"open", CODE + 0x10, 0x10},   {"strlen", CODE + 0x50, 8},
	};
	const struct fixture *fixture = *state;

	assert_int_equal(fixture->functions->count, sizeof(expected) / sizeof(expected[0]));
	for (size_t i = 0; i < fixture->functions->count; i++) {
		assert_string_equal(fixture->functions->items[i].name, expected[i].name);
		assert_int_equal(fixture->functions->items[i].vaddr, expected[i].vaddr);
		assert_int_equal(fixture->functions->items[i].size, expected[i].size);
		assert_int_equal(fixture->functions->items[i].is_resolver, strcmp(expected[i].name, "strlen") == 0);
	}
}

static void test_variables_are_what_lies_in_data(void **state)
{
	const struct fixture *fixture = *state;
	struct elf_writer writer = {0};
	struct elf_functions *variables;
	struct elf_object *object;
	char *bytes;

	elf_writer_function(&writer, true, "shared", ELF_WRITER_DATA, 8, STT_OBJECT);
	elf_writer_function(&writer, false, "shared@@V1", ELF_WRITER_DATA, 8, STT_OBJECT);
	elf_writer_function(&writer, false, "hidden", ELF_WRITER_DATA + 8, 4, STT_OBJECT);
	elf_writer_function(&writer, false, "nowhere", UINT64_MAX - 8, 4, STT_OBJECT);
	elf_writer_function(&writer, true, "imported", 0, 8, STT_OBJECT);
	elf_writer_function(&writer, true, "function", CODE + 0x10, 8, STT_FUNC);
	elf_writer_function(&writer, true, "thread_local", ELF_WRITER_DATA, 8, STT_TLS);
	object = open_writer(&writer, &bytes);
	assert_null(elf_variables_load(object, NULL, &variables));
	assert_int_equal(variables->count, 2);
	assert_string_equal(variables->items[0].name, "hidden");
	assert_false(variables->items[0].is_global && variables->items[1].is_global);
	assert_string_equal(variables->items[1].name, "shared");
	assert_int_equal(variables->items[1].size, 8);
	assert_string_equal(elf_functions_at(variables, ELF_WRITER_DATA + 11)->name, "hidden");
	assert_null(elf_functions_at(variables, ELF_WRITER_DATA + 12));
	elf_functions_destroy(variables);
	elf_object_destroy(object);
	free(bytes);
	assert_null(elf_functions_find(fixture->functions, "in_data"));
}

static void test_functions_find_gives_the_first_of_a_name(void **state)
{
	const struct fixture *fixture = *state;
	const struct elf_function *function = elf_functions_find(fixture->functions, "copy");

	assert_non_null(function);
	assert_int_equal(function->vaddr, CODE + 0x30);
	assert_string_equal(function[1].name, "copy");
	assert_null(elf_functions_find(fixture->functions, "cop"));
	assert_null(elf_functions_find(fixture->functions, "zzz"));
	assert_null(elf_functions_find(fixture->functions, ""));
}

static void test_functions_at_names_an_address_by_its_best_name(void **state)
{
	static const struct {
		uint64_t vaddr;
		const char *name;
	} places[] = {
		{CODE, NULL},
		{CODE + 0x0f, NULL},
		{CODE + 0x10, "open"},
		{CODE + 0x1f, "open"},
		{CODE + 0x20, NULL},
		{CODE + 0x37, "copy"},
		{CODE + 0x38, NULL},
		{CODE + 0x57, "strlen"},
		{CODE + 0x60, "_start"},
		{CODE + 0x7f, "_start"},
		{CODE + 0x80, "hidden"},
		{CODE + 0x88, NULL},
	};
	const struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		const struct elf_function *function = elf_functions_at(fixture->functions, places[i].vaddr);

		if (!function != !places[i].name)
			fail_msg("0x%llx: %s", (unsigned long long)places[i].vaddr, function ? function->name : "none");
		if (function)
			assert_string_equal(function->name, places[i].name);
	}
}

static void test_functions_of_a_stripped_file_are_none(void **state)
{
	struct elf_writer writer = {0};
	struct elf_functions *functions;
	struct elf_object *object;
	char *bytes;

	(void)state;
	object = open_writer(&writer, &bytes);
	assert_null(elf_functions_load(object, NULL, &functions));
	assert_int_equal(functions->count, 0);
	assert_null(elf_functions_find(functions, "main"));
	assert_null(elf_functions_at(functions, CODE));
	elf_functions_destroy(functions);
	elf_object_destroy(object);
	free(bytes);
}

/* ---- Debug files ------------------------------------------------------------------------------------------------- */

static void make_folders(const char *root, const char *path)
{
	char whole[512];

	snprintf(whole, sizeof(whole), "%s%s", root, path);
	for (char *slash = whole + strlen(root) + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		mkdir(whole, 0700);
		*slash = '/';
	}
}

/* Writes a file with one function; BUILD_ID may be NULL. */
static void write_file(const char *root, const char *path, const char *build_id, const char *function)
{
	struct elf_writer writer = {.build_id = build_id};
	char whole[512], *bytes;
	size_t size;
	FILE *file;

	make_folders(root, path);
	elf_writer_function(&writer, false, function, CODE, 8, STT_FUNC);
	bytes = elf_writer_finish(&writer, &size);
	snprintf(whole, sizeof(whole), "%s%s", root, path);
	file = fopen(whole, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, size, file), size);
	fclose(file);
	free(bytes);
}

static const char build_id[] = "\x01\x23\x45\x67\x89\xab\xcd\xef\x01\x23\x45\x67\x89\xab\xcd\xef\x01\x23\x45\x67";
static const char other_id[] = "\xff\x23\x45\x67\x89\xab\xcd\xef\x01\x23\x45\x67\x89\xab\xcd\xef\x01\x23\x45\x67";

static void test_debug_file_is_found_by_build_id(void **state)
{
	static const char name[] = "/usr/lib/debug/.build-id/01/23456789abcdef0123456789abcdef01234567.debug";
	char root[] = "/tmp/test_function.XXXXXX", path[512], command[512];
	struct elf_object *object, *debug;

	(void)state;
	assert_non_null(mkdtemp(root));
	write_file(root, "/bin/tool", build_id, "exported");
	snprintf(path, sizeof(path), "%s/bin/tool", root);
	assert_null(elf_object_open(path, &object));
	elf_debug_open(object, path, root, &debug);
	assert_null(debug);
	write_file(root, name, other_id, "stale");
	elf_debug_open(object, path, root, &debug);
	assert_null(debug);
	write_file(root, name, build_id, "hidden");
	elf_debug_open(object, path, root, &debug);
	assert_non_null(debug);
	elf_object_destroy(debug);
	elf_object_destroy(object);
	snprintf(command, sizeof(command), "rm -rf %s", root);
	assert_int_equal(system(command), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_functions_load_takes_each_name_of_each_address_once, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_variables_are_what_lies_in_data, setup, teardown),
		cmocka_unit_test_setup_teardown(test_functions_find_gives_the_first_of_a_name, setup, teardown),
		cmocka_unit_test_setup_teardown(test_functions_at_names_an_address_by_its_best_name, setup, teardown),
		cmocka_unit_test(test_functions_of_a_stripped_file_are_none),
		cmocka_unit_test(test_debug_file_is_found_by_build_id),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
