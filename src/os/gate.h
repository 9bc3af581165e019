/* SPDX-License-Identifier: MIT */
/*
 * The gate: a process that is asked before a program is started or a certain
 * file is opened, tells its owner, and lets it go on as soon as the owner says
 * so or a few milliseconds are over.
 *
 *	somebody's execve(2)         gate                         owner
 *	asks, and waits ───────────> reads the question
 *	                             OPENED or EXECUTED ────────> looks at the process, which waits
 *	goes on <─────────────────── answers <─────────────────── gate_allow(), or too late
 *
 * Who answers such questions holds the whole machine in his hand: as long as
 * he is silent no command starts. So the gate is a process that does nothing
 * else. Once it has begun to ask it opens no file, looks up no path,
 * allocates nothing, never waits for its owner, and answers each question
 * within GATE_PATIENCE_MS. Whatever happens to it, the kernel ends it:
 *
 *	its owner ends or closes the socket     it ends
 *	it is killed                            its group of fanotify(7) is held by nobody else
 *	it is stopped, or hangs                 a timer of the kernel's kills it (GATE_DEADLINE_MS)
 *
 * and with the group's last descriptor the kernel lets everybody go on.
 *
 * It has a session of its own, takes no signals, is not chosen when memory runs
 * out, and runs ahead of others if it may. It is nobody's child that could be
 * waited for by accident.
 */
#ifndef USDTRAP_OS_GATE_H
#define USDTRAP_OS_GATE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <usdtrap/error.h>

#include "os/fanotify.h"

enum {
	GATE_PATIENCE_MS = 10,  /* how long a question is held for its owner */
	GATE_HURRY_MS = 2,      /* how long, after gate_hurry() */
	GATE_DEADLINE_MS = 300, /* a gate that stands still longer is killed */
};

struct gate {
	int socket; /* the owner's end, to be polled; -1: none */
	pid_t pid;
};

enum gate_word {
	GATE_READY,    /* first of all; `error_number': why it asks nothing, or 0 */
	GATE_MARKED,   /* the answer to gate_mark() with `id' */
	GATE_OPENED,   /* `pid' is about to open a marked file */
	GATE_EXECUTED, /* `pid' is about to execute a file */
};

struct gate_message {
	enum gate_word word;
	uint32_t id;
	pid_t pid; /* 0: a process that this pid namespace does not know */
	int error_number;
	uint64_t time_ns;  /* CLOCK_MONOTONIC, when the question was read */
	uint64_t unasked;  /* so far: let go on without having been told, as the owner did not listen */
	uint64_t unheeded; /* so far: told, and not answered in time */
};

/*
 * Starts a gate. Files that this process opens pass it at once. Errors:
 * PERMISSION (needs CAP_SYS_ADMIN), UNSUPPORTED (the kernel has no such
 * questions), OS.
 */
struct usdtrap_error *gate_start(struct gate *ret) USDTRAP_MUST_USE;
/* Ends it; whoever waits goes on. */
void gate_stop(struct gate *gate);

/* Has it ask for what FD, opened to be read, leads to, and answer with GATE_MARKED and ID. False: it has ended. */
bool gate_mark(const struct gate *gate, int fd, enum fanotify_mark_kind kind, uint32_t id);
/* The question with ID is answered: its process goes on. One that was answered already is none. */
void gate_allow(const struct gate *gate, uint32_t id);
/* It is to be answered soon: who asks holds a lock that the owner may wait for. */
void gate_hurry(const struct gate *gate, uint32_t id);

enum gate_result { GATE_MESSAGE, GATE_SILENCE, GATE_ENDED };
/* The next message, without waiting. *RET_FD is the file of OPENED and EXECUTED, to be closed; else -1. */
enum gate_result gate_receive(const struct gate *gate, struct gate_message *ret, int *ret_fd);

#endif
