/* SPDX-License-Identifier: MIT */
/*
 * A program that waits at the door.
 *
 * Two pipes, both closed by exec, join caller and child. Through one the child
 * learns that it may go (and under which filter, if any) or that nobody wants it any more (its end:
 * the caller gave up, or died). Through the other the caller learns what
 * became of execve(2): an errno, or nothing at all once the program runs.
 * Beside that the child changes nothing in itself: what it inherits is what
 * the program gets.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <usdtrap/launch.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "os/call_filter.h"

enum { EXIT_CANNOT_RUN = 127 }; /* what a shell gives back for a command it cannot run */

/* What the child is told when it may go. Pipes pass on so little in one piece: pipe(7), PIPE_BUF. */
struct order {
	uint16_t call_count; /* 0: no filter */
	uint16_t calls[CALL_FILTER_CALLS_MAX];
};

/* What the child tells if it cannot go. */
struct failure {
	bool is_filter; /* else it is execve(2) */
	int error_number;
};

struct usdtrap_launch {
	struct order order;
	pid_t pid;
	char *path;
	int release_fd; /* -1 once released */
	int result_fd;
};

/* Whether PATH can be run, as far as that can be told without trying. */
static struct usdtrap_error *check_program(const char *path)
{
	struct stat status;

	if (stat(path, &status) < 0)
		return error_os(errno, "cannot run '%s'", path);
	if (S_ISDIR(status.st_mode))
		return error_os(EISDIR, "cannot run '%s'", path);
	if (access(path, X_OK) < 0)
		return error_hint(error_os(errno, "cannot run '%s'", path), "make it executable: chmod +x %s", path);
	return NULL;
}

/*
 * NAME in the folders of PATH, as execvp(3) looks: an empty folder is the
 * current one, and a file that may not be run is only worth telling where no
 * later folder has one that may. Allocated.
 */
static struct usdtrap_error *search_path(const char *name, char **ret)
{
	struct usdtrap_error *not_executable = NULL;
	const char *folder = getenv("PATH");
	size_t length;

	for (folder = folder ? folder : "/bin:/usr/bin";; folder += length + 1) {
		struct usdtrap_error *error;
		char *path;

		length = strcspn(folder, ":");
		if (asprintf(&path, "%.*s%s%s", (int)length, folder, length ? "/" : "", name) < 0) {
			usdtrap_error_destroy(not_executable);
			return &error_no_memory;
		}
		error = check_program(path);
		if (!error) {
			usdtrap_error_destroy(not_executable);
			*ret = path;
			return NULL;
		}
		free(path);
		if (!not_executable && usdtrap_error_code(error) == USDTRAP_PERMISSION)
			not_executable = error;
		else
			usdtrap_error_destroy(error);
		if (folder[length] == '\0')
			break;
	}
	if (not_executable)
		return not_executable;
	return error_hint(error_create(USDTRAP_NOT_FOUND, "cannot run '%s': no such program in PATH", name),
			  "name it with its folder, such as ./%s", name);
}

static struct usdtrap_error *find_program(const char *name, char **ret)
{
	struct usdtrap_error *error;

	if (*name && !strchr(name, '/'))
		return search_path(name, ret);
	error = check_program(name);
	if (error)
		return error;
	*ret = strdup(name);
	return *ret ? NULL : &error_no_memory;
}

static _Noreturn void give_up(int result_fd, bool is_filter, int error_number)
{
	const struct failure failure = {is_filter, error_number};

	(void)!write(result_fd, &failure, sizeof(failure));
	_exit(EXIT_CANNOT_RUN);
}

static void filter_calls(const struct order *order, int result_fd)
{
	struct sock_filter filter[CALL_FILTER_SIZE_MAX];
	int error_number = call_filter_install(filter, call_filter_make(order->calls, order->call_count, filter));

	if (error_number)
		give_up(result_fd, true, error_number);
}

/* The child. Its waiting uses nothing that is not safe between fork and exec of a program with threads. */
static _Noreturn void wait_and_run(const char *path, char *const argv[], pid_t tracer, int release_fd, int result_fd)
{
	struct order order;
	ssize_t got;

	/* Where the Yama module is not built in this fails, and is not needed. */
	prctl(PR_SET_PTRACER, tracer, 0, 0, 0);
	do
		got = read(release_fd, &order, sizeof(order));
	while (got < 0 && errno == EINTR);
	if (got != sizeof(order))
		_exit(0);
	if (order.call_count)
		filter_calls(&order, result_fd);
	execv(path, argv);
	give_up(result_fd, false, errno);
}

