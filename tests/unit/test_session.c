/* SPDX-License-Identifier: MIT */
/*
 * The public functions of a session, as an embedder calls them, on children of
 * this program that run a probe of its own. What the engine does to processes
 * in general is tested by tests/live/.
 */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/sdt.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include <usdtrap/usdtrap.h>

enum { HITS = 500 };

/* A child that hits test_session:probe(number, text) HITS times when it gets a byte, and ends with status 0. */
struct child {
	pid_t pid;
	int start; /* where the byte goes */
};

struct counter {
	struct usdtrap_session *session;
	unsigned hits, ticks;
	unsigned stop_at; /* 0: never */
	uint64_t sum;
	char text[32];
	enum usdtrap_error_code inner; /* of a call that callbacks must not make */
};

static __attribute__((noinline)) void hit(uint32_t number, const char *text)
{
	DTRACE_PROBE2(test_session, probe, number, text);
}

static struct child start_child(void)
{
	struct child child;
	int ends[2];
	char byte;

	assert_int_equal(pipe(ends), 0);
	child.pid = fork();
	assert_true(child.pid >= 0);
	if (child.pid == 0) {
		prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
		close(ends[1]);
		if (read(ends[0], &byte, 1) != 1)
			_exit(3);
		for (uint32_t i = 0; i < HITS; i++)
			hit(i, "twelve bytes");
		_exit(0);
	}
	close(ends[0]);
	child.start = ends[1];
	return child;
}

static void release_child(const struct child *child)
{
	assert_int_equal(write(child->start, "", 1), 1);
}

/* How children ended whose end the session took; the engine thread writes it before it gives an end of the run. */
static struct {
	pid_t pid;
	int status;
} taken[2];
static unsigned taken_count;

static void note_exit(pid_t pid, int status, void *user)
{
	(void)user;
	taken[taken_count % 2].pid = pid;
	taken[taken_count++ % 2].status = status;
}

static void end_child(const struct child *child)
{
	int status = -1;

	if (waitpid(child->pid, &status, 0) < 0)
		for (size_t i = 0; i < 2; i++)
			if (taken[i].pid == child->pid)
				status = taken[i].status;
	close(child->start);
	assert_int_equal(status, 0);
}

static void assert_no_error(struct usdtrap_error *error)
{
	if (error)
		fail_msg("%s", usdtrap_error_message(error));
}

static void assert_error(struct usdtrap_error *error, enum usdtrap_error_code code, const char *message)
{
	assert_non_null(error);
	assert_string_equal(usdtrap_error_message(error), message);
	assert_int_equal(usdtrap_error_code(error), code);
	usdtrap_error_destroy(error);
}

static enum usdtrap_action on_hit(const struct usdtrap_hit *hit_, void *user)
{
	struct counter *counter = user;
	struct usdtrap_value value;

	counter->hits++;
	assert_int_equal(usdtrap_hit_argument_count(hit_), 2);
	assert_no_error(usdtrap_hit_argument(hit_, 0, &value));
	assert_int_equal(value.size, 4);
	counter->sum += value.integer;
	assert_no_error(usdtrap_hit_argument(hit_, 1, &value));
	assert_no_error(usdtrap_hit_read_string(hit_, value.integer, counter->text, 7, NULL, NULL));
	return counter->hits == counter->stop_at ? USDTRAP_STOP : USDTRAP_CONTINUE;
}

static enum usdtrap_action on_tick(void *user)
{
	struct counter *counter = user;

	return ++counter->ticks == counter->stop_at ? USDTRAP_STOP : USDTRAP_CONTINUE;
}

/* A session that counts the hits of this program's probe. */
static struct usdtrap_session *create(struct counter *counter)
{
	const struct usdtrap_options options = {.on_exit = note_exit};
	struct usdtrap_pattern pattern = {.provider = "test_session", .name = "pro*"};
	struct usdtrap_session *session;
	struct usdtrap_probe *probe;
	char path[4096];
	ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);

	assert_true(length > 0);
	path[length] = '\0';
	pattern.target = path;
	assert_no_error(usdtrap_session_create(&options, &session));
	assert_no_error(usdtrap_add_probe(session, &pattern, 0, on_hit, counter, &probe));
	assert_int_equal(usdtrap_probe_count(probe), 1);
	assert_string_equal(usdtrap_probe_info(probe, 0)->name, "probe");
	assert_null(usdtrap_probe_info(probe, 1));
	counter->session = session;
	return session;
}

/* Skips where this machine lets nobody trace a process of his own. */
static void attach_or_skip(struct usdtrap_session *session, const struct child *child)
{
	struct usdtrap_error *error = usdtrap_attach(session, child->pid, USDTRAP_ATTACH_NOW);

	if (error && usdtrap_error_code(error) == USDTRAP_PERMISSION) {
		print_message("%s\n", usdtrap_error_message(error));
		usdtrap_error_destroy(error);
		usdtrap_session_destroy(session);
		release_child(child);
		end_child(child);
		skip();
	}
	assert_no_error(error);
}

