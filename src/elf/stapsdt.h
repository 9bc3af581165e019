/* SPDX-License-Identifier: MIT */
/* The probes of a file: .note.stapsdt taken apart. */
#ifndef USDTRAP_ELF_STAPSDT_H
#define USDTRAP_ELF_STAPSDT_H

#include "elf/object.h"

struct stapsdt_note {
	const char *provider; /* NUL-ended, borrowed from the object, as are the others */
	const char *name;
	const char *arguments;
	uint64_t vaddr;           /* of the nop; prelink adjustment done */
	uint64_t semaphore_vaddr; /* 0: none */
	uint64_t note_offset;     /* of the note's header in the file, for messages and for showing its bytes */
	/* As it stands in the file, for those who show it. The strings above point into `bytes'. */
	const uint8_t *bytes; /* from the note's header to the end of its description */
	size_t size;
	size_t description;       /* where in `bytes' the description begins: location, base, semaphore, strings */
	uint64_t noted_location;  /* before any adjustment */
	uint64_t noted_base;      /* where .stapsdt.base was when the note was written */
	uint64_t noted_semaphore; /* 0: none */
	bool has_base;            /* the file still has that section, and it is at: */
	uint64_t base_vaddr;
};

struct stapsdt_callbacks {
	/* Nonzero ends the walk. NOTE is valid for the call, its strings as long as the object. */
	int (*on_note)(const struct stapsdt_note *note, void *user);
	/* A broken note; the walk goes on where the next note begins, if that can be told. May be NULL. */
	void (*on_problem)(const struct usdtrap_error *problem, void *user);
	void *user;
};

/*
 * Walks all notes of OBJECT in file order. Errors: NOT_FOUND when there is no
 * note (the message tells a file without probes from one without section
 * headers, which has normally lost them), BAD_ELF when nothing could be read.
 */
struct usdtrap_error *stapsdt_walk(const struct elf_object *object,
				   const struct stapsdt_callbacks *callbacks) USDTRAP_MUST_USE;

#endif
