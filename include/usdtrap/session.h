/* SPDX-License-Identifier: MIT */
/*
 * Sessions: processes traced, probes armed, hits delivered, all put back.
 *
 *	struct usdtrap_session *session;
 *	struct usdtrap_pattern what = { .target = "/usr/bin/python3.11", .name = "gc__*" };
 *	error = usdtrap_session_create(NULL, &session);
 *	error = usdtrap_add_probe(session, &what, on_hit, user, NULL);
 *	error = usdtrap_attach(session, pid);
 *	error = usdtrap_run(session);      // until STOP, an interrupt, or nobody is left
 *	error = usdtrap_detach(session, &report);
 *	usdtrap_session_destroy(session);
 *
 * Threads. A session has one thread of its own, the engine: ptrace(2) binds a
 * tracee to the thread that seized it, and only the *end* of that thread lets
 * go of tracees that are blocked in system calls without disturbing them. All
 * callbacks run on the engine thread; the functions below hand their work to
 * it and wait. They may be called by one thread at a time. Callbacks must not
 * call them, except usdtrap_interrupt().
 *
 * Promises. No globals, no output, no exit(3). The session takes one signal
 * (SIGRTMAX - 1 unless told otherwise) to wake its engine thread.
 */
#ifndef USDTRAP_SESSION_H
#define USDTRAP_SESSION_H

#include <usdtrap/hit.h>
#include <usdtrap/tracepoint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct usdtrap_session;

/* What a session has to tell beside hits. TEXT is one sentence, borrowed. */
enum usdtrap_notice {
	USDTRAP_NOTICE_WARNING, /* something is less than it should be: a site refused, a note broken */
	USDTRAP_NOTICE_INFO,    /* something was done for the user that he should know of, e.g. a semaphore raised */
	USDTRAP_NOTICE_DETAIL,  /* only worth reading with -v */
};

/* How far attaching is. */
struct usdtrap_progress {
	size_t processes;       /* seen to so far: attached, or left out */
	size_t processes_total; /* as far as is known; 1: it is one process that is attached */
	size_t threads;         /* traced so far, in all processes */
	size_t threads_total;   /* of the process that is being attached; 0: between two */
};

/* All zero is a sensible default. */
struct usdtrap_options {
	/* Called on the engine thread, or on the caller's during a call. NULL: notices are dropped. */
	void (*on_notice)(enum usdtrap_notice notice, const char *text, void *user);
	/*
	 * Called on the engine thread when a traced process has ended; STATUS is
	 * as waitpid(2) gives it. A process that is a child of the caller's can
	 * then be waited for no more: ptrace(2) lets its tracer take its end.
	 * May be NULL.
	 */
	void (*on_exit)(pid_t pid, int status, void *user);
	/* Called on the engine thread now and then while processes are attached. May be NULL. */
	void (*on_progress)(const struct usdtrap_progress *progress, void *user);
	void *user;        /* passed to these */
	int no_recipes;    /* 1: never raise a companion semaphore (see docs: CPython 3.11) */
	int follow;        /* 1: children of traced processes are traced, too, also those that they had before */
	int filtered;      /* 1: the program that is attached AT_EXEC filters its calls: usdtrap_session_calls() */
	int watch_maps;    /* 1: stop threads at system calls, so that files mapped by any means are seen at once */
	int no_net;        /* 1: install no SIGTRAP handler in targets, which lets them outlive the session's death */
	int no_follow_cpu; /* 1: leave the engine's own processor affinity alone (slower; for measurements) */
	int no_call_info;  /* 1: do without PTRACE_GET_SYSCALL_INFO, as before Linux 5.3 (for tests) */
	int wake_signal;   /* the signal the session may use; 0: SIGRTMAX - 1 */
};

/* One probe pattern added to a session. Lives as long as the session. */
struct usdtrap_probe;

typedef enum usdtrap_action (*usdtrap_hit_fn)(const struct usdtrap_hit *hit, void *user);
typedef enum usdtrap_action (*usdtrap_timer_fn)(void *user);

