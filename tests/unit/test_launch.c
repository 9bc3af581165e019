/* SPDX-License-Identifier: MIT */
/*
 * Real children. Called with the word "report", this program prints what it
 * was given: descriptors, signals, groups, terminal. A launched program must
 * print the same as one that was simply forked and run.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

#include <usdtrap/launch.h>

#include "base/cleanup.h"
#include "base/strbuf.h"
#include "support/fake_proc.h"

/* The report */

static void report_descriptors(void)
{
	DIR *folder = opendir("/proc/self/fd");
	struct dirent *entry;
	bool is_open[1024] = {false};

	while ((entry = readdir(folder)))
		if (atoi(entry->d_name) != dirfd(folder) && entry->d_name[0] != '.')
			is_open[atoi(entry->d_name) % 1024] = true;
	closedir(folder);
	for (int fd = 0; fd < 1024; fd++)
		if (is_open[fd])
			printf("descriptor %d, flags %d\n", fd, fcntl(fd, F_GETFL) & ~O_LARGEFILE);
}

/* The lines of a file that begin with ONLY. */
static void report_file(const char *path, const char *only)
{
	_cleanup_file_ FILE *file = fopen(path, "re");
	char line[256];

	while (file && fgets(line, sizeof(line), file))
		if (strncmp(line, only, strlen(only)) == 0)
			fputs(line, stdout);
}

static int report(char **words)
{
	static const char *const status_keys[] = {"TracerPid", "SigPnd", "ShdPnd",     "SigBlk",
						  "SigIgn",    "SigCgt", "NoNewPrivs", "Seccomp:"};
	cpu_set_t processors;

	for (; *words; words++)
		printf("argument %s\n", *words);
	report_descriptors();
	for (size_t i = 0; i < sizeof(status_keys) / sizeof(status_keys[0]); i++)
		report_file("/proc/self/status", status_keys[i]);
	report_file("/proc/self/oom_score_adj", "");
	sched_getaffinity(0, sizeof(processors), &processors);
	printf("%d processors, scheduler %d\n", CPU_COUNT(&processors), sched_getscheduler(0));
	printf("parent %d, group %d, session %d, foreground %d\n", getppid(), getpgrp(), getsid(0), tcgetpgrp(0));
	printf("umask %o, path %s\n", umask(0), getenv("PATH"));
	return 0;
}

/* Running programs */

static char self_path[4096];
static const char *const report_words[] = {self_path, "report", "with space", "", NULL};

static void read_all(int fd, struct strbuf *ret)
{
	char bytes[4096];
	ssize_t got;

	while ((got = read(fd, bytes, sizeof(bytes))) > 0)
		strbuf_add(ret, bytes, (size_t)got);
}

/* Points standard output at a pipe; *RET_FORMER is to be given to end_capture(). */
static int begin_capture(int *ret_former)
{
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	*ret_former = fcntl(1, F_DUPFD_CLOEXEC, 10);
	assert_int_equal(dup2(ends[1], 1), 1);
	close(ends[1]);
	return ends[0];
}

static void end_capture(int former)
{
	assert_int_equal(dup2(former, 1), 1);
	close(former);
}

