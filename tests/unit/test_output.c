/* SPDX-License-Identifier: MIT */
/*
 * The queue against a pipe whose reader is the test: what is read, when, and
 * what is told of the rest. No test depends on how fast anything is: a reader
 * that must not be kept up with does not read at all.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/strbuf.h"
#include "cli/output.h"

/* One pipe and what the queue told. */
struct fixture {
	int reader; /* -1: closed */
	int writer;
	struct output *output;
	atomic_int full_count;
	atomic_size_t stalled_with;
	atomic_int broken_with;
};

static void on_full(void *user)
{
	((struct fixture *)user)->full_count++;
}

static void on_stalled(size_t queued, void *user)
{
	((struct fixture *)user)->stalled_with += queued;
}

static void on_broken(int error_number, void *user)
{
	((struct fixture *)user)->broken_with = error_number;
}

static void start(struct fixture *fixture, enum output_buffering buffering, size_t queue_size, bool drops)
{
	struct output_options options = {
		.buffering = buffering,
		.queue_size = queue_size,
		.drops = drops,
		.on_full = on_full,
		.on_stalled = on_stalled,
		.on_broken = on_broken,
		.user = fixture,
	};
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	*fixture = (struct fixture){.reader = ends[0], .writer = ends[1]};
	options.descriptor = fixture->writer;
	assert_null(output_create(&options, &fixture->output));
}

static void close_reader(struct fixture *fixture)
{
	if (fixture->reader >= 0)
		close(fixture->reader);
	fixture->reader = -1;
}

static void stop(struct fixture *fixture)
{
	close_reader(fixture);
	output_destroy(fixture->output);
	close(fixture->writer);
}

static void write_text(struct output *output, const char *text)
{
	output_write(output, text, strlen(text));
}

/* Reads LENGTH bytes, waiting for them. */
static void read_exactly(struct fixture *fixture, char *buffer, size_t length)
{
	while (length > 0) {
		ssize_t taken = read(fixture->reader, buffer, length);

		assert_true(taken > 0);
		buffer += taken;
		length -= (size_t)taken;
	}
}

static void expect_read(struct fixture *fixture, const char *expected)
{
	char buffer[256];
	size_t length = strlen(expected);

	read_exactly(fixture, buffer, length);
	assert_memory_equal(buffer, expected, length);
}

/* Leaves no room in the pipe, so that nobody can write to it until somebody reads. Returns the bytes put in. */
static size_t fill_pipe(struct fixture *fixture)
{
	int flags = fcntl(fixture->writer, F_GETFL);
	char bytes[4096];
	size_t count = 0;
	ssize_t taken;

	memset(bytes, '-', sizeof(bytes));
	assert_int_equal(fcntl(fixture->writer, F_SETFL, flags | O_NONBLOCK), 0);
	while ((taken = write(fixture->writer, bytes, sizeof(bytes))) > 0)
		count += (size_t)taken;
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(fcntl(fixture->writer, F_SETFL, flags), 0);
	return count;
}

static void read_away(struct fixture *fixture, size_t length)
{
	char buffer[4096];

	while (length > 0) {
		size_t part = length < sizeof(buffer) ? length : sizeof(buffer);

		read_exactly(fixture, buffer, part);
		length -= part;
	}
}

/* How many bytes the reader could have now; for "nothing", only after the writer had every chance. */
static size_t written_so_far(struct fixture *fixture)
{
	int count = 0;

	assert_int_equal(ioctl(fixture->reader, FIONREAD, &count), 0);
	return (size_t)count;
}

static void test_output_lines_wait_for_their_newline(void **state)
{
	struct fixture fixture;
	struct output_report report;

	(void)state;
	start(&fixture, OUTPUT_LINES, 1 << 20, false);
	write_text(fixture.output, "one\ntw");
	expect_read(&fixture, "one\n");
	write_text(fixture.output, "o\nthree");
	expect_read(&fixture, "two\n");
	output_finish(fixture.output, &report);
	expect_read(&fixture, "three");
	assert_int_equal(report.bytes_left, 0);
	assert_int_equal(report.error_number, 0);
	stop(&fixture);
}

