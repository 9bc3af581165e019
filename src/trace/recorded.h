/* SPDX-License-Identifier: MIT */
/*
 * A moment of a thread, kept: who it was, and pieces of its memory. A hit that
 * is delivered from it needs no thread that stands still meanwhile.
 */
#ifndef USDTRAP_TRACE_RECORDED_H
#define USDTRAP_TRACE_RECORDED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <usdtrap/error.h>

enum {
	RECORDED_COMM_SIZE = 16,       /* TASK_COMM_LEN, proc(5) */
	RECORDED_BYTES_MAX = 1 << 20,  /* of one thread's memory */
	RECORDED_STRING_MAX = 1 << 17, /* MAX_ARG_STRLEN of the kernel */
};

/* SIZE bytes that were at ADDRESS. */
struct recorded_piece {
	uint64_t address;
	size_t size;
	size_t at; /* in recorded.bytes */
};

struct recorded {
	pid_t pid, tid;
	uid_t uid;
	gid_t gid;
	int cpu;
	uint64_t time_ns; /* CLOCK_BOOTTIME */
	char comm[RECORDED_COMM_SIZE];
	struct recorded_piece *pieces;
	size_t piece_count, piece_capacity;
	size_t last_found; /* the piece that was asked for last */
	char *bytes;
	size_t byte_count, byte_capacity;
};

void recorded_deinit(struct recorded *recorded);

/* Who thread TID of process PID is now. False: it has ended. */
bool recorded_identify(struct recorded *recorded, pid_t pid, pid_t tid);
/* Adds SIZE bytes, as if they had been at ADDRESS. False: there is no room left. */
bool recorded_put(struct recorded *recorded, uint64_t address, const void *bytes, size_t size);
/*
 * Keeps the string at ADDRESS of the memory behind MEMORY_FD, with its NUL.
 * False: it cannot be read, or there is no room left.
 */
bool recorded_keep_string(struct recorded *recorded, int memory_fd, uint64_t address);
/* The same for an array of addresses that ends with a 0 one, and the strings there: argv. */
bool recorded_keep_strings(struct recorded *recorded, int memory_fd, uint64_t address);

/* What was kept, as memory_read_some() and memory_read() would have read it. Errors: FAULT. */
struct usdtrap_error *recorded_read_some(const struct recorded *recorded, uint64_t address, void *buffer, size_t size,
					 size_t *ret_size) USDTRAP_MUST_USE;
struct usdtrap_error *recorded_read(const struct recorded *recorded, uint64_t address, void *buffer,
				    size_t size) USDTRAP_MUST_USE;
/* How many bytes it takes. */
size_t recorded_size(const struct recorded *recorded);

#endif
