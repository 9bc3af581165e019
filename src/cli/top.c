/* SPDX-License-Identifier: MIT */
/*
 * On a terminal the table is drawn in its place, as long as the terminal is
 * high and wide, whatever that is at the moment; elsewhere one table follows
 * the other. The terminal is told not to wait for whole lines, and told
 * otherwise again by the process that outlives the tracing one.
 */
#include "cli/top.h"

#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "cli/message.h"
#include "cli/tally.h"
#include "cli/traced.h"

static const struct verb verb = {
	.name = "top",
	.synopsis = "top -p PID [PROBE...]",
	.help = "Shows which probes of a process are hit most often, once a second. q quits.\n"
		"Every hit stops the thread for some microseconds: a process that is all probes\n"
		"slows down. PROBEs, with wildcards, are those of interest; without, all are.\n",
	.examples = "    usdtrap top -p 4242\n"
		    "    usdtrap top -p 4242 'python:gc*' 'python:import*'\n",
	.options = VERB_PID | VERB_TIME | VERB_FORMAT,
	.failure = EXIT_FAILURE,
};

enum {
	TICKS_A_SECOND = 10, /* how often the keyboard is looked at */
	HEADER_LINES = 3,
	PLAIN_ROWS = 20, /* of a table that is on no terminal */
	PLAIN_COLUMNS = 1000,
};

struct top {
	struct traced *traced;
	struct verb_probe *probes;
	struct usdtrap_probe **added;
	size_t count;
	bool is_drawn; /* in place, on a terminal */
	struct tally tally;
	unsigned ticks;
	unsigned ticks_left; /* 0: no end */
	uint64_t total;
	uint64_t total_shown; /* the same when the table was last shown */
	struct timespec last; /* when the table was shown */
};

static enum usdtrap_action on_hit(const struct usdtrap_hit *hit, void *user)
{
	struct top *top = user;
	struct tally_row *row = tally_row(&top->tally, usdtrap_hit_probe(hit));

	if (row)
		row->hits++;
	top->total++;
	return USDTRAP_CONTINUE;
}

/* ---- the table ---- */

static void measure(const struct top *top, size_t *ret_rows, size_t *ret_columns)
{
	struct winsize size;

	*ret_rows = PLAIN_ROWS;
	*ret_columns = PLAIN_COLUMNS;
	if (!top->is_drawn || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || !size.ws_row || !size.ws_col)
		return;
	*ret_rows = size.ws_row > HEADER_LINES + 1 ? (size_t)size.ws_row - HEADER_LINES - 1 : 1;
	*ret_columns = size.ws_col;
}

/* Cuts the line that begins at START to COLUMNS, ends it, and wipes what the terminal had to its right. */
static void end_line(const struct top *top, struct strbuf *out, size_t start, size_t columns)
{
	if (out->length - start > columns) {
		out->length = start + columns;
		out->text[out->length] = '\0';
	}
	strbuf_add_string(out, top->is_drawn ? "\033[K\n" : "\n"); /* console_codes(4) */
}

static double seconds_since(struct timespec *last)
{
	struct timespec now;
	double elapsed;

	clock_gettime(CLOCK_MONOTONIC, &now);
	elapsed = (double)(now.tv_sec - last->tv_sec) + (double)(now.tv_nsec - last->tv_nsec) / 1e9;
	*last = now;
	return elapsed > 0 ? elapsed : 1;
}

static double rate_of(const struct tally_row *row, double elapsed)
{
	return (double)(row->hits - row->hits_before) / elapsed;
}

/* All of the table, in one object. */
static void show_json(struct top *top, double elapsed)
{
	struct record record = {0};

	record_begin(&record);
	record_fraction(&record, "seconds", elapsed);
	record_number(&record, "hits", (long long)top->total);
	record_open(&record, "probes", '[');
	for (struct tally_row *row = top->tally.rows; row; row = row->hh.next) {
		record_open(&record, NULL, '{');
		record_text(&record, "probe", row->probe->full_name);
		record_fraction(&record, "rate", rate_of(row, elapsed));
		record_number(&record, "hits", (long long)row->hits);
		record_close(&record, '}');
		row->hits_before = row->hits;
	}
	record_close(&record, ']');
	traced_write_record(top->traced, &record);
	record_deinit(&record);
}

static void show(struct top *top)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	double elapsed = seconds_since(&top->last);
	size_t rows, columns, start;

	top->total_shown = top->total;
	measure(top, &rows, &columns);
	tally_sort_by_rate(&top->tally);
	if (top->traced->options->is_json) {
		show_json(top, elapsed);
		return;
	}
	if (top->is_drawn)
		strbuf_add_string(&out, "\033[H");
	start = out.length;
	strbuf_addf(&out, "process %d, %" PRIu64 " hits%s", (int)top->traced->pid, top->total,
		    top->is_drawn ? "; q quits" : "");
	end_line(top, &out, start, columns);
	end_line(top, &out, out.length, columns);
	start = out.length;
	strbuf_addf(&out, "%10s %12s  %s", "HITS/S", "ALL HITS", "PROBE");
	end_line(top, &out, start, columns);
	for (struct tally_row *row = top->tally.rows; row; row = row->hh.next) {
		if (rows > 0 && row->hits > 0) {
			start = out.length;
			strbuf_addf(&out, "%10.0f %12" PRIu64 "  %s", rate_of(row, elapsed), row->hits,
				    row->probe->full_name);
			end_line(top, &out, start, columns);
			rows--;
		}
		row->hits_before = row->hits;
	}
	strbuf_add_string(&out, top->is_drawn ? "\033[J" : "\n");
	traced_write(top->traced, &out);
}

