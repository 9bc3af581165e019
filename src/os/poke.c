/* SPDX-License-Identifier: MIT */
#include "os/poke.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "os/memory.h"
#include "os/procfs.h"
#include "os/ptrace.h"

enum { WORD_SIZE = sizeof(uint64_t) };

/* The thread through which FD was opened. False: it has ended, or /proc is gone. */
static bool thread_of(int fd, pid_t *ret)
{
	char link[32], path[64];
	ssize_t length;
	int tid, end = 0;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = readlink(link, path, sizeof(path) - 1);
	if (length <= 0)
		return false;
	path[length] = '\0';
	/* A second mount of /proc may lie anywhere. */
	for (const char *rest = path; *rest; rest++)
		if (*rest == '/' && sscanf(rest, "/%d/mem%n", &tid, &end) == 1 && end > 0 && rest[end] == '\0') {
			*ret = tid;
			return true;
		}
	return false;
}

/* A thread of TID's process that stands at a stop of ours, TID itself if it does; or 0. */
static pid_t standing_thread(pid_t tid)
{
	_cleanup_free_ pid_t *threads = NULL;
	struct usdtrap_error *error;
	size_t count = 0;

	if (ptrace_is_standing(tid))
		return tid;
	error = procfs_threads(PROCFS_ROOT, tid, &threads, &count);
	usdtrap_error_destroy(error);
	for (size_t i = 0; i < count; i++)
		if (ptrace_is_standing(threads[i]))
			return threads[i];
	return 0;
}

/* Bytes [ADDRESS, ADDRESS + SIZE), word by word. */
static struct usdtrap_error *poke_words(pid_t tid, uint64_t address, const uint8_t *bytes, size_t size)
{
	const uint64_t end = address + size;
	struct usdtrap_error *error = NULL;
	uint64_t word;

	/* An aligned word lies in one page. */
	for (uint64_t at = address - address % WORD_SIZE; at < end && !error; at += WORD_SIZE) {
		const uint64_t first = at < address ? address : at;
		const uint64_t last = at + WORD_SIZE < end ? at + WORD_SIZE : end;

		error = ptrace_peek_text(tid, at, &word);
		if (error)
			break;
		memcpy((uint8_t *)&word + (first - at), bytes + (first - address), (size_t)(last - first));
		error = ptrace_poke_text(tid, at, word);
	}
	return error;
}

/* As far as the process itself may write there. */
static bool write_permitted(pid_t tid, uint64_t address, const void *bytes, size_t size)
{
	const struct iovec local = {(void *)(uintptr_t)bytes, size}, remote = {(void *)(uintptr_t)address, size};

	return process_vm_writev(tid, &local, 1, &remote, 1, 0) == (ssize_t)size;
}

struct usdtrap_error *poke_write(int fd, uint64_t address, const void *bytes, size_t size)
{
	uint8_t byte;
	pid_t tid, standing;
	/* That nothing is mapped there is the more important thing to say. */
	struct usdtrap_error *error = memory_read(fd, address, &byte, sizeof(byte));

	if (error)
		return error;
	if (!thread_of(fd, &tid))
		return &error_gone;
	if (write_permitted(tid, address, bytes, size))
		return NULL;
	standing = standing_thread(tid);
	if (!standing)
		return error_create(USDTRAP_UNSUPPORTED,
				    "/proc/%d/mem may not be written to, and no thread of the process stands, as "
				    "PTRACE_POKETEXT needs it",
				    (int)tid);
	return poke_words(standing, address, bytes, size);
}
