/* SPDX-License-Identifier: MIT */
#include "cli/runner.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/strbuf.h"

/* A command longer than this is more than the kernel takes as one argument, MAX_ARG_STRLEN. */
#define COMMAND_MAX ((size_t)128 * 1024)

/* ---- The engine's side ------------------------------------------------------------------------------------------- */

/* Sends the length of the command that follows, and DESCRIPTOR. unix(7), SCM_RIGHTS. */
static bool send_head(int runner, uint32_t length, int descriptor)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr alignment;
	} control = {0};
	struct iovec data = {.iov_base = &length, .iov_len = sizeof(length)};
	struct msghdr message = {
		.msg_iov = &data, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};
	struct cmsghdr *rights = CMSG_FIRSTHDR(&message);

	rights->cmsg_level = SOL_SOCKET;
	rights->cmsg_type = SCM_RIGHTS;
	rights->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(rights), &descriptor, sizeof(int));
	return sendmsg(runner, &message, MSG_NOSIGNAL) == sizeof(length);
}

static bool send_all(int socket, const void *bytes, size_t length)
{
	while (length) {
		ssize_t sent = send(socket, bytes, length, MSG_NOSIGNAL);

		if (sent <= 0)
			return false;
		bytes = (const char *)bytes + sent;
		length -= (size_t)sent;
	}
	return true;
}

static bool receive_all(int socket, void *bytes, size_t length)
{
	return length == 0 || recv(socket, bytes, length, MSG_WAITALL) == (ssize_t)length;
}

static void read_to_end(int pipe_end, struct strbuf *out)
{
	char piece[16 * 1024];
	ssize_t got;

	while ((got = read(pipe_end, piece, sizeof(piece))) > 0 || (got < 0 && errno == EINTR)) {
		if (got > 0)
			strbuf_add(out, piece, (size_t)got);
	}
}

struct usdtrap_error *runner_run(int runner, const char *command, struct strbuf *out)
{
	size_t length = strlen(command);
	bool is_sent;
	int ends[2], status;

	if (length > COMMAND_MAX)
		return error_create(USDTRAP_OS, "a command of %zu bytes is too long for the shell", length);
	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_os(errno, "cannot make a pipe for the output of a command");
	is_sent = send_head(runner, (uint32_t)length, ends[1]) && send_all(runner, command, length);
	close(ends[1]);
	if (is_sent)
		read_to_end(ends[0], out);
	close(ends[0]);
	if (!is_sent || !receive_all(runner, &status, sizeof(status)))
		return error_create(USDTRAP_OS, "the process that runs commands has ended");
	return NULL;
}

/* ---- The runner's side ------------------------------------------------------------------------------------------- */

static bool receive_head(int socket, uint32_t *ret_length, int *ret_descriptor)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr alignment;
	} control;
	struct iovec data = {.iov_base = ret_length, .iov_len = sizeof(*ret_length)};
	struct msghdr message = {
		.msg_iov = &data, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};
	const struct cmsghdr *rights;
	ssize_t got = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);

	if (got != sizeof(*ret_length))
		return false;
	rights = CMSG_FIRSTHDR(&message);
	if (!rights || rights->cmsg_type != SCM_RIGHTS)
		return false;
	memcpy(ret_descriptor, CMSG_DATA(rights), sizeof(int));
	return true;
}

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

/* The wait status of COMMAND. Closes OUTPUT, so that its end is seen as soon as the command's own ends are closed. */
static int run_shell(const char *command, int output, const sigset_t *mask)
{
	int status = STATUS_NOT_FOUND << 8;
	pid_t child = fork();

	if (child == 0)
		execute(command, output, mask);
	close(output);
	if (child > 0)
		waitpid(child, &status, 0);
	return status;
}

/* close_range(2), or one by one where the kernel is older than 5.9: shells and editors leave few open, and low ones. */
static void close_from(int first)
{
	enum { LIKELY = 1024 };

#ifdef SYS_close_range
	if (syscall(SYS_close_range, first, ~0U, 0) == 0)
		return;
#endif
	for (int descriptor = first; descriptor < LIKELY; descriptor++)
		close(descriptor);
}

/* Closes all but the standard descriptors and SOCKET, which moves to the first place behind them. */
static int close_others(int socket)
{
	enum { FIRST = STDERR_FILENO + 1 };

	if (socket != FIRST) {
		dup3(socket, FIRST, O_CLOEXEC);
		socket = FIRST;
	}
	close_from(FIRST + 1);
	return socket;
}

/* What a terminal sends to the whole job is for the commands. The runner outlives it, to tell how they ended. */
static void serve(int socket)
{
	sigset_t all, before;
	uint32_t length;
	int output;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	socket = close_others(socket);
	while (receive_head(socket, &length, &output)) {
		_cleanup_free_ char *command = length <= COMMAND_MAX ? malloc((size_t)length + 1) : NULL;
		int status;

		if (!command || !receive_all(socket, command, length))
			return;
		command[length] = '\0';
		status = run_shell(command, output, &before);
		if (!send_all(socket, &status, sizeof(status)))
			return;
	}
}

struct usdtrap_error *runner_create(int *ret)
{
	int ends[2];
	pid_t runner;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return error_os(errno, "cannot make a socket to the process that runs commands");
	runner = fork();
	if (runner == 0) {
		close(ends[0]);
		serve(ends[1]);
		_exit(EXIT_SUCCESS);
	}
	close(ends[1]);
	if (runner < 0) {
		int error_number = errno;

		close(ends[0]);
		return error_os(error_number, "cannot start the process that runs commands");
	}
	*ret = ends[0];
	return NULL;
}