static void test_output_pieces_are_written_one_by_one(void **state)
{
	struct fixture fixture;
	char buffer[64];
	struct output_report report;

	(void)state;
	start(&fixture, OUTPUT_PIECES, 1 << 20, false);
	/* In packet mode a pipe keeps each write(2) apart: pipe(2), O_DIRECT. */
	assert_int_equal(fcntl(fixture.writer, F_SETFL, O_DIRECT), 0);
	write_text(fixture.output, "one");
	write_text(fixture.output, " two\n");
	write_text(fixture.output, "three");
	output_finish(fixture.output, &report);
	assert_int_equal(read(fixture.reader, buffer, sizeof(buffer)), 3);
	assert_int_equal(read(fixture.reader, buffer, sizeof(buffer)), 5);
	assert_int_equal(read(fixture.reader, buffer, sizeof(buffer)), 5);
	stop(&fixture);
}

static void test_output_full_waits_for_a_whole_buffer(void **state)
{
	struct fixture fixture;
	struct output_report report;
	char piece[1024];

	(void)state;
	memset(piece, 'x', sizeof(piece));
	start(&fixture, OUTPUT_FULL, 1 << 20, false);
	for (int i = 0; i < 63; i++)
		output_write(fixture.output, piece, sizeof(piece));
	assert_int_equal(written_so_far(&fixture), 0);
	output_write(fixture.output, piece, sizeof(piece));
	read_away(&fixture, 64 * sizeof(piece));
	write_text(fixture.output, "the rest\n");
	output_finish(fixture.output, &report);
	expect_read(&fixture, "the rest\n");
	stop(&fixture);
}

struct reading {
	struct fixture *fixture;
	struct strbuf text;
};

/* Reads to the end of the pipe. */
static void *read_all(void *user)
{
	struct reading *reading = user;
	ssize_t length;

	do {
		char *end = strbuf_reserve(&reading->text, 64 * 1024);

		length = read(reading->fixture->reader, end, 64 * 1024);
		if (length > 0)
			reading->text.length += (size_t)length;
	} while (length > 0);
	return NULL;
}

static void test_output_long_text_arrives_whole_and_in_order(void **state)
{
	static const struct {
		enum output_buffering buffering;
		size_t queue_size;
	} rows[] = {
		{OUTPUT_LINES, 64 << 20}, {OUTPUT_LINES, 100}, {OUTPUT_LINES, 1},    {OUTPUT_FULL, 64 << 20},
		{OUTPUT_FULL, 100},       {OUTPUT_FULL, 1},    {OUTPUT_PIECES, 100},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fixture fixture;
		struct reading reading = {.fixture = &fixture};
		_cleanup_strbuf_ struct strbuf expected = {0};
		struct output_report report;
		pthread_t reader;

		start(&fixture, rows[i].buffering, rows[i].queue_size, false);
		assert_int_equal(pthread_create(&reader, NULL, read_all, &reading), 0);
		for (int piece = 0; piece < 20000; piece++) {
			size_t before = expected.length;

			strbuf_addf(&expected, "piece %d%s", piece, piece % 3 ? "\n" : " ");
			output_write(fixture.output, expected.text + before, expected.length - before);
		}
		output_finish(fixture.output, &report);
		close(fixture.writer);
		fixture.writer = -1;
		pthread_join(reader, NULL);
		assert_int_equal(report.bytes_left, 0);
		assert_int_equal(report.pieces_dropped, 0);
		assert_int_equal(reading.text.length, expected.length);
		assert_memory_equal(reading.text.text, expected.text, expected.length);
		strbuf_deinit(&reading.text);
		stop(&fixture);
	}
}

static void test_output_piece_larger_than_the_queue_passes(void **state)
{
	struct fixture fixture;
	struct output_report report;
	char piece[1000];

	(void)state;
	memset(piece, 'x', sizeof(piece));
	start(&fixture, OUTPUT_LINES, 10, false);
	write_text(fixture.output, "half a line");
	output_write(fixture.output, piece, sizeof(piece));
	output_finish(fixture.output, &report);
	assert_int_equal(report.bytes_left, 0);
	expect_read(&fixture, "half a line");
	read_away(&fixture, sizeof(piece));
	stop(&fixture);
}

static void test_output_full_queue_drops_and_counts_when_told(void **state)
{
	struct fixture fixture;
	struct output_report report;
	size_t filling;

	(void)state;
	start(&fixture, OUTPUT_LINES, 10, true);
	filling = fill_pipe(&fixture);
	write_text(fixture.output, "12345678\n");
	write_text(fixture.output, "no room\n");
	write_text(fixture.output, "none either\n");
	write_text(fixture.output, "\n"); /* the tenth byte */
	assert_int_equal(fixture.full_count, 1);
	read_away(&fixture, filling);
	output_finish(fixture.output, &report);
	expect_read(&fixture, "12345678\n\n");
	assert_int_equal(report.pieces_dropped, 2);
	assert_int_equal(report.bytes_dropped, 20);
	assert_int_equal(report.bytes_left, 0);
	stop(&fixture);
}

