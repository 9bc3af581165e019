/* SPDX-License-Identifier: MIT */
/* What an observer is told, <usdtrap/step.h>, on a child of this program that runs a probe of its own. */
#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/sdt.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <usdtrap/usdtrap.h>

enum { HITS = 20, STEPS_MAX = 200 };

static __attribute__((noinline)) void hit(uint32_t number, const char *text)
{
	DTRACE_PROBE2(test_step, probe, number, text);
}

/* A child that hits test_step:probe HITS times when it gets a byte on *RET_START, again for the next, and so on. */
static pid_t start_child(int *ret_start)
{
	int ends[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
		close(ends[1]);
		while (read(ends[0], &byte, 1) == 1)
			for (uint32_t i = 0; i < HITS; i++)
				hit(i, "twelve bytes");
		_exit(0);
	}
	close(ends[0]);
	*ret_start = ends[1];
	return pid;
}

struct record {
	enum usdtrap_step_kind kinds[STEPS_MAX];
	size_t count;
	uint64_t vaddr, addr; /* of the site */
	uint8_t original;
	unsigned arguments;
	unsigned hits;  /* callbacks */
	unsigned until; /* hits after which to stop; 0: never */
	enum usdtrap_action action;
};

static void assert_no_error(struct usdtrap_error *error)
{
	if (error)
		fail_msg("%s", usdtrap_error_message(error));
}

static uint8_t byte_at(const struct usdtrap_step *step)
{
	uint8_t byte;

	assert_no_error(usdtrap_step_read(step, step->addr, &byte, 1));
	return byte;
}

static void check_note(struct record *record, const struct usdtrap_step *step)
{
	const struct usdtrap_step_note *note = &step->note;
	uint8_t byte;

	assert_string_equal(step->probe->name, "probe");
	assert_string_equal(note->bytes + note->provider_offset, "test_step");
	assert_string_equal(note->bytes + note->name_offset, "probe");
	assert_string_equal(note->bytes + note->arguments_offset, step->probe->sites[0].arguments);
	assert_memory_equal(note->bytes + 12, "stapsdt", 8);
	assert_int_equal(note->address_size, 8);
	assert_memory_equal(note->bytes + note->description_offset, &note->location, 8);
	assert_true(note->has_base);
	assert_int_equal(step->vaddr, note->location + (note->base_now - note->base));
	assert_no_error(usdtrap_step_read_file(step, step->vaddr, &byte, 1));
	record->vaddr = step->vaddr;
	record->original = byte;
}

static void check_hit(struct record *record, const struct usdtrap_step *step)
{
	uint64_t pc = 0;

	assert_int_equal(step->hit.signal, SIGTRAP);
	assert_int_equal(step->hit.code, SI_KERNEL);
	assert_int_equal(step->hit.trap_addr, record->addr);
	assert_int_equal(step->addr, record->addr);
	for (size_t i = 0; i < step->hit.register_count; i++)
		if (strcmp(step->hit.registers[i].name, "rip") == 0)
			pc = step->hit.registers[i].value;
	assert_int_equal(pc, step->hit.pc);
	record->arguments = 0;
}

/* The summands add up to the value, or to where its bytes lie. */
static void check_argument(struct record *record, const struct usdtrap_step *step)
{
	const struct usdtrap_step_argument *argument = &step->argument;
	uint64_t sum = 0;
	char text[13];

	assert_int_equal(argument->index, record->arguments++);
	assert_null(argument->error);
	for (size_t i = 0; i < argument->term_count; i++)
		sum += argument->terms[i].value * argument->terms[i].factor;
	if (argument->operand == USDTRAP_OPERAND_MEMORY) {
		assert_int_equal(sum, argument->addr);
		assert_memory_equal(argument->bytes, &argument->value.integer, argument->byte_count);
	} else {
		assert_int_equal(sum, argument->value.integer);
	}
	if (argument->index == 1) {
		assert_no_error(usdtrap_step_read(step, argument->value.integer, text, sizeof(text)));
		assert_string_equal(text, "twelve bytes");
	}
}

static void on_step(const struct usdtrap_step *step, void *user)
{
	struct record *record = user;

	if (record->count < STEPS_MAX)
		record->kinds[record->count++] = step->kind;
	switch (step->kind) {
	case USDTRAP_STEP_NOTE:
		check_note(record, step);
		break;
	case USDTRAP_STEP_MAPPED:
		record->addr = record->vaddr + step->mapped.load_bias;
		assert_true(record->addr >= step->mapped.start && record->addr < step->mapped.end);
		break;
	case USDTRAP_STEP_CHECKED:
		assert_int_equal(step->addr, record->addr);
		assert_int_equal(byte_at(step), record->original);
		break;
	case USDTRAP_STEP_TRAP_WRITTEN:
		assert_int_not_equal(byte_at(step), record->original);
		assert_int_equal(step->bytes.bytes[0], byte_at(step));
		break;
	case USDTRAP_STEP_HIT:
		check_hit(record, step);
		break;
	case USDTRAP_STEP_ARGUMENT:
		check_argument(record, step);
		break;
	case USDTRAP_STEP_RESUMED:
		assert_int_equal(record->arguments, 2);
		assert_int_equal(step->resumed.pc, record->addr + 1);
		assert_int_equal(step->resumed.signal, 0);
		break;
	case USDTRAP_STEP_BYTE_RESTORED:
		assert_int_equal(byte_at(step), record->original);
		break;
	case USDTRAP_STEP_COMPARED:
		assert_true(step->compared.bytes > 1000);
		assert_int_equal(step->compared.different, 0);
		assert_int_equal(step->compared.unread, 0);
		break;
	case USDTRAP_STEP_NET_PUT_IN:
	case USDTRAP_STEP_NET_TAKEN_OUT:
		record->count--; /* where it is possible: tests/live/net.sh */
		assert_true(step->net.handler_addr != 0);
		break;
	case USDTRAP_STEP_SEIZED:
	case USDTRAP_STEP_LET_GO:
		assert_true(step->tid > 0);
		break;
	case USDTRAP_STEP_SEMAPHORE_RAISED:
	case USDTRAP_STEP_SEMAPHORE_LOWERED:
	case USDTRAP_STEP_BYTE_LOST:
	case USDTRAP_STEP_FUNCTION:
	case USDTRAP_STEP_ENTERED:
	case USDTRAP_STEP_RETURN_VALUE:
		fail_msg("there is no such thing here");
	}
}

