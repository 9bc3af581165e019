/* SPDX-License-Identifier: MIT */
/*
 * Folders that look like /proc, for states that this machine does not have. A
 * name is a path below the root, such as "42/task/43/maps"; folders on the way
 * are made. Whatever fails, fails the test.
 */
#ifndef USDTRAP_TESTS_SUPPORT_FAKE_PROC_H
#define USDTRAP_TESTS_SUPPORT_FAKE_PROC_H

#include <stddef.h>

struct fake_proc {
	char root[64];
};

/* An empty tree in the temporary folder. */
void fake_proc_create(struct fake_proc *proc);
/* Removes the tree. */
void fake_proc_destroy(struct fake_proc *proc);

void fake_proc_folder(const struct fake_proc *proc, const char *name);
/* (Over)writes a file. */
void fake_proc_file(const struct fake_proc *proc, const char *name, const char *text);
void fake_proc_bytes(const struct fake_proc *proc, const char *name, const void *bytes, size_t size);
void fake_proc_link(const struct fake_proc *proc, const char *name, const char *target);
/* Removes a file, or a folder with all that is in it. */
void fake_proc_remove(const struct fake_proc *proc, const char *name);

#endif
