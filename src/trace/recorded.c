/* SPDX-License-Identifier: MIT */
#include "trace/recorded.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock_time.h"
#include "base/error.h"
#include "os/memory.h"
#include "os/procfs.h"

void recorded_deinit(struct recorded *recorded)
{
	free(recorded->pieces);
	free(recorded->bytes);
	memset(recorded, 0, sizeof(*recorded));
}

bool recorded_identify(struct recorded *recorded, pid_t pid, pid_t tid)
{
	struct procfs_status status;
	struct procfs_stat stat;
	struct usdtrap_error *error = procfs_status_read(PROCFS_ROOT, tid, &status);

	recorded->time_ns = clock_time_ns(CLOCK_BOOTTIME);
	recorded->pid = pid;
	recorded->tid = tid;
	recorded->cpu = -1;
	if (!error) {
		recorded->uid = status.uid;
		recorded->gid = status.gid;
		error = procfs_line(PROCFS_ROOT, tid, "comm", recorded->comm, sizeof(recorded->comm));
	}
	if (!error)
		error = procfs_stat_read(PROCFS_ROOT, pid, tid, &stat);
	if (!error)
		recorded->cpu = stat.processor;
	usdtrap_error_destroy(error);
	return !error;
}

/* Room for SIZE more bytes, or NULL. */
static char *reserve(struct recorded *recorded, size_t size)
{
	const size_t needed = recorded->byte_count + size;
	size_t capacity = recorded->byte_capacity ? recorded->byte_capacity : 1024;
	char *bytes;

	if (size > RECORDED_BYTES_MAX || needed > RECORDED_BYTES_MAX)
		return NULL;
	while (capacity < needed)
		capacity *= 2;
	if (capacity != recorded->byte_capacity) {
		bytes = realloc(recorded->bytes, capacity);
		if (!bytes)
			return NULL;
		recorded->bytes = bytes;
		recorded->byte_capacity = capacity;
	}
	return recorded->bytes + recorded->byte_count;
}

/* What was put at reserve()'s place lay at ADDRESS. Pieces that follow each other become one. */
static bool add(struct recorded *recorded, uint64_t address, size_t size)
{
	struct recorded_piece *last = recorded->piece_count ? &recorded->pieces[recorded->piece_count - 1] : NULL;
	struct recorded_piece *pieces;
	size_t capacity;

	if (last && last->address + last->size == address && last->at + last->size == recorded->byte_count) {
		last->size += size;
		recorded->byte_count += size;
		return true;
	}
	if (recorded->piece_count == recorded->piece_capacity) {
		capacity = recorded->piece_capacity ? recorded->piece_capacity * 2 : 8;
		pieces = reallocarray(recorded->pieces, capacity, sizeof(*pieces));
		if (!pieces)
			return false;
		recorded->pieces = pieces;
		recorded->piece_capacity = capacity;
	}
	recorded->pieces[recorded->piece_count++] = (struct recorded_piece){address, size, recorded->byte_count};
	recorded->byte_count += size;
	return true;
}

static bool holds(const struct recorded *recorded, size_t index, uint64_t address)
{
	const struct recorded_piece *piece = index < recorded->piece_count ? &recorded->pieces[index] : NULL;

	return piece && address >= piece->address && address - piece->address < piece->size;
}

/* Pieces are asked for as they were kept: an array, which comes first, and its strings in turn. */
static const struct recorded_piece *piece_at(const struct recorded *recorded, uint64_t address)
{
	struct recorded *own = (struct recorded *)recorded; /* only remembers where it found the last */
	size_t i;

	if (holds(recorded, 0, address))
		return &recorded->pieces[0];
	for (i = recorded->last_found; i <= recorded->last_found + 1; i++)
		if (holds(recorded, i, address))
			break;
	if (i > recorded->last_found + 1)
		for (i = 1; i < recorded->piece_count && !holds(recorded, i, address); i++)
			;
	if (i >= recorded->piece_count)
		return NULL;
	own->last_found = i;
	return &recorded->pieces[i];
}