/* Creates a session. OPTIONS may be NULL and is copied. Errors: NO_MEMORY, OS. */
USDTRAP_API USDTRAP_MUST_USE struct usdtrap_error *usdtrap_session_create(const struct usdtrap_options *options,
									  struct usdtrap_session **ret);

/* Detaches first if needed. NULL is fine. */
USDTRAP_API void usdtrap_session_destroy(struct usdtrap_session *session);

/*
 * Asks for ON_HIT at every site of every probe that PATTERN matches, in every
 * process of the session, also where the file is mapped later. Several probes
 * at one site are called in the order they were added. PID, as in
 * usdtrap_list(), says whose files are meant where the pattern names none;
 * 0 where it names one. *RET may be NULL. With ON_HIT NULL nothing is trapped:
 * only the probes' semaphores are raised, which wakes code that they guard.
 * Errors: those of usdtrap_list(). Call it before usdtrap_attach().
 */
USDTRAP_API USDTRAP_MUST_USE struct usdtrap_error *usdtrap_add_probe(struct usdtrap_session *session,
								     const struct usdtrap_pattern *pattern, pid_t pid,
								     usdtrap_hit_fn on_hit, void *user,
								     struct usdtrap_probe **ret);

/* How many probes (not sites) PROBE's pattern matched so far, and the INDEXth of them (borrowed from the session). */
USDTRAP_API size_t usdtrap_probe_count(const struct usdtrap_probe *probe);
USDTRAP_API const struct usdtrap_probe_info *usdtrap_probe_info(const struct usdtrap_probe *probe, size_t index);

/* One tracepoint pattern added to a session. Lives as long as the session. */
struct usdtrap_tracepoint;

/*
 * Asks for ON_HIT at every tracepoint of <usdtrap/tracepoint.h> that PATTERN
 * matches (`provider' is the category; `target' means nothing), in every thread
 * of the session. Threads that are in the middle of a system call when they are
 * attached enter it again, unseen by them: only its end is reported. *RET may
 * be NULL. Errors: NOT_FOUND. Call it before usdtrap_attach().
 */
USDTRAP_API USDTRAP_MUST_USE struct usdtrap_error *usdtrap_add_tracepoint(struct usdtrap_session *session,
									  const struct usdtrap_pattern *pattern,
									  usdtrap_hit_fn on_hit, void *user,
									  struct usdtrap_tracepoint **ret);

/* How many tracepoints the pattern of TRACEPOINT matched, and the INDEXth of them (borrowed from the session). */
USDTRAP_API size_t usdtrap_tracepoint_match_count(const struct usdtrap_tracepoint *event);
USDTRAP_API const struct usdtrap_tracepoint_info *usdtrap_tracepoint_match(const struct usdtrap_tracepoint *event,
									   size_t index);

/* More system calls than any kernel has. */
enum { USDTRAP_CALLS_MAX = 512 };

/*
 * The numbers of the system calls at which threads must stop for the session's
 * tracepoints, in order: what usdtrap_launch_filter() takes in a session with
 * the option `filtered'. That option implies `follow', since what a program
 * has as a filter its children have, too, and a call that it stops fails with
 * ENOSYS in a process that nobody traces. Returns how many; 0 if a filter
 * would be of no use: no call is wanted, or all are.
 */
USDTRAP_API size_t usdtrap_session_calls(const struct usdtrap_session *session, uint16_t ret[USDTRAP_CALLS_MAX]);

/*
 * Asks for ON_HIT in every thread of the session that runs on a processor,
 * every PERIOD_NS nanoseconds (at least 1000): a sample of what keeps the
 * processors busy. Threads that sleep are left alone. Call it before
 * usdtrap_attach().
 */
USDTRAP_API USDTRAP_MUST_USE struct usdtrap_error *usdtrap_add_profile(struct usdtrap_session *session,
								       uint64_t period_ns, usdtrap_hit_fn on_hit,
								       void *user);

