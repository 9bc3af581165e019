/* SPDX-License-Identifier: MIT */
/*
 * A message is three things in each other: a netlink header, a connector
 * header, and the event. Each says how long it is, and none is believed.
 */
#include "os/connector.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/filter.h>
#include <linux/netlink.h>

#include "base/error.h"
#include "os/procfs.h"

/* Of struct proc_event, which grows with kernels: what, cpu and timestamp, and what is read behind. */
enum { EVENT_HEAD_SIZE = 16, EVENT_WORDS = 2, EVENT_SIZE = EVENT_HEAD_SIZE + EVENT_WORDS * sizeof(uint32_t) };

/* What an event is: enumerators in some headers, members in others. */
#define EVENT_READY UINT32_C(0x00000000) /* PROC_EVENT_NONE */
#define EVENT_EXEC  UINT32_C(0x00000002)
#define EVENT_EXIT  UINT32_C(0x80000000)

static bool read_event(const char *bytes, size_t size, struct connector_event *ret)
{
	uint32_t what, words[EVENT_WORDS];

	*ret = (struct connector_event){.kind = CONNECTOR_OTHER};
	if (size < EVENT_SIZE)
		return false;
	memcpy(&what, bytes, sizeof(what));
	memcpy(words, bytes + EVENT_HEAD_SIZE, sizeof(words));
	switch (what) {
	case EVENT_READY:
		ret->kind = CONNECTOR_READY;
		ret->error_number = (int)words[0];
		break;
	case EVENT_EXEC:
		ret->kind = CONNECTOR_EXEC;
		ret->tid = (pid_t)words[0];
		ret->pid = (pid_t)words[1];
		break;
	case EVENT_EXIT:
		ret->kind = CONNECTOR_EXIT;
		ret->tid = (pid_t)words[0];
		ret->pid = (pid_t)words[1];
		break;
	default:
		break;
	}
	return true;
}

bool connector_take(const void *buffer, size_t size, size_t *offset, struct connector_event *ret)
{
	const char *bytes = buffer;
	struct nlmsghdr head;
	struct cn_msg message;
	size_t rest, aligned;

	if (*offset > size || size - *offset < sizeof(head))
		return false;
	rest = size - *offset;
	memcpy(&head, bytes + *offset, sizeof(head));
	if (head.nlmsg_len < NLMSG_HDRLEN + sizeof(message) || head.nlmsg_len > rest)
		return false;
	memcpy(&message, bytes + *offset + NLMSG_HDRLEN, sizeof(message));
	if (message.len > head.nlmsg_len - NLMSG_HDRLEN - sizeof(message))
		return false;
	*ret = (struct connector_event){.kind = CONNECTOR_OTHER};
	if (message.id.idx == CN_IDX_PROC && message.id.val == CN_VAL_PROC &&
	    !read_event(bytes + *offset + NLMSG_HDRLEN + sizeof(message), message.len, ret))
		return false;
	aligned = NLMSG_ALIGN(head.nlmsg_len);
	*offset += aligned < rest ? aligned : rest;
	return true;
}

size_t connector_read(int socket, void *buffer, bool *ret_lost)
{
	struct sockaddr_nl sender;
	socklen_t sender_size = sizeof(sender);
	ssize_t got;

	*ret_lost = false;
	for (;;) {
		got = recvfrom(socket, buffer, CONNECTOR_BUFFER_SIZE, MSG_DONTWAIT, (struct sockaddr *)&sender,
			       &sender_size);
		if (got < 0 && errno == ENOBUFS)
			*ret_lost = true;
		else if (got < 0 && errno != EINTR)
			return 0;
		/* The kernel is port 0; others may write to the group, too. */
		else if (got >= 0 && sender_size == sizeof(sender) && sender.nl_pid == 0)
			return (size_t)got;
	}
}

/*
 * Has the kernel keep to itself what nobody here asks for: births, threads that
 * end, names and users that change. They are most of what it tells, and each
 * would wake whoever reads. Where it cannot be had all is told.
 *
 * The classic socket filter, for which nobody needs a privilege: it loads words
 * as the network has them, the high byte first.
 */