bool recorded_put(struct recorded *recorded, uint64_t address, const void *bytes, size_t size)
{
	char *room = reserve(recorded, size);

	if (!room)
		return false;
	memcpy(room, bytes, size);
	return add(recorded, address, size);
}

/*
 * A stretch of memory as it was read last. Strings of one process lie close to
 * each other, and there may be thousands, read while it waits: so one call
 * reads many.
 */
struct window {
	uint64_t address;
	size_t size;
	char bytes[16 * 1024];
};

/* How many bytes WINDOW has from ADDRESS on, after reading there if it had none; 0: they cannot be read. */
static size_t look(struct window *window, int memory_fd, uint64_t address)
{
	struct usdtrap_error *error;

	if (address < window->address || address - window->address >= window->size) {
		window->address = address;
		window->size = 0;
		error = memory_read_some(memory_fd, address, window->bytes, sizeof(window->bytes), &window->size);
		if (error)
			window->size = 0;
		usdtrap_error_destroy(error);
	}
	return window->size - (size_t)(address - window->address);
}

static bool keep_string(struct recorded *recorded, struct window *window, int memory_fd, uint64_t address)
{
	const char *end = NULL;
	size_t size;

	for (size_t length = 0; !end && length < RECORDED_STRING_MAX; length += size) {
		const char *bytes;

		size = look(window, memory_fd, address + length);
		bytes = window->bytes + (address + length - window->address);
		end = memchr(bytes, '\0', size);
		if (end)
			size = (size_t)(end - bytes) + 1;
		if (!size || !recorded_put(recorded, address + length, bytes, size))
			return false;
	}
	return end;
}

bool recorded_keep_string(struct recorded *recorded, int memory_fd, uint64_t address)
{
	struct window window = {0};

	return keep_string(recorded, &window, memory_fd, address);
}

bool recorded_keep_strings(struct recorded *recorded, int memory_fd, uint64_t address)
{
	struct window array = {0}, strings = {0};
	uint64_t word = 1;

	if (!address) /* the kernel takes it for an empty one */
		return true;
	for (uint64_t at = address; word; at += sizeof(word)) {
		if (look(&array, memory_fd, at) < sizeof(word)) {
			array.size = 0; /* it may go on in what was not read */
			if (look(&array, memory_fd, at) < sizeof(word))
				return false;
		}
		memcpy(&word, array.bytes + (at - array.address), sizeof(word));
		if (!recorded_put(recorded, at, &word, sizeof(word)))
			return false;
	}
	/* A second time for the strings, so that the array is one piece. */
	for (word = 0;; address += sizeof(word)) {
		struct usdtrap_error *error = recorded_read(recorded, address, &word, sizeof(word));

		usdtrap_error_destroy(error);
		if (error || !word)
			return !error;
		if (!keep_string(recorded, &strings, memory_fd, word))
			return false;
	}
}

struct usdtrap_error *recorded_read_some(const struct recorded *recorded, uint64_t address, void *buffer, size_t size,
					 size_t *ret_size)
{
	const struct recorded_piece *piece;
	size_t got = 0, rest;

	while (got < size && (piece = piece_at(recorded, address + got))) {
		const size_t from = (size_t)(address + got - piece->address);

		rest = piece->size - from;
		if (rest > size - got)
			rest = size - got;
		memcpy((char *)buffer + got, recorded->bytes + piece->at + from, rest);
		got += rest;
	}
	*ret_size = got;
	return got ? NULL : &error_fault;
}

struct usdtrap_error *recorded_read(const struct recorded *recorded, uint64_t address, void *buffer, size_t size)
{
	size_t got = 0;
	struct usdtrap_error *error = size ? recorded_read_some(recorded, address, buffer, size, &got) : NULL;

	if (!error && got < size)
		error = &error_fault;
	return error;
}

size_t recorded_size(const struct recorded *recorded)
{
	return sizeof(*recorded) + recorded->byte_capacity + recorded->piece_capacity * sizeof(*recorded->pieces);
}
