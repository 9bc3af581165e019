/* SPDX-License-Identifier: MIT */
/*
 * The socket between the two processes of a run: what they tell each other.
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
 * process hears of that.
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

/* Makes a connected pair, closed on exec. Errors: OS. */
struct usdtrap_error *link_create(int ret[2]) USDTRAP_MUST_USE;
/* Sends a message; if nobody is there any more it is lost, which the next link_receive() tells. */
void link_send(int link, enum link_word word, int value);
/* Waits for the next message. False: the other process has ended. */
bool link_receive(int link, struct link_message *ret);

#endif