static int wait_for(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

/* What WORDS prints, run as a shell would. */
static void run_plainly(const char *const *words, struct strbuf *ret)
{
	int former;
	int output = begin_capture(&former);
	pid_t pid = fork();

	if (pid == 0) {
		execv(words[0], (char *const *)words);
		_exit(99);
	}
	end_capture(former);
	read_all(output, ret);
	close(output);
	assert_int_equal(wait_for(pid), 0);
}

static struct usdtrap_error *launch_words(const char *const *words, struct usdtrap_launch **ret)
{
	return usdtrap_launch_create((char *const *)words, 0, ret);
}

/* What WORDS prints, launched. */
static void run_launched(const char *const *words, struct strbuf *ret)
{
	struct usdtrap_launch *launch;
	int former;
	int output = begin_capture(&former);
	struct usdtrap_error *error = launch_words(words, &launch);

	end_capture(former);
	assert_null(error);
	usdtrap_launch_release(launch);
	assert_null(usdtrap_launch_result(launch));
	read_all(output, ret);
	close(output);
	assert_int_equal(wait_for(usdtrap_launch_pid(launch)), 0);
	usdtrap_launch_destroy(launch);
}

static void assert_both_report_the_same(void)
{
	_cleanup_strbuf_ struct strbuf plain = {0};
	_cleanup_strbuf_ struct strbuf launched = {0};

	run_plainly(report_words, &plain);
	run_launched(report_words, &launched);
	assert_non_null(strstr(strbuf_text(&plain), "argument with space\n"));
	assert_string_equal(strbuf_text(&launched), strbuf_text(&plain));
}

/* What the program gets */

static void test_launch_program_has_what_a_shell_would_give(void **state)
{
	(void)state;
	assert_both_report_the_same();
}

static void on_signal(int number)
{
	(void)number;
}

static void test_launch_program_inherits_odd_signals_and_descriptors(void **state)
{
	struct sigaction handler = {.sa_handler = on_signal};
	sigset_t blocked;
	sigset_t former;
	int kept = open("/dev/null", O_WRONLY | O_APPEND);

	(void)state;
	assert_true(kept >= 0);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR1);
	sigaddset(&blocked, SIGPIPE);
	sigprocmask(SIG_BLOCK, &blocked, &former);
	signal(SIGUSR2, SIG_IGN);
	sigaction(SIGTERM, &handler, NULL);

	assert_both_report_the_same();

	signal(SIGTERM, SIG_DFL);
	signal(SIGUSR2, SIG_DFL);
	sigprocmask(SIG_SETMASK, &former, NULL);
	close(kept);
}

