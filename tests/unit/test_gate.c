/* SPDX-License-Identifier: MIT */
/*
 * The gate, on a file system of the test's own: nothing else on the machine is
 * ever asked about. Whatever becomes of the gate or its owner, programs start.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "os/gate.h"

#define FOLDER  "/mnt"
#define PROGRAM FOLDER "/true"

enum { ANY_MARK = 77, RUNS = 300 };

static bool is_prepared;

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void copy_file(const char *from, const char *to)
{
	char buffer[64 * 1024];
	int source = open(from, O_RDONLY), target = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0755);
	ssize_t got;

	while ((got = read(source, buffer, sizeof(buffer))) > 0)
		assert_int_equal(write(target, buffer, (size_t)got), got);
	close(source);
	assert_int_equal(close(target), 0);
}

/* A mount namespace of our own, with a file system of our own that has one program. */
static int prepare(void **state)
{
	(void)state;
	if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("gate", FOLDER, "tmpfs", 0, "mode=755") < 0)
		return 0;
	copy_file("/bin/true", PROGRAM);
	is_prepared = true;
	return 0;
}

static void open_gate(struct gate *gate, const char *path, enum fanotify_mark_kind kind)
{
	struct usdtrap_error *error;
	struct gate_message message;
	struct pollfd source;
	int fd, marked;

	if (!is_prepared) {
		print_message("no file system of our own may be mounted here\n");
		skip();
	}
	error = gate_start(gate);
	if (error) {
		print_message("%s\n", usdtrap_error_message(error));
		usdtrap_error_destroy(error);
		skip();
	}
	marked = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(gate_mark(gate, marked, kind, ANY_MARK));
	close(marked);
	source = (struct pollfd){.fd = gate->socket, .events = POLLIN};
	assert_int_equal(poll(&source, 1, 2000), 1);
	assert_int_equal(gate_receive(gate, &message, &fd), GATE_MESSAGE);
	assert_int_equal(message.word, GATE_MARKED);
	assert_int_equal(message.id, ANY_MARK);
	assert_int_equal(message.error_number, 0);
}

/* Starts a child that runs the program COUNT times and says by its status whether each ran. */
static pid_t run_programs(int count)
{
	pid_t child = fork();

	if (child)
		return child;
	for (int i = 0; i < count; i++) {
		pid_t program = fork();
		int status;

		if (program == 0) {
			execl(PROGRAM, "true", NULL);
			_exit(99);
		}
		if (waitpid(program, &status, 0) < 0 || status != 0)
			_exit(1);
	}
	_exit(0);
}

