/* SPDX-License-Identifier: MIT */
/*
 * What happens, in this order, on the main thread:
 *
 *	begin clauses run; what they print is held back
 *	the session is made, probes are added
 *	HOLDS is told to the front, the target is attached
 *	"Attached N probes" is said, then what begin printed
 *	ARMED is told, with -c: the front lets the program run
 *	the session runs, until something ends it
 *	the target is let go, and LEFT is told
 *	end clauses run, maps are printed
 *	the output is written, as far as anyone reads it
 *
 * begin's output is held back because under bpftrace, where it travels through
 * the same buffer as all other, it comes behind the line that says what was
 * attached, too.
 *
 * Letting go comes before all that could take long: whoever wants to leave
 * gets the target's bytes back at once, and only the output may keep usdtrap
 * from ending. Hits that wait for room in a full queue are let through as
 * soon as leaving begins.
 */
#include "cli/engine_process.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock_time.h"
#include "base/error.h"
#include "base/strbuf.h"
#include "cli/link.h"
#include "cli/message.h"
#include "cli/progress.h"
#include "cli/task.h"
#include "cli/watch.h"

/* A begin clause that prints more than this is not held back any longer. */
#define HELD_BACK_MAX ((size_t)1 << 20)

#define MESSAGES_SIZE ((size_t)1 << 20)

struct engine_process {
	const struct engine_job *job;
	struct task_context tasks;
	const struct options *options;
	bool has_colour;
	pid_t pid; /* the target, or 0 */
	pid_t front;
	bool has_call_filter; /* the target cannot do without us */

	struct output *output;   /* the script's */
	struct output *messages; /* standard error */

	struct progress progress; /* of attaching */

	bool is_holding_back; /* while begin clauses run */
	struct strbuf held_back;

	pthread_mutex_t lock;            /* over what follows: the watching thread uses it */
	struct usdtrap_session *session; /* NULL while there is none */
	struct usdtrap_session *retired; /* the session, once it has left */
	bool is_leaving;
	bool is_asked_to_leave; /* by the user, rather than since nobody reads or the process has ended */

	bool is_interrupted; /* by one Ctrl-C at least; the watching thread's own */
};

/* Messages. On any thread; they never wait. */

static void say(struct engine_process *engine, enum message_kind kind, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void say(struct engine_process *engine, enum message_kind kind, const char *format, ...)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	_cleanup_strbuf_ struct strbuf message = {0};
	va_list arguments;

	if (kind == MESSAGE_WARNING && engine->options->no_warnings)
		return;
	va_start(arguments, format);
	strbuf_vaddf(&text, format, arguments);
	va_end(arguments);
	message_add(&message, engine->has_colour, kind, strbuf_text(&text));
	output_write(engine->messages, strbuf_text(&message), message.length);
}

static void say_error(struct engine_process *engine, struct usdtrap_error *error)
{
	_cleanup_strbuf_ struct strbuf message = {0};

	message_add_error(&message, engine->has_colour, error);
	usdtrap_error_destroy(error);
	output_write(engine->messages, strbuf_text(&message), message.length);
}

static void on_notice(enum usdtrap_notice notice, const char *text, void *user)
{
	struct engine_process *engine = user;

	switch (notice) {
	case USDTRAP_NOTICE_WARNING:
		say(engine, MESSAGE_WARNING, "%s", text);
		break;
	case USDTRAP_NOTICE_INFO:
		say(engine, MESSAGE_NOTE, "%s", text);
		break;
	case USDTRAP_NOTICE_DETAIL:
		if (engine->options->is_verbose)
			say(engine, MESSAGE_NOTE, "%s", text);
		break;
	}
}

/* The script's output. */

/* Does nothing when nothing is held back. */
static void stop_holding_back(struct engine_process *engine)
{
	engine->is_holding_back = false;
	output_write(engine->output, strbuf_text(&engine->held_back), engine->held_back.length);
	strbuf_deinit(&engine->held_back);
}

static void on_script_output(const char *text, size_t length, void *user)
{
	struct engine_process *engine = user;

	if (engine->is_holding_back &&
	    (engine->held_back.length + length > HELD_BACK_MAX || !strbuf_reserve(&engine->held_back, length)))
		stop_holding_back(engine);
	if (engine->is_holding_back)
		strbuf_add(&engine->held_back, text, length);
	else
		output_write(engine->output, text, length);
}