static void attach_or_skip(struct usdtrap_session *session, pid_t pid)
{
	struct usdtrap_error *error = usdtrap_attach(session, pid, USDTRAP_ATTACH_NOW);

	if (error && usdtrap_error_code(error) == USDTRAP_PERMISSION) {
		print_message("%s\n", usdtrap_error_message(error));
		usdtrap_error_destroy(error);
		usdtrap_session_destroy(session);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		skip();
	}
	assert_no_error(error);
}

static enum usdtrap_action on_hit(const struct usdtrap_hit *hit_, void *user)
{
	struct record *record = user;

	(void)hit_;
	return ++record->hits == record->until ? USDTRAP_STOP : record->action;
}

static const struct usdtrap_pattern own_probe = {.target = "/proc/self/exe", .provider = "test_step", .name = "probe"};

static void test_step_without_a_process_tells_the_note(void **state)
{
	struct record record = {0};
	struct usdtrap_session *session;
	struct usdtrap_error *error;

	(void)state;
	assert_no_error(usdtrap_session_create(NULL, &session));
	assert_no_error(usdtrap_set_observer(session, on_step, &record));
	assert_no_error(usdtrap_add_probe(session, &own_probe, 0, on_hit, &record, NULL));
	assert_int_equal(record.count, 1);
	assert_int_equal(record.kinds[0], USDTRAP_STEP_NOTE);
	error = usdtrap_set_observer(session, NULL, NULL);
	assert_non_null(error);
	assert_int_equal(usdtrap_error_code(error), USDTRAP_INVALID_USE);
	usdtrap_error_destroy(error);
	usdtrap_session_destroy(session);
}

static void test_step_order_is_that_of_the_acts(void **state)
{
	static const enum usdtrap_step_kind expected[] = {
		USDTRAP_STEP_NOTE,         USDTRAP_STEP_SEIZED,        USDTRAP_STEP_MAPPED,   USDTRAP_STEP_CHECKED,
		USDTRAP_STEP_TRAP_WRITTEN, USDTRAP_STEP_HIT,           USDTRAP_STEP_ARGUMENT, USDTRAP_STEP_ARGUMENT,
		USDTRAP_STEP_RESUMED,      USDTRAP_STEP_HIT,           USDTRAP_STEP_ARGUMENT, USDTRAP_STEP_ARGUMENT,
		USDTRAP_STEP_RESUMED,      USDTRAP_STEP_BYTE_RESTORED, USDTRAP_STEP_COMPARED, USDTRAP_STEP_LET_GO,
	};
	struct record record = {.until = 2};
	struct usdtrap_session *session;
	int start;
	pid_t pid = start_child(&start);

	(void)state;
	assert_no_error(usdtrap_session_create(NULL, &session));
	assert_no_error(usdtrap_set_observer(session, on_step, &record));
	assert_no_error(usdtrap_add_probe(session, &own_probe, 0, on_hit, &record, NULL));
	attach_or_skip(session, pid);
	assert_int_equal(write(start, "", 1), 1);
	assert_no_error(usdtrap_run(session));
	assert_no_error(usdtrap_detach(session, NULL));
	usdtrap_session_destroy(session);
	/* Further hits may have come while it was leaving: those are taken silently. */
	assert_int_equal(record.count, sizeof(expected) / sizeof(expected[0]));
	assert_memory_equal(record.kinds, expected, sizeof(expected));
	close(start);
	waitpid(pid, NULL, 0);
}

static void test_step_disarm_ends_the_hits_of_a_site(void **state)
{
	struct record record = {.action = USDTRAP_DISARM};
	struct usdtrap_report report;
	struct usdtrap_session *session;
	int start;
	pid_t pid = start_child(&start);

	(void)state;
	assert_no_error(usdtrap_session_create(NULL, &session));
	assert_no_error(usdtrap_set_observer(session, on_step, &record));
	assert_no_error(usdtrap_add_probe(session, &own_probe, 0, on_hit, &record, NULL));
	attach_or_skip(session, pid);
	assert_int_equal(write(start, "", 1), 1);
	close(start); /* it ends when it has hit often enough */
	assert_no_error(usdtrap_run(session));
	assert_no_error(usdtrap_detach(session, &report));
	assert_int_equal(record.hits, 1);
	assert_int_equal(report.hits, 1);
	assert_int_equal(report.sites_restored, 1);
	assert_int_equal(record.kinds[record.count - 2], USDTRAP_STEP_BYTE_RESTORED);
	assert_int_equal(record.kinds[record.count - 1], USDTRAP_STEP_RESUMED);
	usdtrap_session_destroy(session);
	waitpid(pid, NULL, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_step_without_a_process_tells_the_note),
		cmocka_unit_test(test_step_order_is_that_of_the_acts),
		cmocka_unit_test(test_step_disarm_ends_the_hits_of_a_site),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
