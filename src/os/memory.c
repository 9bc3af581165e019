/* SPDX-License-Identifier: MIT */
#include "os/memory.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/kcmp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "os/poke.h"
#include "os/procfs.h"

struct usdtrap_error *memory_open(pid_t tid, int *ret_fd)
{
	char path[32];
	int fd;

	/* The thread's own, not its leader's: a leader that ended before the others has no memory any more. */
	snprintf(path, sizeof(path), "/proc/%d/mem", (int)tid);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0 && (errno == EROFS || errno == EACCES || errno == EPERM)) /* written to it is by os/poke.h, then */
		fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		*ret_fd = fd;
		return NULL;
	}
	if (errno == ENOENT || errno == ESRCH)
		return &error_gone;
	return error_os(errno, "cannot open the memory of thread %d", (int)tid);
}

/*
 * What a transfer that moved nothing says: 0 that the address space is gone,
 * EIO that nothing (allowed) is mapped there. EINVAL and EOVERFLOW are the
 * kernel's answers to addresses in its own half, which pread(2) takes for
 * negative offsets.
 */
static struct usdtrap_error *transfer_error(ssize_t result, const char *what, uint64_t address)
{
	if (result == 0)
		return &error_gone;
	switch (errno) {
	case ESRCH:
		return &error_gone;
	case EIO:
	case EFAULT:
	case EINVAL:
	case EOVERFLOW:
		return &error_fault;
	default:
		return error_os(errno, "cannot %s memory at 0x%llx", what, (unsigned long long)address);
	}
}

struct usdtrap_error *memory_read_some(int fd, uint64_t address, void *buffer, size_t size, size_t *ret_size)
{
	ssize_t result;

	assert(size > 0);
	result = pread(fd, buffer, size, (off_t)address);
	if (result <= 0)
		return transfer_error(result, "read", address);
	*ret_size = (size_t)result;
	return NULL;
}

struct usdtrap_error *memory_read(int fd, uint64_t address, void *buffer, size_t size)
{
	struct usdtrap_error *error;
	size_t done = 0;
	size_t got = 0;

	/* A short read means that the next one tells why. */
	while (done < size) {
		error = memory_read_some(fd, address + done, (char *)buffer + done, size - done, &got);
		if (error)
			return error;
		done += got;
	}
	return NULL;
}

/* How much of SIZE bytes at ADDRESS lies in the first page. */
static size_t size_in_page(uint64_t address, size_t size)
{
	const uint64_t page_size = (uint64_t)sysconf(_SC_PAGESIZE);
	const uint64_t rest = page_size - address % page_size;

	return size < rest ? size : (size_t)rest;
}

/* Whether a write failed since this is not the way to write: then there is another. */
static bool is_refused(int error_number)
{
	switch (error_number) {
	case EIO:    /* nothing is mapped there, or it is read-only and the kernel does not let us override that */
	case EBADF:  /* it could only be opened for reading */
	case EINVAL: /* before Linux 2.6.39 */
	case EACCES:
	case EPERM:
		return true;
	default:
		return false;
	}
}

/* Page by page, each whole or not at all. *RET_DONE is set on failure, too. */
static struct usdtrap_error *write_all(int fd, uint64_t address, const void *bytes, size_t size, size_t *ret_done)
{
	struct usdtrap_error *error;
	const char *rest;
	ssize_t result;
	size_t length;

	for (*ret_done = 0; *ret_done < size; *ret_done += length) {
		rest = (const char *)bytes + *ret_done;
		length = size_in_page(address + *ret_done, size - *ret_done);
		result = pwrite(fd, rest, length, (off_t)(address + *ret_done));
		if (result == (ssize_t)length)
			continue;
		if (result == 0 || (result < 0 && !is_refused(errno)))
			return transfer_error(result, "write", address + *ret_done);
		error = poke_write(fd, address + *ret_done, rest, length);
		if (error)
			return error;
	}
	return NULL;
}