static void on_script_warning(const char *text, size_t length, void *user)
{
	struct engine_process *engine = user;

	output_write(engine->messages, text, length);
}

static void on_script_task(const struct lang_task *task, void *user)
{
	struct engine_process *engine = user;

	/* Whatever it does is seen, so what was printed before must be, too. */
	stop_holding_back(engine);
	task_submit(&engine->tasks, task, engine->output);
}

static void on_task_error(struct usdtrap_error *error, void *user)
{
	say_error(user, error);
}

/* Neither -p nor -c: the whole machine is meant. */
static bool is_of_machine(const struct engine_process *engine)
{
	return !engine->options->pid && !engine->options->command && lang_needs_process(engine->job->program);
}

/* Among the machine's processes is the reader of the output, which must not wait for itself. */
static bool drops(const struct engine_process *engine)
{
	return engine->options->drops || is_of_machine(engine);
}

static void on_output_full(void *user)
{
	struct engine_process *engine = user;

	if (drops(engine))
		say(engine, MESSAGE_WARNING, "the output is read too slowly: some is dropped, and counted");
	else
		say(engine, MESSAGE_WARNING,
		    "the output is read too slowly: traced programs wait for its reader (--drop: output is dropped instead)");
}

static void on_output_stalled(size_t queued, void *user)
{
	say(user, MESSAGE_NOTE, "nobody reads the last %zu bytes of output; Ctrl-C again drops them", queued);
}

/* Leaving. On the watching thread, or on one that writes output. */

static void leave(struct engine_process *engine)
{
	pthread_mutex_lock(&engine->lock);
	engine->is_leaving = true;
	if (engine->session)
		usdtrap_interrupt(engine->session);
	pthread_mutex_unlock(&engine->lock);
	output_release(engine->output);
}

static void on_output_broken(int error_number, void *user)
{
	(void)error_number; /* output_finish() will tell */
	leave(user);
}

static void on_signal(int number, void *user)
{
	const struct engine_process *engine = user;

	lang_raise_signal(engine->job->program, number);
}

static void on_event(enum watch_event event, void *user)
{
	struct engine_process *engine = user;

	pthread_mutex_lock(&engine->lock);
	engine->is_asked_to_leave |= event != WATCH_LEAVE;
	pthread_mutex_unlock(&engine->lock);
	leave(engine);
	switch (event) {
	case WATCH_LEAVE:
		break;
	case WATCH_INTERRUPT:
		output_set_patience(engine->output, engine->is_interrupted ? OUTPUT_GIVES_UP : OUTPUT_TELLS);
		if (engine->is_interrupted)
			output_set_patience(engine->messages, OUTPUT_HURRIES);
		engine->is_interrupted = true;
		break;
	case WATCH_TERMINATE:
		output_set_patience(engine->output, OUTPUT_HURRIES);
		output_set_patience(engine->messages, OUTPUT_HURRIES);
		break;
	}
}

/* The steps. */

/* Makes the process what it should be: no terminal's, with nothing inherited that matters. */
static void settle(void)
{
	sigset_t child;
	int nothing;

	setsid();
	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	/* The tracing thread alone is to hear of stops, if it wants to: os/waiting.h. */
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, NULL);
	/* `pkill -USR1 usdtrap' reaches the front as well, which passes on what the script wants to hear of. */
	signal(SIGUSR1, SIG_IGN);
	signal(SIGUSR2, SIG_IGN);
	/* A pipe that the front or the program reads must not stay open because of us. */
	nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (nothing >= 0) {
		dup2(nothing, STDIN_FILENO);
		close(nothing);
	}
}

static struct usdtrap_error *create_outputs(struct engine_process *engine)
{
	const struct output_options messages = {
		.descriptor = STDERR_FILENO,
		.buffering = OUTPUT_PIECES,
		.queue_size = MESSAGES_SIZE,
		.drops = true,
	};
	const struct output_options output = {
		.descriptor = engine->job->output,
		.buffering = engine->options->buffering,
		.queue_size = engine->options->queue_size,
		.drops = drops(engine),
		.on_full = on_output_full,
		.on_stalled = on_output_stalled,
		.on_broken = on_output_broken,
		.user = engine,
	};
	struct usdtrap_error *error = output_create(&messages, &engine->messages);