static bool is_quit_asked_for(const struct top *top)
{
	struct pollfd keys = {.fd = top->traced->terminal, .events = POLLIN};
	char key;

	if (!top->is_drawn)
		return false;
	while (poll(&keys, 1, 0) > 0 && (keys.revents & POLLIN)) {
		if (read(top->traced->terminal, &key, 1) <= 0)
			return true;
		if (key == 'q' || key == 'Q')
			return true;
	}
	return false;
}

static enum usdtrap_action on_tick(void *user)
{
	struct top *top = user;

	if (++top->ticks % TICKS_A_SECOND == 0)
		show(top);
	if (is_quit_asked_for(top))
		return USDTRAP_STOP;
	return top->ticks_left > 0 && --top->ticks_left == 0 ? USDTRAP_STOP : USDTRAP_CONTINUE;
}

/* ---- its life ---- */

static struct usdtrap_error *prepare(struct traced *traced)
{
	struct top *top = traced->user;
	struct usdtrap_error *error = NULL;

	top->traced = traced;
	top->ticks_left = (unsigned)(traced->options->seconds * TICKS_A_SECOND + 0.5);
	clock_gettime(CLOCK_MONOTONIC, &top->last);
	for (size_t i = 0; !error && i < top->count; i++)
		error = usdtrap_add_probe(traced->session, &top->probes[i].pattern, traced->pid, on_hit, top,
					  &top->added[i]);
	if (!error)
		error = usdtrap_add_timer(traced->session, 1000000000 / TICKS_A_SECOND, on_tick, top);
	return error;
}

static void on_attached(struct traced *traced)
{
	struct top *top = traced->user;

	if (top->is_drawn)
		traced_printf(traced, "\033[H\033[2J");
	show(top);
}

/* What was counted since the table was last shown is shown, too. */
static void before_end(struct traced *traced)
{
	struct top *top = traced->user;

	if (top->total != top->total_shown)
		show(top);
}

static void on_left(struct traced *traced, const struct usdtrap_report *report)
{
	if (!traced->options->is_json && !report->processes)
		traced_printf(traced, "process %d has ended\n", (int)traced->pid);
}

/* Keys come at once and are not shown; Ctrl-C stays what it is. False: there is no such terminal. */
static bool take_terminal(struct termios *ret_before)
{
	struct termios keys;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) || tcgetattr(STDIN_FILENO, ret_before) < 0)
		return false;
	keys = *ret_before;
	keys.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	keys.c_cc[VMIN] = 1;
	keys.c_cc[VTIME] = 0;
	return tcsetattr(STDIN_FILENO, TCSANOW, &keys) == 0;
}

static struct usdtrap_error *read_probes(struct top *top, const struct verb_options *options)
{
	static const char *const everything[] = {"*"};
	const char *const *words = options->word_count ? options->words : everything;
	size_t count = options->word_count ? options->word_count : 1;
	struct usdtrap_error *error = NULL;

	top->probes = calloc(count, sizeof(*top->probes));
	top->added = calloc(count, sizeof(*top->added));
	if (!top->probes || !top->added)
		return &error_no_memory;
	for (size_t i = 0; !error && i < count; i++) {
		error = verb_probe_parse(words[i], options, &top->probes[i]);
		top->count += !error;
	}
	return error;
}

static void top_deinit(struct top *top)
{
	for (size_t i = 0; i < top->count; i++)
		verb_probe_deinit(&top->probes[i]);
	free(top->probes);
	free(top->added);
	tally_deinit(&top->tally);
}

int top_run(int argc, char *argv[])
{
	static const struct traced_body body = {
		.prepare = prepare, .on_attached = on_attached, .before_end = before_end, .on_left = on_left};
	struct verb_options options;
	struct top top = {0};
	struct termios before;
	struct usdtrap_error *error;
	int status;

	if (!verb_parse(&verb, argc, argv, &options, &status))
		return status;
	if (!options.pid)
		error = error_hint(error_create(USDTRAP_INVALID_USE, "usdtrap top wants -p PID"), "usdtrap %s",
				   verb.synopsis);
	else
		error = read_probes(&top, &options);
	if (error) {
		message_print_error(error);
		status = verb.failure;
	} else {
		top.is_drawn = !options.is_json && take_terminal(&before);
		status = traced_run(&options, &body, &top);
		if (top.is_drawn)
			tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
	}
	top_deinit(&top);
	return status;
}
