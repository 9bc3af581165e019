/* SPDX-License-Identifier: MIT */
/*
 * The journal: a record of all that is changed in one process, written before
 * it is changed, so that somebody can undo it when we no longer can.
 *
 * A trap byte looks like anybody's (a debugger's, the kernel's uprobes'), and
 * comparing text with its file only shows that somebody changed it. So the
 * proof that a trap is ours is that we said so beforehand. One small file a
 * process, PID-STARTTIME in a folder of the user's own (os/runtime_folder.h),
 * only ever appended to, gone when the process is as it was:
 *
 *	usdtrap 1
 *	boot 6d0f...         the machine's start: pids begin anew with it
 *	namespace 4026531836 whose pids these are
 *	process 4242 831975 140726263136640
 *	                     pid, start time, and where its stack began, which each exec changes
 *	tracer 4243          who wrote what follows
 *	site 55d1c3a0f149 90 0
 *	                     address, the bytes that the trap covers, what is left of the nop behind them, or
 *	                     "displaced" where it was another instruction
 *	raise 55d1c3a0f0aa 0 a semaphore is about to be raised from 0
 *	raised 55d1c3a0f0aa  it was
 *	lower 55d1c3a0f0aa 1 it is about to be lowered from 1
 *	room 55d1c3a0fe30 816
 *	                     unused memory that is written to: its address and size
 *	net 55d1c3a10030     where in it the head of a safety net is
 *	watch                threads' debug registers are about to be set
 *	attach               threads are stopped by SIGSTOP, for want of PTRACE_SEIZE
 *	                     (attached.h): one may be on its way
 *	stopped              the process stands by somebody else's doing; and "continued"
 *	forget site 55d1c3a0f149
 *	                     its library was unmapped, so there is nothing to undo;
 *	                     likewise "forget semaphore"
 *
 * Addresses are hexadecimal. The file is locked (flock(2)) as long as its
 * writer lives; whoever gets the lock may undo what it says.
 */
#ifndef USDTRAP_TRACE_JOURNAL_H
#define USDTRAP_TRACE_JOURNAL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <usdtrap/error.h>

struct journal;
struct semaphore;
struct site;
struct space;

/* Whose a journal is. */
struct journal_head {
	pid_t pid;
	uint64_t start_time;  /* struct procfs_stat */
	uint64_t start_stack; /* likewise */
	pid_t tracer;
};

/* Begins the journal of the process that runs in SPACE. Errors: OS, PERMISSION (nowhere to keep it), NO_MEMORY, GONE.
 */
struct usdtrap_error *journal_create(const struct space *space, struct journal **ret) USDTRAP_MUST_USE;
/* Goes on with JOURNAL, which another began and journal_each() found: it is ours from here on. Errors: OS. */
struct usdtrap_error *journal_adopt(struct journal *journal) USDTRAP_MUST_USE;
/* Ends JOURNAL, which may be NULL, and removes the file: nothing is left to be undone. */
void journal_remove(struct journal *journal);
/* Ends JOURNAL, which may be NULL, and leaves the file to whoever repairs. */
void journal_leave(struct journal *journal);

/* Each of these is to be called before what it tells of is done; without a JOURNAL (NULL) they do nothing. Errors: OS.
 */
struct usdtrap_error *journal_site(struct journal *journal, const struct space *space,
				   const struct site *site) USDTRAP_MUST_USE;
struct usdtrap_error *journal_raise(struct journal *journal, uint64_t addr, uint16_t from) USDTRAP_MUST_USE;
struct usdtrap_error *journal_lower(struct journal *journal, uint64_t addr, uint16_t from) USDTRAP_MUST_USE;
/* Room was given out: trace/room.h. A net's head lies at ADDR: trace/net.h. */
struct usdtrap_error *journal_room(struct journal *journal, uint64_t addr, size_t size) USDTRAP_MUST_USE;
struct usdtrap_error *journal_net(struct journal *journal, uint64_t head_addr) USDTRAP_MUST_USE;
struct usdtrap_error *journal_watch(struct journal *journal) USDTRAP_MUST_USE;
/* What lay at ADDR was unmapped: it is not to be undone. */
struct usdtrap_error *journal_forget_site(struct journal *journal, uint64_t addr) USDTRAP_MUST_USE;
struct usdtrap_error *journal_forget_semaphore(struct journal *journal, uint64_t addr) USDTRAP_MUST_USE;
struct usdtrap_error *journal_attach(struct journal *journal) USDTRAP_MUST_USE;
/* These after it is done, or has happened. */
struct usdtrap_error *journal_raised(struct journal *journal, uint64_t addr) USDTRAP_MUST_USE;
struct usdtrap_error *journal_stopped(struct journal *journal, bool is_stopped) USDTRAP_MUST_USE;

/* What became of a journal that somebody wrote before us. */
enum journal_state {
	JOURNAL_STALE, /* its writer is dead, its process is not, and shows what it speaks of */
	JOURNAL_LIVE,  /* its writer lives */
	JOURNAL_VOID,  /* its process has ended or runs another program, or it says nothing: there is nothing to undo */
};

/*
 * Calls VISIT with each journal that can be found and trusted, of process PID
 * or, if that is 0, of all. *JOURNAL is locked unless it is LIVE; VISIT takes
 * it over with journal_take() or it is left as it is, VOID ones removed.
 */
struct journal_visit {
	enum journal_state state;
	struct journal_head head;
	const char *text; /* all of it, for journal_load() */
	struct journal *journal;
};
void journal_each(pid_t pid, void (*visit)(struct journal_visit *visit, void *user), void *user);

/*
 * Adds to SPACE, whose memory is open, the sites and semaphores that TEXT
 * speaks of, as its writer would have them now. Errors: GONE, NO_MEMORY.
 */
struct usdtrap_error *journal_load(const char *text, struct space *space) USDTRAP_MUST_USE;
/* Reads the head of TEXT. False: it is no journal, or one of another boot or of another pid namespace. */
bool journal_parse_head(const char *text, struct journal_head *ret);

#endif
