/* SPDX-License-Identifier: MIT */
/* Traps and semaphores in this process's own memory, which /proc/self/mem reaches like any other's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>
#include <utlist.h>

#include "base/error.h"
#include "os/memory.h"
#include "os/procfs.h"
#include "trace/catalog.h"
#include "trace/engine.h"
#include "trace/site.h"

enum { PAGE = 4096 };

static const uint8_t nop_text[] = {0x90, 0x48, 0x89, 0xe5};
static const struct site_text nop_site = {.bytes = nop_text, .size = sizeof(nop_text), .nop_length = 1};

static struct engine engine; /* traces nobody */

struct fixture {
	struct space *spaces;
	struct space *space;
	uint8_t *text;       /* a page nobody may write to, of nops */
	uint16_t *semaphore; /* private and writable */
	uint16_t *shared;    /* writable, but shared */
};

static uint64_t address_of(const void *pointer)
{
	return (uint64_t)(uintptr_t)pointer;
}

static void *map(int protection, int flags)
{
	void *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(page, MAP_FAILED);
	if (protection == PROT_READ)
		for (size_t i = 0; i < PAGE; i += sizeof(nop_text))
			memcpy((uint8_t *)page + i, nop_text, sizeof(nop_text));
	assert_int_equal(mprotect(page, PAGE, protection), 0);
	return page;
}

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	fixture->space = space_create(&fixture->spaces, getpid(), getpid());
	assert_non_null(fixture->space);
	fixture->space->references = 1;
	fixture->space->arch = &arch_x86_64;
	assert_null(memory_open(getpid(), &fixture->space->memory_fd));
	fixture->text = map(PROT_READ, MAP_PRIVATE);
	fixture->semaphore = map(PROT_READ | PROT_WRITE, MAP_PRIVATE);
	fixture->shared = map(PROT_READ | PROT_WRITE, MAP_SHARED);
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	space_release(&fixture->spaces, NULL, fixture->space);
	assert_null(fixture->spaces);
	munmap(fixture->text, PAGE);
	munmap(fixture->semaphore, PAGE);
	munmap(fixture->shared, PAGE);
	free(fixture);
	return 0;
}

static struct site *arm(struct fixture *fixture, size_t offset)
{
	struct site *site = NULL;

	assert_null(site_arm(&engine, fixture->space, address_of(fixture->text + offset), &nop_site, &site));
	assert_non_null(site);
	return site;
}

/* Ends ERROR, which must say this. */
static void assert_error(struct usdtrap_error *error, enum usdtrap_error_code code, const char *message,
			 const char *hint)
{
	assert_non_null(error);
	assert_int_equal(usdtrap_error_code(error), code);
	assert_string_equal(usdtrap_error_message(error), message);
	if (hint)
		assert_string_equal(usdtrap_error_hint(error), hint);
	else
		assert_null(usdtrap_error_hint(error));
	usdtrap_error_destroy(error);
}

static void test_site_armed_and_restored_changes_one_byte(void **state)
{
	struct fixture *fixture = *state;
	struct site *site = arm(fixture, 8);
	uint8_t before[PAGE];

	memcpy(before, fixture->text, PAGE);
	assert_int_equal(before[8], 0xcc);
	before[8] = 0x90;
	for (size_t i = 0; i < PAGE; i++)
		assert_int_equal(before[i], nop_text[i % sizeof(nop_text)]);
	assert_ptr_equal(space_site(fixture->space, site->addr), site);
	assert_int_equal(site->skip, 0);

	assert_null(site_restore(fixture->space, site));
	assert_int_equal(site->state, SITE_RESTORED);
	assert_memory_equal(fixture->text, before, PAGE);
	assert_null(site_restore(fixture->space, site)); /* once is enough, twice does no harm */
	assert_memory_equal(fixture->text, before, PAGE);
}