/* What a watchpoint watches for; to be combined. */
enum usdtrap_watch {
	USDTRAP_WATCH_READ = 1, /* x86-64: reads and writes */
	USDTRAP_WATCH_WRITE = 2,
	USDTRAP_WATCH_EXECUTE = 4, /* of an instruction that begins at the address; alone, and with length 1 */
};

/*
 * Asks for ON_HIT whenever a thread of the session accesses the LENGTH bytes (1,
 * 2, 4 or 8) of memory at ADDRESS, a multiple of LENGTH, in the way WATCH. The
 * thread stands behind the instruction that did it, but before one that is
 * executed. System calls that access the memory are not seen. Errors:
 * UNSUPPORTED (the processor has no register left for it, or cannot watch so).
 * Call it before usdtrap_attach().
 */
USDTRAP_API USDTRAP_MUST_USE struct usdtrap_error *usdtrap_add_watchpoint(struct usdtrap_session *session,
									  uint64_t address, unsigned length,
									  unsigned watch, usdtrap_hit_fn on_hit,
									  void *user);

/*
 * The same at OFFSET bytes behind the symbol NAME (borrowed as long as the
 * session lives), wherever that lies in each process: of its program, else of
 * any other file that it has mapped when it is attached or runs another
 * program. usdtrap_attach() fails with NOT_FOUND where there is none; after an
 * exec that is a notice.
 */
USDTRAP_API USDTRAP_MUST_USE struct usdtrap_error *usdtrap_add_symbol_watchpoint(struct usdtrap_session *session,
										 const char *name, uint64_t offset,
										 unsigned length, unsigned watch,
										 usdtrap_hit_fn on_hit, void *user);

/*
 * For callbacks: the same in the process of HIT from now on, at ADDRESS. All
 * its threads are stopped once for it. Where just that is watched for USER
 * already nothing is done. Errors: UNSUPPORTED, NO_MEMORY.
 */
USDTRAP_API USDTRAP_MUST_USE struct usdtrap_error *usdtrap_hit_watch(const struct usdtrap_hit *hit, uint64_t address,
								     unsigned length, unsigned watch,
								     usdtrap_hit_fn on_hit, void *user);
/* For callbacks: watches ADDRESS no more. Returns how many watchpoints that ended. */
USDTRAP_API int usdtrap_hit_unwatch(const struct usdtrap_hit *hit, uint64_t address);

/*
 * Calls ON_TICK on the engine thread every PERIOD_NS nanoseconds (at least
 * 1000) while usdtrap_run() runs. Ticks that could not be kept up with are
 * merged, as timerfd_create(2) does.
 */
USDTRAP_API USDTRAP_MUST_USE struct usdtrap_error *usdtrap_add_timer(struct usdtrap_session *session,
								     uint64_t period_ns, usdtrap_timer_fn on_tick,
								     void *user);

/*
 * Calls ON_EVENT on the engine thread when EVENT, an eventfd(2) that does not
 * block, was written to while usdtrap_run() runs or before: a way for other
 * threads to have something done there. Events that come faster are merged. The
 * descriptor stays the caller's; it must live as long as the session.
 */
USDTRAP_API USDTRAP_MUST_USE struct usdtrap_error *usdtrap_add_event(struct usdtrap_session *session, int event,
								     usdtrap_timer_fn on_event, void *user);

/* How usdtrap_attach() should take hold of a process. */
enum usdtrap_attach_mode {
	USDTRAP_ATTACH_NOW,     /* arm the sites of the running program */
	USDTRAP_ATTACH_AT_EXEC, /* the process waits to exec: arm the new program before its first instruction */
};

/*
 * Seizes every thread of PID, without stopping one, and arms the sites of all
 * probes added so far. Hits are held back until usdtrap_run().
 * Errors: NOT_FOUND (no such process), PERMISSION (the message tells which of
 * Yama, another user, a missing capability, seccomp, a security module, a
 * user namespace or another tracer is in the way, the hint what helps),
 * UNSUPPORTED (32-bit and x32 programs), NOT_FOUND (no probe of the session is
 * mapped and NOW was asked), GONE. On an error the process is as it was.
 */
