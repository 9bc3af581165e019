/* SPDX-License-Identifier: MIT */
/* Threads that are none of the program's business. */
#ifndef USDTRAP_BASE_THREAD_H
#define USDTRAP_BASE_THREAD_H

#include <pthread.h>

/*
 * Starts a thread with all signals blocked: those of the process are for the
 * threads that it had before. Returns 0 or an error number.
 */
int thread_start_deaf(pthread_t *ret, void *(*body)(void *argument), void *argument);

#endif
