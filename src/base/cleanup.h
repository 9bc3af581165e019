/* SPDX-License-Identifier: MIT */
/* Scope guards: locals that are freed when their scope ends, however it ends. return_ptr() hands one out instead. */
#ifndef USDTRAP_BASE_CLEANUP_H
#define USDTRAP_BASE_CLEANUP_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <usdtrap/error.h>

static inline void cleanup_free(void *pointer)
{
	free(*(void **)pointer);
}

static inline void cleanup_close(int *descriptor)
{
	if (*descriptor >= 0)
		close(*descriptor);
}

static inline void cleanup_file(FILE **file)
{
	if (*file)
		fclose(*file);
}

#define _cleanup_free_  __attribute__((cleanup(cleanup_free)))
#define _cleanup_close_ __attribute__((cleanup(cleanup_close)))
#define _cleanup_file_  __attribute__((cleanup(cleanup_file)))

/* Returns the value of a guarded pointer and disarms its guard. */
#define return_ptr(pointer)                                  \
	do {                                                 \
		__typeof__(pointer) handed_out_ = (pointer); \
		(pointer) = NULL;                            \
		return handed_out_;                          \
	} while (0)

#endif
