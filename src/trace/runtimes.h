/* SPDX-License-Identifier: MIT */
/*
 * What is known of programs and runtimes whose probes do not do what one
 * expects: data, one row a fact, with its source. To add one, add a row.
 */
#ifndef USDTRAP_TRACE_RUNTIMES_H
#define USDTRAP_TRACE_RUNTIMES_H

#include <stdbool.h>

#include <usdtrap/diagnosis.h>

/* When a row applies, beside its names. */
enum runtime_condition {
	RUNTIME_ALWAYS,
	RUNTIME_NO_PROBES,     /* the file has no probes at all */
	RUNTIME_NO_SUCH_PROBE, /* the file has probes, and none that was asked for */
	RUNTIME_NO_BASE,       /* the file has probes, and its section .stapsdt.base is gone */
	RUNTIME_ENVIRONMENT,   /* the process was started without the environment variable `value' */
	RUNTIME_ARGUMENTS,     /* the process was started without any of the arguments `value', separated by blanks */
};

struct runtime {
	const char *file;     /* the path of a file that the process runs; a wildcard as in base/glob.h */
	const char *provider; /* likewise */
	const char *name;     /* likewise, of the probe that was asked for */
	enum runtime_condition condition;
	const char *value;
	bool is_everywhere; /* every process runs such a file: only where its provider was asked for by name */
	struct usdtrap_finding_runtime fact;
};

/* Ends with a row without a file. */
extern const struct runtime runtimes[];

#endif
