/* SPDX-License-Identifier: MIT */
/* Files that are no ELF files: what they are instead, and where the probes may be that one looked for there. */
#ifndef USDTRAP_ELF_FOREIGN_H
#define USDTRAP_ELF_FOREIGN_H

#include <stddef.h>

#include <usdtrap/error.h>

enum { FOREIGN_BEGINNING = 256 }; /* so many bytes of a file are enough to tell */

/* The BAD_ELF error for the file NAME, which begins with the SIZE bytes at BEGINNING (up to FOREIGN_BEGINNING). */
struct usdtrap_error *foreign_explain(const char *name, const char *beginning, size_t size) USDTRAP_MUST_USE;

#endif
