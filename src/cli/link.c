/* SPDX-License-Identifier: MIT */
#include "cli/link.h"

#include <errno.h>
#include <stddef.h>
#include <sys/socket.h>

#include "base/error.h"

struct usdtrap_error *link_create(int ret[2])
{
	/* Messages stay apart from each other, and its end is told: unix(7), SOCK_SEQPACKET. */
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ret) < 0)
		return error_os(errno, "socketpair");
	return NULL;
}

void link_send(int link, enum link_word word, int value)
{
	const struct link_message message = {word, value};

	while (send(link, &message, sizeof(message), MSG_NOSIGNAL) < 0 && errno == EINTR)
		;
}

bool link_receive(int link, struct link_message *ret)
{
	ssize_t length;

	do
		length = recv(link, ret, sizeof(*ret), 0);
	while (length < 0 && errno == EINTR);
	return length == sizeof(*ret);
}