bool memory_is_forced(void)
{
	static const char constant = 'c';
	_cleanup_close_ int fd = open("/proc/self/mem", O_RDWR | O_CLOEXEC);

	return fd >= 0 && pwrite(fd, &constant, 1, (off_t)(uintptr_t)&constant) == 1;
}

bool memory_is_writable_at(int fd, uint64_t address)
{
	char byte;

	return pread(fd, &byte, 1, (off_t)address) == 1 && pwrite(fd, &byte, 1, (off_t)address) == 1;
}

struct usdtrap_error *memory_write(int fd, uint64_t address, const void *bytes, size_t size)
{
	_cleanup_free_ char *former = NULL;
	struct usdtrap_error *error;
	size_t done;

	if (size_in_page(address, size) == size)
		return write_all(fd, address, bytes, size, &done);

	former = malloc(size);
	if (!former)
		return &error_no_memory;
	error = memory_read(fd, address, former, size);
	if (error)
		return error;
	error = write_all(fd, address, bytes, size, &done);
	/* What could be written a moment ago can be written again, or the process is gone. */
	if (error && done > 0)
		usdtrap_error_destroy(write_all(fd, address, former, done, &done));
	return error;
}

/* Whether all of [ADDRESS, ADDRESS + SIZE) is mapped and may be written to by thread TID. */
static bool is_writable(pid_t tid, uint64_t address, size_t size)
{
	struct procfs_maps maps = {0};
	struct usdtrap_error *error = procfs_maps_read(PROCFS_ROOT, tid, tid, &maps);
	const uint64_t end = address + size;

	usdtrap_error_destroy(error);
	for (size_t i = 0; i < maps.count && address < end; i++) /* they are in order */
		if (maps.items[i].is_writable && maps.items[i].start <= address && maps.items[i].end > address)
			address = maps.items[i].end;
	procfs_maps_deinit(&maps);
	return address >= end;
}

/* What process_vm_writev(2) does, where it is not to be had. */
static struct usdtrap_error *write_as_mapped(pid_t tid, uint64_t address, const void *bytes, size_t size)
{
	_cleanup_close_ int fd = -1;
	struct usdtrap_error *error;

	if (!is_writable(tid, address, size))
		return &error_fault;
	error = memory_open(tid, &fd);
	return error ? error : memory_write(fd, address, bytes, size);
}

struct usdtrap_error *memory_write_permitted(pid_t tid, uint64_t address, const void *bytes, size_t size)
{
	struct iovec local = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = size};
	struct iovec remote = {.iov_base = (void *)(uintptr_t)address, .iov_len = size};
	ssize_t result = process_vm_writev(tid, &local, 1, &remote, 1, 0);
	struct usdtrap_error *error;

	if (result == (ssize_t)size)
		return NULL;
	if (result < 0 && errno == ESRCH)
		return error_create(USDTRAP_GONE, "process %d has ended", tid);
	/* Not in every kernel (3.2), and the filters of containers forbid it to whoever lacks CAP_SYS_PTRACE. */
	if (result < 0 && (errno == ENOSYS || errno == EPERM)) {
		error = write_as_mapped(tid, address, bytes, size);
		if (!error || usdtrap_error_code(error) != USDTRAP_FAULT)
			return error;
		usdtrap_error_destroy(error);
	}
	return error_create(USDTRAP_FAULT, "cannot write %zu bytes at 0x%" PRIx64, size, address);
}

bool memory_lock(int fd)
{
	const struct timespec interval = {.tv_nsec = 1000000};

	for (unsigned tries = 0; tries < 1000; tries++) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return true;
		nanosleep(&interval, NULL);
	}
	return false;
}

void memory_unlock(int fd)
{
	flock(fd, LOCK_UN);
}

bool memory_compare(pid_t first, pid_t second, bool *ret_is_same)
{
	const long result = syscall(SYS_kcmp, first, second, KCMP_VM, 0, 0);

	*ret_is_same = result == 0;
	return result >= 0 || errno == ESRCH;
}
