/* SPDX-License-Identifier: MIT */
/*
 * What C declarations give a name to: tags, types, numbers, macros. A header
 * may bring tens of thousands, so this is a hash table; all of it lies in the
 * program's arena and is freed with it. An all-zero table is an empty one.
 */
#ifndef USDTRAP_LANG_C_NAMES_H
#define USDTRAP_LANG_C_NAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "lang/type.h"

struct c_macro; /* lang/c_macro.h */

/* Each kind is a name space of its own: `struct stat' beside `stat'. */
enum c_name_kind {
	C_NAME_STRUCT,     /* type; the name without its keyword, as for the next two */
	C_NAME_UNION,      /* type */
	C_NAME_ENUM,       /* type */
	C_NAME_TYPEDEF,    /* type, alignment */
	C_NAME_ENUMERATOR, /* type, value */
	C_NAME_MACRO,      /* macro; NULL: no longer defined */
};

struct c_name {
	struct c_name *next; /* of the same bucket */
	enum c_name_kind kind;
	const char *name;
	struct type *type;  /* of a tag that was only named so far: it is completed in place */
	uint32_t alignment; /* what a typedef asks for; 0: its type's own */
	uint64_t value;
	struct c_macro *macro;
};

struct c_names {
	struct c_name **buckets; /* NULL: none yet */
};

/* The name of that kind, or NULL. */
struct c_name *c_names_find(const struct c_names *names, enum c_name_kind kind, const char *name);
/* The same, made if it is not there; everything but `kind' and `name' is zero then. NULL: no memory. NAME is kept. */
struct c_name *c_names_obtain(struct c_names *names, struct arena *arena, enum c_name_kind kind, const char *name);

#endif