static void close_pipe(const int ends[2])
{
	close(ends[0]);
	close(ends[1]);
}

/* Forks the child. On success the ends that are ours are in LAUNCH. */
static struct usdtrap_error *fork_child(struct usdtrap_launch *launch, char *const argv[], pid_t tracer)
{
	struct usdtrap_error *error;
	int release[2], result[2];

	if (pipe2(release, O_CLOEXEC) < 0)
		return error_os(errno, "pipe");
	if (pipe2(result, O_CLOEXEC) < 0) {
		error = error_os(errno, "pipe");
		close_pipe(release);
		return error;
	}
	launch->pid = fork();
	if (launch->pid == 0) {
		/* Held by the child itself, it would never see the caller's end close. */
		close(release[1]);
		close(result[0]);
		wait_and_run(launch->path, argv, tracer, release[0], result[1]);
	}
	if (launch->pid < 0) {
		error = error_os(errno, "cannot start '%s'", launch->path);
		close_pipe(release);
		close_pipe(result);
		return error;
	}
	close(release[0]);
	close(result[1]);
	launch->release_fd = release[1];
	launch->result_fd = result[0];
	return NULL;
}

struct usdtrap_error *usdtrap_launch_create(char *const argv[], pid_t tracer, struct usdtrap_launch **ret)
{
	struct usdtrap_launch *launch = calloc(1, sizeof(*launch));
	struct usdtrap_error *error;

	if (!launch)
		return &error_no_memory;
	launch->release_fd = -1;
	launch->result_fd = -1;
	error = find_program(argv[0], &launch->path);
	if (!error)
		error = fork_child(launch, argv, tracer ? tracer : getpid());
	if (error) {
		usdtrap_launch_destroy(launch);
		return error;
	}
	*ret = launch;
	return NULL;
}

pid_t usdtrap_launch_pid(const struct usdtrap_launch *launch)
{
	return launch->pid;
}

void usdtrap_launch_filter(struct usdtrap_launch *launch, const uint16_t *numbers, size_t count)
{
	launch->order.call_count = (uint16_t)(count < CALL_FILTER_CALLS_MAX ? count : CALL_FILTER_CALLS_MAX);
	memcpy(launch->order.calls, numbers, launch->order.call_count * sizeof(*numbers));
}

/* Writes ORDER to a pipe whose reader may be dead: for this thread and this moment without SIGPIPE. */
static void write_order(int fd, const struct order *order)
{
	const struct timespec at_once = {0};
	sigset_t broken_pipe, former, pending;
	bool was_pending;

	sigemptyset(&broken_pipe);
	sigaddset(&broken_pipe, SIGPIPE);
	sigpending(&pending);
	was_pending = sigismember(&pending, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &broken_pipe, &former);
	if (write(fd, order, sizeof(*order)) < 0 && errno == EPIPE && !was_pending)
		sigtimedwait(&broken_pipe, NULL, &at_once);
	pthread_sigmask(SIG_SETMASK, &former, NULL);
}

void usdtrap_launch_release(struct usdtrap_launch *launch)
{
	if (launch->release_fd < 0)
		return;
	write_order(launch->release_fd, &launch->order);
	close(launch->release_fd);
	launch->release_fd = -1;
}

struct usdtrap_error *usdtrap_launch_result(struct usdtrap_launch *launch)
{
	struct failure failure;
	ssize_t got;

	do
		got = read(launch->result_fd, &failure, sizeof(failure));
	while (got < 0 && errno == EINTR);
	if (got != sizeof(failure))
		return NULL;
	if (!failure.is_filter)
		return error_os(failure.error_number, "cannot run '%s'", launch->path);
	return error_hint(error_os(failure.error_number, "cannot filter the system calls of '%s'", launch->path),
			  "this kernel has no seccomp filters, or forbids them: do without");
}

void usdtrap_launch_destroy(struct usdtrap_launch *launch)
{
	if (!launch)
		return;
	cleanup_close(&launch->release_fd);
	cleanup_close(&launch->result_fd);
	free(launch->path);
	free(launch);
}
