/* SPDX-License-Identifier: MIT */
/*
 * The pipes between the two processes of a run: what they tell each other.
 *
 *	front                                   engine
 *	LAUNCHED pid ─────────────────────────> (with -c) whom to trace
 *	                <──────────────── HOLDS  from now on the target may be patched
 *	                <────────── CALL number  (with --seccomp) the program is to stop there; any number of them
 *	                <──────────────── ARMED  (with -c) let the program run
 *	SIGNAL number ────────────────────────> Ctrl-C and friends, and the script's own
 *	                <───────────────── LEFT  the target is as it was
 *
 * Either end closes when its process ends, however it ends, and the other
 * process hears of that. Two pipes and not a socket: kernels are built without
 * those, too.
 */
#ifndef USDTRAP_CLI_LINK_H
#define USDTRAP_CLI_LINK_H

#include <stdbool.h>

#include <usdtrap/error.h>

enum link_word {
	LINK_LAUNCHED,
	LINK_HOLDS,
	LINK_CALL,
	LINK_ARMED,
	LINK_SIGNAL,
	LINK_LEFT,
};

struct link_message {
	enum link_word word;
	int value; /* LAUNCHED: a pid; SIGNAL, CALL: its number; else 0 */
};

/* What one process has of it: the ends of two pipes. */
struct link {
	int in; /* to be polled for POLLIN: a message, or the other's end */
	int out;
};

/* Makes both ends, closed on exec. Errors: OS. */
struct usdtrap_error *link_create(struct link ret[2]) USDTRAP_MUST_USE;
/* Closes an end, of which this process has a copy as long as it does not. */
void link_close(struct link link);
/*
 * Sends a message; if nobody is there any more it is lost, which the next
 * link_receive() tells. SIGPIPE must be ignored.
 */
void link_send(struct link link, enum link_word word, int value);
/* Waits for the next message. False: the other process has ended. */
bool link_receive(struct link link, struct link_message *ret);

#endif
