/* SPDX-License-Identifier: MIT */
#include "cli/progress.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock_time.h"
#include "base/strbuf.h"

/* Nobody needs to be told of what is over before he wonders, nor more often than he can read. */
static const uint64_t patience_ns = 300000000, interval_ns = 100000000;

/* To the beginning of the line; and wiping it: console_codes(4). */
static const char anew[] = "\r", wipe[] = "\r\033[K";

bool progress_has_terminal(void)
{
	const char *terminal = getenv("TERM");

	return isatty(STDERR_FILENO) && terminal && *terminal && strcmp(terminal, "dumb") != 0;
}

void progress_begin(struct progress *progress, bool is_wanted, uint64_t now_ns)
{
	*progress = (struct progress){.is_wanted = is_wanted, .began_ns = now_ns};
}

void progress_update(struct progress *progress, size_t done, size_t total, uint64_t now_ns, struct strbuf *out)
{
	if (!progress->is_wanted || now_ns - progress->began_ns < patience_ns ||
	    (progress->is_shown && now_ns - progress->shown_ns < interval_ns))
		return;
	strbuf_addf(out, "%sattaching: %zu of %zu threads", progress->is_shown ? anew : "", done, total);
	progress->is_shown = true;
	progress->shown_ns = now_ns;
}

void progress_end(struct progress *progress, struct strbuf *out)
{
	if (progress->is_shown)
		strbuf_add_string(out, wipe);
	*progress = (struct progress){0};
}
