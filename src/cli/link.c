/* SPDX-License-Identifier: MIT */
#include "cli/link.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <unistd.h>

#include "base/error.h"

/* A message that is no longer than this is written, and so read, as a whole: pipe(7). */
_Static_assert(sizeof(struct link_message) <= PIPE_BUF, "a message may come in pieces");

struct usdtrap_error *link_create(struct link ret[2])
{
	int there[2], back[2];

	if (pipe2(there, O_CLOEXEC) < 0)
		return error_os(errno, "cannot make a pipe to the tracing process");
	if (pipe2(back, O_CLOEXEC) < 0) {
		struct usdtrap_error *error = error_os(errno, "cannot make a pipe from the tracing process");

		close(there[0]);
		close(there[1]);
		return error;
	}
	ret[0] = (struct link){.in = back[0], .out = there[1]};
	ret[1] = (struct link){.in = there[0], .out = back[1]};
	return NULL;
}

void link_close(struct link link)
{
	close(link.in);
	close(link.out);
}

void link_send(struct link link, enum link_word word, int value)
{
	const struct link_message message = {word, value};

	while (write(link.out, &message, sizeof(message)) < 0 && errno == EINTR)
		;
}

bool link_receive(struct link link, struct link_message *ret)
{
	ssize_t length;

	do
		length = read(link.in, ret, sizeof(*ret));
	while (length < 0 && errno == EINTR);
	return length == sizeof(*ret);
}
