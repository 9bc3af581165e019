/* SPDX-License-Identifier: MIT */
/*
 * Events: what a session may want that is no place in a file. The subscriptions,
 * and handing an event to those who subscribed. What makes the events: calls.c
 * (system calls), engine.c and family.c (births, programs, ends, signals).
 */
#ifndef USDTRAP_TRACE_EVENTS_H
#define USDTRAP_TRACE_EVENTS_H

#include <stdbool.h>
#include <stdint.h>

#include <usdtrap/session.h>

struct engine;
struct recorded;
struct tracee;

/* One tracepoint that one subscription matched. */
struct event_match {
	struct usdtrap_tracepoint_info tracepoint;
	struct usdtrap_probe_info info; /* for usdtrap_hit_probe(): its full name */
	struct usdtrap_tracepoint *event;
	struct event_match *next; /* of those that want the same */
};

/* A subscription. */
struct usdtrap_tracepoint {
	usdtrap_hit_fn on_hit;
	void *user;
	struct event_match *matches;
	size_t match_count;
	struct usdtrap_tracepoint *next;
};

enum event_kind {
	EVENT_ANY_ENTER, /* raw_syscalls */
	EVENT_ANY_EXIT,
	EVENT_FORK,
	EVENT_EXEC,
	EVENT_END,
	EVENT_SIGNAL,
};

enum {
	EVENT_KINDS = EVENT_SIGNAL + 1,
	EVENT_CALLS = 512, /* system calls that have subscriptions of their own: all numbers there are lie below */
};

/* All that is wanted, ready to be looked up by what has happened. */
struct events {
	struct usdtrap_tracepoint *list;
	struct event_match *of_kind[EVENT_KINDS];
	struct event_match *enter[EVENT_CALLS], *exit[EVENT_CALLS]; /* syscalls, by number */
	bool wants_calls;
};

/* What has happened: one value for each field of the tracepoint, in its order. */
struct event_data {
	uint64_t values[USDTRAP_TRACEPOINT_FIELDS_MAX]; /* of an array the one element is elsewhere */
	const char *texts[USDTRAP_TRACEPOINT_FIELDS_MAX];
	const uint64_t *array; /* the elements of the field that is one */
};

struct usdtrap_error *events_add(struct events *events, const struct usdtrap_pattern *pattern, usdtrap_hit_fn on_hit,
				 void *user, struct usdtrap_tracepoint **ret) USDTRAP_MUST_USE;
/*
 * The system calls that are to stop, in order, for a filter; with WANTS_MAPS also those that change what is mapped.
 * NUMBERS may be NULL. Returns how many; 0: none, or all there are.
 */
size_t events_filter(const struct events *events, bool wants_maps, uint16_t numbers[EVENT_CALLS]);
void events_deinit(struct events *events);

/* Hands what TRACEE, which is stopped, has done to all of MATCHES. */
void events_deliver(struct engine *engine, struct tracee *tracee, const struct event_match *matches,
		    const struct event_data *data);
/* The same of a thread that is not traced, and what was kept of it. */
void events_deliver_recorded(struct engine *engine, const struct recorded *recorded, const struct event_match *matches,
			     const struct event_data *data);

#endif