	return error ? error : output_create(&output, &engine->output);
}

static void on_progress(const struct usdtrap_progress *progress, void *user)
{
	struct engine_process *engine = user;

	progress_tell(&engine->progress, progress);
}

static struct usdtrap_error *create_session(struct engine_process *engine, struct usdtrap_session **ret)
{
	const struct usdtrap_options options = {
		.on_notice = on_notice,
		.on_progress = on_progress,
		.user = engine,
		.no_recipes = engine->options->no_recipe,
		.follow = engine->options->follows,
		.filtered = engine->options->filters_calls,
		.watch_maps = engine->options->watches_maps,
		.no_net = engine->options->no_net,
		.no_follow_cpu = engine->options->no_follow_cpu,
	};
	struct usdtrap_error *error = usdtrap_session_create(&options, ret);

	if (error)
		return error;
	pthread_mutex_lock(&engine->lock);
	engine->session = *ret;
	if (engine->is_leaving)
		usdtrap_interrupt(*ret);
	pthread_mutex_unlock(&engine->lock);
	return NULL;
}

/* It has let everybody go, and is asked for nothing any more. What it knows of stacks is still to be printed. */
static void retire_session(struct engine_process *engine)
{
	pthread_mutex_lock(&engine->lock);
	engine->retired = engine->session;
	engine->session = NULL;
	pthread_mutex_unlock(&engine->lock);
}

/* Whoever asks for it meanwhile may have cut attaching short: then it is not said. */
static bool is_asked_to_leave(struct engine_process *engine)
{
	bool is_asked;

	pthread_mutex_lock(&engine->lock);
	is_asked = engine->is_asked_to_leave;
	pthread_mutex_unlock(&engine->lock);
	return is_asked;
}

static void say_attached(struct engine_process *engine)
{
	size_t count = lang_probe_count(engine->job->program);
	_cleanup_strbuf_ struct strbuf text = {0};

	if (is_asked_to_leave(engine)) {
		if (!engine->options->is_quiet)
			say(engine, MESSAGE_NOTE, "interrupted while attaching");
		return;
	}
	if (engine->options->is_quiet) {
		/* Nothing to say. */
	} else if (engine->options->format == LANG_JSON) {
		strbuf_addf(&text, "{\"type\": \"attached_probes\", \"count\": %zu, \"data\": {\"probes\": %zu}}\n",
			    count, count);
		output_write(engine->output, strbuf_text(&text), text.length);
	} else {
		strbuf_addf(&text, "Attached %zu probe%s\n", count, count == 1 ? "" : "s");
		output_write(engine->messages, strbuf_text(&text), text.length);
	}
	/* For test harnesses, as bpftrace has it. */
	if (getenv("__BPFTRACE_NOTIFY_PROBES_ATTACHED")) {
		static const char word[] = "__BPFTRACE_NOTIFY_PROBES_ATTACHED\n";

		output_write(engine->output, word, sizeof(word) - 1);
		output_flush(engine->output);
	}
}

/* --seccomp: tells the front at which calls the program is to stop, and the user what that means. */
static void filter_calls(struct engine_process *engine, const struct usdtrap_session *session)
{
	uint16_t calls[USDTRAP_CALLS_MAX];
	size_t count = usdtrap_session_calls(session, calls);

	for (size_t i = 0; i < count; i++)
		link_send(engine->job->link, LINK_CALL, calls[i]);
	if (count)
		say(engine, MESSAGE_WARNING,
		    "--seccomp: the program and its children cannot do without usdtrap any more: should it be killed, "
		    "the system calls that are traced fail with ENOSYS%s",
		    geteuid() ? "; set-user-ID programs give them no rights (no_new_privs)" : "");
	else
		say(engine, MESSAGE_WARNING,
		    "--seccomp changes nothing: the script asks for no system call, or for all of them");
	engine->has_call_filter = count > 0;
}