static void test_site_of_a_longer_nop_skips_the_rest_of_it(void **state)
{
	static const uint8_t long_nop[] = {0x0f, 0x1f, 0x44, 0x00, 0x00};
	const struct site_text text = {.bytes = long_nop, .size = sizeof(long_nop), .nop_length = sizeof(long_nop)};
	struct fixture *fixture = *state;
	struct site *site;

	assert_null(memory_write(fixture->space->memory_fd, address_of(fixture->text), long_nop, sizeof(long_nop)));
	assert_null(site_arm(&engine, fixture->space, address_of(fixture->text), &text, &site));
	assert_int_equal(site->skip, sizeof(long_nop) - 1);
	assert_null(site_restore(fixture->space, site));
	assert_memory_equal(fixture->text, long_nop, sizeof(long_nop));
}

static void test_site_with_a_foreign_trap_is_refused(void **state)
{
	static const uint8_t trap = 0xcc;
	struct fixture *fixture = *state;
	struct site *site = NULL;
	char message[128];

	assert_null(memory_write(fixture->space->memory_fd, address_of(fixture->text), &trap, 1));
	snprintf(message, sizeof(message), "at 0x%llx there is already a breakpoint (byte 0xcc) that is not ours",
		 (unsigned long long)address_of(fixture->text));
	assert_error(site_arm(&engine, fixture->space, address_of(fixture->text), &nop_site, &site),
		     USDTRAP_UNSUPPORTED, message,
		     "another tracer (gdb, perf, bpftrace, ...) traces this place: end it first");
	assert_null(site);
	assert_int_equal(fixture->text[0], 0xcc);
}

static void test_site_with_other_text_than_the_file_is_refused(void **state)
{
	struct fixture *fixture = *state;
	struct site *site = NULL;
	char message[128];

	snprintf(message, sizeof(message), "at 0x%llx the process has byte 0x48 where the file has 0x90",
		 (unsigned long long)address_of(fixture->text + 1));
	assert_error(site_arm(&engine, fixture->space, address_of(fixture->text + 1), &nop_site, &site),
		     USDTRAP_UNSUPPORTED, message,
		     "the file was changed after the process mapped it, or the process changes its own text: "
		     "restart the process");
	assert_null(site);
	assert_memory_equal(fixture->text, nop_text, sizeof(nop_text));
}

static void test_site_overwritten_by_another_is_lost_and_left_alone(void **state)
{
	static const uint8_t other = 0xf4;
	struct fixture *fixture = *state;
	struct site *site = arm(fixture, 0);

	assert_null(memory_write(fixture->space->memory_fd, site->addr, &other, 1));
	assert_null(site_restore(fixture->space, site));
	assert_int_equal(site->state, SITE_LOST);
	assert_int_equal(fixture->text[0], 0xf4);
}

static void test_site_unmapped_meanwhile_is_lost(void **state)
{
	struct fixture *fixture = *state;
	struct site *site = arm(fixture, 0);

	assert_int_equal(munmap(fixture->text, PAGE), 0);
	assert_null(site_restore(fixture->space, site));
	assert_int_equal(site->state, SITE_LOST);
	fixture->text = map(PROT_READ, MAP_PRIVATE);
}

static void test_site_copy_is_known_and_restored_only_with_our_trap(void **state)
{
	static const uint8_t nop = 0x90;
	struct fixture *fixture = *state;
	int copy_fd = fixture->space->memory_fd; /* a child's memory looks the same */
	struct site *site = arm(fixture, 4);

	assert_true(site_is_copied(copy_fd, &arch_x86_64, site));
	assert_null(site_restore_copy(copy_fd, &arch_x86_64, site));
	assert_int_equal(fixture->text[4], nop);
	assert_false(site_is_copied(copy_fd, &arch_x86_64, site));
	assert_null(site_restore_copy(copy_fd, &arch_x86_64, site));
	assert_int_equal(fixture->text[4], nop);
	assert_int_equal(site->state, SITE_ARMED);
}

