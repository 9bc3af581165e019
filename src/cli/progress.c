/* SPDX-License-Identifier: MIT */
#include "cli/progress.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock_time.h"
#include "base/strbuf.h"
#include "cli/output.h"

/* Nobody needs to be told of what is over before he wonders, nor more often than he can read. */
static const uint64_t patience_ns = 300000000, interval_ns = 100000000;

/* To the beginning of the line, and wiping the rest of it: console_codes(4). */
static const char anew[] = "\r", wipe_rest[] = "\033[K";

static bool has_terminal(void)
{
	const char *terminal = getenv("TERM");

	return isatty(STDERR_FILENO) && terminal && *terminal && strcmp(terminal, "dumb") != 0;
}

void progress_begin_at(struct progress *progress, bool is_wanted, uint64_t now_ns)
{
	*progress = (struct progress){.is_wanted = is_wanted, .began_ns = now_ns};
}

void progress_update(struct progress *progress, const struct usdtrap_progress *now, uint64_t now_ns, struct strbuf *out)
{
	if (!progress->is_wanted || now_ns - progress->began_ns < patience_ns ||
	    (progress->is_shown && now_ns - progress->shown_ns < interval_ns))
		return;
	if (progress->is_shown)
		strbuf_add_string(out, anew);
	if (now->processes_total > 1)
		strbuf_addf(out, "attaching: %zu of %zu processes, %zu threads", now->processes, now->processes_total,
			    now->threads);
	else
		strbuf_addf(out, "attaching: %zu of %zu threads", now->threads, now->threads_total);
	if (progress->is_shown)
		strbuf_add_string(out, wipe_rest); /* a number may have become shorter */
	progress->is_shown = true;
	progress->shown_ns = now_ns;
}

void progress_wipe(struct progress *progress, struct strbuf *out)
{
	if (progress->is_shown)
		strbuf_addf(out, "%s%s", anew, wipe_rest);
	*progress = (struct progress){0};
}

static void write_out(struct output *output, const struct strbuf *text)
{
	if (text->length)
		output_write(output, strbuf_text(text), text->length);
}

void progress_begin(struct progress *progress, bool is_wanted, struct output *output)
{
	progress_begin_at(progress, is_wanted && has_terminal(), clock_time_ns(CLOCK_MONOTONIC));
	progress->output = output;
}

void progress_tell(struct progress *progress, const struct usdtrap_progress *now)
{
	_cleanup_strbuf_ struct strbuf text = {0};

	progress_update(progress, now, clock_time_ns(CLOCK_MONOTONIC), &text);
	write_out(progress->output, &text);
}

void progress_end(struct progress *progress)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	struct output *output = progress->output;

	progress_wipe(progress, &text);
	write_out(output, &text);
}