static void test_output_released_queue_takes_all(void **state)
{
	struct fixture fixture;
	struct output_report report;
	size_t filling;

	(void)state;
	start(&fixture, OUTPUT_LINES, 10, true);
	filling = fill_pipe(&fixture);
	write_text(fixture.output, "12345678\n");
	write_text(fixture.output, "dropped\n");
	output_release(fixture.output);
	write_text(fixture.output, "kept though there is no room\n");
	read_away(&fixture, filling);
	output_finish(fixture.output, &report);
	expect_read(&fixture, "12345678\nkept though there is no room\n");
	assert_int_equal(report.pieces_dropped, 1);
	stop(&fixture);
}

/* Fills the queue and then waits for room, as the engine thread would. */
static void *write_two(void *user)
{
	struct fixture *fixture = user;

	write_text(fixture->output, "12345678\n");
	write_text(fixture->output, "waits\n");
	return NULL;
}

/* Until output_write() has told that it is about to wait. */
static void await_full(struct fixture *fixture)
{
	while (!fixture->full_count)
		usleep(1000);
}

static void test_output_full_queue_makes_writers_wait(void **state)
{
	struct fixture fixture;
	struct output_report report;
	pthread_t producer;
	size_t filling;

	(void)state;
	start(&fixture, OUTPUT_LINES, 10, false);
	filling = fill_pipe(&fixture);
	assert_int_equal(pthread_create(&producer, NULL, write_two, &fixture), 0);
	await_full(&fixture);
	read_away(&fixture, filling);
	expect_read(&fixture, "12345678\nwaits\n");
	pthread_join(producer, NULL);
	output_finish(fixture.output, &report);
	assert_int_equal(fixture.full_count, 1);
	assert_int_equal(report.pieces_dropped, 0);
	stop(&fixture);
}

static void test_output_release_ends_waiting(void **state)
{
	struct fixture fixture;
	struct output_report report;
	pthread_t producer;
	size_t filling;

	(void)state;
	start(&fixture, OUTPUT_LINES, 10, false);
	filling = fill_pipe(&fixture);
	assert_int_equal(pthread_create(&producer, NULL, write_two, &fixture), 0);
	await_full(&fixture);
	output_release(fixture.output);
	pthread_join(producer, NULL); /* though nobody has read anything */
	read_away(&fixture, filling);
	output_finish(fixture.output, &report);
	expect_read(&fixture, "12345678\nwaits\n");
	stop(&fixture);
}

static void test_output_closed_reader_breaks_it_once(void **state)
{
	struct fixture fixture;
	struct output_report report;

	(void)state;
	start(&fixture, OUTPUT_LINES, 10, false);
	close_reader(&fixture);
	write_text(fixture.output, "to nobody\n");
	while (!fixture.broken_with)
		usleep(1000);
	assert_int_equal(fixture.broken_with, EPIPE);
	write_text(fixture.output, "nor this, which would not find room\n");
	output_finish(fixture.output, &report);
	assert_int_equal(report.error_number, EPIPE);
	assert_int_equal(report.bytes_left, 0);
	assert_int_equal(report.pieces_dropped, 0);
	stop(&fixture);
}

static void test_output_reader_that_goes_ends_waiting(void **state)
{
	struct fixture fixture;
	pthread_t producer;

	(void)state;
	start(&fixture, OUTPUT_LINES, 10, false);
	fill_pipe(&fixture);
	assert_int_equal(pthread_create(&producer, NULL, write_two, &fixture), 0);
	await_full(&fixture);
	close_reader(&fixture);
	pthread_join(producer, NULL);
	stop(&fixture);
}

static void test_output_full_disk_is_told(void **state)
{
	struct fixture fixture = {.reader = -1, .writer = open("/dev/full", O_WRONLY | O_CLOEXEC)};
	struct output_options options = {
		.descriptor = fixture.writer,
		.queue_size = 100,
		.on_broken = on_broken,
		.user = &fixture,
	};
	struct output_report report;

	(void)state;
	assert_null(output_create(&options, &fixture.output));
	write_text(fixture.output, "x\n");
	output_finish(fixture.output, &report);
	assert_int_equal(report.error_number, ENOSPC);
	stop(&fixture);
	assert_int_equal(fixture.broken_with, ENOSPC);
}

