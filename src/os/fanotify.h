/* SPDX-License-Identifier: MIT */
/*
 * fanotify(7): the kernel asks before a file is opened, and waits for the
 * answer. Thin functions; what they are used for, and what must never go wrong
 * there, stands in gate.h.
 */
#ifndef USDTRAP_OS_FANOTIFY_H
#define USDTRAP_OS_FANOTIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* What is to be asked about. */
enum fanotify_mark_kind {
	FANOTIFY_FILE,        /* each time one file is opened, in whatever mount. Linux 2.6.37 */
	FANOTIFY_FILE_SYSTEM, /* each time a file of a file system is opened to be executed. Linux 5.0 */
};

/* One question, or something else that was reported. */
struct fanotify_event {
	int fd;          /* the file, open in the process that read this; -1: none */
	pid_t pid;       /* who opens it, as the reader's namespace has it; 0: nobody whom that knows */
	bool is_open;    /* a marked file: FAN_OPEN_PERM */
	bool is_execute; /* on a marked file system: FAN_OPEN_EXEC_PERM */
};

enum { FANOTIFY_EVENT_SIZE = 24 }; /* of the kernel's struct fanotify_event_metadata: room for one */

/* A group that is asked, closed on exec and not blocking; or -1 and errno(3). */
int fanotify_open(void);
/* Marks what FD, opened to be read, leads to. No path is looked up. 0, or an errno(3). */
int fanotify_set_mark(int group, int fd, enum fanotify_mark_kind kind);
/*
 * Takes the next event out of what was read from a group: SIZE bytes at
 * BUFFER, from *OFFSET on, which moves. False: there is no more, or what there
 * is makes no sense.
 */
bool fanotify_take(const void *buffer, size_t size, size_t *offset, struct fanotify_event *ret);
/* Whether the rest from OFFSET on makes sense so far: after fanotify_take() said false, true means all was taken. */
bool fanotify_is_at_end(size_t size, size_t offset);
/* Lets the open of FD go on, and closes it. Async-signal-safe. */
void fanotify_allow(int group, int fd);

#endif
