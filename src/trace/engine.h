/* SPDX-License-Identifier: MIT */
/*
 * The engine: one thread that seizes, waits, delivers and lets go.
 *
 *	session.c   the public functions; hands each request to the engine thread
 *	engine.c    the engine's loop: next stop, what it means, who answers it
 *	attach.c    takes hold of a process
 *	descendants.c of those it has made before
 *	attached.c  the same on a kernel without PTRACE_SEIZE
 *	machine.c   and of all that there are, and that come up
 *	settle.c    waits for forks that began before that
 *	mapped.c    what a space has mapped, and arming the sites in it
 *	mapped_file.c which file a mapping shows
 *	loader.c    notices libraries that come later
 *	rereading.c the same where nobody tells of them
 *	family.c    new threads, forked children, exec
 *	displaced.c how a thread goes on where a trap covers an instruction that counts
 *	returns.c   where functions return to, and which call a return belongs to
 *	restart.c   system calls that ended because of us are entered again
 *	hit.c       what a callback sees of a thread at a site
 *	verify.c    looks whether the traps are still there
 *	leave.c     puts everything back and lets everybody go
 *	repair.c    the same for a tracer that was killed
 *	observe.c   tells an observer what these do
 *
 * All of these run on the engine thread alone and so need no locks.
 */
#ifndef USDTRAP_TRACE_ENGINE_H
#define USDTRAP_TRACE_ENGINE_H

#include <stdatomic.h>

#include <usdtrap/session.h>
#include <usdtrap/step.h>

#include "os/affinity.h"
#include "os/procfs.h"
#include "os/ptrace.h"
#include "os/waiting.h"
#include "trace/catalog.h"
#include "trace/events.h"
#include "trace/samples.h"
#include "trace/space.h"
#include "trace/tracee.h"
#include "trace/watchpoints.h"

struct machine;
struct stacks;
struct stranger;

struct engine {
	struct usdtrap_options options;
	usdtrap_observer_fn observer; /* NULL: nobody, see observe.h */
	void *observer_user;
	struct catalog catalog;
	struct events events;
	struct sampler *samplers;
	struct watchpoints watchpoints;
	struct machine *machine;   /* machine.h; NULL: only what was attached is traced */
	bool has_no_call_info;     /* the kernel is older than 5.3 */
	bool has_no_mask_requests; /* the kernel is older than 3.11: mask.h */
	bool has_call_filter;      /* the program was started with one: calls.c */
	enum {
		WRITING_UNKNOWN,
		WRITING_FREE,  /* the kernel lets memory be written to */
		WRITING_ASKED, /* perhaps only while a thread stands; each space is asked */
	} writing;             /* lender.c */
	bool is_attaching;     /* the kernel is older than 3.4: attached.h */
	bool has_told_of_attaching;
	struct tracee *tracees; /* by thread id */
	unsigned member_count;  /* how many of them are MEMBERs: the run ends with the last */
	struct space *spaces;
	struct space *former_spaces; /* the last few whose processes ended, or ran another program */
	struct stranger *strangers;  /* mapped_file.c */
	struct {
		int fd;             /* timerfd_create(2): a look at all maps is due */
		uint64_t period_ns; /* of these looks */
		uint64_t looked_ns; /* when all were looked at last: CLOCK_MONOTONIC */
	} rereading;
	struct affinity affinity;
	struct waiting waiting;
	struct usdtrap_report report;
	bool is_privileged;            /* may trace a program without taking the rights from it that its file gives */
	bool is_attaching_descendants; /* what is attached now nobody named: it may well have nothing that is wanted */
	bool is_leaving;               /* nothing is armed any more */
	bool has_no_journal;           /* there is nowhere to keep one: told once */
	bool is_stopping;              /* a callback said STOP: nothing further is delivered */
	atomic_bool is_called_off;     /* usdtrap_interrupt() was called: nobody further is attached */
	struct usdtrap_progress progress;
	struct stacks *stacks;                    /* NULL before anybody asked for a stack or a symbol */
	bool watches_ways_out;                    /* returns.c: how functions are left other than by a return */
	bool has_warned_of_returns;               /* returns.c */
	const struct usdtrap_probe *stack_copier; /* go_stacks.h; NULL: not asked for yet */
	bool has_told_recipe;                     /* recipe.c */
	struct {
		bool is_look_owed; /* a site has fallen silent */
		bool cannot_look;  /* the kernel does not tell of its probes */
		uint64_t next_look_ns;
	} overlays;                           /* verify.c */
	struct arch_registers registers;      /* room for those of an event's hit */
	struct arch_vector_registers vectors; /* room for those of the hit that is being delivered */
};