static void test_output_hurried_finish_gives_up_on_a_dead_reader(void **state)
{
	struct fixture fixture;
	struct output_report report;

	(void)state;
	start(&fixture, OUTPUT_LINES, 100, false);
	fill_pipe(&fixture);
	write_text(fixture.output, "nobody takes this\n");
	output_set_patience(fixture.output, OUTPUT_HURRIES);
	output_finish(fixture.output, &report);
	assert_int_equal(report.bytes_left, 18);
	stop(&fixture);
}

static void test_output_hurried_finish_lets_a_living_reader_have_all(void **state)
{
	struct fixture fixture;
	struct reading reading = {.fixture = &fixture};
	struct output_report report;
	pthread_t reader;

	(void)state;
	start(&fixture, OUTPUT_LINES, 1 << 20, false);
	for (int i = 0; i < 10000; i++)
		write_text(fixture.output, "some more text\n");
	output_set_patience(fixture.output, OUTPUT_HURRIES);
	assert_int_equal(pthread_create(&reader, NULL, read_all, &reading), 0);
	output_finish(fixture.output, &report);
	close(fixture.writer);
	fixture.writer = -1;
	pthread_join(reader, NULL);
	assert_int_equal(report.bytes_left, 0);
	assert_int_equal(reading.text.length, 150000);
	strbuf_deinit(&reading.text);
	stop(&fixture);
}

static void *finish(void *user)
{
	struct fixture *fixture = user;
	struct output_report *report = malloc(sizeof(*report));

	output_finish(fixture->output, report);
	return report;
}

static void test_output_telling_finish_tells_once_and_goes_on(void **state)
{
	struct fixture fixture;
	pthread_t finisher;
	size_t filling;
	void *report;

	(void)state;
	start(&fixture, OUTPUT_LINES, 100, false);
	filling = fill_pipe(&fixture);
	write_text(fixture.output, "taken late\n");
	output_set_patience(fixture.output, OUTPUT_TELLS);
	assert_int_equal(pthread_create(&finisher, NULL, finish, &fixture), 0);
	while (!fixture.stalled_with)
		usleep(1000);
	read_away(&fixture, filling);
	expect_read(&fixture, "taken late\n");
	pthread_join(finisher, &report);
	assert_int_equal(((struct output_report *)report)->bytes_left, 0);
	assert_int_equal(fixture.stalled_with, 11);
	free(report);
	stop(&fixture);
}

static void test_output_patience_never_grows(void **state)
{
	struct fixture fixture;
	struct output_report report;

	(void)state;
	start(&fixture, OUTPUT_LINES, 100, false);
	fill_pipe(&fixture);
	write_text(fixture.output, "nobody takes this\n");
	output_set_patience(fixture.output, OUTPUT_GIVES_UP);
	output_set_patience(fixture.output, OUTPUT_PATIENT);
	output_finish(fixture.output, &report);
	assert_int_equal(report.bytes_left, 18);
	stop(&fixture);
}

static void test_output_abandoned_finish_returns(void **state)
{
	struct fixture fixture;
	pthread_t finisher;
	void *report;

	(void)state;
	start(&fixture, OUTPUT_LINES, 100, false);
	fill_pipe(&fixture);
	write_text(fixture.output, "nobody takes this\n");
	assert_int_equal(pthread_create(&finisher, NULL, finish, &fixture), 0);
	output_set_patience(fixture.output, OUTPUT_GIVES_UP);
	pthread_join(finisher, &report);
	assert_int_equal(((struct output_report *)report)->bytes_left, 18);
	free(report);
	stop(&fixture);
}

static void test_output_non_blocking_descriptor_is_waited_for(void **state)
{
	struct fixture fixture;
	struct reading reading = {.fixture = &fixture};
	struct output_report report;
	pthread_t reader;

	(void)state;
	start(&fixture, OUTPUT_LINES, 1 << 20, false);
	assert_int_equal(fcntl(fixture.writer, F_SETFL, O_NONBLOCK), 0);
	for (int i = 0; i < 10000; i++)
		write_text(fixture.output, "some more text\n");
	assert_int_equal(pthread_create(&reader, NULL, read_all, &reading), 0);
	output_finish(fixture.output, &report);
	close(fixture.writer);
	fixture.writer = -1;
	pthread_join(reader, NULL);
	assert_int_equal(report.error_number, 0);
	assert_int_equal(reading.text.length, 150000);
	strbuf_deinit(&reading.text);
	stop(&fixture);
}

