/* SPDX-License-Identifier: MIT */
/*
 * The public functions of a session, and the two threads behind them.
 *
 * The engine thread makes every ptrace(2) call of the session and nothing else
 * may make it wait but a stop. The caller's thread posts a request and waits
 * for its end; in usdtrap_run() it does something useful meanwhile: it polls
 * what is not a stop (timers, events, usdtrap_interrupt()) and wakes the engine.
 *
 * waitpid(2) has no timeout and takes no signal mask, so a wake-up is a signal
 * to the engine thread whose only effect is to end a waitpid that is under
 * way. One that comes just before the wait would be lost; so wake-ups are
 * numbered, and the signal is repeated until the engine has seen its number.
 */
#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include <usdtrap/repair.h>
#include <utlist.h>

#include <usdtrap/function.h>

#include "base/cleanup.h"
#include "base/clock_time.h"
#include "base/error.h"
#include "base/thread.h"
#include "os/call_filter.h"
#include "trace/attached.h"
#include "trace/engine.h"
#include "trace/machine.h"
#include "trace/observe.h"
#include "trace/session_internal.h"
#include "trace/stacks.h"

enum {
	WAKE_REPEAT_MS = 1,
	MINIMUM_PERIOD_NS = 1000,
	VERIFY_PERIOD_NS = 400000000, /* an overlay is known after two of these, within a second */
	WAKE_PERIOD_NS = 50000000,
	FIRST_TIMER = 2, /* in the descriptors that are polled; before it the engine's end and the interrupt */
};

/* ---- on the engine thread ---- */

static void on_wake(int signal)
{
	(void)signal;
}

static void run_timers(struct usdtrap_session *session)
{
	struct timer *timer;

	LL_FOREACH (session->timers, timer)
		if (!session->engine.is_stopping && atomic_exchange(&timer->is_due, false) &&
		    timer->on_tick(timer->user) == USDTRAP_STOP)
			session->engine.is_stopping = true;
}

/* Answers one stop, if there is one. Returns whether there was. */
static bool answer_stop(struct engine *engine)
{
	machine_turn(engine);
	return engine_step(engine, false) == PTRACE_WAIT_STATUS;
}

/*
 * Runs what is due, and then answers stops for as long as that took: however
 * long timers take, and however often they are due, those that have stopped do
 * not wait for them more than half of the time.
 */
static void run_timers_and_stops(struct usdtrap_session *session)
{
	struct engine *engine = &session->engine;
	const uint64_t start_ns = clock_time_ns(CLOCK_MONOTONIC);
	uint64_t end_ns;

	run_timers(session);
	end_ns = 2 * clock_time_ns(CLOCK_MONOTONIC) - start_ns;
	while (!engine->is_stopping && !atomic_load(&session->is_interrupted) && answer_stop(engine) &&
	       clock_time_ns(CLOCK_MONOTONIC) < end_ns)
		;
}

/* Without a tracee there is nothing to wait for but a wake-up. */
static void wait_for_wake(const struct usdtrap_session *session)
{
	if (atomic_load(&session->wakes_wanted) == atomic_load(&session->wakes_seen))
		poll(NULL, 0, -1);
}