static void test_site_mask_shows_what_traps_cover(void **state)
{
	struct fixture *fixture = *state;
	uint8_t seen[12];
	struct site *last;

	arm(fixture, 0);
	last = arm(fixture, 8);
	memcpy(seen, fixture->text, sizeof(seen));
	assert_int_equal(seen[0], 0xcc);
	assert_int_equal(seen[8], 0xcc);
	site_mask(fixture->space, address_of(fixture->text), seen, sizeof(seen));
	for (size_t i = 0; i < sizeof(seen); i++)
		assert_int_equal(seen[i], nop_text[i % sizeof(nop_text)]);

	/* One byte past a trap, up to a trap, and a trap that is no more are as they were read. */
	memset(seen, 0xcc, sizeof(seen));
	site_mask(fixture->space, address_of(fixture->text + 1), seen, 7);
	for (size_t i = 0; i < sizeof(seen); i++)
		assert_int_equal(seen[i], 0xcc);
	assert_null(site_restore(fixture->space, last));
	site_mask(fixture->space, address_of(fixture->text + 8), seen, 1);
	assert_int_equal(seen[0], 0xcc);
	site_mask(fixture->space, UINT64_MAX - 3, seen, 4); /* up to the last address there is */
	assert_int_equal(seen[3], 0xcc);
}

static void test_site_attachments_stand_in_the_order_the_probes_were_added(void **state)
{
	struct fixture *fixture = *state;
	struct usdtrap_probe probes[] = {{.order = 0}, {.order = 1}, {.order = 2}};
	struct site *site = arm(fixture, 0);

	assert_null(site_attach(site, &probes[2], NULL));
	assert_null(site_attach(site, &probes[0], NULL));
	assert_null(site_attach(site, &probes[1], NULL));
	assert_ptr_equal(site->attachments->probe, &probes[0]);
	assert_ptr_equal(site->attachments->next->probe, &probes[1]);
	assert_ptr_equal(site->attachments->next->next->probe, &probes[2]);
	assert_null(site->attachments->next->next->next);
}

static void test_space_of_a_process_that_ended_is_kept_for_its_copies(void **state)
{
	struct space *spaces = NULL, *former = NULL, *space;
	struct site *site;
	unsigned count;

	(void)state;
	for (pid_t pid = 1; pid <= 20; pid++) {
		space = space_create(&spaces, pid, pid);
		space->references = 2;
		if (pid % 2) { /* something was changed in it */
			site = calloc(1, sizeof(*site));
			site->addr = (uint64_t)pid;
			HASH_ADD(hh, space->sites, addr, sizeof(site->addr), site);
		}
		space_release(&spaces, &former, space);
		assert_ptr_equal(spaces, space);
		space_release(&spaces, &former, space);
		assert_null(spaces);
	}
	DL_COUNT2(former, space, count, next);
	assert_int_equal(count, 8);
	assert_int_equal(former->pid, 5);
	space_destroy_all(&former);
	assert_null(former);
}

static struct usdtrap_error *raise_at(struct fixture *fixture, uint64_t addr)
{
	struct procfs_maps maps;
	struct usdtrap_error *error;

	assert_null(procfs_maps_read(PROCFS_ROOT, getpid(), getpid(), &maps));
	error = semaphore_raise(fixture->space, &maps, NULL, addr);
	procfs_maps_deinit(&maps);
	return error;
}

static struct semaphore *semaphore_at(const struct fixture *fixture, uint64_t addr)
{
	struct semaphore *semaphore;

	HASH_FIND(hh, fixture->space->semaphores, &addr, sizeof(addr), semaphore);
	return semaphore;
}

static void test_semaphore_goes_up_by_one_however_often_it_is_asked_and_down_by_one(void **state)
{
	struct fixture *fixture = *state;
	const uint64_t addr = address_of(fixture->semaphore);

	fixture->semaphore[0] = 7; /* others count here too */
	fixture->semaphore[1] = 0xabcd;
	assert_null(raise_at(fixture, addr));
	assert_null(raise_at(fixture, addr));
	assert_int_equal(fixture->semaphore[0], 8);
	fixture->semaphore[0]++; /* one more comes, while ours is up */
	assert_null(semaphore_lower(fixture->space, semaphore_at(fixture, addr)));
	assert_null(semaphore_lower(fixture->space, semaphore_at(fixture, addr)));
	assert_int_equal(fixture->semaphore[0], 8);
	assert_int_equal(fixture->semaphore[1], 0xabcd);
}

