/* SPDX-License-Identifier: MIT */
/* mayattach PID: tells whether this user may trace the process, by doing so for a moment. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>

int main(int argc, char **argv)
{
	pid_t pid = argc > 1 ? (pid_t)strtol(argv[1], NULL, 10) : 0;

	if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) == 0)
		return 0; /* our end lets go of it */
	printf("PTRACE_SEIZE: %s\n", strerror(errno));
	return 1;
}