static void expect_well(pid_t child)
{
	int status;

	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

/* Takes what comes within MS milliseconds; false: nothing did. */
static bool receive(const struct gate *gate, int ms, struct gate_message *message)
{
	struct pollfd source = {.fd = gate->socket, .events = POLLIN};
	int fd;

	if (poll(&source, 1, ms) <= 0 || gate_receive(gate, message, &fd) != GATE_MESSAGE)
		return false;
	if (fd >= 0)
		close(fd);
	return true;
}

static void asks_before_each_program(void **state)
{
	unsigned asked = 0;
	struct gate gate;
	struct gate_message message;
	pid_t child;

	(void)state;
	open_gate(&gate, FOLDER, FANOTIFY_FILE_SYSTEM);
	child = run_programs(RUNS);
	while (asked < RUNS && receive(&gate, 5000, &message)) {
		assert_int_equal(message.word, GATE_EXECUTED);
		assert_true(message.pid > 0);
		asked++;
		gate_allow(&gate, message.id);
	}
	expect_well(child);
	assert_int_equal(asked, RUNS);
	assert_int_equal(message.unasked, 0);
	gate_stop(&gate);
}

/* The owner is silent, and does not even listen: programs start, each a little later. */
static void waits_for_nobody_for_long(void **state)
{
	const double began = seconds();
	struct gate gate;

	(void)state;
	open_gate(&gate, FOLDER, FANOTIFY_FILE_SYSTEM);
	expect_well(run_programs(RUNS));
	print_message("%d programs, none of which the owner heard of: %.1f ms each\n", RUNS,
		      (seconds() - began) * 1000 / RUNS);
	gate_stop(&gate);
}

static void hurries(void **state)
{
	struct gate_message message;
	struct gate gate;
	pid_t child;

	(void)state;
	open_gate(&gate, FOLDER, FANOTIFY_FILE_SYSTEM);
	child = run_programs(20);
	for (unsigned i = 0; i < 20 && receive(&gate, 5000, &message); i++)
		gate_hurry(&gate, message.id);
	expect_well(child);
	assert_int_equal(message.unheeded, 19);
	gate_stop(&gate);
}

static void lets_all_go_when_killed(int signal)
{
	struct gate_message message;
	struct gate gate;
	double began;
	pid_t child;

	open_gate(&gate, FOLDER, FANOTIFY_FILE_SYSTEM);
	child = run_programs(1000);
	assert_true(receive(&gate, 5000, &message));
	began = seconds();
	kill(gate.pid, signal);
	while (receive(&gate, 2000, &message))
		; /* until its end */
	print_message("gone %.0f ms after signal %d\n", (seconds() - began) * 1000, signal);
	assert_true(seconds() - began < 1.5);
	expect_well(child);
	gate_stop(&gate);
}

static void may_be_killed(void **state)
{
	(void)state;
	lets_all_go_when_killed(SIGKILL);
}

/* The kernel's own timer kills a gate that stands still. */
static void may_be_stopped(void **state)
{
	(void)state;
	lets_all_go_when_killed(SIGSTOP);
}

/* SIGNAL hits the owner while it has been asked. */
static void owner_may_get(int signal)
{
	pid_t owner = fork(), child;
	double began;

	if (owner == 0) {
		struct gate gate;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		open_gate(&gate, FOLDER, FANOTIFY_FILE_SYSTEM);
		kill(getpid(), signal);
		for (;;)
			pause();
	}
	assert_true(owner > 0);
	waitpid(owner, NULL, WUNTRACED);
	began = seconds();
	child = run_programs(20);
	expect_well(child);
	assert_true(seconds() - began < 5);
	kill(owner, SIGKILL);
	waitpid(owner, NULL, WNOHANG);
}

static void owner_may_be_killed(void **state)
{
	(void)state;
	if (!is_prepared)
		skip();
	owner_may_get(SIGKILL);
}

static void owner_may_be_stopped(void **state)
{
	(void)state;
	if (!is_prepared)
		skip();
	owner_may_get(SIGSTOP);
}

/* A file is asked about in whatever way it is opened, but not its owner. */
static void asks_before_a_file_is_opened(void **state)
{
	struct gate_message message;
	struct gate gate;
	pid_t child;
	int fd;

	(void)state;
	open_gate(&gate, PROGRAM, FANOTIFY_FILE);
	fd = open(PROGRAM, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	close(fd);
	assert_false(receive(&gate, 50, &message));
	child = fork();
	if (child == 0)
		_exit(open(PROGRAM, O_RDONLY) < 0);
	assert_true(receive(&gate, 5000, &message));
	assert_int_equal(message.word, GATE_OPENED);
	assert_int_equal(message.pid, child);
	gate_allow(&gate, message.id);
	expect_well(child);
	child = run_programs(1);
	assert_true(receive(&gate, 5000, &message));
	assert_int_equal(message.word, GATE_OPENED);
	gate_allow(&gate, message.id);
	expect_well(child);
	gate_stop(&gate);
}

/* A pipe that somebody reads to its end is not kept open by the gate. */
static void keeps_no_descriptor(void **state)
{
	struct gate gate;
	int ends[2];
	char byte;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	open_gate(&gate, FOLDER, FANOTIFY_FILE_SYSTEM);
	close(ends[1]);
	assert_int_equal(poll(&(struct pollfd){.fd = ends[0], .events = POLLIN}, 1, 1000), 1);
	assert_int_equal(read(ends[0], &byte, 1), 0);
	close(ends[0]);
	gate_stop(&gate);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(asks_before_each_program),
		cmocka_unit_test(waits_for_nobody_for_long),
		cmocka_unit_test(hurries),
		cmocka_unit_test(may_be_killed),
		cmocka_unit_test(may_be_stopped),
		cmocka_unit_test(owner_may_be_killed),
		cmocka_unit_test(owner_may_be_stopped),
		cmocka_unit_test(asks_before_a_file_is_opened),
		cmocka_unit_test(keeps_no_descriptor),
	};

	return cmocka_run_group_tests(tests, prepare, NULL);
}
