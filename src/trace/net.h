/* SPDX-License-Identifier: MIT */
/*
 * The safety net of a space: a handler for SIGTRAP that lets the target outlive
 * our death (arch/net.h), put in before the first trap and taken out after the
 * last. For that one thread of the target is borrowed (trace/borrow.h).
 */
#ifndef USDTRAP_TRACE_NET_H
#define USDTRAP_TRACE_NET_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "arch/arch.h"
#include "arch/net.h"

struct engine;
struct semaphore;
struct site;
struct space;
struct tracee;

enum net_state {
	NET_NONE,    /* not yet needed */
	NET_PENDING, /* it lies ready, but no thread could be borrowed: the first that hits will be */
	NET_IN,
	NET_OFF, /* not wanted, not possible, or taken out */
};

enum { NET_CHUNK_CAPACITY = 64 }; /* entries of a chunk, at most */

struct net {
	enum net_state state;
	uint64_t code_addr; /* the handler */
	uint64_t head_addr; /* struct arch_net_head */
	uint64_t cave_addr;
	uint64_t chunk_addr;          /* the last chunk */
	struct arch_net_chunk chunk;  /* likewise, as it is there */
	struct arch_sigaction before; /* what the target wants for SIGTRAP */
	struct arch_sigaction ours;
	uint64_t checked_ns; /* when it was last known to be installed, by CLOCK_MONOTONIC_COARSE */
	bool is_used_up;     /* the target's handler was for one signal, and has been called */
	pid_t resent_to;     /* the thread that gets a SIGTRAP once more, `resent'; 0: none does */
	siginfo_t resent;
	bool is_pinned;          /* the target may have kept our handler's address: the code stays */
	uint64_t others_addr[2]; /* the head's others_first_addr and others_last_addr */
	bool is_adopted;         /* a tracer that was killed laid it out, and may have borrowed threads by it */
	bool is_full;            /* and some trap cannot be survived: told once */
};

/*
 * Puts a net under SPACE, which has none yet and is about to get its first
 * trap. Where there can be none a warning says so and what it means. Needs the
 * journal to be begun.
 */
void net_require(struct engine *engine, struct space *space);
/*
 * The same, by thread TID, which stands at exec or at its first stop. False: it does not stand any
 * more, whatever became of it was answered; else it stands at some other stop,
 * at which it can be continued.
 */
bool net_require_at_stop(struct engine *engine, struct space *space, pid_t tid);
/* Whether SPACE's process ignores SIGTRAP, which only our handler hides. */
bool net_hides_ignored(const struct space *space);
/* The program before the one in SPACE ignored SIGTRAP, and so this one does by rights: exec(2) keeps that. */
void net_keep_ignored(struct space *space);
/* To be called before the trap of SITE is written, and after SEMAPHORE was raised, with a site in the same file. */
void net_add_site(struct engine *engine, struct space *space, struct site *site);
void net_add_semaphore(struct engine *engine, struct space *space, struct semaphore *semaphore,
		       const struct site *witness);
/* SITE or SEMAPHORE, of which NET_SLOT was set by these, lies there no more. */
void net_forget(struct space *space, uint64_t net_slot);

/*
 * TRACEE stands at a trap of ours and will go on: looks, now and then, whether
 * the kernel (when a thread that blocks SIGTRAP hits) or the target itself has
 * taken the handler away, and installs it again. False: it does not stand there
 * any more, and what became of it was answered.
 */
bool net_at_hit(struct engine *engine, struct tracee *tracee);
enum { NET_ANSWERED = -1 };
/*
 * TRACEE stands at a SIGTRAP that is not ours: what is to be passed on, so that
 * the target sees what it would have; NET_ANSWERED: it stands there no more.
 */
int net_foreign_trap(struct engine *engine, struct tracee *tracee);

/* Whether the SIGTRAP that TRACEE stands at is one that was passed on before, and no hit. */
bool net_has_resent(const struct tracee *tracee);

/* Gives the target its own action for SIGTRAP back; what was put into its room stays for room_clear(). */
void net_take_out(struct engine *engine, struct space *space);
/* Whether COPY_FD, the memory of a forked child, has SPACE's net. */
bool net_is_copied(const struct space *space, int copy_fd);
/*
 * The same as net_take_out() in such a child, and its room cleared, if TID stands and IS_TRACED; else as far as can be.
 * False: that was done before, or there is nothing to be done.
 */
bool net_clean_copy(const struct space *space, pid_t tid, int copy_fd, bool is_traced);

/* A net that a journal told of, whose head is at HEAD_ADDR: SPACE gets what is known of it. False: there is none. */
bool net_adopt(struct space *space, uint64_t head_addr);
/* Whether SPACE's net may be installed, and its memory is still there. */
bool net_is_there(const struct space *space);
/* Makes an adopted net ours: it will be put in again by net_require(). */
void net_reuse(struct engine *engine, struct space *space);
/* Tells an adopted net's handler that there is nothing left to heal. */
void net_mark_healed(const struct space *space);
/* Takes the semaphores out of SPACE that an adopted net's handler has lowered already. */
void net_forget_lowered(struct space *space);

#endif