/* In a session of its own on a new terminal, whose foreground it is. */
static void run_on_a_terminal(void (*function)(void))
{
	_cleanup_close_ int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	char name[64];
	pid_t pid;
	int terminal;

	assert_true(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
	assert_int_equal(ptsname_r(master, name, sizeof(name)), 0);
	pid = fork();
	if (pid == 0) {
		setsid();
		terminal = open(name, O_RDWR | O_CLOEXEC);
		ioctl(terminal, TIOCSCTTY, 0);
		dup2(terminal, 0);
		if (tcgetpgrp(0) != getpid())
			_exit(98);
		function();
		/* A failed assertion has left this child by longjmp(3) into the copied test runner; this is success. */
		_exit(0);
	}
	assert_int_equal(wait_for(pid), 0);
}

static void test_launch_program_has_the_terminal(void **state)
{
	(void)state;
	run_on_a_terminal(assert_both_report_the_same);
}

/* Waiting */

static void test_launch_program_waits_until_it_is_released(void **state)
{
	const char *const words[] = {"/bin/sh", "-c", "echo ran; kill -TERM $$", NULL};
	_cleanup_strbuf_ struct strbuf output = {0};
	struct usdtrap_launch *launch;
	struct usdtrap_error *error;
	char byte;
	int former;
	int fd = begin_capture(&former);
	int status;

	(void)state;
	error = launch_words(words, &launch);
	end_capture(former);
	assert_null(error);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	assert_int_equal(read(fd, &byte, 1), -1);
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(waitpid(usdtrap_launch_pid(launch), &status, WNOHANG), 0);
	fcntl(fd, F_SETFL, 0);

	usdtrap_launch_release(launch);
	assert_null(usdtrap_launch_result(launch));
	status = wait_for(usdtrap_launch_pid(launch));
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
	read_all(fd, &output);
	close(fd);
	assert_string_equal(strbuf_text(&output), "ran\n");
	usdtrap_launch_destroy(launch);
}

static void test_launch_program_that_nobody_releases_ends_silently(void **state)
{
	const char *const words[] = {"/bin/sh", "-c", "echo ran", NULL};
	_cleanup_strbuf_ struct strbuf output = {0};
	struct usdtrap_launch *launch;
	struct usdtrap_error *error;
	int former;
	int fd = begin_capture(&former);
	pid_t pid;

	(void)state;
	error = launch_words(words, &launch);
	end_capture(former);
	assert_null(error);
	pid = usdtrap_launch_pid(launch);
	usdtrap_launch_destroy(launch);
	assert_int_equal(wait_for(pid), 0);
	read_all(fd, &output);
	close(fd);
	assert_string_equal(strbuf_text(&output), "");
}

static void test_launch_program_ends_with_a_caller_that_is_killed(void **state)
{
	const char *const words[] = {"/bin/sh", "-c", "exit 3", NULL};
	pid_t caller;
	pid_t pid = 0;
	int ends[2];

	(void)state;
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	caller = fork();
	if (caller == 0) {
		struct usdtrap_launch *launch;

		if (launch_words(words, &launch))
			_exit(1);
		pid = usdtrap_launch_pid(launch);
		if (write(ends[1], &pid, sizeof(pid)) != sizeof(pid))
			_exit(1);
		kill(getpid(), SIGKILL);
	}
	assert_true(WIFSIGNALED(wait_for(caller)));
	assert_int_equal(read(ends[0], &pid, sizeof(pid)), sizeof(pid));
	close(ends[0]);
	close(ends[1]);
	/* Ours to reap now: status 0, not the program's 3. */
	assert_int_equal(wait_for(pid), 0);
	prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
}

static void test_launch_release_of_a_dead_child_is_harmless(void **state)
{
	const char *const words[] = {"/bin/sh", "-c", "exit 3", NULL};
	struct usdtrap_launch *launch;
	sigset_t pending;

	(void)state;
	assert_null(launch_words(words, &launch));
	kill(usdtrap_launch_pid(launch), SIGKILL);
	assert_true(WIFSIGNALED(wait_for(usdtrap_launch_pid(launch))));
	usdtrap_launch_release(launch); /* SIGPIPE would end this program */
	assert_null(usdtrap_launch_result(launch));
	usdtrap_launch_destroy(launch);
	sigpending(&pending);
	assert_false(sigismember(&pending, SIGPIPE));
}

/* Finding the program, in a made-up folder */

struct folder {
	struct fake_proc tree;
	char *former_path;
	int former_folder;
};

static void add_program(const struct folder *folder, const char *name, const char *text, mode_t mode)
{
	char path[256];

	fake_proc_file(&folder->tree, name, text);
	snprintf(path, sizeof(path), "%s/%s", folder->tree.root, name);
	assert_int_equal(chmod(path, mode), 0);
}

static int create_folder(void **state)
{
	struct folder *folder = malloc(sizeof(*folder));

	assert_non_null(folder);
	fake_proc_create(&folder->tree);
	folder->former_path = strdup(getenv("PATH"));
	folder->former_folder = open(".", O_PATH | O_CLOEXEC);
	assert_int_equal(chdir(folder->tree.root), 0);

	add_program(folder, "first/plain", "no program\n", 0644);
	fake_proc_folder(&folder->tree, "first/hello");
	add_program(folder, "second/hello", "#!/bin/sh\necho second\n", 0755);
	add_program(folder, "third/hello", "#!/bin/sh\necho third\n", 0755);
	add_program(folder, "here", "#!/bin/sh\necho here\n", 0755);
	add_program(folder, "third/text", "neither ELF nor script\n", 0755);
	add_program(folder, "third/lost", "#!/nowhere/sh\n", 0755);
	assert_int_equal(setenv("PATH", "first:nowhere:second:third", 1), 0);
	*state = folder;
	return 0;
}

static int destroy_folder(void **state)
{
	struct folder *folder = *state;

	assert_int_equal(setenv("PATH", folder->former_path, 1), 0);
	assert_int_equal(fchdir(folder->former_folder), 0);
	close(folder->former_folder);
	free(folder->former_path);
	fake_proc_destroy(&folder->tree);
	free(folder);
	return 0;
}

static void test_launch_first_program_in_path_is_run(void **state)
{
	static const char *const names[][2] = {{"hello", "second\n"}, {"third/hello", "third\n"}, {"./here", "here\n"}};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		_cleanup_strbuf_ struct strbuf output = {0};
		const char *const words[] = {names[i][0], NULL};

		run_launched(words, &output);
		assert_string_equal(strbuf_text(&output), names[i][1]);
	}
}

