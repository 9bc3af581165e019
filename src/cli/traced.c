/* SPDX-License-Identifier: MIT */
#include "cli/traced.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <usdtrap/process.h>

#include "base/clock_time.h"
#include "base/error.h"
#include "cli/command.h"
#include "cli/front.h"
#include "cli/link.h"
#include "cli/message.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/watch.h"

enum { QUEUE_SIZE = 16 << 20, MESSAGES_SIZE = 1 << 20 };

struct traced_outputs {
	struct output *output, *messages;
	bool has_colour;                 /* standard error's */
	struct progress progress;        /* of attaching */
	pthread_mutex_t lock;            /* over what follows: the watching thread uses it */
	struct usdtrap_session *session; /* NULL while there is none */
	bool is_leaving;
	bool is_interrupted;
	int leaving;
};

void traced_write(struct traced *traced, const struct strbuf *text)
{
	output_write(traced->outputs->output, strbuf_text(text), text->length);
}

void traced_printf(struct traced *traced, const char *format, ...)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	va_list arguments;

	va_start(arguments, format);
	strbuf_vaddf(&text, format, arguments);
	va_end(arguments);
	traced_write(traced, &text);
}

void traced_write_record(struct traced *traced, struct record *record)
{
	record_end(record);
	traced_write(traced, &record->text);
}

static void say_error(struct traced_outputs *outputs, struct usdtrap_error *error)
{
	_cleanup_strbuf_ struct strbuf message = {0};

	message_add_error(&message, outputs->has_colour, error);
	usdtrap_error_destroy(error);
	output_write(outputs->messages, strbuf_text(&message), message.length);
}

void traced_say_error(struct traced *traced, struct usdtrap_error *error)
{
	say_error(traced->outputs, error);
	traced->has_failed = true;
}

static void on_notice(enum usdtrap_notice notice, const char *text, void *user)
{
	struct traced_outputs *outputs = user;
	_cleanup_strbuf_ struct strbuf message = {0};

	if (notice == USDTRAP_NOTICE_DETAIL)
		return;
	message_add(&message, outputs->has_colour, notice == USDTRAP_NOTICE_WARNING ? MESSAGE_WARNING : MESSAGE_NOTE,
		    text);
	output_write(outputs->messages, strbuf_text(&message), message.length);
}

void traced_say_note(struct traced *traced, const char *text)
{
	on_notice(USDTRAP_NOTICE_INFO, text, traced->outputs);
}

/* ---- leaving: on the watching thread, or on one that writes ---- */

static void leave(struct traced_outputs *outputs)
{
	const uint64_t one = 1;

	pthread_mutex_lock(&outputs->lock);
	outputs->is_leaving = true;
	if (outputs->session)
		usdtrap_interrupt(outputs->session);
	pthread_mutex_unlock(&outputs->lock);
	(void)!write(outputs->leaving, &one, sizeof(one));
	output_release(outputs->output);
}

static void on_broken(int error_number, void *user)
{
	(void)error_number; /* output_finish() will tell */
	leave(user);
}

static void on_event(enum watch_event event, void *user)
{
	struct traced_outputs *outputs = user;

	leave(outputs);
	if (event == WATCH_INTERRUPT && !outputs->is_interrupted) {
		outputs->is_interrupted = true;
	} else if (event != WATCH_LEAVE) {
		output_set_patience(outputs->output, OUTPUT_HURRIES);
		output_set_patience(outputs->messages, OUTPUT_HURRIES);
	}
}

/* ---- the tracing process ---- */

static void on_progress(const struct usdtrap_progress *progress, void *user)
{
	struct traced_outputs *outputs = user;

	progress_tell(&outputs->progress, progress);
}

static struct usdtrap_error *create_outputs(struct traced_outputs *outputs)
{
	const struct output_options messages = {
		.descriptor = STDERR_FILENO,
		.buffering = OUTPUT_PIECES,
		.queue_size = MESSAGES_SIZE,
		.drops = true,
	};
	const struct output_options output = {
		.descriptor = STDOUT_FILENO,
		.buffering = OUTPUT_PIECES,
		.queue_size = QUEUE_SIZE,
		.on_broken = on_broken,
		.user = outputs,
	};
	struct usdtrap_error *error = output_create(&messages, &outputs->messages);

	return error ? error : output_create(&output, &outputs->output);
}

static struct usdtrap_error *create_session(struct traced *traced)
{
	struct traced_outputs *outputs = traced->outputs;
	const struct usdtrap_options options = {.on_notice = on_notice, .on_progress = on_progress, .user = outputs};
	struct usdtrap_error *error = usdtrap_session_create(&options, &traced->session);

	if (error)
		return error;
	pthread_mutex_lock(&outputs->lock);
	outputs->session = traced->session;
	if (outputs->is_leaving)
		usdtrap_interrupt(traced->session);
	pthread_mutex_unlock(&outputs->lock);
	return NULL;
}

static void destroy_session(struct traced *traced)
{
	pthread_mutex_lock(&traced->outputs->lock);
	traced->outputs->session = NULL;
	pthread_mutex_unlock(&traced->outputs->lock);
	usdtrap_session_destroy(traced->session);
}