static void test_session_run_delivers_every_hit_until_the_process_ends(void **state)
{
	struct counter counter = {0};
	struct usdtrap_session *session = create(&counter);
	struct child child = start_child();
	struct usdtrap_report report;

	(void)state;
	attach_or_skip(session, &child);
	release_child(&child);
	assert_no_error(usdtrap_run(session));
	assert_no_error(usdtrap_detach(session, &report));
	usdtrap_session_destroy(session);
	end_child(&child);
	assert_int_equal(counter.hits, HITS);
	assert_int_equal(counter.sum, HITS * (HITS - 1) / 2);
	assert_string_equal(counter.text, "twelve");
	assert_int_equal(report.hits, HITS);
	assert_int_equal(report.processes, 0);
}

static void test_session_stopped_by_a_callback_delivers_nothing_further(void **state)
{
	struct counter counter = {.stop_at = 10};
	struct usdtrap_session *session = create(&counter);
	struct child child = start_child();
	struct usdtrap_report report;

	(void)state;
	attach_or_skip(session, &child);
	release_child(&child);
	assert_no_error(usdtrap_run(session));
	assert_no_error(usdtrap_detach(session, &report));
	usdtrap_session_destroy(session);
	end_child(&child); /* with status 0: no trap was left to die of */
	assert_int_equal(counter.hits, 10);
	assert_int_equal(report.sites_restored, 1);
	assert_int_equal(report.sites_lost, 0);
	assert_int_equal(report.processes, 1);
}

static void test_session_destroyed_without_detach_leaves_all_the_same(void **state)
{
	struct counter counter = {0};
	struct usdtrap_session *session = create(&counter);
	struct child child = start_child();

	(void)state;
	attach_or_skip(session, &child);
	usdtrap_session_destroy(session);
	release_child(&child);
	end_child(&child);
	assert_int_equal(counter.hits, 0);
}

static void test_session_interrupted_before_run_returns_at_once(void **state)
{
	struct counter counter = {0};
	struct usdtrap_session *session = create(&counter);
	struct child child = start_child();

	(void)state;
	attach_or_skip(session, &child);
	usdtrap_interrupt(session);
	assert_no_error(usdtrap_run(session)); /* the child waits for its byte, so only the interrupt can end this */
	usdtrap_session_destroy(session);
	release_child(&child);
	end_child(&child);
}

static void *interrupt_later(void *argument)
{
	struct usdtrap_session *session = argument;

	usleep(2000);
	usdtrap_interrupt(session);
	return NULL;
}

static void test_session_interrupted_while_nothing_happens_wakes_up(void **state)
{
	struct counter counter = {0};
	struct usdtrap_session *session = create(&counter);
	struct child child = start_child();

	(void)state;
	attach_or_skip(session, &child);
	/* Again and again at other moments of the wait: a wake-up that is lost would hang this test. */
	for (unsigned i = 0; i < 200; i++) {
		pthread_t thread;

		assert_int_equal(pthread_create(&thread, NULL, interrupt_later, session), 0);
		usleep(2000 + 10 * (i % 20) - 100);
		assert_no_error(usdtrap_run(session));
		assert_int_equal(pthread_join(thread, NULL), 0);
	}
	usdtrap_session_destroy(session);
	release_child(&child);
	end_child(&child);
}

static void test_session_without_a_process_runs_its_timers(void **state)
{
	struct counter counter = {.stop_at = 300};
	struct usdtrap_session *session;

	(void)state;
	assert_no_error(usdtrap_session_create(NULL, &session));
	assert_no_error(usdtrap_add_timer(session, 100000, on_tick, &counter));
	assert_no_error(usdtrap_run(session));
	usdtrap_session_destroy(session);
	assert_int_equal(counter.ticks, 300);
}

struct writer {
	int event;
	atomic_bool is_done;
};

/* Writes to an event again and again, from a thread of its own: what comes too fast is merged. */
static void *write_events(void *user)
{
	const struct timespec interval = {.tv_nsec = 1000000};
	struct writer *writer = user;
	const uint64_t one = 1;

	while (!atomic_load(&writer->is_done)) {
		assert_int_equal(write(writer->event, &one, sizeof(one)), sizeof(one));
		nanosleep(&interval, NULL);
	}
	return NULL;
}

static void test_session_events_are_handled_on_its_thread(void **state)
{
	struct counter counter = {.stop_at = 4};
	struct writer writer = {.event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};
	struct usdtrap_session *session;
	pthread_t thread;

	(void)state;
	assert_no_error(usdtrap_session_create(NULL, &session));
	assert_no_error(usdtrap_add_event(session, writer.event, on_tick, &counter));
	assert_int_equal(pthread_create(&thread, NULL, write_events, &writer), 0);
	assert_no_error(usdtrap_run(session));
	atomic_store(&writer.is_done, true);
	pthread_join(thread, NULL);
	usdtrap_session_destroy(session);
	assert_int_equal(counter.ticks, 4);
	/* It stays the caller's. */
	assert_int_equal(close(writer.event), 0);
}

