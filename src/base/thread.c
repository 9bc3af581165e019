/* SPDX-License-Identifier: MIT */
#include "base/thread.h"

#include <signal.h>

int thread_start_deaf(pthread_t *ret, void *(*body)(void *argument), void *argument)
{
	sigset_t all, former;
	int error_number;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &former);
	error_number = pthread_create(ret, NULL, body, argument);
	pthread_sigmask(SIG_SETMASK, &former, NULL);
	return error_number;
}