static void filter_events(int socket)
{
	enum {
		MESSAGE = NLMSG_HDRLEN,
		WHAT = MESSAGE + sizeof(struct cn_msg),
		TID = WHAT + EVENT_HEAD_SIZE,
		PID = TID + sizeof(uint32_t),
	};
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, WHAT),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htonl(EVENT_READY), 6, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htonl(EVENT_EXEC), 5, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htonl(EVENT_EXIT), 0, 5),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, TID),
		BPF_STMT(BPF_MISC | BPF_TAX, 0),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, PID),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_X, 0, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	const struct sock_fprog program = {.len = sizeof(code) / sizeof(code[0]), .filter = code};

	setsockopt(socket, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program));
}

/* Asks for the events. */
static bool subscribe(int socket)
{
	struct sockaddr_nl group = {.nl_family = AF_NETLINK, .nl_groups = CN_IDX_PROC};
	const int much = 8 << 20;
	uint32_t operation = PROC_CN_MCAST_LISTEN;
	struct cn_msg message = {.id = {CN_IDX_PROC, CN_VAL_PROC}, .len = sizeof(operation)};
	struct nlmsghdr head = {.nlmsg_type = NLMSG_DONE};
	const struct iovec request[] = {
		{&head, sizeof(head)}, {&message, sizeof(message)}, {&operation, sizeof(operation)}};

	head.nlmsg_len = sizeof(head) + sizeof(message) + sizeof(operation);
	setsockopt(socket, SOL_SOCKET, SO_RCVBUFFORCE, &much, sizeof(much));
	filter_events(socket);
	return bind(socket, (struct sockaddr *)&group, sizeof(group)) == 0 &&
	       writev(socket, request, 3) == (ssize_t)head.nlmsg_len;
}

/* Whether the kernel says that it will tell. Outside of the first namespaces it says nothing. */
static bool is_answered(int socket)
{
	enum { ANSWER_MS = 300 };
	struct pollfd source = {.fd = socket, .events = POLLIN};
	char buffer[CONNECTOR_BUFFER_SIZE];
	struct connector_event event;
	size_t size, offset;
	bool is_lost;

	while (poll(&source, 1, ANSWER_MS) > 0) {
		size = connector_read(socket, buffer, &is_lost);
		offset = 0;
		while (connector_take(buffer, size, &offset, &event)) {
			if (event.kind == CONNECTOR_READY)
				return event.error_number == 0;
			/* Somebody else has asked before, so the kernel tells anyway. */
			if (event.kind != CONNECTOR_OTHER)
				return true;
		}
	}
	return false;
}

/*
 * In another pid namespace the kernel does not answer; but what others have
 * asked for is heard there all the same, with ids that mean somebody else.
 */
static bool is_in_first_namespace(void)
{
	static const char first[] = "pid:[4026531836]"; /* PROC_PID_INIT_INO, <linux/proc_ns.h>: Linux 3.8 */
	struct usdtrap_error *error;
	char *link;
	bool is_first;

	error = procfs_link(PROCFS_ROOT, getpid(), "ns/pid", &link);
	if (error) { /* an old kernel, which answers or not */
		usdtrap_error_destroy(error);
		return true;
	}
	is_first = strcmp(link, first) == 0;
	free(link);
	return is_first;
}

static struct usdtrap_error *refuse_silence(void)
{
	return error_create(USDTRAP_UNSUPPORTED,
			    "the kernel's process events connector is silent: it speaks in the first pid namespace "
			    "only, not in a container");
}

struct usdtrap_error *connector_open(int *ret)
{
	int number, fd;

	if (!is_in_first_namespace())
		return refuse_silence();
	fd = socket(PF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_CONNECTOR);
	if (fd < 0)
		return error_create(USDTRAP_UNSUPPORTED, "the kernel has no process events connector");
	if (!subscribe(fd)) {
		number = errno;
		close(fd);
		if (number == EPERM || number == EACCES)
			return error_create(USDTRAP_PERMISSION,
					    "the kernel's process events connector needs CAP_NET_ADMIN");
		return error_os(number, "the kernel's process events connector");
	}
	if (!is_answered(fd)) {
		close(fd);
		return refuse_silence();
	}
	*ret = fd;
	return NULL;
}
