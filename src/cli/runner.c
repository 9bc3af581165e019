/* SPDX-License-Identifier: MIT */
#include "cli/runner.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/strbuf.h"

/* A command longer than this is more than the kernel takes as one argument, MAX_ARG_STRLEN. */
#define COMMAND_MAX ((size_t)128 * 1024)
/* Output comes in pieces of this size at most. */
#define PIECE_MAX ((size_t)16 * 1024)

/* ---- Both sides: a length, and so many bytes --------------------------------------------------------------------- */

static bool send_all(struct link link, const void *bytes, size_t length)
{
	while (length) {
		ssize_t sent = write(link.out, bytes, length);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return false;
		bytes = (const char *)bytes + sent;
		length -= (size_t)sent;
	}
	return true;
}

static bool receive_all(struct link link, void *bytes, size_t length)
{
	while (length) {
		ssize_t got = read(link.in, bytes, length);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		bytes = (char *)bytes + got;
		length -= (size_t)got;
	}
	return true;
}

static bool send_piece(struct link link, const void *bytes, size_t length)
{
	const uint32_t head = (uint32_t)length;

	return send_all(link, &head, sizeof(head)) && send_all(link, bytes, length);
}

/* ---- The engine's side ------------------------------------------------------------------------------------------- */

/* Appends pieces to OUT up to the empty one. */
static bool receive_output(struct link runner, struct strbuf *out)
{
	char piece[PIECE_MAX];
	uint32_t length;

	while (receive_all(runner, &length, sizeof(length)) && length <= sizeof(piece) &&
	       receive_all(runner, piece, length)) {
		if (!length)
			return true;
		strbuf_add(out, piece, length);
	}
	return false;
}

struct usdtrap_error *runner_run(struct link runner, const char *command, struct strbuf *out)
{
	size_t length = strlen(command);

	if (length > COMMAND_MAX)
		return error_create(USDTRAP_OS, "a command of %zu bytes is too long for the shell", length);
	if (!send_piece(runner, command, length) || !receive_output(runner, out))
		return error_create(USDTRAP_OS, "the process that runs commands has ended");
	return NULL;
}

/* ---- The runner's side ------------------------------------------------------------------------------------------- */

/* What a shell says of a command that it did not find. */
#define STATUS_NOT_FOUND 127

/* The child: COMMAND with OUTPUT as its standard output and MASK as its signal mask. posix_spawn(3) of glibc would
 * leave it with two signals ignored that the user's own shell does not ignore. */
static void execute(const char *command, int output, const sigset_t *mask)
{
	dup2(output, STDOUT_FILENO);
	sigprocmask(SIG_SETMASK, mask, NULL);
	execl("/bin/sh", "sh", "-c", "--", command, NULL);
	_exit(STATUS_NOT_FOUND);
}

/* Passes on what comes out of a pipe, to its end. False: nobody is there who wants it. */
static bool relay(int pipe_end, struct link link)
{
	char piece[PIECE_MAX];
	ssize_t got;

	do {
		got = read(pipe_end, piece, sizeof(piece));
		if (got > 0 && !send_piece(link, piece, (size_t)got))
			return false;
	} while (got > 0 || (got < 0 && errno == EINTR));
	return true;
}

/* Runs COMMAND and tells what it writes, and that it has ended. Its end of the pipe is nobody else's. */
static bool run_shell(struct link link, const char *command, const sigset_t *mask)
{
	int ends[2];
	bool is_wanted;
	pid_t child;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return false;
	child = fork();
	if (child == 0)
		execute(command, ends[1], mask);
	close(ends[1]);
	is_wanted = relay(ends[0], link);
	close(ends[0]);
	if (!is_wanted)
		return false;
	if (child > 0)
		waitpid(child, NULL, 0);
	return send_piece(link, NULL, 0);
}

/* close_range(2), or one by one where the kernel is older than 5.9: shells and editors leave few open, and low ones. */
static void close_range_or_each(unsigned first, unsigned last)
{
	enum { LIKELY = 1024 };

	if (first > last)
		return;
#ifdef SYS_close_range
	if (syscall(SYS_close_range, first, last, 0) == 0)
		return;
#endif
	for (unsigned descriptor = first; descriptor <= last && descriptor < LIKELY; descriptor++)
		close((int)descriptor);
}

/* Closes all but the standard descriptors and LINK. */
static void close_others(struct link link)
{
	const unsigned low = (unsigned)(link.in < link.out ? link.in : link.out);
	const unsigned high = (unsigned)(link.in < link.out ? link.out : link.in);

	close_range_or_each(STDERR_FILENO + 1, low - 1);
	close_range_or_each(low + 1, high - 1);
	close_range_or_each(high + 1, ~0U);
}

/* What a terminal sends to the whole job is for the commands. The runner outlives it, to tell how they ended. */
static void serve(struct link link)
{
	sigset_t all, before;
	uint32_t length;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	close_others(link);
	while (receive_all(link, &length, sizeof(length))) {
		_cleanup_free_ char *command = length <= COMMAND_MAX ? malloc((size_t)length + 1) : NULL;

		if (!command || !receive_all(link, command, length))
			return;
		command[length] = '\0';
		if (!run_shell(link, command, &before))
			return;
	}
}

struct usdtrap_error *runner_create(struct link *ret)
{
	struct link ends[2];
	struct usdtrap_error *error = link_create(ends);
	pid_t runner;

	if (error)
		return error_prefix(error, "the process that runs commands");
	runner = fork();
	if (runner == 0) {
		link_close(ends[0]);
		serve(ends[1]);
		_exit(EXIT_SUCCESS);
	}
	link_close(ends[1]);
	if (runner < 0) {
		int error_number = errno;

		link_close(ends[0]);
		return error_os(error_number, "cannot start the process that runs commands");
	}
	*ret = ends[0];
	return NULL;
}
