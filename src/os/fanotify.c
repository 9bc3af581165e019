/* SPDX-License-Identifier: MIT */
#include "os/fanotify.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/fanotify.h>
#include <unistd.h>

/* Since Linux 5.0; older headers lack it. */
#ifndef FAN_OPEN_EXEC_PERM
#define FAN_OPEN_EXEC_PERM 0x00040000
#endif
/* Since Linux 4.20. */
#ifndef FAN_MARK_FILESYSTEM
#define FAN_MARK_FILESYSTEM 0x00000100
#endif

_Static_assert(sizeof(struct fanotify_event_metadata) == FANOTIFY_EVENT_SIZE, "fanotify(7)");

int fanotify_open(void)
{
	/* O_LARGEFILE, which 64-bit C libraries define as 0: the kernel would refuse the open of large files. */
	const unsigned large_file = 0100000;

	/* Unlimited: where a queue is full the kernel lets an open go on without asking. */
	return fanotify_init(FAN_CLASS_CONTENT | FAN_CLOEXEC | FAN_NONBLOCK | FAN_UNLIMITED_QUEUE | FAN_UNLIMITED_MARKS,
			     O_RDONLY | O_CLOEXEC | large_file);
}

int fanotify_set_mark(int group, int fd, enum fanotify_mark_kind kind)
{
	const unsigned flags = FAN_MARK_ADD | (kind == FANOTIFY_FILE_SYSTEM ? FAN_MARK_FILESYSTEM : 0);
	const uint64_t mask = kind == FANOTIFY_FILE_SYSTEM ? FAN_OPEN_EXEC_PERM : FAN_OPEN_PERM;

	return fanotify_mark(group, flags, mask, fd, NULL) < 0 ? errno : 0;
}

bool fanotify_take(const void *buffer, size_t size, size_t *offset, struct fanotify_event *ret)
{
	struct fanotify_event_metadata event;

	if (*offset > size || size - *offset < sizeof(event))
		return false;
	memcpy(&event, (const char *)buffer + *offset, sizeof(event));
	if (event.vers != FANOTIFY_METADATA_VERSION || event.metadata_len < sizeof(event) ||
	    event.event_len < event.metadata_len || event.event_len > size - *offset)
		return false;
	*offset += event.event_len;
	*ret = (struct fanotify_event){
		.fd = event.fd < 0 ? -1 : event.fd,
		.pid = event.pid < 0 ? 0 : event.pid,
		.is_open = event.mask & FAN_OPEN_PERM,
		.is_execute = event.mask & FAN_OPEN_EXEC_PERM,
	};
	return true;
}

bool fanotify_is_at_end(size_t size, size_t offset)
{
	return offset == size;
}

void fanotify_allow(int group, int fd)
{
	const struct fanotify_response response = {.fd = fd, .response = FAN_ALLOW};

	while (write(group, &response, sizeof(response)) < 0 && errno == EINTR)
		;
	close(fd);
}
