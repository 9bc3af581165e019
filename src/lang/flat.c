/* SPDX-License-Identifier: MIT */
#include "lang/flat.h"

#include <stdlib.h>
#include <string.h>

#include "lang/scratch.h"

#define TAG_IS_CUT 0x80

size_t flat_size(struct value value)
{
	size_t size;

	switch (value.kind) {
	case VALUE_SIGNED:
	case VALUE_UNSIGNED:
	case VALUE_BOOL:
	case VALUE_POINTER:
	case VALUE_REAL:
	case VALUE_STACK: /* its address: equal stacks are one */
		return 1 + sizeof(value.integer);
	case VALUE_STRING:
	case VALUE_BUFFER:
		return 1 + sizeof(value.length) + value.length;
	case VALUE_TUPLE:
		size = 1 + sizeof(value.length);
		for (uint32_t i = 0; i < value.length; i++)
			size += flat_size(value.elements[i]);
		return size;
	case VALUE_UNKNOWN:
		return 1;
	}
	abort();
}

static char *write_bytes(char *bytes, const void *from, size_t size)
{
	if (size)
		memcpy(bytes, from, size);
	return bytes + size;
}

char *flat_write(struct value value, char *bytes)
{
	*bytes++ = (char)(value.kind | (value.kind == VALUE_STRING && value.is_cut ? TAG_IS_CUT : 0));
	switch (value.kind) {
	case VALUE_SIGNED:
	case VALUE_UNSIGNED:
	case VALUE_BOOL:
	case VALUE_POINTER:
	case VALUE_REAL:
	case VALUE_STACK: /* its address: equal stacks are one */
		return write_bytes(bytes, &value.integer, sizeof(value.integer));
	case VALUE_STRING:
	case VALUE_BUFFER:
		bytes = write_bytes(bytes, &value.length, sizeof(value.length));
		return write_bytes(bytes, value.text, value.length);
	case VALUE_TUPLE:
		bytes = write_bytes(bytes, &value.length, sizeof(value.length));
		for (uint32_t i = 0; i < value.length; i++)
			bytes = flat_write(value.elements[i], bytes);
		return bytes;
	case VALUE_UNKNOWN:
		return bytes;
	}
	abort();
}

static struct value read_one(const char **bytes, struct scratch *scratch);

static struct value read_tuple(uint32_t count, const char **bytes, struct scratch *scratch)
{
	struct value *elements = scratch_allocate(scratch, count * sizeof(*elements));

	if (!elements)
		return value_unknown("out of memory");
	for (uint32_t i = 0; i < count; i++)
		elements[i] = read_one(bytes, scratch);
	return value_tuple(elements, count);
}

static const char *take(const char **bytes, size_t size)
{
	const char *taken = *bytes;

	*bytes += size;
	return taken;
}

static struct value read_one(const char **bytes, struct scratch *scratch)
{
	unsigned char tag = (unsigned char)*take(bytes, 1);
	struct value value = {.kind = tag & ~TAG_IS_CUT, .is_cut = tag & TAG_IS_CUT};

	switch (value.kind) {
	case VALUE_SIGNED:
	case VALUE_UNSIGNED:
	case VALUE_BOOL:
	case VALUE_POINTER:
	case VALUE_REAL:
	case VALUE_STACK: /* its address: equal stacks are one */
		memcpy(&value.integer, take(bytes, sizeof(value.integer)), sizeof(value.integer));
		return value;
	case VALUE_STRING:
	case VALUE_BUFFER:
		memcpy(&value.length, take(bytes, sizeof(value.length)), sizeof(value.length));
		value.text = take(bytes, value.length);
		return value;
	case VALUE_TUPLE:
		memcpy(&value.length, take(bytes, sizeof(value.length)), sizeof(value.length));
		return read_tuple(value.length, bytes, scratch);
	case VALUE_UNKNOWN:
		return value_unknown("stored as unknown");
	}
	abort();
}

struct value flat_read(const char *bytes, struct scratch *scratch)
{
	return read_one(&bytes, scratch);
}