static struct usdtrap_error *attach(struct engine_process *engine, struct usdtrap_session *session)
{
	_cleanup_strbuf_ struct strbuf diagnostics = {0};
	const struct usdtrap_machine machine = {.way = engine->options->machine_way,
						.folders = engine->options->filesystems.items};
	struct usdtrap_error *error = lang_add_probes(engine->job->program, session, &diagnostics);

	output_write(engine->messages, strbuf_text(&diagnostics), diagnostics.length);
	/* Without a probe in the target there is no need to touch it. */
	if (error || !lang_needs_process(engine->job->program))
		return error;
	if (engine->options->filters_calls)
		filter_calls(engine, session);
	link_send(engine->job->link, LINK_HOLDS, 0);
	progress_begin(&engine->progress, !engine->options->is_quiet, engine->messages);
	if (is_of_machine(engine))
		error = usdtrap_attach_machine(session, &machine);
	else
		error = usdtrap_attach(session, engine->pid,
				       engine->options->command ? USDTRAP_ATTACH_AT_EXEC : USDTRAP_ATTACH_NOW);
	progress_end(&engine->progress);
	return error;
}

static void say_report(struct engine_process *engine, const struct usdtrap_report *report)
{
	if (report->sites_lost)
		say(engine, MESSAGE_WARNING,
		    "%u of the target's bytes had been changed by somebody else meanwhile: left alone",
		    report->sites_lost);
	if (report->processes_late)
		say(engine, MESSAGE_WARNING,
		    "%u processes had begun with what is traced before they could be reached: their first hits are missing",
		    report->processes_late);
	if (report->processes_missed)
		say(engine, MESSAGE_WARNING, "%u such processes had ended before they could be reached",
		    report->processes_missed);
	if (report->starts_late)
		say(engine, MESSAGE_WARNING,
		    "%" PRIu64 " of %" PRIu64
		    " commands were seen only once they had started: what is known of them is "
		    "what their program was given",
		    report->starts_late, report->starts);
	if (report->starts_missed)
		say(engine, MESSAGE_WARNING, "%" PRIu64 " command%s had ended before %s could be looked at",
		    report->starts_missed, report->starts_missed == 1 ? "" : "s",
		    report->starts_missed == 1 ? "it" : "they");
	if (report->returns_untold)
		say(engine, MESSAGE_WARNING,
		    "%" PRIu64
		    " return%s of functions could not be seen, or not be told from another call's: %s missing",
		    report->returns_untold, report->returns_untold == 1 ? "" : "s",
		    report->returns_untold == 1 ? "it is" : "they are");
	if (report->calls_abandoned)
		say(engine, MESSAGE_NOTE,
		    "%" PRIu64
		    " call%s of functions whose return was asked for %s left by longjmp, an exception or another jump: "
		    "there is no return",
		    report->calls_abandoned, report->calls_abandoned == 1 ? "" : "s",
		    report->calls_abandoned == 1 ? "was" : "were");
	if (engine->options->is_verbose)
		say(engine, MESSAGE_NOTE,
		    "hits: %" PRIu64
		    "; bytes put back: %u; semaphores lowered: %u; processes let go: %u; late traps: %" PRIu64,
		    report->hits, report->sites_restored, report->semaphores_lowered, report->processes,
		    report->late_traps);
}

/* A program that was to be started is run to its end, whatever the script has to do meanwhile. */
static bool has_to_wait(const struct engine_process *engine)
{
	return lang_needs_run(engine->job->program) || engine->options->command;
}

/* From the session's creation to its detachment. */
static struct usdtrap_error *trace(struct engine_process *engine)
{
	struct usdtrap_session *session;
	struct usdtrap_error *error, *leave_error;
	struct usdtrap_report report;

	error = create_session(engine, &session);
	if (error)
		return error;
	error = attach(engine, session);
	if (!error) {
		say_attached(engine);
		stop_holding_back(engine);
	}
	if (!error && !engine->options->is_dry_run) {
		if (engine->options->command)
			link_send(engine->job->link, LINK_ARMED, 0);
		/* The filter may have left out all that there was to wait for. */
		if (has_to_wait(engine))
			error = usdtrap_run(session);
	}
	output_release(engine->output);
	leave_error = usdtrap_detach(session, &report);
	if (leave_error && error)
		say_error(engine, leave_error);
	else if (leave_error)
		error = leave_error;
	else
		say_report(engine, &report);
	retire_session(engine);
	/* The front is dead, or it would do that. */
	if (engine->has_call_filter && getppid() != engine->front)
		kill(engine->pid, SIGTERM);
	link_send(engine->job->link, LINK_LEFT, 0);
	return error;
}

