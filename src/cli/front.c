/* SPDX-License-Identifier: MIT */
#include "cli/front.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <usdtrap/launch.h>
#include <usdtrap/session.h>

#include "base/error.h"
#include "cli/message.h"
#include "cli/repair.h"
#include "lang/program.h"

struct front {
	const struct front_job *job;
	bool hears_engine; /* it has not closed its end of the link */
	int signals;       /* signalfd(2) */

	struct usdtrap_launch *launch;     /* the program of -c; NULL: none */
	pid_t program;                     /* its pid while it is not reaped, else 0 */
	bool is_released;                  /* it was let run */
	uint16_t calls[USDTRAP_CALLS_MAX]; /* --seccomp: where it stops */
	size_t call_count;
	bool has_failed; /* something went wrong here */

	bool has_engine; /* it is not reaped */
	int engine_status;
	bool engine_holds; /* the target may be patched */
};

static void fail(struct front *front, struct usdtrap_error *error)
{
	message_print_error(error);
	front->has_failed = true;
}

/* -c: a child that waits to be traced. */
static struct usdtrap_error *launch(struct front *front)
{
	const struct front_job *job = front->job;
	struct usdtrap_error *error;

	if (!job->command)
		return NULL;
	error = usdtrap_launch_create(job->command->words, job->engine, &front->launch);
	if (error)
		return error;
	front->program = usdtrap_launch_pid(front->launch);
	return NULL;
}

/*
 * Signals are read from a descriptor, so their dispositions stay what they
 * were: the program of -c, forked before this, has its own from the shell. A
 * SIGHUP that is ignored, as by nohup(1), stays so. A SIGINT that is ignored,
 * as a script's background jobs have it, does not: somebody who sends it to
 * usdtrap means it.
 */
static struct usdtrap_error *open_signals(struct front *front)
{
	struct sigaction hangup;
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGCHLD);
	if (sigaction(SIGHUP, NULL, &hangup) == 0 && hangup.sa_handler != SIG_IGN)
		sigaddset(&signals, SIGHUP);
	if (front->job->program && lang_takes_signal(front->job->program, SIGUSR1))
		sigaddset(&signals, SIGUSR1);
	if (front->job->program && lang_takes_signal(front->job->program, SIGUSR2))
		sigaddset(&signals, SIGUSR2);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	signal(SIGCHLD, SIG_DFL);
	signal(SIGPIPE, SIG_IGN);
	front->signals = signalfd(-1, &signals, SFD_CLOEXEC);
	return front->signals < 0 ? error_os(errno, "signalfd") : NULL;
}

static void reap(struct front *front)
{
	if (front->has_engine && waitpid(front->job->engine, &front->engine_status, WNOHANG) == front->job->engine)
		front->has_engine = false;
	if (front->program && waitpid(front->program, NULL, WNOHANG) == front->program)
		front->program = 0;
}

static void on_signal(struct front *front)
{
	struct signalfd_siginfo info;

	if (read(front->signals, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo == SIGCHLD)
		reap(front);
	else
		link_send(front->job->link, LINK_SIGNAL, (int)info.ssi_signo);
}

/* The target is as it was and usdtrap is about to end: as under bpftrace, the program of -c is not left behind. */
static void end_program(struct front *front)
{
	if (front->program && front->is_released)
		kill(front->program, SIGTERM);
}

static void on_message(struct front *front)
{
	struct link_message message;
	struct usdtrap_error *error;

	if (!link_receive(front->job->link, &message)) {
		front->hears_engine = false;
		return;
	}
	switch (message.word) {
	case LINK_HOLDS:
		front->engine_holds = true;
		break;
	case LINK_CALL:
		if (front->call_count < USDTRAP_CALLS_MAX)
			front->calls[front->call_count++] = (uint16_t)message.value;
		break;
	case LINK_ARMED:
		front->is_released = true;
		usdtrap_launch_filter(front->launch, front->calls, front->call_count);
		usdtrap_launch_release(front->launch);
		error = usdtrap_launch_result(front->launch);
		if (error)
			fail(front, error);
		break;
	case LINK_LEFT:
		front->engine_holds = false;
		end_program(front);
		break;
	case LINK_LAUNCHED:
	case LINK_SIGNAL:
		break; /* the front's own words */
	}
}

static void say_engine_died(const struct front *front, int signal_number)
{
	message_print(MESSAGE_ERROR, "the tracing process %d was killed by signal %d (%s)", (int)front->job->engine,
		      signal_number, strsignal(signal_number));
}

/* Nobody traces it any more: what its filter stops at fails, and can never be had again. It is better off not going on.
 */
static void end_filtered_program(struct front *front)
{
	message_print(MESSAGE_WARNING,
		      "with --seccomp a program cannot do without its tracer: the system calls it was traced for "
		      "fail from now on, so process %d gets a SIGTERM",
		      (int)front->program);
	end_program(front);
}

/* A program that was never let run ends by itself, as soon as nobody is left to let it. */
static void drop_launch(struct front *front)
{
	usdtrap_launch_destroy(front->launch);
	if (front->program && !front->is_released)
		waitpid(front->program, NULL, 0);
}

int front_run(const struct front_job *job)
{
	struct front front = {.job = job, .hears_engine = true, .signals = -1, .has_engine = true};
	struct usdtrap_error *error = launch(&front);

	if (!error)
		error = open_signals(&front);
	if (error) {
		fail(&front, error);
		link_close(job->link); /* which ends the engine */
		front.hears_engine = false;
		waitpid(job->engine, &front.engine_status, 0);
		front.has_engine = false;
	} else if (front.program) {
		link_send(job->link, LINK_LAUNCHED, front.program);
	}
	reap(&front);
	while (front.has_engine || front.hears_engine) {
		struct pollfd sources[] = {{.fd = front.hears_engine ? job->link.in : -1, .events = POLLIN},
					   {.fd = front.signals, .events = POLLIN}};

		if (poll(sources, 2, -1) < 0)
			continue;
		if (sources[0].revents)
			on_message(&front);
		if (sources[1].revents)
			on_signal(&front);
	}
	if (WIFSIGNALED(front.engine_status)) {
		if (front.engine_holds) /* first of all */
			repair_after_engine(job->command ? front.program : job->pid);
		say_engine_died(&front, WTERMSIG(front.engine_status));
		if (front.call_count && front.is_released && front.program)
			end_filtered_program(&front);
	}
	drop_launch(&front);
	if (WIFSIGNALED(front.engine_status)) {
		return job->failure;
	}
	return front.has_failed ? job->failure : WEXITSTATUS(front.engine_status);
}