static void test_semaphore_that_somebody_set_to_0_stays_0(void **state)
{
	struct fixture *fixture = *state;
	const uint64_t addr = address_of(fixture->semaphore);

	assert_null(raise_at(fixture, addr));
	fixture->semaphore[0] = 0;
	assert_null(semaphore_lower(fixture->space, semaphore_at(fixture, addr)));
	assert_int_equal(fixture->semaphore[0], 0);
}

static void test_semaphore_at_its_greatest_value_is_refused(void **state)
{
	struct fixture *fixture = *state;
	char message[96];

	fixture->semaphore[0] = 0xffff;
	snprintf(message, sizeof(message), "the semaphore at 0x%llx stands at its greatest value",
		 (unsigned long long)address_of(fixture->semaphore));
	assert_error(raise_at(fixture, address_of(fixture->semaphore)), USDTRAP_UNSUPPORTED, message, NULL);
	assert_int_equal(fixture->semaphore[0], 0xffff);
	assert_null(semaphore_at(fixture, address_of(fixture->semaphore)));
}

static void test_semaphore_outside_private_writable_memory_is_refused(void **state)
{
	struct fixture *fixture = *state;
	/* What lies behind the semaphore's page is not a part of the same mapping here, whatever it is. */
	struct procfs_mapping page = {
		.start = address_of(fixture->semaphore),
		.end = address_of(fixture->semaphore) + PAGE,
		.is_writable = true,
	};
	const struct procfs_maps only_page = {.items = &page, .count = 1};
	const struct {
		const char *name;
		uint64_t addr;
		const struct procfs_maps *maps; /* NULL: the real ones */
	} rows[] = {
		{"read-only", address_of(fixture->text), NULL},
		{"shared", address_of(fixture->shared), NULL},
		{"not mapped", 16, NULL},
		{"across the end of a mapping", page.end - 1, &only_page},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char message[128];

		print_message("%s\n", rows[i].name);
		snprintf(message, sizeof(message), "the semaphore at 0x%llx does not lie in private, writable memory",
			 (unsigned long long)rows[i].addr);
		assert_error(rows[i].maps ? semaphore_raise(fixture->space, rows[i].maps, NULL, rows[i].addr)
					  : raise_at(fixture, rows[i].addr),
			     USDTRAP_UNSUPPORTED, message, NULL);
	}
	assert_int_equal(fixture->shared[0], 0);
	assert_null(fixture->space->semaphores);
}

static void test_semaphore_in_a_copy_is_lowered_and_the_original_stays_raised(void **state)
{
	struct fixture *fixture = *state;
	const uint64_t addr = address_of(fixture->semaphore);

	assert_null(raise_at(fixture, addr));
	assert_null(semaphore_lower_copy(fixture->space->memory_fd, semaphore_at(fixture, addr)));
	assert_int_equal(fixture->semaphore[0], 0);
	assert_true(semaphore_at(fixture, addr)->is_raised);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_site_armed_and_restored_changes_one_byte),
		TEST(test_site_of_a_longer_nop_skips_the_rest_of_it),
		TEST(test_site_with_a_foreign_trap_is_refused),
		TEST(test_site_with_other_text_than_the_file_is_refused),
		TEST(test_site_overwritten_by_another_is_lost_and_left_alone),
		TEST(test_site_unmapped_meanwhile_is_lost),
		TEST(test_site_copy_is_known_and_restored_only_with_our_trap),
		TEST(test_site_mask_shows_what_traps_cover),
		TEST(test_site_attachments_stand_in_the_order_the_probes_were_added),
		cmocka_unit_test(test_space_of_a_process_that_ended_is_kept_for_its_copies),
		TEST(test_semaphore_goes_up_by_one_however_often_it_is_asked_and_down_by_one),
		TEST(test_semaphore_that_somebody_set_to_0_stays_0),
		TEST(test_semaphore_at_its_greatest_value_is_refused),
		TEST(test_semaphore_outside_private_writable_memory_is_refused),
		TEST(test_semaphore_in_a_copy_is_lowered_and_the_original_stays_raised),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
