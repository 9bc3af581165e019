/* SPDX-License-Identifier: MIT */
/* Unused executable bytes in this process's own program and libraries. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "os/memory.h"
#include "os/procfs.h"
#include "trace/engine.h"
#include "trace/room.h"
#include "trace/room_map.h"

struct fixture {
	struct engine engine;
	struct space *space;
};

static int setup(void **state)
{
	static struct fixture fixture;

	memset(&fixture, 0, sizeof(fixture));
	fixture.space = space_create(&fixture.engine.spaces, getpid(), getpid());
	assert_non_null(fixture.space);
	fixture.space->references = 1;
	fixture.space->arch = &arch_x86_64;
	assert_null(memory_open(getpid(), &fixture.space->memory_fd));
	*state = &fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	space_release(&fixture->engine.spaces, NULL, fixture->space);
	return 0;
}

/* The mapping of this process that holds ADDR. */
static struct procfs_mapping mapping_at(uint64_t addr)
{
	struct procfs_mapping found = {0};
	struct procfs_maps maps;

	assert_null(procfs_maps_read(PROCFS_ROOT, getpid(), getpid(), &maps));
	for (size_t i = 0; i < maps.count; i++)
		if (addr >= maps.items[i].start && addr < maps.items[i].end)
			found = maps.items[i];
	procfs_maps_deinit(&maps);
	return found;
}

static void test_is_unused_and_executable(void **state)
{
	const struct fixture *fixture = *state;
	const struct room_request request = {.size = 48, .is_lasting = true};
	uint64_t first, second;

	assert_null(room_reserve(&fixture->engine, fixture->space, &request, &first));
	assert_null(room_reserve(&fixture->engine, fixture->space, &request, &second));
	assert_true(first + request.size <= second || second + request.size <= first);
	assert_int_equal(first % 16, 0);
	assert_true(mapping_at(first).is_executable);
	assert_false(mapping_at(first).is_writable);
	assert_true(mapping_at(first + request.size - 1).is_executable);
	for (size_t i = 0; i < request.size; i++)
		assert_int_equal(((const uint8_t *)(uintptr_t)first)[i], 0);
}

static void test_is_cleared(void **state)
{
	const struct fixture *fixture = *state;
	const struct room_request request = {.size = 16};
	static const uint8_t text[16] = "sixteen bytes!!";
	uint64_t addr;

	assert_null(room_reserve(&fixture->engine, fixture->space, &request, &addr));
	assert_false(room_holds(fixture->space, addr + request.size));
	assert_true(room_holds(fixture->space, addr));
	assert_null(memory_write(fixture->space->memory_fd, addr, text, sizeof(text)));
	assert_memory_equal((const void *)(uintptr_t)addr, text, sizeof(text));
	room_clear(fixture->space);
	for (size_t i = 0; i < request.size; i++)
		assert_int_equal(((const uint8_t *)(uintptr_t)addr)[i], 0);
	assert_false(room_holds(fixture->space, addr));
}

extern char etext; /* end(3): the end of this program's text */

static void test_is_near(void **state)
{
	const struct fixture *fixture = *state;
	uint64_t here = (uint64_t)(uintptr_t)test_is_near, library = (uint64_t)(uintptr_t)getpid;
	uint64_t near_here, near_library;

	assert_null(room_reserve(&fixture->engine, fixture->space,
				 &(struct room_request){.size = 16, .near_addr = library}, &near_library));
	assert_true(near_library - library < INT32_MAX || library - near_library < INT32_MAX);
	/* Of this program, too, unless this build's text happens to end where its last page does. */
	if (4096 - (uintptr_t)&etext % 4096 < 128)
		skip();
	assert_null(room_reserve(&fixture->engine, fixture->space,
				 &(struct room_request){.size = 16, .near_addr = here}, &near_here));
	assert_true(near_here - here < INT32_MAX || here - near_here < INT32_MAX);
}

static void test_nowhere(void **state)
{
	const struct fixture *fixture = *state;
	struct usdtrap_error *error;
	uint64_t addr;

	error = room_reserve(&fixture->engine, fixture->space, &(struct room_request){.size = 5000}, &addr);
	assert_non_null(error);
	assert_int_equal(usdtrap_error_code(error), USDTRAP_UNSUPPORTED);
	usdtrap_error_destroy(error);
	error = room_reserve(&fixture->engine, fixture->space,
			     &(struct room_request){.size = 16, .near_addr = UINT64_C(1) << 40}, &addr);
	assert_non_null(error);
	assert_non_null(strstr(usdtrap_error_message(error), "has no 16 unused bytes in executable memory near"));
	usdtrap_error_destroy(error);
}

static struct procfs_mapping span(uint64_t start, uint64_t end, const char *path)
{
	return (struct procfs_mapping){.start = start, .end = end, .path = path};
}

static void test_hole_is_near_and_out_of_the_way(void **state)
{
	const uint64_t page = 4096, size = 16 * page, program = 0x555555554000, library = 0x7ffff7d00000;
	const uint64_t program_end = program + 8 * page, stack = 0x7ffffffde000;
	struct procfs_mapping items[] = {
		span(program, program_end, "/bin/x"),
		span(library, library + 400 * page, "/lib/libc.so.6"),
		span(stack, stack + 34 * page, "[stack]"),
	};
	const struct procfs_maps maps = {.items = items, .count = 3};

	(void)state;
	/* Below the program: above it the heap will grow. */
	assert_true(room_find_hole(&maps, program, size, program_end) + size + page == program);
	/* Beside the library; a free page stays between. What lies above it belongs to the stack. */
	assert_true(room_find_hole(&maps, library, size, program_end) + size + page == library);
	assert_true(room_find_hole(&maps, library + 399 * page, size, program_end) + size + page == library);
}

static void test_hole_there_is_none(void **state)
{
	const uint64_t page = 4096;
	/* All that can be reached is taken, but for less than is wanted with a free page on either side. */
	struct procfs_mapping items[] = {
		span(0x10000, 0x400000, "/bin/x"),
		span(0x400000 + 17 * page, UINT64_C(0x200000000), ""),
	};
	const struct procfs_maps maps = {.items = items, .count = 2};

	(void)state;
	assert_true(room_find_hole(&maps, 0x400000, 16 * page, 0) == 0);
	assert_true(room_find_hole(&maps, 0x400000, 15 * page, 0) == 0x400000 + page);
	/* The heap's gigabyte. */
	items[0].path = "[heap]";
	assert_true(room_find_hole(&maps, 0x400000, 15 * page, 0) == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_is_unused_and_executable, setup, teardown),
		cmocka_unit_test_setup_teardown(test_is_cleared, setup, teardown),
		cmocka_unit_test_setup_teardown(test_is_near, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nowhere, setup, teardown),
		cmocka_unit_test(test_hole_is_near_and_out_of_the_way),
		cmocka_unit_test(test_hole_there_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
