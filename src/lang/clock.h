/* SPDX-License-Identifier: MIT */
/*
 * Time as scripts see it: `nsecs' counts CLOCK_BOOTTIME, time() shows the wall
 * clock now, strftime() shows what the wall clock was at an `nsecs' value.
 */
#ifndef USDTRAP_LANG_CLOCK_H
#define USDTRAP_LANG_CLOCK_H

#include <stdint.h>

struct scratch;
struct strbuf;

/* The clocks that `nsecs' may be asked for. */
enum clock_kind {
	CLOCK_KIND_BOOT,      /* CLOCK_BOOTTIME */
	CLOCK_KIND_MONOTONIC, /* CLOCK_MONOTONIC: stands still while the machine sleeps */
	CLOCK_KIND_TAI,       /* CLOCK_TAI: since 1970, without leap seconds */
};

/* Nanoseconds of that clock. clock_gettime(2). */
uint64_t clock_ns(enum clock_kind kind);
/* Nanoseconds of CLOCK_BOOTTIME. */
uint64_t clock_boottime_ns(void);
/* Nanoseconds since 1970. */
uint64_t clock_wall_ns(void);

/*
 * Appends WALL_NS (since 1970) in local time by FORMAT, as strftime(3) does;
 * %f is the microseconds in six digits. The text is cut at 64 KiB.
 */
void clock_format(const char *format, uint64_t wall_ns, struct scratch *scratch, struct strbuf *out);

/* Appends WALL_NS as "2026-11-25T18:30:00.125Z", ISO 8601 in UTC. */
void clock_add_iso(uint64_t wall_ns, struct strbuf *out);

#endif