/* A piece that is made when its turn has come, if it still has one. */
struct made {
	struct fixture *fixture;
	const char *text;
	atomic_int times_made;
	atomic_int times_forgotten;
};

static void make(void *user, struct strbuf *out)
{
	struct made *made = user;

	if (!out) {
		made->times_forgotten++;
		return;
	}
	made->times_made++;
	/* What is written meanwhile comes behind. */
	write_text(made->fixture->output, "behind\n");
	strbuf_add_string(out, made->text);
}

static void test_output_pieces_made_later_keep_their_place(void **state)
{
	static const enum output_buffering bufferings[] = {OUTPUT_LINES, OUTPUT_FULL, OUTPUT_PIECES};

	(void)state;
	for (size_t i = 0; i < sizeof(bufferings) / sizeof(bufferings[0]); i++) {
		struct fixture fixture;
		struct output_report report;
		struct made first = {.fixture = &fixture, .text = "made\n"};
		struct made second = {.fixture = &fixture, .text = ""};
		char text[64];
		ssize_t length = 0, got;

		start(&fixture, bufferings[i], 1 << 20, false);
		write_text(fixture.output, "half a line ");
		output_write_later(fixture.output, make, &first, 100);
		while (!first.times_made)
			usleep(1000);
		output_write_later(fixture.output, make, &second, 1);
		while (!second.times_made)
			usleep(1000);
		output_finish(fixture.output, &report);
		close(fixture.writer);
		fixture.writer = -1;
		while ((got = read(fixture.reader, text + length, sizeof(text) - 1 - (size_t)length)) > 0)
			length += got;
		text[length] = '\0';
		assert_string_equal(text, "half a line made\nbehind\nbehind\n");
		assert_int_equal(report.bytes_left, 0);
		assert_int_equal(first.times_made + first.times_forgotten, 1);
		stop(&fixture);
	}
}

static void test_output_piece_that_has_no_turn_is_forgotten(void **state)
{
	struct fixture fixture;
	struct made made = {.fixture = &fixture, .text = "made\n"};
	struct made late = {.fixture = &fixture, .text = "made\n"};

	(void)state;
	start(&fixture, OUTPUT_PIECES, 1 << 20, false);
	close(fixture.reader);
	fixture.reader = -1;
	write_text(fixture.output, "nobody reads this\n");
	output_write_later(fixture.output, make, &made, 1);
	while (!fixture.broken_with)
		usleep(1000);
	output_write_later(fixture.output, make, &late, 1);
	stop(&fixture);
	assert_int_equal(made.times_made + made.times_forgotten, 1);
	assert_int_equal(late.times_made, 0);
	assert_int_equal(late.times_forgotten, 1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_output_pieces_made_later_keep_their_place),
		cmocka_unit_test(test_output_piece_that_has_no_turn_is_forgotten),
		cmocka_unit_test(test_output_lines_wait_for_their_newline),
		cmocka_unit_test(test_output_pieces_are_written_one_by_one),
		cmocka_unit_test(test_output_full_waits_for_a_whole_buffer),
		cmocka_unit_test(test_output_long_text_arrives_whole_and_in_order),
		cmocka_unit_test(test_output_piece_larger_than_the_queue_passes),
		cmocka_unit_test(test_output_full_queue_drops_and_counts_when_told),
		cmocka_unit_test(test_output_released_queue_takes_all),
		cmocka_unit_test(test_output_full_queue_makes_writers_wait),
		cmocka_unit_test(test_output_release_ends_waiting),
		cmocka_unit_test(test_output_closed_reader_breaks_it_once),
		cmocka_unit_test(test_output_reader_that_goes_ends_waiting),
		cmocka_unit_test(test_output_full_disk_is_told),
		cmocka_unit_test(test_output_hurried_finish_gives_up_on_a_dead_reader),
		cmocka_unit_test(test_output_hurried_finish_lets_a_living_reader_have_all),
		cmocka_unit_test(test_output_telling_finish_tells_once_and_goes_on),
		cmocka_unit_test(test_output_patience_never_grows),
		cmocka_unit_test(test_output_abandoned_finish_returns),
		cmocka_unit_test(test_output_non_blocking_descriptor_is_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
