/* SPDX-License-Identifier: MIT */
#include "lang/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/strbuf.h"
#include "lang/scratch.h"

#define NS_PER_SECOND UINT64_C(1000000000)
#define TEXT_MAX      ((size_t)64 * 1024)

/* CLOCK, or OLDER where the kernel does not have it. */
static uint64_t read_clock(clockid_t clock, clockid_t older)
{
	struct timespec now;

	if (clock_gettime(clock, &now) < 0)
		clock_gettime(older, &now);
	return (uint64_t)now.tv_sec * NS_PER_SECOND + (uint64_t)now.tv_nsec;
}

uint64_t clock_ns(enum clock_kind kind)
{
	switch (kind) {
	case CLOCK_KIND_BOOT:
		return read_clock(CLOCK_BOOTTIME, CLOCK_MONOTONIC); /* Linux 2.6.39 */
	case CLOCK_KIND_MONOTONIC:
		return read_clock(CLOCK_MONOTONIC, CLOCK_MONOTONIC);
	case CLOCK_KIND_TAI:
		/* Linux 3.10. The two only differ where somebody has told the kernel by how much. */
		return read_clock(CLOCK_TAI, CLOCK_REALTIME);
	}
	abort();
}

uint64_t clock_boottime_ns(void)
{
	return clock_ns(CLOCK_KIND_BOOT);
}

uint64_t clock_wall_ns(void)
{
	return read_clock(CLOCK_REALTIME, CLOCK_REALTIME);
}

/*
 * FORMAT with each %f replaced by MICROSECONDS, and a blank before it, since
 * strftime(3) does not tell an empty text from one that does not fit.
 */
static char *expand(const char *format, unsigned microseconds, struct scratch *scratch)
{
	char *expanded = scratch_allocate(scratch, 3 * strlen(format) + 8);
	char *end = expanded;

	if (!expanded)
		return NULL;
	*end++ = ' ';
	while (*format) {
		if (format[0] == '%' && format[1] == 'f') {
			end += sprintf(end, "%06u", microseconds);
			format += 2;
			continue;
		}
		if (format[0] == '%' && format[1])
			*end++ = *format++;
		*end++ = *format++;
	}
	*end = '\0';
	return expanded;
}

void clock_format(const char *format, uint64_t wall_ns, struct scratch *scratch, struct strbuf *out)
{
	time_t seconds = (time_t)(wall_ns / NS_PER_SECOND);
	char *expanded = expand(format, (unsigned)(wall_ns % NS_PER_SECOND / 1000), scratch);
	struct tm local;

	if (!expanded || !localtime_r(&seconds, &local)) {
		out->failed |= !expanded;
		return;
	}
	for (size_t capacity = 128; capacity <= TEXT_MAX; capacity *= 4) {
		char *text = scratch_allocate(scratch, capacity);
		size_t length = text ? strftime(text, capacity, expanded, &local) : 0;

		if (length) {
			strbuf_add(out, text + 1, length - 1);
			return;
		}
	}
}

void clock_add_iso(uint64_t wall_ns, struct strbuf *out)
{
	time_t seconds = (time_t)(wall_ns / NS_PER_SECOND);
	struct tm universal;
	char text[32];

	gmtime_r(&seconds, &universal);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &universal);
	strbuf_addf(out, "%s.%03uZ", text, (unsigned)(wall_ns % NS_PER_SECOND / 1000000));
}
