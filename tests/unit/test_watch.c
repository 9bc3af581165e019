/* SPDX-License-Identifier: MIT */
/*
 * What the engine process hears. Each case is a process of its own, as the
 * watching thread lives as long as its process; its status is what it heard.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "cli/link.h"
#include "cli/watch.h"

enum { HEARD = 10, FAILED = 99 };

/* What a case has at hand. */
struct scene {
	struct link front; /* the other end of the link */
	int reader;        /* of the pipe that is the output */
	pid_t child;       /* a process that waits to be killed */
};

static void on_event(enum watch_event event, void *user)
{
	(void)user;
	_exit(HEARD + (int)event);
}

static pid_t start_child(void)
{
	pid_t child = fork();

	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	return child;
}

/* Runs WHAT in a process that watches, and returns what it heard. */
static int heard_after(void (*prepare)(void), void (*what)(struct scene *scene), bool with_process)
{
	struct scene scene;
	struct link link[2];
	int output[2], status;
	pid_t process;

	assert_null(link_create(link));
	assert_int_equal(pipe(output), 0);
	process = fork();
	assert_true(process >= 0);
	if (process == 0) {
		struct watch_options options = {.link = link[0], .output = output[1], .on_event = on_event};

		alarm(60);
		scene = (struct scene){.front = link[1], .reader = output[0], .child = start_child()};
		if (with_process)
			options.pid = scene.child;
		if (prepare)
			prepare();
		if (watch_start(&options))
			_exit(FAILED);
		what(&scene);
		for (;;)
			pause();
	}
	link_close(link[0]);
	link_close(link[1]);
	close(output[0]);
	close(output[1]);
	assert_int_equal(waitpid(process, &status, 0), process);
	return WIFEXITED(status) ? WEXITSTATUS(status) - HEARD : -1;
}

static void front_passes_interrupt(struct scene *scene)
{
	link_send(scene->front, LINK_SIGNAL, SIGINT);
}

static void front_passes_hangup(struct scene *scene)
{
	link_send(scene->front, LINK_SIGNAL, SIGHUP);
}

static void front_ends(struct scene *scene)
{
	kill(scene->child, SIGKILL); /* which has that end, too */
	waitpid(scene->child, NULL, 0);
	link_close(scene->front);
}

static void interrupt_comes_directly(struct scene *scene)
{
	(void)scene;
	kill(getpid(), SIGINT);
}

static void termination_comes_directly(struct scene *scene)
{
	(void)scene;
	kill(getpid(), SIGTERM);
}

static void reader_goes(struct scene *scene)
{
	kill(scene->child, SIGKILL);
	waitpid(scene->child, NULL, 0);
	close(scene->reader);
}

static void process_ends(struct scene *scene)
{
	kill(scene->child, SIGKILL);
	waitpid(scene->child, NULL, 0);
}

static void test_watch_hears_each_source(void **state)
{
	static const struct {
		const char *name;
		void (*what)(struct scene *scene);
		bool with_process;
		enum watch_event expected;
	} rows[] = {
		{"Ctrl-C", front_passes_interrupt, false, WATCH_INTERRUPT},
		{"SIGHUP", front_passes_hangup, false, WATCH_TERMINATE},
		{"the front ends", front_ends, false, WATCH_TERMINATE},
		{"SIGINT to the engine", interrupt_comes_directly, false, WATCH_LEAVE},
		{"SIGTERM to the engine", termination_comes_directly, false, WATCH_TERMINATE},
		{"the reader goes", reader_goes, false, WATCH_LEAVE},
		{"the process ends", process_ends, true, WATCH_LEAVE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int heard = heard_after(NULL, rows[i].what, rows[i].with_process);

		if (heard != (int)rows[i].expected)
			fail_msg("%s: %d", rows[i].name, heard);
	}
}

/* As before Linux 5.3, or under a container's old filter. */
static void forbid_pidfd_open(void)
{
	struct sock_filter rules[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_pidfd_open, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = {sizeof(rules) / sizeof(rules[0]), rules};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0 ||
	    syscall(SYS_pidfd_open, getpid(), 0) >= 0)
		_exit(FAILED);
}

static void test_watch_hears_the_end_of_a_process_without_pidfd(void **state)
{
	(void)state;
	assert_int_equal(heard_after(forbid_pidfd_open, process_ends, true), WATCH_LEAVE);
}

static void test_watch_missing_process_is_an_error(void **state)
{
	const struct watch_options options = {.link = {-1, -1}, .output = -1, .pid = 4194303, .on_event = on_event};
	struct usdtrap_error *error = watch_start(&options);

	(void)state;
	assert_non_null(error);
	assert_string_equal(usdtrap_error_message(error), "no process 4194303");
	assert_string_equal(usdtrap_error_hint(error), "list processes: ps -e");
	usdtrap_error_destroy(error);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_watch_hears_each_source),
		cmocka_unit_test(test_watch_hears_the_end_of_a_process_without_pidfd),
		cmocka_unit_test(test_watch_missing_process_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