/* From the first clause to the last. */
static struct usdtrap_error *run_program(struct engine_process *engine)
{
	struct lang_program *program = engine->job->program;
	enum usdtrap_action action = USDTRAP_CONTINUE;
	bool waits = has_to_wait(engine);
	struct usdtrap_error *error = NULL;

	engine->is_holding_back = true;
	if (!engine->options->is_dry_run)
		action = lang_run_begin(program);
	if (waits && action == USDTRAP_CONTINUE)
		error = trace(engine);
	else if (!waits)
		say_attached(engine);
	stop_holding_back(engine);
	if (!error && !engine->options->is_dry_run && action == USDTRAP_CONTINUE)
		lang_run_trials(program);
	if (!error && !engine->options->is_dry_run)
		lang_run_end(program);
	usdtrap_session_destroy(engine->retired);
	return error;
}

/* What became of the output. Returns whether all is well. */
static bool say_output_report(struct engine_process *engine, const struct output_report *report)
{
	if (report->pieces_dropped)
		say(engine, MESSAGE_WARNING, "%" PRIu64 " pieces of output (%" PRIu64 " bytes) were dropped",
		    report->pieces_dropped, report->bytes_dropped);
	if (report->bytes_left)
		say(engine, MESSAGE_ERROR, "%" PRIu64 " bytes of output were not written: nobody read them",
		    report->bytes_left);
	/* That the reader has seen enough is not an error. */
	if (report->error_number == 0 || report->error_number == EPIPE)
		return report->bytes_left == 0;
	if (engine->options->output_path)
		say_error(engine, error_os(report->error_number, "cannot write to %s", engine->options->output_path));
	else
		say_error(engine, error_os(report->error_number, "cannot write to standard output"));
	return false;
}

static struct usdtrap_error *start_watching(struct engine_process *engine)
{
	const struct watch_options options = {
		.link = engine->job->link,
		.output = engine->job->output,
		/* A target that is traced tells of its own end. */
		.pid = lang_needs_process(engine->job->program) ? 0 : engine->pid,
		.on_event = on_event,
		.on_signal = on_signal,
		.user = engine,
	};

	return watch_start(&options);
}

int engine_process_run(const struct engine_job *job)
{
	struct engine_process engine = {
		.job = job,
		.options = job->options,
		.has_colour = message_wants_colour(),
		.pid = job->options->pid,
		.front = getppid(),
		.lock = PTHREAD_MUTEX_INITIALIZER,
	};
	const struct lang_output script_output = {
		.write = on_script_output, .warn = on_script_warning, .later = on_script_task, .user = &engine};
	struct link_message launched;
	struct output_report report;
	struct usdtrap_error *error;
	int status;

	engine.tasks = (struct task_context){
		.format = job->options->format, .runner = job->runner, .on_error = on_task_error, .user = &engine};
	settle();
	if (job->options->command) {
		if (!link_receive(job->link, &launched) || launched.word != LINK_LAUNCHED)
			return EXIT_FAILURE; /* the front has said why */
		engine.pid = launched.value;
		lang_set_command_pid(job->program, engine.pid);
	}
	error = create_outputs(&engine);
	if (error) {
		message_print_error(error);
		return EXIT_FAILURE;
	}
	lang_set_output(job->program, &script_output);
	lang_set_own_pid(job->program, getppid());
	error = start_watching(&engine);
	if (!error)
		error = run_program(&engine);
	status = error ? EXIT_FAILURE : lang_exit_status(job->program);
	if (error && !error_catch(error, USDTRAP_SCRIPT)) /* the script's errors have been said, with their places */
		say_error(&engine, error);
	output_finish(engine.output, &report);
	if (!say_output_report(&engine, &report) && status == EXIT_SUCCESS)
		status = EXIT_FAILURE;
	output_finish(engine.messages, &report);
	return status;
}