/* What was written before the session runs is not lost. */
static void test_session_events_may_come_early(void **state)
{
	struct counter counter = {.stop_at = 1};
	int event = eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC);
	struct usdtrap_session *session;

	(void)state;
	assert_no_error(usdtrap_session_create(NULL, &session));
	assert_no_error(usdtrap_add_event(session, event, on_tick, &counter));
	assert_no_error(usdtrap_run(session));
	usdtrap_session_destroy(session);
	assert_int_equal(counter.ticks, 1);
	close(event);
}

static void test_session_timers_tick_between_hits(void **state)
{
	struct counter counter = {0}, ticks = {.stop_at = 20};
	struct usdtrap_session *session = create(&counter);
	struct child child = start_child();

	(void)state;
	assert_no_error(usdtrap_add_timer(session, 1000000, on_tick, &ticks));
	attach_or_skip(session, &child);
	release_child(&child);
	assert_no_error(usdtrap_run(session));
	usdtrap_session_destroy(session);
	end_child(&child);
	assert_true(ticks.ticks == 20 || counter.hits == HITS);
}

static void test_sessions_side_by_side_see_their_own_process_only(void **state)
{
	struct counter counters[2] = {0};
	struct usdtrap_session *sessions[2];
	struct child children[2];

	(void)state;
	for (int i = 0; i < 2; i++) {
		sessions[i] = create(&counters[i]);
		children[i] = start_child();
	}
	for (int i = 0; i < 2; i++)
		attach_or_skip(sessions[i], &children[i]);
	release_child(&children[1]);
	assert_no_error(usdtrap_run(sessions[1]));
	assert_int_equal(counters[0].hits, 0);
	release_child(&children[0]);
	assert_no_error(usdtrap_run(sessions[0]));
	for (int i = 0; i < 2; i++) {
		usdtrap_session_destroy(sessions[i]);
		end_child(&children[i]);
		assert_int_equal(counters[i].hits, HITS);
	}
}

static void test_session_traces_two_processes_at_once(void **state)
{
	struct counter counter = {0};
	struct usdtrap_session *session = create(&counter);
	struct child children[] = {start_child(), start_child()};

	(void)state;
	attach_or_skip(session, &children[0]);
	assert_no_error(usdtrap_attach(session, children[1].pid, USDTRAP_ATTACH_NOW));
	release_child(&children[0]);
	release_child(&children[1]);
	assert_no_error(usdtrap_run(session));
	usdtrap_session_destroy(session);
	end_child(&children[0]);
	end_child(&children[1]);
	assert_int_equal(counter.hits, 2 * HITS);
}

static enum usdtrap_action on_tick_call_back(void *user)
{
	struct counter *counter = user;
	struct usdtrap_error *error = usdtrap_run(counter->session);

	counter->inner = usdtrap_error_code(error);
	usdtrap_error_destroy(error);
	return USDTRAP_STOP;
}

static void test_session_used_wrongly_says_so(void **state)
{
	struct counter counter = {.inner = USDTRAP_OS};
	struct usdtrap_session *session = create(&counter);
	const struct usdtrap_pattern pattern = {.target = "/proc/self/exe"};

	(void)state;
	assert_error(usdtrap_add_timer(session, 999, on_tick, NULL), USDTRAP_INVALID_USE,
		     "a timer's period must be at least 1000 ns");
	assert_no_error(usdtrap_add_timer(session, 1000000, on_tick_call_back, &counter));
	assert_no_error(usdtrap_run(session));
	assert_int_equal(counter.inner, USDTRAP_INVALID_USE);
	usdtrap_error_destroy(usdtrap_attach(session, getpid(), USDTRAP_ATTACH_NOW));
	assert_error(usdtrap_add_probe(session, &pattern, 0, on_hit, NULL, NULL), USDTRAP_INVALID_USE,
		     "usdtrap_add_probe() after usdtrap_attach()");
	assert_no_error(usdtrap_detach(session, NULL));
	assert_error(usdtrap_run(session), USDTRAP_INVALID_USE, "usdtrap_run() after usdtrap_detach()");
	assert_error(usdtrap_detach(session, NULL), USDTRAP_INVALID_USE, "usdtrap_detach() after usdtrap_detach()");
	usdtrap_session_destroy(session);
	usdtrap_session_destroy(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_session_run_delivers_every_hit_until_the_process_ends),
		cmocka_unit_test(test_session_stopped_by_a_callback_delivers_nothing_further),
		cmocka_unit_test(test_session_destroyed_without_detach_leaves_all_the_same),
		cmocka_unit_test(test_session_interrupted_before_run_returns_at_once),
		cmocka_unit_test(test_session_interrupted_while_nothing_happens_wakes_up),
		cmocka_unit_test(test_session_without_a_process_runs_its_timers),
		cmocka_unit_test(test_session_events_are_handled_on_its_thread),
		cmocka_unit_test(test_session_events_may_come_early),
		cmocka_unit_test(test_session_timers_tick_between_hits),
		cmocka_unit_test(test_sessions_side_by_side_see_their_own_process_only),
		cmocka_unit_test(test_session_traces_two_processes_at_once),
		cmocka_unit_test(test_session_used_wrongly_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
