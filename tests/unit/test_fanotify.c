/* SPDX-License-Identifier: MIT */
/* Events as fanotify(7) lays them out, right ones and lies. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/fanotify.h>

#include <cmocka.h>

#include "os/fanotify.h"

static void put(char *buffer, size_t at, struct fanotify_event_metadata event)
{
	memcpy(buffer + at, &event, sizeof(event));
}

static struct fanotify_event_metadata metadata(uint64_t mask, int fd, int pid)
{
	return (struct fanotify_event_metadata){
		.event_len = sizeof(struct fanotify_event_metadata),
		.vers = FANOTIFY_METADATA_VERSION,
		.metadata_len = sizeof(struct fanotify_event_metadata),
		.mask = mask,
		.fd = fd,
		.pid = pid,
	};
}

static void takes_each_event(void **state)
{
	struct fanotify_event_metadata longer = metadata(FAN_OPEN_EXEC_PERM, 8, 43);
	struct fanotify_event event;
	char buffer[128] = {0};
	size_t offset = 0;

	(void)state;
	longer.event_len = 40; /* with a record behind it that nobody asked for */
	put(buffer, 0, metadata(FAN_OPEN_PERM, 7, 42));
	put(buffer, 24, longer);
	put(buffer, 64, metadata(FAN_Q_OVERFLOW, FAN_NOFD, 0));
	assert_true(fanotify_take(buffer, 88, &offset, &event));
	assert_int_equal(event.fd, 7);
	assert_int_equal(event.pid, 42);
	assert_true(event.is_open);
	assert_false(event.is_execute);
	assert_true(fanotify_take(buffer, 88, &offset, &event));
	assert_int_equal(offset, 64);
	assert_int_equal(event.fd, 8);
	assert_false(event.is_open);
	assert_true(event.is_execute);
	assert_true(fanotify_take(buffer, 88, &offset, &event));
	assert_int_equal(event.fd, -1);
	assert_false(event.is_open || event.is_execute);
	assert_false(fanotify_take(buffer, 88, &offset, &event));
	assert_true(fanotify_is_at_end(88, offset));
}

static void takes_no_lies(void **state)
{
	const struct {
		uint32_t length;
		uint8_t version;
		uint16_t head;
		size_t size;
	} rows[] = {
		{24, FANOTIFY_METADATA_VERSION, 24, 23}, /* cut */
		{24, FANOTIFY_METADATA_VERSION, 24, 0},
		{25, FANOTIFY_METADATA_VERSION, 24, 24}, /* longer than what was read */
		{UINT32_MAX, FANOTIFY_METADATA_VERSION, 24, 24},
		{24, FANOTIFY_METADATA_VERSION, 25, 24}, /* a head longer than the event */
		{24, FANOTIFY_METADATA_VERSION, 0, 24},
		{0, FANOTIFY_METADATA_VERSION, 24, 24}, /* would never end */
		{23, FANOTIFY_METADATA_VERSION, 23, 24},
		{24, FANOTIFY_METADATA_VERSION + 1, 24, 24},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fanotify_event_metadata event = metadata(FAN_OPEN_PERM, 7, 42);
		struct fanotify_event taken;
		char buffer[sizeof(event)];
		size_t offset = 0;

		event.event_len = rows[i].length;
		event.vers = rows[i].version;
		event.metadata_len = rows[i].head;
		put(buffer, 0, event);
		assert_false(fanotify_take(buffer, rows[i].size, &offset, &taken));
		assert_int_equal(offset, 0);
		assert_int_equal(fanotify_is_at_end(rows[i].size, offset), rows[i].size == 0);
	}
}

/* Ids that are none are not taken for others. */
static void knows_no_negative_ids(void **state)
{
	struct fanotify_event event;
	char buffer[sizeof(struct fanotify_event_metadata)];
	size_t offset = 0;

	(void)state;
	put(buffer, 0, metadata(FAN_OPEN_PERM, -5, -6));
	assert_true(fanotify_take(buffer, sizeof(buffer), &offset, &event));
	assert_int_equal(event.fd, -1);
	assert_int_equal(event.pid, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_each_event),
		cmocka_unit_test(takes_no_lies),
		cmocka_unit_test(knows_no_negative_ids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