static struct usdtrap_error *trace(struct traced *traced, const struct traced_body *body, struct link link)
{
	const bool has_command = traced->options->command;
	struct usdtrap_error *error = create_session(traced), *leave_error;
	struct usdtrap_report report = {0};

	if (error)
		return error;
	error = body->prepare(traced);
	if (!error) {
		link_send(link, LINK_HOLDS, 0);
		progress_begin(&traced->outputs->progress, true, traced->outputs->messages);
		error = usdtrap_attach(traced->session, traced->pid,
				       has_command ? USDTRAP_ATTACH_AT_EXEC : USDTRAP_ATTACH_NOW);
		progress_end(&traced->outputs->progress);
	}
	if (!error) {
		if (body->on_attached)
			body->on_attached(traced);
		if (has_command)
			link_send(link, LINK_ARMED, 0);
		error = usdtrap_run(traced->session);
	}
	output_release(traced->outputs->output);
	leave_error = usdtrap_detach(traced->session, &report);
	link_send(link, LINK_LEFT, 0);
	if (!error && !leave_error && body->before_end)
		body->before_end(traced);
	destroy_session(traced);
	if (error)
		usdtrap_error_destroy(leave_error);
	else
		error = leave_error;
	if (!error && body->on_left)
		body->on_left(traced, &report);
	return error;
}

/* What became of standard output. That the reader has seen enough is no failure. */
static void finish_output(struct traced *traced)
{
	struct output_report report;

	output_finish(traced->outputs->output, &report);
	if (report.error_number && report.error_number != EPIPE)
		traced_say_error(traced, error_os(report.error_number, "cannot write to standard output"));
	output_finish(traced->outputs->messages, &report);
}

/* In a session of its own, where no key of the terminal reaches it: the front hears those. */
static int tracing_process(struct traced *traced, const struct traced_body *body, struct link link)
{
	struct link_message launched;
	struct usdtrap_error *error;

	setsid();
	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	if (traced->options->command) {
		if (!link_receive(link, &launched) || launched.word != LINK_LAUNCHED)
			return traced->options->verb->failure; /* the front has said why */
		traced->pid = launched.value;
	}
	error = create_outputs(traced->outputs);
	if (error) {
		message_print_error(error);
		return traced->options->verb->failure;
	}
	error = watch_start(&(struct watch_options){
		.link = link, .output = STDOUT_FILENO, .on_event = on_event, .user = traced->outputs});
	if (!error)
		error = trace(traced, body, link);
	if (error)
		traced_say_error(traced, error);
	finish_output(traced);
	return traced->has_failed ? traced->options->verb->failure : traced->status;
}

/* ---- both ---- */

bool traced_await_enter(struct traced *traced)
{
	struct pollfd sources[] = {{.fd = traced->leaving, .events = POLLIN},
				   {.fd = traced->terminal, .events = POLLIN}};
	char byte = 0;

	while (byte != '\n') {
		if (poll(sources, 2, -1) < 0)
			continue;
		if (sources[0].revents || read(traced->terminal, &byte, 1) <= 0)
			return false;
	}
	return true;
}

static int divide(struct traced *traced, const struct traced_body *body, const struct command *command)
{
	struct link ends[2];
	struct usdtrap_error *error = link_create(ends);
	sigset_t signals, before;
	pid_t engine;
	int status;

	if (error) {
		message_print_error(error);
		return traced->options->verb->failure;
	}
	/* Until the engine has a session of its own a Ctrl-C reaches it as well: it is blocked meanwhile. */
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	sigprocmask(SIG_BLOCK, &signals, &before);
	engine = fork();
	if (engine < 0) {
		message_print_error(error_os(errno, "cannot start the tracing process"));
		return traced->options->verb->failure;
	}
	if (engine == 0) {
		link_close(ends[0]);
		_exit(tracing_process(traced, body, ends[1]));
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	link_close(ends[1]);
	status = front_run(&(struct front_job){
		.engine = engine,
		.link = ends[0],
		.pid = traced->options->pid,
		.command = traced->options->command ? command : NULL,
		.failure = traced->options->verb->failure,
	});
	return status;
}

int traced_run(const struct verb_options *options, const struct traced_body *body, void *user)
{
	struct traced_outputs outputs = {
		.has_colour = message_wants_colour(),
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.leaving = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
	};
	struct traced traced = {
		.options = options,
		.pid = options->pid,
		.has_colour = outputs.has_colour,
		.terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY),
		.leaving = outputs.leaving,
		.user = user,
		.outputs = &outputs,
	};
	struct command command = {0};
	struct usdtrap_error *error = options->command ? command_split(options->command, &command) : NULL;
	int status = options->verb->failure;

	if (!error && options->command)
		error = usdtrap_check_process(0);
	if (!error && options->pauses && traced.terminal < 0)
		error = error_create(USDTRAP_INVALID_USE, "--pause needs a terminal to wait for Enter at");
	if (!error)
		command_warn(&command);
	if (error)
		message_print_error(error);
	else
		status = divide(&traced, body, &command);
	command_deinit(&command);
	return status;
}