USDTRAP_API USDTRAP_MUST_USE struct usdtrap_error *usdtrap_attach(struct usdtrap_session *session, pid_t pid,
								  enum usdtrap_attach_mode mode);

/* How a session hears of processes that begin while it traces the whole machine. */
enum usdtrap_machine_way {
	USDTRAP_MACHINE_BEST,      /* the first of these that can be had */
	USDTRAP_MACHINE_FANOTIFY,  /* is asked before a file is opened or executed: fanotify(7), CAP_SYS_ADMIN */
	USDTRAP_MACHINE_CONNECTOR, /* is told a moment after: the kernel's process events, CAP_NET_ADMIN */
	USDTRAP_MACHINE_POLL,      /* looks through all processes again and again */
};

/* All zero is a sensible default. */
struct usdtrap_machine {
	enum usdtrap_machine_way way;
	/* NULL-ended: of commands that start only those on the file systems that hold these. NULL: all. */
	const char *const *folders;
};

/*
 * Attaches every process that has a file of the probes added so far mapped, and
 * from then on each that maps one: before it runs one instruction of it, where
 * the way is FANOTIFY. Processes that may not be traced are left out, and so
 * are process 1, the caller itself and those that run the same program. Of
 * tracepoints there are those of execve(2) and execveat(2) and
 * sched:sched_process_exec, for which nobody is traced: such a hit is a record
 * of the moment, in which the strings that the call's arguments lead to can be
 * read. usdtrap_run() then ends by a callback or usdtrap_interrupt() alone.
 * HOW may be NULL. Errors: UNSUPPORTED (another tracepoint, a profile, a
 * watchpoint, or the way asked for), PERMISSION, NOT_FOUND (a folder), OS.
 */
USDTRAP_API USDTRAP_MUST_USE struct usdtrap_error *usdtrap_attach_machine(struct usdtrap_session *session,
									  const struct usdtrap_machine *how);

/*
 * Delivers hits and ticks until a callback returns USDTRAP_STOP, until
 * usdtrap_interrupt() is called, or until every process that was attached has
 * ended; where none was, as with timers alone, only the first two end it.
 * Errors: NO_MEMORY; INVALID_USE from a callback or after usdtrap_detach().
 */
USDTRAP_API USDTRAP_MUST_USE struct usdtrap_error *usdtrap_run(struct usdtrap_session *session);

/*
 * Makes usdtrap_run() return soon. Safe in a signal handler, on any thread, and
 * before usdtrap_run(): attaching many processes then ends soon as well, with
 * those that are attached.
 */
USDTRAP_API void usdtrap_interrupt(struct usdtrap_session *session);

/* What leaving did. */
struct usdtrap_report {
	uint64_t hits;            /* sites hit since the session began: one however many callbacks it had */
	uint64_t calls_abandoned; /* calls of functions whose return was wanted that were left by longjmp or an
				     exception */
	uint64_t returns_untold;  /* returns that could not be seen, or not be told from another call's */
	uint64_t late_traps;      /* traps caught while leaving: taken silently, delivered to nobody */
	unsigned sites_restored;  /* original bytes put back */
	unsigned sites_lost;      /* places where our trap was no longer found, so nothing was written */
	unsigned semaphores_lowered;
	unsigned processes; /* let go alive */
	/* Of a session that traces the machine: */
	uint64_t starts;           /* commands that were told of as they started */
	uint64_t starts_late;      /* of these, only when they had started */
	uint64_t starts_missed;    /* commands that had ended before they could be looked at */
	unsigned processes_late;   /* processes whose file was mapped before they could be traced */
	unsigned processes_missed; /* likewise, and that had ended by then */
	unsigned repaired;         /* processes in which something was found that a killed session had left */
};

/*
 * Puts every byte and semaphore back and lets every process go, undisturbed.
 * *REPORT may be NULL. After it only usdtrap_session_destroy() may follow.
 */
USDTRAP_API USDTRAP_MUST_USE struct usdtrap_error *usdtrap_detach(struct usdtrap_session *session,
								  struct usdtrap_report *report);

#ifdef __cplusplus
}
#endif
#endif
