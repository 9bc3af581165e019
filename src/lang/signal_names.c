/* SPDX-License-Identifier: MIT */
#include "lang/signal_names.h"

#include <signal.h>
#include <stddef.h>
#include <string.h>

#define ROW(name) [name] = #name

/* signal(7). Of two names for one number the commoner. */
static const char *const names[] = {
	ROW(SIGHUP),  ROW(SIGINT),    ROW(SIGQUIT), ROW(SIGILL),  ROW(SIGTRAP),   ROW(SIGABRT), ROW(SIGBUS),
	ROW(SIGFPE),  ROW(SIGKILL),   ROW(SIGUSR1), ROW(SIGSEGV), ROW(SIGUSR2),   ROW(SIGPIPE), ROW(SIGALRM),
	ROW(SIGTERM), ROW(SIGSTKFLT), ROW(SIGCHLD), ROW(SIGCONT), ROW(SIGSTOP),   ROW(SIGTSTP), ROW(SIGTTIN),
	ROW(SIGTTOU), ROW(SIGURG),    ROW(SIGXCPU), ROW(SIGXFSZ), ROW(SIGVTALRM), ROW(SIGPROF), ROW(SIGWINCH),
	ROW(SIGIO),   ROW(SIGPWR),    ROW(SIGSYS),
};

const char *signal_names_of(int number)
{
	return number > 0 && (size_t)number < sizeof(names) / sizeof(names[0]) ? names[number] : NULL;
}

int signal_names_find(const char *name)
{
	for (size_t i = 1; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(names[i], name) == 0 || strcmp(names[i] + strlen("SIG"), name) == 0)
			return (int)i;
	}
	if (strcmp(name, "SIGPOLL") == 0 || strcmp(name, "POLL") == 0)
		return SIGPOLL;
	return 0;
}
