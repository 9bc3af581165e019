/* SPDX-License-Identifier: MIT */
/*
 * What the target programs share. A target says "ready" when it can be
 * attached to, then waits for a line on standard input (its end will do as
 * well), works, and prints what a tracer should have seen. Targets that work
 * until they are told otherwise end with the second line or the end of input.
 */
#ifndef TARGET_H
#define TARGET_H

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Ends the program with a message: the test that started it fails. */
static inline _Noreturn void target_fail(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(125);
}

/* Argument INDEX as a number, or FALLBACK if it is not there. */
static inline unsigned long target_number(int argc, char **argv, int index, unsigned long fallback)
{
	return index < argc ? strtoul(argv[index], NULL, 10) : fallback;
}

/* Reads a line into LINE without its newline; false at the end of input. Byte by byte, so that nothing is kept back. */
static inline bool target_read_line(char *line, size_t size)
{
	size_t length = 0;

	for (;;) {
		char byte;
		ssize_t got = read(STDIN_FILENO, &byte, 1);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0 || byte == '\n') {
			line[length] = '\0';
			return got > 0;
		}
		if (length + 1 < size)
			line[length++] = byte;
	}
}

/* Says "ready" and waits for a line. */
static inline void target_ready(void)
{
	char line[64];

	setvbuf(stdout, NULL, _IOLBF, 0);
	puts("ready");
	target_read_line(line, sizeof(line));
}

static inline pthread_t target_start(void *(*body)(void *), void *argument)
{
	pthread_t thread;

	errno = pthread_create(&thread, NULL, body, argument);
	if (errno != 0)
		target_fail("pthread_create");
	return thread;
}

static inline void target_join(pthread_t thread)
{
	errno = pthread_join(thread, NULL);
	if (errno != 0)
		target_fail("pthread_join");
}

#endif