static void run(struct usdtrap_session *session)
{
	struct engine *engine = &session->engine;
	const uint64_t one = 1;

	while (!engine->is_stopping && (engine->member_count > 0 || engine->machine || !session->has_attached)) {
		unsigned wanted = atomic_load(&session->wakes_wanted);

		machine_turn(engine);
		if (wanted != atomic_load(&session->wakes_seen)) {
			atomic_store(&session->wakes_seen, wanted);
			if (atomic_load(&session->is_interrupted))
				break;
			run_timers_and_stops(session);
			continue;
		}
		if (engine_step(engine, true) == PTRACE_WAIT_NOBODY)
			wait_for_wake(session);
	}
	if (engine->machine)
		machine_work(engine); /* what was recorded before the end is told */
	/* Whoever polls must not take an end that came by itself for a wake-up it still has to send. */
	atomic_store(&session->wakes_seen, atomic_load(&session->wakes_wanted));
	while (write(session->end_fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

static struct usdtrap_error *attach(struct usdtrap_session *session)
{
	struct engine *engine = &session->engine;
	struct usdtrap_error *error = attach_process(engine, session->pid, session->mode);

	if (error || !engine->options.follow || session->mode != USDTRAP_ATTACH_NOW)
		return error;
	return attach_descendants(engine, session->pid);
}

static struct usdtrap_error *answer(struct usdtrap_session *session)
{
	switch (session->request) {
	case REQUEST_ATTACH:
		return attach(session);
	case REQUEST_ATTACH_MACHINE:
		return machine_attach(&session->engine, session->machine);
	case REQUEST_REPAIR:
		return repair_all(&session->engine, session->pid);
	case REQUEST_RUN:
		run(session);
		return NULL;
	case REQUEST_DETACH:
		machine_stop(&session->engine);
		affinity_deinit(&session->engine.affinity); /* leaving waits for no tracee, and for no processor */
		leave_all(&session->engine);
		return NULL;
	case REQUEST_NONE:
		break;
	}
	assert(!"a request");
	return NULL;
}

/*
 * The engine thread takes WAKE_SIGNAL. And every stop of a tracee sends its
 * tracer a SIGCHLD: the kernel drops that at once where its action is to ignore
 * it, but not while this thread blocks it. It would then be handed to some
 * other thread, and wake it out of its poll, for each hit (4 us of 15).
 */
static void unblock_signals(int wake_signal)
{
	struct sigaction child;
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, wake_signal);
	if (sigaction(SIGCHLD, NULL, &child) == 0 && !(child.sa_flags & SA_SIGINFO) &&
	    (child.sa_handler == SIG_DFL || child.sa_handler == SIG_IGN))
		sigaddset(&signals, SIGCHLD);
	pthread_sigmask(SIG_UNBLOCK, &signals, NULL);
}

static void *engine_thread(void *argument)
{
	struct usdtrap_session *session = argument;
	enum request request;

	unblock_signals(session->wake_signal);
	affinity_init(&session->engine.affinity, !session->engine.options.no_follow_cpu);
	atomic_store(&session->thread_id, gettid());
	do {
		pthread_mutex_lock(&session->lock);
		while (session->request == REQUEST_NONE || session->is_done)
			pthread_cond_wait(&session->changed, &session->lock);
		request = session->request;
		pthread_mutex_unlock(&session->lock);

		session->error = answer(session);

		pthread_mutex_lock(&session->lock);
		session->is_done = true;
		pthread_cond_broadcast(&session->changed);
		pthread_mutex_unlock(&session->lock);
	} while (request != REQUEST_DETACH);
	return NULL;
}

/* ---- on the caller's thread ---- */

static void post(struct usdtrap_session *session, enum request request)
{
	pthread_mutex_lock(&session->lock);
	session->request = request;
	session->is_done = false;
	pthread_cond_broadcast(&session->changed);
	pthread_mutex_unlock(&session->lock);
}

/* Waits for the end of what was posted and takes its error over. */
static struct usdtrap_error *await_end(struct usdtrap_session *session)
{
	struct usdtrap_error *error;

	pthread_mutex_lock(&session->lock);
	while (!session->is_done)
		pthread_cond_wait(&session->changed, &session->lock);
	session->request = REQUEST_NONE;
	error = session->error;
	session->error = NULL;
	pthread_mutex_unlock(&session->lock);
	return error;
}

static struct usdtrap_error *start_thread(struct usdtrap_session *session)
{
	int error_number = thread_start_deaf(&session->thread, engine_thread, session);

	if (error_number)
		return error_os(error_number, "cannot start the tracing thread");
	session->has_thread = true;
	return NULL;
}

static void on_broken_note(const struct usdtrap_error *problem, void *user)
{
	engine_notice(user, USDTRAP_NOTICE_WARNING, "%s", usdtrap_error_message(problem));
}

struct usdtrap_error *usdtrap_session_create(const struct usdtrap_options *options, struct usdtrap_session **ret)
{
	struct usdtrap_session *session = calloc(1, sizeof(*session));
	struct sigaction wake = {.sa_handler = on_wake}; /* without SA_RESTART: it is meant to interrupt */
	struct usdtrap_error *error = NULL;

	if (!session)
		return &error_no_memory;
	session->engine.rereading.fd = -1;
	if (options)
		session->engine.options = *options;
	if (session->engine.options.filtered)
		session->engine.options.follow = 1;
	session->engine.catalog.on_problem = on_broken_note;
	session->engine.catalog.user = &session->engine;
	session->engine.has_no_call_info = session->engine.options.no_call_info;
	pthread_mutex_init(&session->lock, NULL);
	pthread_cond_init(&session->changed, NULL);
	session->wake_signal = session->engine.options.wake_signal ? session->engine.options.wake_signal : SIGRTMAX - 1;
	session->engine.options.wake_signal = session->wake_signal;
	session->interrupt_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	session->end_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (session->engine.options.filtered && !call_filter_is_possible())
		error = error_create(USDTRAP_UNSUPPORTED, "a program's system calls can be filtered since Linux 4.8");
	else if (session->interrupt_fd < 0 || session->end_fd < 0)
		error = error_os(errno, "eventfd");
	else if (sigaction(session->wake_signal, &wake, NULL) < 0)
		error = error_os(errno, "cannot handle signal %d", session->wake_signal);
	else
		error = rereading_init(&session->engine);
	if (!error)
		error = start_thread(session);
	if (error) {
		usdtrap_session_destroy(session);
		return error;
	}
	*ret = session;
	return NULL;
}

void usdtrap_session_destroy(struct usdtrap_session *session)
{
	struct tracee *tracee, *next_tracee;
	struct timer *timer, *next_timer;

	if (!session)
		return;
	if (session->has_thread)
		usdtrap_error_destroy(usdtrap_detach(session, NULL));
	machine_destroy(&session->engine);
	HASH_ITER (hh, session->engine.tracees, tracee, next_tracee)
		engine_remove_tracee(&session->engine, tracee);
	space_destroy_all(&session->engine.former_spaces);
	LL_FOREACH_SAFE(session->timers, timer, next_timer)
	{
		if (timer->period_ns)
			close(timer->fd);
		free(timer);
	}
	stacks_destroy(session->engine.stacks);
	events_deinit(&session->engine.events);
	samplers_deinit(&session->engine);
	watchpoints_deinit(&session->engine.watchpoints);
	catalog_deinit(&session->engine.catalog);
	mapped_forget_strangers(&session->engine);
	rereading_deinit(&session->engine);
	if (session->interrupt_fd >= 0)
		close(session->interrupt_fd);
	if (session->end_fd >= 0)
		close(session->end_fd);
	pthread_cond_destroy(&session->changed);
	pthread_mutex_destroy(&session->lock);
	free(session);
}

/* The rules of <usdtrap/session.h> that can be checked. */
struct usdtrap_error *session_check_use(const struct usdtrap_session *session, const char *what)
{
	if (!session->has_thread)
		return error_create(USDTRAP_INVALID_USE, "%s after usdtrap_detach()", what);
	if (atomic_load(&session->thread_id) == gettid())
		return error_create(USDTRAP_INVALID_USE, "%s from a callback", what);
	return NULL;
}

struct usdtrap_error *session_check_early(const struct usdtrap_session *session, const char *what)
{
	if (session->has_attached)
		return error_create(USDTRAP_INVALID_USE, "%s after usdtrap_attach()", what);
	return session_check_use(session, what);
}

struct engine *session_engine(struct usdtrap_session *session)
{
	return &session->engine;
}

struct usdtrap_error *usdtrap_set_observer(struct usdtrap_session *session, usdtrap_observer_fn observer, void *user)
{
	struct usdtrap_error *error = session_check_use(session, "usdtrap_set_observer()");

	if (!error && session->engine.catalog.probes)
		error = error_create(USDTRAP_INVALID_USE, "usdtrap_set_observer() after usdtrap_add_probe()");
	if (error)
		return error;
	session->engine.observer = observer;
	session->engine.observer_user = user;
	return NULL;
}

struct usdtrap_error *usdtrap_add_timer(struct usdtrap_session *session, uint64_t period_ns, usdtrap_timer_fn on_tick,
					void *user)
{
	struct usdtrap_error *error = session_check_use(session, "usdtrap_add_timer()");
	struct timer *timer;

	if (error)
		return error;
	if (period_ns < MINIMUM_PERIOD_NS)
		return error_create(USDTRAP_INVALID_USE, "a timer's period must be at least %d ns", MINIMUM_PERIOD_NS);
	timer = calloc(1, sizeof(*timer));
	if (!timer)
		return &error_no_memory;
	timer->fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (timer->fd < 0) {
		error = error_os(errno, "timerfd_create");
		free(timer);
		return error;
	}
	timer->period_ns = period_ns;
	timer->on_tick = on_tick;
	timer->user = user;
	LL_APPEND(session->timers, timer);
	return NULL;
}

struct usdtrap_error *usdtrap_add_event(struct usdtrap_session *session, int event, usdtrap_timer_fn on_event,
					void *user)
{
	struct usdtrap_error *error = session_check_use(session, "usdtrap_add_event()");
	struct timer *timer;

	if (error)
		return error;
	timer = calloc(1, sizeof(*timer));
	if (!timer)
		return &error_no_memory;
	timer->fd = event;
	timer->on_tick = on_event;
	timer->user = user;
	LL_APPEND(session->timers, timer);
	return NULL;
}

struct usdtrap_error *usdtrap_attach(struct usdtrap_session *session, pid_t pid, enum usdtrap_attach_mode mode)
{
	struct usdtrap_error *error = session_check_use(session, "usdtrap_attach()");

	if (error)
		return error;
	session->has_attached = true;
	session->pid = pid;
	session->mode = mode;
	session->engine.progress = (struct usdtrap_progress){.processes_total = 1};
	post(session, REQUEST_ATTACH);
	return await_end(session);
}

static enum usdtrap_action on_machine(void *user)
{
	struct usdtrap_session *session = user;

	machine_work(&session->engine);
	return session->engine.is_stopping ? USDTRAP_STOP : USDTRAP_CONTINUE;
}

struct usdtrap_error *usdtrap_attach_machine(struct usdtrap_session *session, const struct usdtrap_machine *how)
{
	struct usdtrap_error *error = session_check_use(session, "usdtrap_attach_machine()");

	if (!error && session->has_attached)
		error = error_create(USDTRAP_INVALID_USE, "usdtrap_attach_machine() after another attach");
	if (error)
		return error;
	session->has_attached = true;
	session->machine = how;
	post(session, REQUEST_ATTACH_MACHINE);
	error = await_end(session);
	session->machine = NULL;
	return error ? error : usdtrap_add_event(session, machine_event(&session->engine), on_machine, session);
}

static void wake(struct usdtrap_session *session)
{
	/* The thread exists as long as a run is posted, so its id means it. */
	tgkill(getpid(), atomic_load(&session->thread_id), session->wake_signal);
}

static enum usdtrap_action on_verify(void *user)
{
	struct usdtrap_session *session = user;

	verify_traps(&session->engine);
	return USDTRAP_CONTINUE;
}

static enum usdtrap_action on_held(void *user)
{
	struct usdtrap_session *session = user;

	attached_wake(&session->engine);
	return USDTRAP_CONTINUE;
}

/* On a kernel that does not tell of a SIGCONT it is looked for. */
static struct usdtrap_error *add_waking(struct usdtrap_session *session)
{
	if (session->has_waking || !session->engine.is_attaching)
		return NULL;
	session->has_waking = true;
	return usdtrap_add_timer(session, WAKE_PERIOD_NS, on_held, session);
}

static enum usdtrap_action on_reread(void *user)
{
	struct usdtrap_session *session = user;

	rereading_tick(&session->engine);
	return USDTRAP_CONTINUE;
}

/* All traps are looked at regularly; maps whenever they are due. */
static struct usdtrap_error *add_verification(struct usdtrap_session *session)
{
	struct usdtrap_error *error;

	if (session->has_verification || !session->has_attached)
		return NULL;
	session->has_verification = true;
	error = usdtrap_add_event(session, session->engine.rereading.fd, on_reread, session);
	return error ? error : usdtrap_add_timer(session, VERIFY_PERIOD_NS, on_verify, session);
}

static void set_timers(struct usdtrap_session *session, bool is_running)
{
	const uint64_t second = 1000000000;
	struct timer *timer;

	LL_FOREACH (session->timers, timer) {
		struct timespec period = {0};

		if (!timer->period_ns)
			continue;
		if (is_running) {
			period.tv_sec = (time_t)(timer->period_ns / second);
			period.tv_nsec = (long)(timer->period_ns % second);
		}
		timerfd_settime(timer->fd, 0, &(struct itimerspec){.it_interval = period, .it_value = period}, NULL);
	}
}

/* What is to be polled: *RET_COUNT descriptors, to be freed. */
static struct pollfd *descriptors(const struct usdtrap_session *session, nfds_t *ret_count)
{
	const struct timer *timer;
	struct pollfd *polled;
	nfds_t count = FIRST_TIMER;

	LL_FOREACH (session->timers, timer)
		count++;
	polled = calloc(count, sizeof(*polled));
	if (!polled)
		return NULL;
	polled[0] = (struct pollfd){.fd = session->end_fd, .events = POLLIN};
	polled[1] = (struct pollfd){.fd = session->interrupt_fd, .events = POLLIN};
	count = FIRST_TIMER;
	LL_FOREACH (session->timers, timer)
		polled[count++] = (struct pollfd){.fd = timer->fd, .events = POLLIN};
	*ret_count = count;
	return polled;
}

/* Marks what has become due. True: the engine is to be woken for it. */
static bool take_events(struct usdtrap_session *session, const struct pollfd *polled)
{
	bool is_wanted = false;
	struct timer *timer;
	uint64_t count;
	size_t i = FIRST_TIMER;

	if (polled[1].revents && read(session->interrupt_fd, &count, sizeof(count)) > 0) {
		atomic_store(&session->is_interrupted, true);
		is_wanted = true;
	}
	LL_FOREACH (session->timers, timer)
		if (polled[i++].revents && read(timer->fd, &count, sizeof(count)) > 0) {
			atomic_store(&timer->is_due, true);
			is_wanted = true;
		}
	return is_wanted;
}

struct usdtrap_error *usdtrap_run(struct usdtrap_session *session)
{
	struct usdtrap_error *error = session_check_use(session, "usdtrap_run()");
	_cleanup_free_ struct pollfd *polled = NULL;
	nfds_t polled_count;
	uint64_t count;

	if (!error)
		error = add_verification(session);
	if (!error)
		error = add_waking(session);
	if (error)
		return error;
	polled = descriptors(session, &polled_count);
	if (!polled)
		return &error_no_memory;
	set_timers(session, true);
	post(session, REQUEST_RUN);
	while (!polled[0].revents) {
		bool is_unseen = atomic_load(&session->wakes_seen) != atomic_load(&session->wakes_wanted);

		if (poll(polled, polled_count, is_unseen ? WAKE_REPEAT_MS : -1) < 0) {
			assert(errno == EINTR);
			polled[0].revents = 0;
			continue;
		}
		if (take_events(session, polled)) {
			atomic_fetch_add(&session->wakes_wanted, 1);
			is_unseen = true;
		}
		if (is_unseen)
			wake(session);
	}
	set_timers(session, false);
	error = await_end(session);
	(void)!read(session->end_fd, &count, sizeof(count));
	return error;
}

void usdtrap_interrupt(struct usdtrap_session *session)
{
	const uint64_t one = 1;
	int saved = errno;

	atomic_store(&session->engine.is_called_off, true);
	(void)!write(session->interrupt_fd, &one, sizeof(one));
	errno = saved;
}

/* pthread_join(3) returns a little before the kernel has ended the thread and, with it, let its tracees go. */
static void await_thread_end(pid_t tid)
{
	const struct timespec interval = {.tv_nsec = 50000};

	while (tgkill(getpid(), tid, 0) == 0)
		nanosleep(&interval, NULL);
}

struct usdtrap_error *usdtrap_detach(struct usdtrap_session *session, struct usdtrap_report *report)
{
	struct usdtrap_error *error = session_check_use(session, "usdtrap_detach()");

	if (error)
		return error;
	post(session, REQUEST_DETACH);
	error = await_end(session);
	pthread_join(session->thread, NULL);
	await_thread_end(atomic_load(&session->thread_id));
	session->has_thread = false;
	if (report)
		*report = session->engine.report;
	return error;
}

struct usdtrap_error *usdtrap_repair(const struct usdtrap_options *options, pid_t pid, struct usdtrap_report *report)
{
	struct usdtrap_session *session;
	struct usdtrap_error *error = usdtrap_session_create(options, &session);

	if (error)
		return error;
	session->pid = pid;
	post(session, REQUEST_REPAIR);
	error = await_end(session);
	usdtrap_error_destroy(usdtrap_detach(session, report)); /* it is used as it should be, and there is no other */
	usdtrap_session_destroy(session);
	return error;
}