/* --- session.c --- */

/* For what looks into a process by a session that it makes for that. */
struct engine *session_engine(struct usdtrap_session *session);

/* --- engine.c --- */

/* Tells the user something: one sentence. */
void engine_notice(const struct engine *engine, enum usdtrap_notice notice, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* The same, from ERROR, which is taken over; with its hint. */
void engine_notice_error(const struct engine *engine, enum usdtrap_notice notice, struct usdtrap_error *error);
/* A warning of ERROR, which is taken over, unless that is only because SPACE's process has ended meanwhile, or does
 * now. */
void engine_warn_of(const struct engine *engine, struct space *space, struct usdtrap_error *error);

/* Tells the user how far attaching is: engine->progress. */
void engine_tell_progress(struct engine *engine);

/* Whether something is done in targets that they would die of if we did: traps, watched memory. */
bool engine_needs_net(const struct engine *engine);
/* Adds a tracee that uses SPACE (may be NULL for a COPY). NULL: no memory. */
struct tracee *engine_add_tracee(struct engine *engine, pid_t tid, pid_t pid, enum tracee_role role,
				 struct space *space);
/* Forgets a tracee that ended or was let go, and its space with the last one. */
void engine_remove_tracee(struct engine *engine, struct tracee *tracee);
/* TRACEE has ended with STATUS, as waitpid(2) gives it: tells the user if that is the end of a process, and forgets it.
 */
void engine_ended(struct engine *engine, struct tracee *tracee, int status);
/* From here on what is changed in SPACE is written down, if it can be; that it cannot is told once. */
void engine_begin_journal(struct engine *engine, struct space *space);
/* TRACEE's struct procfs_status.seccomp, read when first asked for. */
int engine_seccomp(struct tracee *tracee);
/* Whether /proc shows memory through TID: not if it ends, or has, be it only as a leader whose threads live on. */
bool engine_has_memory(pid_t tid);
/*
 * Sets the thread through which /proc reaches SPACE to one that has not ended,
 * as any of them may at any time. False: all have.
 */
bool engine_choose_anchor(const struct engine *engine, struct space *space);

/*
 * Takes the next stop, if any, and answers it. BLOCK: waits for one; a signal
 * to the engine thread ends the wait. Returns what the wait returned.
 */
enum ptrace_wait_result engine_step(struct engine *engine, bool block);
/* Answers one stop (or end) of TID that a wait reported as STATUS. */
void engine_stop(struct engine *engine, pid_t tid, int status);
/*
 * If a SIGTRAP stop of TRACEE, with these REGISTERS, means that one of our
 * traps was executed: its site; NULL otherwise. *RET_SIGNAL is what is to be
 * passed on: SIGTRAP if somebody sent one, 0 if the trap was all.
 */
struct site *engine_trap_site(const struct tracee *tracee, const struct arch_registers *registers, int *ret_signal);

/*
 * TRACEE, with REGISTERS, has executed the trap at SITE, which is not there any
 * more. If more than a one-byte nop stands there, sets the pc back to its
 * beginning and returns true.
 */
bool engine_undo_trap(const struct tracee *tracee, const struct site *site, struct arch_registers *registers);

/* Lets TRACEE run on, delivering SIGNAL (0: none). */
void engine_resume(struct engine *engine, struct tracee *tracee, int signal);
/*
 * Asks TRACEE to stop, at an event stop. All that is ever interrupted is
 * interrupted here, and for as short as can be: some system calls return EINTR
 * for it, which restart_interrupted() makes up for.
 */
void engine_interrupt(struct tracee *tracee);
/* TRACEE stands in a group stop, and is to stay there until a SIGCONT comes. */
void engine_hold(const struct engine *engine, struct tracee *tracee);
/*
 * Whether TRACEE has a SIGTRAP coming that it does not block: its trap was
 * executed and not yet reported. Or a SIGSTOP by which we meant to interrupt it.
 */
bool engine_has_trap_pending(const struct tracee *tracee);

/* --- attach.c --- */

struct usdtrap_error *attach_process(struct engine *engine, pid_t pid, enum usdtrap_attach_mode mode) USDTRAP_MUST_USE;

/*
 * Attaches all processes that PID, which is attached, has made before, and
 * theirs. One that cannot be attached is a warning. Errors: NO_MEMORY, OS.
 */
struct usdtrap_error *attach_descendants(struct engine *engine, pid_t pid) USDTRAP_MUST_USE;

/*
 * Seizes the threads of PID as candidates; TID, which waits in the kernel, stops
 * as soon as it comes back. Nothing is written, and no fork waited for.
 */
struct usdtrap_error *attach_candidate(struct engine *engine, pid_t pid, pid_t tid,
				       enum candidate candidate) USDTRAP_MUST_USE;
/* The rest of it: arms the process of TRACEE, a candidate that stands at an event stop. *RET_IS_STANDING: it still
 * does.
 */
struct usdtrap_error *attach_held(struct engine *engine, struct tracee *tracee, bool *ret_is_standing) USDTRAP_MUST_USE;

/* Seizes every thread of SPACE's process, and every process that runs in its memory; waits for forks in flight. */
struct usdtrap_error *attach_seize(struct engine *engine, struct space *space) USDTRAP_MUST_USE;

/* What the threads of ENGINE are to stop at: enum ptrace_wants. */
unsigned attach_wants(const struct engine *engine);

/* --- repair.c --- */

/*
 * Undoes in process PID, which nobody traces and is about to be attached, all that tracers left there that were killed,
 * as usdtrap_repair() does: on a thread of its own, which then lets go. So whatever there was room for before there is
 * room for again, however often that happens.
 */
void repair_wholly(struct engine *engine, pid_t pid);
/*
 * The same in SPACE's process where it is held already, or where that could not all be taken out: what is left, the
 * net above all, is taken over.
 */
void repair_before_attach(struct engine *engine, struct space *space);
/* The same for process PID or, if 0, for all that are known of; holds them, for leave_all(). Errors: UNSUPPORTED. */
struct usdtrap_error *repair_all(struct engine *engine, pid_t pid) USDTRAP_MUST_USE;

/* Who traces PID, 0 for nobody; one that was killed, and has not yet let go, is waited for. */
pid_t repair_await_tracer(pid_t pid);

/* --- settle.c --- */

/* To be called right after TRACEE was seized. */
void settle_begin(struct tracee *tracee);
/* Waits until no thread of SPACE is in a call that makes an untraced child. Stops nobody. */
void settle_forks(struct engine *engine, const struct space *space);

/* --- mapped.c --- */

/* What SPACE has mapped, through whichever of its threads has not ended. Errors: GONE, OS, PERMISSION. */
struct usdtrap_error *mapped_read(const struct engine *engine, struct space *space,
				  struct procfs_maps *ret) USDTRAP_MUST_USE;
/* How much a look at a space's maps may be taken to show a file with all its parts in place. */
enum mapped_look {
	MAPPED_COMPLETE, /* its loader is known to be done, or what there is has to do: exec, the loader's hook, attach
			  */
	MAPPED_GLIMPSE,  /* the process runs, and may be in the middle of loading something */
	MAPPED_STEP,     /* a thread stands behind a call that changed what is mapped: likewise, but for a moment */
};

/*
 * Compares SPACE with its maps: arms the sites of files that are newly mapped
 * as far as LOOK allows, forgets those that are no more. A site that cannot be
 * armed is a notice and spoils no other; *RET_REFUSED, if not NULL, gets the
 * first such error.
 */
struct usdtrap_error *mapped_refresh(struct engine *engine, struct space *space, enum mapped_look look,
				     struct usdtrap_error **ret_refused) USDTRAP_MUST_USE;
/* Whether process PID has a file mapped of which something is wanted. */
bool mapped_wants(const struct engine *engine, pid_t pid);
/* Forgets what lay in files that SPACE has unmapped: something else may lie there. */
void mapped_prune(const struct engine *engine, struct space *space);

/* Arms in SPACE the probe FIRST and those added after it, also in files that are known; then as mapped_refresh(). */
struct usdtrap_error *mapped_arm_added(struct engine *engine, struct space *space,
				       struct usdtrap_probe *first) USDTRAP_MUST_USE;

/* As much of OBJECT's text from VADDR on as there is, up to one instruction's greatest length (room for BYTES). */
struct usdtrap_error *mapped_text(const struct elf_object *object, uint64_t vaddr, uint8_t *bytes,
				  size_t *ret_size) USDTRAP_MUST_USE;

/* --- mapped_file.c --- */

/*
 * Finds the architecture of the program that SPACE's process runs. Errors:
 * UNSUPPORTED for one that is not traced, GONE, OS, PERMISSION.
 */
struct usdtrap_error *mapped_architecture(struct space *space) USDTRAP_MUST_USE;
/* The load bias of OBJECT, given one executable mapping of it. False: no segment of it could be mapped so. */
bool mapped_load_bias(const struct elf_object *object, const struct procfs_mapping *mapping, uint64_t *ret);
/* Whether the ELF header of OBJECT is what SPACE has in memory where it would be with LOAD_BIAS. */
bool mapped_has_header(const struct space *space, const struct elf_object *object, uint64_t load_bias);
/* The catalog's file that MAPPING, executable, shows, and its load bias; NULL if nobody asked for it. */
struct catalog_file *mapped_file_of(struct engine *engine, const struct space *space,
				    const struct procfs_mapping *mapping, uint64_t *ret_bias);
/*
 * The catalog's file that is now where the one of MAPPING once was, if it was
 * replaced while the process ran, as a package is upgraded; else NULL.
 */
const struct catalog_file *mapped_successor(const struct engine *engine, const struct procfs_mapping *mapping);
/* Frees what is known of files that are no use. */
void mapped_forget_strangers(struct engine *engine);

/* --- rereading.c --- */

/* Readies the timer of the looks, which the session polls. Errors: OS. */
struct usdtrap_error *rereading_init(struct engine *engine) USDTRAP_MUST_USE;
void rereading_deinit(struct engine *engine);
/* SPACE was looked at: has the next look come soon. */
void rereading_hurry(struct engine *engine, const struct space *space);
/* The timer has ticked: looks at all spaces. */
void rereading_tick(struct engine *engine);

/* --- loader.c --- */

/* Arms the loader's debug hook in SPACE, if it has a loader and files of the catalog may still come. */
void loader_hook(struct engine *engine, struct space *space);
/* TRACEE stands at the hook: looks at what is mapped now, acts out the displaced instruction. */
struct usdtrap_error *loader_hook_hit(struct engine *engine, struct tracee *tracee, const struct site *site,
				      struct arch_registers *registers) USDTRAP_MUST_USE;

/* --- family.c --- */

/* TRACEE (stopped) has made thread or process CHILD. */
void family_born(struct engine *engine, struct tracee *tracee, pid_t child);
/* A thread nobody told us of has stopped: its parent's stop comes next or, if the parent was killed, never. */
struct tracee *family_adopt(struct engine *engine, pid_t tid);
/* TRACEE stands at its first stop, or at a later event stop. False: it is to be resumed. True: it was let go, or is
 * held. */
bool family_first_stop(struct engine *engine, struct tracee *tracee);
/* TRACEE stands at a system call's entry or exit. True: it was let go and is no tracee any more. */
bool family_system_call(struct engine *engine, struct tracee *tracee);
/*
 * Undoes in the memory of TID, a copy of SPACE's, what was done to the
 * original; IS_TRACED: TID stands at a stop. False: nothing of it was there. What cannot be undone is a warning.
 */
bool family_clean_copy(const struct engine *engine, const struct space *space, pid_t tid, bool is_traced);
/* Whether TID's memory is a copy of SPACE's, with the traps that are in that. */
bool family_is_copy(const struct space *space, pid_t tid);
/* TRACEE stands at exec, and bears its process's id now. True: it was let go and is no tracee any more. */
bool family_exec(struct engine *engine, struct tracee *tracee);

/* --- leave.c --- */

/* Puts every byte and semaphore of SPACE back. What cannot be put back is a warning. */
void leave_space(struct engine *engine, struct space *space);
/* Puts everything back and lets everybody go whom the end of this thread must not let go. The thread must end after it.
 */
void leave_all(struct engine *engine);

/* --- verify.c --- */

/* Looks whether all traps are still there; to be called regularly, and for SPACE when its text has changed.
 */
void verify_space(struct engine *engine, struct space *space);
/* The same if the first trap in one of SPACE's files is gone: that is soon seen. */
void verify_glance(struct engine *engine, struct space *space);
void verify_traps(struct engine *engine);

/* --- recipe.c --- */

/* Raises the companion semaphores that the probes armed in MAPPED need in order to fire. */
void recipe_apply(struct engine *engine, struct space *space, const struct mapped_file *mapped,
		  const struct procfs_maps *maps);

#endif
