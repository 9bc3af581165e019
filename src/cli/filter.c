/* SPDX-License-Identifier: MIT */
#include "cli/filter.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/strbuf.h"

extern char **environ;

/* The three streams of the program, as ends of ours. */
enum { INPUT, OUTPUT, MESSAGES, STREAM_COUNT };

struct filter {
	const char *name;
	const char *text;
	size_t left; /* of `text' */
	const struct filter_limits *limits;
	struct strbuf *out[STREAM_COUNT]; /* none for INPUT */
	struct pollfd ends[STREAM_COUNT]; /* -1: closed */
};

static int64_t now_ms(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static void close_end(struct filter *filter, int stream)
{
	close(filter->ends[stream].fd);
	filter->ends[stream].fd = -1;
}

/* A program that does not read all of its input is none of our business. */
static void feed(struct filter *filter)
{
	ssize_t sent = filter->left ? send(filter->ends[INPUT].fd, filter->text, filter->left, MSG_NOSIGNAL) : 0;

	if (sent < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (sent > 0) {
		filter->text += sent;
		filter->left -= (size_t)sent;
	}
	if (sent < 0 || !filter->left)
		close_end(filter, INPUT);
}

static struct usdtrap_error *drain(struct filter *filter, int stream)
{
	struct strbuf *out = filter->out[stream];
	char bytes[16 * 1024];
	ssize_t got = read(filter->ends[stream].fd, bytes, sizeof(bytes));

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return NULL;
	if (got <= 0) {
		close_end(filter, stream);
		return NULL;
	}
	if (out->length + (size_t)got > filter->limits->output_max)
		return error_create(USDTRAP_OS, "%s writes more than %zu bytes", filter->name,
				    filter->limits->output_max);
	strbuf_add(out, bytes, (size_t)got);
	return out->failed ? &error_no_memory : NULL;
}

/* Until all ends are closed. */
static struct usdtrap_error *exchange(struct filter *filter)
{
	int64_t deadline = now_ms() + filter->limits->timeout_ms;
	struct usdtrap_error *error = NULL;

	while (!error && (filter->ends[OUTPUT].fd >= 0 || filter->ends[MESSAGES].fd >= 0)) {
		int64_t left = deadline - now_ms();

		if (left <= 0)
			return error_create(USDTRAP_OS, "%s takes longer than %u ms", filter->name,
					    filter->limits->timeout_ms);
		if (poll(filter->ends, STREAM_COUNT, (int)left) < 0 && errno != EINTR)
			return error_os(errno, "cannot wait for %s", filter->name);
		if (filter->ends[INPUT].fd >= 0 && filter->ends[INPUT].revents)
			feed(filter);
		for (int stream = OUTPUT; !error && stream <= MESSAGES; stream++) {
			if (filter->ends[stream].fd >= 0 && filter->ends[stream].revents)
				error = drain(filter, stream);
		}
	}
	return error;
}

/*
 * The program, with sockets as its streams: writing to one that nobody reads
 * any more can be told not to send a signal. It leads a group of its own,
 * which all that it starts belongs to.
 */
static int spawn(const char *const *arguments, const int *ends, pid_t *ret)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int error = posix_spawn_file_actions_init(&actions);

	if (error)
		return error;
	error = posix_spawnattr_init(&attributes);
	if (error) {
		posix_spawn_file_actions_destroy(&actions);
		return error;
	}
	for (int stream = 0; !error && stream < STREAM_COUNT; stream++)
		error = posix_spawn_file_actions_adddup2(&actions, ends[stream], stream);
	if (!error)
		error = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
	if (!error)
		error = posix_spawnattr_setpgroup(&attributes, 0);
	if (!error)
		error = posix_spawnp(ret, arguments[0], &actions, &attributes, (char *const *)arguments, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return error;
}

/* The exit status of CHILD, whose whole group is ended first if it was not waited for to the end. */
static int reap(pid_t child, bool is_overdue)
{
	int status;

	if (is_overdue)
		kill(-child, SIGKILL);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void close_all(struct filter *filter)
{
	for (int stream = 0; stream < STREAM_COUNT; stream++) {
		if (filter->ends[stream].fd >= 0)
			close_end(filter, stream);
	}
}

static struct usdtrap_error *make_streams(struct filter *filter, int *theirs)
{
	for (int stream = 0; stream < STREAM_COUNT; stream++) {
		int pair[2];

		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
			return error_os(errno, "cannot make a socket to %s", filter->name);
		theirs[stream] = pair[1];
		filter->ends[stream] = (struct pollfd){.fd = pair[0], .events = stream == INPUT ? POLLOUT : POLLIN};
		fcntl(pair[0], F_SETFL, O_NONBLOCK);
	}
	return NULL;
}

static struct usdtrap_error *start(struct filter *filter, const char *const *arguments, pid_t *ret)
{
	int theirs[STREAM_COUNT] = {-1, -1, -1};
	struct usdtrap_error *error = make_streams(filter, theirs);
	int number = 0;

	if (!error)
		number = spawn(arguments, theirs, ret);
	for (int stream = 0; stream < STREAM_COUNT; stream++) {
		if (theirs[stream] >= 0)
			close(theirs[stream]);
	}
	/* A folder in PATH that may not be searched is told so, too, though the program may be in none: execvp(3). */
	if (number == EACCES && !strchr(filter->name, '/'))
		number = ENOENT;
	if (number)
		return error_os(number, "cannot run %s", filter->name);
	return error;
}

struct usdtrap_error *filter_run(const char *const *arguments, const char *text, size_t size,
				 const struct filter_limits *limits, struct strbuf *output, struct strbuf *messages,
				 int *ret_status)
{
	struct filter filter = {
		.name = arguments[0],
		.text = text,
		.left = size,
		.limits = limits,
		.out = {NULL, output, messages},
		.ends = {{.fd = -1}, {.fd = -1}, {.fd = -1}},
	};
	pid_t child;
	struct usdtrap_error *error = start(&filter, arguments, &child);
	int status;

	if (error) {
		close_all(&filter);
		return error;
	}
	error = exchange(&filter);
	close_all(&filter);
	status = reap(child, error != NULL);
	if (!error)
		*ret_status = status;
	return error;
}
