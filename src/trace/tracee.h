/* SPDX-License-Identifier: MIT */
/* Tracees: the threads that were seized, by thread id. */
#ifndef USDTRAP_TRACE_TRACEE_H
#define USDTRAP_TRACE_TRACEE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <uthash.h>

#include "arch/arch.h"

struct return_frame;
struct sent_back;
struct space;

enum { SECCOMP_UNKNOWN = -2, SECCOMP_STRICT = 1, SECCOMP_FILTER = 2 }; /* the latter two are the kernel's */

/* What a tracee is to us. */
enum tracee_role {
	TRACEE_MEMBER, /* a thread of a traced process */
	TRACEE_COPY,   /* forked, not wanted: gets its bytes back and is let go at its first stop */
	TRACEE_SHARER, /* not wanted but runs in a traced space (vfork): kept until it execs or ends */
};

/* What a thread that was seized for the whole machine's sake is about to do: machine.h. */
enum candidate {
	CANDIDATE_NOT,      /* it is an ordinary tracee */
	CANDIDATE_EXECUTES, /* a wanted file */
	CANDIDATE_LOADS,    /* one into its memory */
	CANDIDATE_LEAVES,   /* nothing of the kind: it is let go when it stops */
};

struct tracee {
	pid_t tid;
	pid_t pid; /* its process, as our /proc names it */
	enum tracee_role role;
	bool is_born;        /* we saw its birth, and not yet its first stop */
	bool has_stopped;    /* its first stop was seen (for those that the kernel seized for us) */
	bool is_listening;   /* in a group stop, waiting for SIGCONT */
	bool is_attached;    /* by PTRACE_ATTACH, for want of PTRACE_SEIZE: attached.h, and the next five */
	bool is_stop_owed;   /* the SIGSTOP that it begins with has not come yet */
	bool needs_options;  /* they could not be set yet */
	bool is_held;        /* in a group stop, and nobody but us can wake it */
	bool is_to_stop;     /* it was borrowed out of such a stop, and is to go back to it */
	bool may_be_forking; /* attaching: it may be in a fork that began before it was seized; cleared by any stop */
	bool is_timed;       /* attaching: the next is known */
	uint64_t run_time_when_seized; /* nanoseconds on a processor */
	bool is_interrupted;           /* we asked it to stop and have not seen it stop yet */
	bool may_be_late;              /* late.h: it may have a trap to report, or be on its way out of the cave */
	bool is_settled;               /* leaving: can be left to the end of the tracing thread */
	bool has_hit;                  /* it stood at a trap of ours */
	bool blocks_trap;              /* it blocked SIGTRAP when it did last, so that the kernel reset that */
	uint64_t blocked_mask;         /* its signals blocked when the kernel unblocked SIGTRAP there; 0: it did not */
	int seccomp;                   /* struct procfs_status; SECCOMP_UNKNOWN before it was asked */
	bool has_watched;              /* its debug registers were set: watchpoints.c */
	unsigned watch_generation;     /* by which state of the list */
	uint32_t watch_numbers[4];     /* which watchpoint each is set for; 0: none */
	uint32_t samples_due;          /* by samplers, a bit each: samples.c */
	enum candidate candidate;
	bool is_ending;         /* its end was told: PTRACE_EVENT_EXIT */
	bool is_starting;       /* its execve is still to come: what it does before that is ours, not the program's */
	struct {                /* its system calls, where they are wanted: calls.c */
		bool is_inside; /* its last stop was an entry */
		bool is_compatible; /* of the call it is inside */
		bool awaits_exit;   /* where calls are filtered: it is to stop at the end of the one it is in */
		bool is_reentering; /* the next entry is only `number' again, which we interrupted */
		long number;
	} call;
	struct space *space;            /* NULL: a copy of nobody knows which */
	struct arch_registers last_hit; /* its registers when it stood at a trap of ours last */
	struct sent_back *sent_back;    /* displaced.h */
	struct return_frame *frames;    /* functions it is in whose return is wanted, the innermost first: returns.h */
	unsigned frame_count;
	UT_hash_handle hh;
};

static inline struct tracee *tracee_find(struct tracee *table, pid_t tid)
{
	struct tracee *tracee;

	HASH_FIND(hh, table, &tid, sizeof(tid), tracee);
	return tracee;
}

#endif