static void test_launch_empty_folder_in_path_is_the_current(void **state)
{
	static const char *const paths[] = {"", ":first", "first:", "first::third"};
	const char *const words[] = {"here", NULL};

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		_cleanup_strbuf_ struct strbuf output = {0};

		assert_int_equal(setenv("PATH", paths[i], 1), 0);
		run_launched(words, &output);
		assert_string_equal(strbuf_text(&output), "here\n");
	}
}

static void test_launch_what_is_no_program_is_refused(void **state)
{
	static const struct {
		const char *name;
		enum usdtrap_error_code code;
		const char *message;
		const char *hint;
	} refusals[] = {
		{"absent", USDTRAP_NOT_FOUND, "cannot run 'absent': no such program in PATH",
		 "name it with its folder, such as ./absent"},
		{"", USDTRAP_NOT_FOUND, "cannot run '': No such file or directory", NULL},
		{"./absent", USDTRAP_NOT_FOUND, "cannot run './absent': No such file or directory", NULL},
		{"here/absent", USDTRAP_OS, "cannot run 'here/absent': Not a directory", NULL},
		{"plain", USDTRAP_PERMISSION, "cannot run 'first/plain': Permission denied",
		 "make it executable: chmod +x first/plain"},
		{"first/plain", USDTRAP_PERMISSION, "cannot run 'first/plain': Permission denied",
		 "make it executable: chmod +x first/plain"},
		{"./first", USDTRAP_OS, "cannot run './first': Is a directory", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		const char *const words[] = {refusals[i].name, NULL};
		struct usdtrap_launch *launch;
		struct usdtrap_error *error = launch_words(words, &launch);

		assert_non_null(error);
		assert_string_equal(usdtrap_error_message(error), refusals[i].message);
		assert_int_equal(usdtrap_error_code(error), refusals[i].code);
		if (refusals[i].hint)
			assert_string_equal(usdtrap_error_hint(error), refusals[i].hint);
		else
			assert_null(usdtrap_error_hint(error));
		usdtrap_error_destroy(error);
	}
}

static void test_launch_what_the_kernel_refuses_is_told_at_release(void **state)
{
	static const struct {
		const char *name;
		enum usdtrap_error_code code;
		const char *message;
	} refusals[] = {
		{"text", USDTRAP_OS, "cannot run 'third/text': Exec format error"},
		{"lost", USDTRAP_NOT_FOUND, "cannot run 'third/lost': No such file or directory"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		const char *const words[] = {refusals[i].name, NULL};
		struct usdtrap_launch *launch;
		struct usdtrap_error *error;
		int status;

		assert_null(launch_words(words, &launch));
		usdtrap_launch_release(launch);
		error = usdtrap_launch_result(launch);
		assert_non_null(error);
		assert_string_equal(usdtrap_error_message(error), refusals[i].message);
		assert_int_equal(usdtrap_error_code(error), refusals[i].code);
		usdtrap_error_destroy(error);
		status = wait_for(usdtrap_launch_pid(launch));
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 127);
		usdtrap_launch_destroy(launch);
	}
}

#define FOLDER_TEST(function) cmocka_unit_test_setup_teardown(function, create_folder, destroy_folder)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_launch_program_has_what_a_shell_would_give),
		cmocka_unit_test(test_launch_program_inherits_odd_signals_and_descriptors),
		cmocka_unit_test(test_launch_program_has_the_terminal),
		cmocka_unit_test(test_launch_program_waits_until_it_is_released),
		cmocka_unit_test(test_launch_program_that_nobody_releases_ends_silently),
		cmocka_unit_test(test_launch_program_ends_with_a_caller_that_is_killed),
		cmocka_unit_test(test_launch_release_of_a_dead_child_is_harmless),
		FOLDER_TEST(test_launch_first_program_in_path_is_run),
		FOLDER_TEST(test_launch_empty_folder_in_path_is_the_current),
		FOLDER_TEST(test_launch_what_is_no_program_is_refused),
		FOLDER_TEST(test_launch_what_the_kernel_refuses_is_told_at_release),
	};
	ssize_t length;

	if (argc > 1 && strcmp(argv[1], "report") == 0)
		return report(argv + 2);
	length = readlink("/proc/self/exe", self_path, sizeof(self_path) - 1);
	if (length < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
