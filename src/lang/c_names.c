/* SPDX-License-Identifier: MIT */
#include "lang/c_names.h"

#include <string.h>

/* The largest headers define some 20,000 names. */
#define BUCKET_COUNT 4096u

/* FNV-1a: http://www.isthe.com/chongo/tech/comp/fnv/ */
static uint32_t hash(enum c_name_kind kind, const char *name)
{
	uint32_t hash = 2166136261u ^ (uint32_t)kind;

	for (; *name; name++)
		hash = (hash ^ (unsigned char)*name) * 16777619u;
	return hash;
}

struct c_name *c_names_find(const struct c_names *names, enum c_name_kind kind, const char *name)
{
	struct c_name *entry = names->buckets ? names->buckets[hash(kind, name) % BUCKET_COUNT] : NULL;

	while (entry && (entry->kind != kind || strcmp(entry->name, name) != 0))
		entry = entry->next;
	return entry;
}

struct c_name *c_names_obtain(struct c_names *names, struct arena *arena, enum c_name_kind kind, const char *name)
{
	struct c_name *entry = c_names_find(names, kind, name);
	struct c_name **bucket;

	if (entry)
		return entry;
	if (!names->buckets)
		names->buckets = arena_allocate_array(arena, BUCKET_COUNT, sizeof(names->buckets[0]));
	entry = arena_allocate(arena, sizeof(*entry));
	if (!names->buckets || !entry)
		return NULL;
	bucket = &names->buckets[hash(kind, name) % BUCKET_COUNT];
	*entry = (struct c_name){.next = *bucket, .kind = kind, .name = name};
	*bucket = entry;
	return entry;
}
