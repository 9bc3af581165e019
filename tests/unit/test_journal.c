/* SPDX-License-Identifier: MIT */
/* Journals: what is written is what is read, whenever the writer was killed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "os/memory.h"
#include "trace/journal.h"
#include "trace/site.h"
#include "trace/space.h"

struct fixture {
	struct space *spaces;
	struct space *space;
};

static uint16_t counter; /* a semaphore of this process */

static int setup(void **state)
{
	static struct fixture fixture;

	memset(&fixture, 0, sizeof(fixture));
	fixture.space = space_create(&fixture.spaces, getpid(), getpid());
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

	space_release(&fixture->spaces, NULL, fixture->space);
	return 0;
}

/* Loads LINE, in which %lx stands for the counter's address. */
static void load(struct space *space, const char *line)
{
	char text[256];

	snprintf(text, sizeof(text), line, (unsigned long)(uintptr_t)&counter, (unsigned long)(uintptr_t)&counter,
		 (unsigned long)(uintptr_t)&counter);
	assert_null(journal_load(text, space));
}

static void test_semaphore_moments(void **state)
{
	/* What is written, what the counter is when its writer has been killed, and whether it is to be lowered. */
	static const struct {
		const char *text;
		uint16_t now;
		bool is_raised;
	} rows[] = {
		{"raise %lx 0\n", 0, false},
		{"raise %lx 0\n", 1, true},
		{"raise %lx 4\n", 4, false},
		{"raise %lx 4\n", 5, true},
		{"raise %lx 4", 5, false}, /* the line was not written to its end, so nothing followed it */
		{"raise %lx 0\nraised %lx\n", 1, true},
		{"raise %lx 1\nraised %lx\n", 1, true}, /* somebody else has lowered it by one meanwhile */
		{"raise %lx 0\nraised %lx\nlower %lx 1\n", 1, true},
		{"raise %lx 0\nraised %lx\nlower %lx 1\n", 0, false},
		{"raise %lx 0\nraised %lx\nforget semaphore %lx\n", 1, false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fixture *fixture = *state;
		struct semaphore *semaphore;

		counter = rows[i].now;
		load(fixture->space, rows[i].text);
		semaphore = fixture->space->semaphores;
		if ((semaphore && semaphore->is_raised) != rows[i].is_raised)
			fail_msg("row %zu: is %d", i, !rows[i].is_raised);
		if (semaphore)
			space_forget_semaphore(fixture->space, semaphore);
	}
}

static void test_sites(void **state)
{
	struct fixture *fixture = *state;
	const struct site *site;

	assert_null(journal_load("usdtrap 1\nsite 7f00 90 0\nsite 7f10 66 1\nsite 7f20 c3 displaced\nsite 7f30 0f 4\n"
				 "forget site 7f30\nsite nonsense\nsite 7f40 901 0\nsite 7f50 90 0",
				 fixture->space));
	assert_int_equal(HASH_COUNT(fixture->space->sites), 3);
	site = space_site(fixture->space, 0x7f00);
	assert_non_null(site);
	assert_int_equal(site->original[0], 0x90);
	assert_int_equal(site->state, SITE_ARMED);
	assert_false(site->is_displacing);
	site = space_site(fixture->space, 0x7f10);
	assert_non_null(site);
	assert_int_equal(site->original[0], 0x66);
	assert_int_equal(site->skip, 1);
	site = space_site(fixture->space, 0x7f20);
	assert_non_null(site);
	assert_true(site->is_displacing);
}

struct found {
	unsigned live, stale, others;
	char *text;
};

static void on_journal(struct journal_visit *visit, void *user)
{
	struct found *found = user;

	if (visit->head.pid != getpid())
		found->others++;
	else if (visit->state == JOURNAL_LIVE)
		found->live++;
	else if (visit->state == JOURNAL_STALE)
		found->stale++;
	if (visit->head.pid == getpid())
		found->text = strdup(visit->text);
}

static void test_written_and_found(void **state)
{
	struct fixture *fixture = *state;
	struct site site = {.addr = 0x1234, .original = {0x90}, .state = SITE_ARMED};
	struct found found = {0};
	struct journal *journal;
	struct journal_head head;

	assert_null(journal_create(fixture->space, &journal));
	assert_null(journal_site(journal, fixture->space, &site));
	assert_null(journal_raise(journal, 0x5678, 3));
	journal_each(getpid(), on_journal, &found);
	assert_int_equal(found.live, 1);
	assert_int_equal(found.stale, 0);
	assert_int_equal(found.others, 0);
	assert_true(journal_parse_head(found.text, &head));
	assert_int_equal(head.pid, getpid());
	assert_int_equal(head.tracer, getpid());
	assert_non_null(strstr(found.text, "\nsite 1234 90 0\nraise 5678 3\n"));
	free(found.text);

	journal_leave(journal);
	memset(&found, 0, sizeof(found));
	journal_each(getpid(), on_journal, &found);
	assert_int_equal(found.stale, 1);
	free(found.text);

	assert_null(journal_create(fixture->space, &journal));
	journal_remove(journal);
	memset(&found, 0, sizeof(found));
	journal_each(getpid(), on_journal, &found);
	assert_int_equal(found.live + found.stale, 0);
}

static void test_other_heads(void **state)
{
	static const char *const texts[] = {
		"",
		"usdtrap 2\n",
		"usdtrap 1\nboot 1234\nnamespace 1\nprocess 1 2 3\ntracer 4\n", /* of another boot */
		"usdtrap 1\nboot 1234\nnamespace 1\nprocess 1 2 3\ntracer 4",
	};
	struct journal_head head;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_false(journal_parse_head(texts[i], &head));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_semaphore_moments, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sites, setup, teardown),
		cmocka_unit_test_setup_teardown(test_written_and_found, setup, teardown),
		cmocka_unit_test(test_other_heads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
