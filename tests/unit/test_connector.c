/* SPDX-License-Identifier: MIT */
/* What the process events connector sends, right and wrong. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <linux/connector.h>
#include <linux/netlink.h>

#include "os/connector.h"

enum { EVENT = 40, WHOLE = NLMSG_HDRLEN + sizeof(struct cn_msg) + EVENT };

/* Composes a message with these numbers; returns where the next may begin. */
static size_t put(char *buffer, size_t at, uint32_t what, const uint32_t words[4])
{
	struct nlmsghdr head = {.nlmsg_len = WHOLE};
	struct cn_msg message = {.id = {CN_IDX_PROC, CN_VAL_PROC}, .len = EVENT};
	char *event = buffer + at + NLMSG_HDRLEN + sizeof(message);

	memcpy(buffer + at, &head, sizeof(head));
	memcpy(buffer + at + NLMSG_HDRLEN, &message, sizeof(message));
	memset(event, 0, EVENT);
	memcpy(event, &what, sizeof(what));
	memcpy(event + 16, words, 4 * sizeof(words[0]));
	return at + WHOLE;
}

static void takes_each_event(void **state)
{
	char buffer[5 * WHOLE];
	struct connector_event event;
	size_t offset = 0, size;

	(void)state;
	size = put(buffer, 0, 0, (uint32_t[]){1, 0, 0, 0});
	size = put(buffer, size, 1, (uint32_t[]){11, 10, 21, 20}); /* a birth, likewise */
	size = put(buffer, size, 2, (uint32_t[]){10, 10, 0, 0});
	size = put(buffer, size, 0x80000000, (uint32_t[]){12, 10, 0, 17});
	size = put(buffer, size, 0x200, (uint32_t[]){1, 2, 3, 4}); /* comm: of no interest */
	assert_true(connector_take(buffer, size, &offset, &event));
	assert_int_equal(event.kind, CONNECTOR_READY);
	assert_int_equal(event.error_number, 1);
	assert_true(connector_take(buffer, size, &offset, &event));
	assert_int_equal(event.kind, CONNECTOR_OTHER);
	assert_true(connector_take(buffer, size, &offset, &event));
	assert_int_equal(event.kind, CONNECTOR_EXEC);
	assert_int_equal(event.pid, 10);
	assert_true(connector_take(buffer, size, &offset, &event));
	assert_int_equal(event.kind, CONNECTOR_EXIT);
	assert_int_equal(event.tid, 12);
	assert_true(connector_take(buffer, size, &offset, &event));
	assert_int_equal(event.kind, CONNECTOR_OTHER);
	assert_false(connector_take(buffer, size, &offset, &event));
	assert_int_equal(offset, size);
}

static void takes_no_lies(void **state)
{
	const struct {
		uint32_t netlink_length;
		uint16_t length;
		size_t size;
	} rows[] = {
		{WHOLE, EVENT, WHOLE - 1},
		{WHOLE, EVENT, 0},
		{WHOLE, EVENT, 3},
		{WHOLE + 1, EVENT, WHOLE},
		{0, EVENT, WHOLE},
		{NLMSG_HDRLEN, 0, WHOLE},
		{UINT32_MAX, EVENT, WHOLE},
		{WHOLE, EVENT + 1, WHOLE},
		{WHOLE, UINT16_MAX, WHOLE},
		{WHOLE, 23, WHOLE}, /* too short for what is read of it */
		{WHOLE - EVENT, EVENT, WHOLE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct connector_event event;
		char buffer[WHOLE];
		size_t offset = 0;

		put(buffer, 0, 2, (uint32_t[]){10, 10, 0, 0});
		memcpy(buffer + offsetof(struct nlmsghdr, nlmsg_len), &rows[i].netlink_length, sizeof(uint32_t));
		memcpy(buffer + NLMSG_HDRLEN + offsetof(struct cn_msg, len), &rows[i].length, sizeof(uint16_t));
		assert_false(connector_take(buffer, rows[i].size, &offset, &event));
		assert_int_equal(offset, 0);
	}
}

/* Other connectors speak on the same family of sockets. */
static void knows_its_own(void **state)
{
	const uint32_t other = CN_IDX_PROC + 1;
	struct connector_event event;
	char buffer[WHOLE];
	size_t offset = 0;

	(void)state;
	put(buffer, 0, 2, (uint32_t[]){10, 10, 0, 0});
	memcpy(buffer + NLMSG_HDRLEN, &other, sizeof(other));
	assert_true(connector_take(buffer, sizeof(buffer), &offset, &event));
	assert_int_equal(event.kind, CONNECTOR_OTHER);
}

static void *end_at_once(void *user)
{
	return user;
}

/* A process with a second thread, which then runs another program. */
static pid_t start_and_await(void)
{
	const pid_t child = fork();
	pthread_t thread;

	if (child == 0) {
		if (pthread_create(&thread, NULL, end_at_once, NULL) == 0)
			pthread_join(thread, NULL);
		execl("/bin/true", "true", NULL);
		_exit(1);
	}
	assert_true(child > 0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	return child;
}

/* Of a process its exec and its end, once each, and nothing of its birth and of its threads. */
static void hears_what_matters(void **state)
{
	struct usdtrap_error *error;
	struct connector_event event;
	char buffer[CONNECTOR_BUFFER_SIZE];
	unsigned execs = 0, exits = 0;
	size_t size, offset;
	bool is_lost;
	pid_t child;
	int fd;

	(void)state;
	error = connector_open(&fd);
	if (error) { /* not root, or in a container */
		usdtrap_error_destroy(error);
		skip();
	}
	child = start_and_await();
	while ((size = connector_read(fd, buffer, &is_lost)) > 0) {
		offset = 0;
		while (connector_take(buffer, size, &offset, &event)) {
			assert_true(event.kind != CONNECTOR_OTHER);
			assert_true(event.kind != CONNECTOR_EXIT || event.tid == event.pid);
			execs += event.kind == CONNECTOR_EXEC && event.pid == child;
			exits += event.kind == CONNECTOR_EXIT && event.pid == child;
		}
	}
	assert_int_equal(execs, 1);
	assert_int_equal(exits, 1);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_each_event),
		cmocka_unit_test(takes_no_lies),
		cmocka_unit_test(knows_its_own),
		cmocka_unit_test(hears_what_matters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
