/* SPDX-License-Identifier: MIT */
/*
 * Steps: what a session does, told as it does it, for programs that show or
 * check how tracing works.
 *
 *	usdtrap_session_create(&options, &session);
 *	usdtrap_set_observer(session, on_step, user);
 *	usdtrap_add_probe(...);        NOTE, for each site
 *	usdtrap_add_function(...);     FUNCTION
 *	usdtrap_attach(...);           SEIZED, NET_PUT_IN, MAPPED; for each site CHECKED, SEMAPHORE_RAISED, TRAP_WRITTEN
 *	usdtrap_run(...);              HIT, ARGUMENT..., then the hit's callback, then RESUMED;
 *	                               of a function's return ENTERED, RESUMED; HIT, RETURN_VALUE, callback, RESUMED
 *	usdtrap_detach(...);           BYTE_RESTORED, SEMAPHORE_LOWERED, COMPARED, NET_TAKEN_OUT, LET_GO
 *
 * A step is told after it was done. It consists of facts, numbers and bytes,
 * and of no sentence: what to say of them is up to the observer. Without an
 * observer none of this is collected and nothing costs anything; with one,
 * every hit costs what its arguments cost, and leaving reads the target's
 * text once.
 *
 * A session without any usdtrap_attach() tells the steps that need no process.
 */
#ifndef USDTRAP_STEP_H
#define USDTRAP_STEP_H

#include <usdtrap/instruction.h>
#include <usdtrap/session.h>

#ifdef __cplusplus
extern "C" {
#endif

/* New kinds may be added at the end. The member of the union that a kind fills in stands behind it. */
enum usdtrap_step_kind {
	USDTRAP_STEP_NOTE,              /* `note': a site of a probe that was asked for, as its file has it */
	USDTRAP_STEP_SEIZED,            /* thread `tid' is traced; it was not stopped */
	USDTRAP_STEP_MAPPED,            /* `mapped': process `pid' has a file with such probes mapped */
	USDTRAP_STEP_CHECKED,           /* `bytes': at `addr' the process has what the file has at `vaddr' */
	USDTRAP_STEP_SEMAPHORE_RAISED,  /* `semaphore' */
	USDTRAP_STEP_TRAP_WRITTEN,      /* `bytes' lie at `addr' now */
	USDTRAP_STEP_HIT,               /* `hit': thread `tid' has executed the trap at `addr', and stands still */
	USDTRAP_STEP_ARGUMENT,          /* `argument': how one argument of that hit comes about */
	USDTRAP_STEP_RESUMED,           /* `resumed': the thread runs on */
	USDTRAP_STEP_BYTE_RESTORED,     /* `bytes' lie at `addr' again */
	USDTRAP_STEP_BYTE_LOST,         /* `bytes', and not our trap, were found at `addr': nothing was written */
	USDTRAP_STEP_SEMAPHORE_LOWERED, /* `semaphore' */
	USDTRAP_STEP_COMPARED,      /* `compared': all code of a mapped file with the file, after all was put back */
	USDTRAP_STEP_LET_GO,        /* thread `tid' is traced no more */
	USDTRAP_STEP_NET_PUT_IN,    /* `net': the process has a handler for SIGTRAP, should the session be killed */
	USDTRAP_STEP_NET_TAKEN_OUT, /* `net': it has its own action for SIGTRAP again */
	USDTRAP_STEP_FUNCTION,      /* instead of NOTE, for a function that was asked for: `probe' is all there is */
	USDTRAP_STEP_ENTERED, /* `entered': a function whose return was asked for; where it returns to is trapped */
	USDTRAP_STEP_RETURN_VALUE, /* `argument', after a HIT at a return: how what was returned comes about */
};

/* One ELF note, <usdtrap/probe.h>. Offsets are into `bytes'. */
struct usdtrap_step_note {
	const unsigned char *bytes; /* from the header to the end of the description, as in the file */
	size_t size;
	uint64_t file_offset;  /* of `bytes' */
	unsigned address_size; /* 4 or 8: of each of the three addresses that the description begins with */
	/* The header is at 0: name size, description size, type, 4 bytes each; behind it the name, "stapsdt". */
	size_t description_offset; /* where the addresses begin: location, base, semaphore */
	size_t provider_offset;    /* NUL-ended text; likewise: */
	size_t name_offset;
	size_t arguments_offset;
	uint64_t location;  /* as noted; `vaddr' of the step is adjusted */
	uint64_t base;      /* where the section .stapsdt.base was when the note was written */
	uint64_t semaphore; /* 0: none */
	int has_base;       /* the file still has that section; otherwise nothing can be adjusted */
	uint64_t base_now;  /* where it is now; what it has moved by, all has moved by */
};

/* One executable mapping of a file, proc(5): /proc/PID/maps, and the ELF segment that it shows. */
struct usdtrap_step_mapped {
	const char *path;
	uint64_t start, end; /* addresses in the process */
	uint64_t file_offset;
	uint64_t segment_vaddr; /* of the program header (PT_LOAD) whose part this is */
	uint64_t segment_offset;
	/* What is added to the file's addresses: start - file_offset + segment_offset - segment_vaddr. */
	uint64_t load_bias;
	const unsigned char *build_id;
	size_t build_id_size; /* 0: the file has none */
};

struct usdtrap_step_bytes {
	unsigned char bytes[16];
	size_t size; /* of what was compared, or written */
};

/* A 16-bit counter of the target. */
struct usdtrap_step_semaphore {
	uint64_t addr;
	unsigned before, after;
};

struct usdtrap_step_register {
	const char *name;
	uint64_t value;
};

struct usdtrap_step_hit {
	int signal;         /* what stopped the thread: SIGTRAP */
	int code;           /* si_code, sigaction(2): SI_KERNEL for a trap that was executed */
	uint64_t pc;        /* as the kernel saved it */
	uint64_t trap_addr; /* where the trap must have been, if that is pc: `addr' of the step */
	const struct usdtrap_step_register *registers;
	size_t register_count;
};

enum usdtrap_operand_kind {
	USDTRAP_OPERAND_CONSTANT, /* the sum of the terms is the value */
	USDTRAP_OPERAND_REGISTER, /* the only term is the value */
	USDTRAP_OPERAND_MEMORY,   /* the sum of the terms is where the value lies */
};

/* One summand of an operand: a register's value, times `factor'; or a symbol's address; or a constant. */
struct usdtrap_step_term {
	enum { USDTRAP_TERM_REGISTER, USDTRAP_TERM_SYMBOL, USDTRAP_TERM_CONSTANT } kind;
	char name[64];   /* of the register or symbol, cut if need be */
	unsigned factor; /* 1, 2, 4, 8 */
	uint64_t value;  /* before it is multiplied */
};

enum { USDTRAP_STEP_TERMS_MAX = 5 };

/* What is known of how the value came to where it is. */
enum usdtrap_source_kind {
	USDTRAP_SOURCE_UNKNOWN,  /* it cannot be told from the code around the site */
	USDTRAP_SOURCE_WROTE,    /* `source' is the last instruction that wrote it, on every way to the site */
	USDTRAP_SOURCE_RETURNED, /* it is what the call `source' has returned */
};

/* A probe's argument, as its note has it. A function's: in the register that the calling convention names. */
struct usdtrap_step_argument {
	unsigned index;
	const char *text; /* the operand spec, "-4@112(%rsp)"; a function's: "%rdi" */
	size_t text_length;
	enum usdtrap_operand_kind operand;
	struct usdtrap_step_term terms[USDTRAP_STEP_TERMS_MAX];
	size_t term_count;
	uint64_t addr;           /* MEMORY: the sum, where its bytes lie */
	unsigned char bytes[16]; /* MEMORY: what lies there, as far as there is room */
	size_t byte_count;
	struct usdtrap_value value;
	const struct usdtrap_error *error; /* why there is no value, or NULL. Borrowed */
	enum usdtrap_source_kind source_kind;
	struct usdtrap_instruction source; /* at the process's address */
};

/* Thread `tid' has executed the trap at `addr', a function's first instruction. What it is called from is on its stack.
 */
struct usdtrap_step_entered {
	const char *stack_pointer; /* the register's name */
	uint64_t slot_addr;        /* where it points: there the return address lies */
	uint64_t return_addr;      /* which is this: the instruction behind the call */
	unsigned char byte;        /* what lies there now: a trap */
};

struct usdtrap_step_resumed {
	uint64_t pc;
	int signal; /* what is passed on: 0 */
};

/* The handler is code of usdtrap's in unused bytes of the process's own executable memory: docs/safety.md. */
struct usdtrap_step_net {
	uint64_t handler_addr;
	int is_kept; /* 1: no thread could be borrowed to take it out: the code stays, and does nothing any more */
};

struct usdtrap_step_compared {
	const char *path;
	uint64_t bytes;     /* how many were compared */
	uint64_t different; /* how many differ */
	uint64_t unread;    /* how many the process has no more */
};

struct usdtrap_step {
	enum usdtrap_step_kind kind;
	pid_t pid;                              /* 0: it needs no process */
	pid_t tid;                              /* 0: it is about no thread */
	const struct usdtrap_probe_info *probe; /* NULL: it is about no one probe. Borrowed for the call */
	size_t site;                            /* which of `probe's sites, where there is one */
	uint64_t vaddr, addr;                   /* of that site: in the file, in the process (0: none yet) */
	union {
		struct usdtrap_step_note note;
		struct usdtrap_step_mapped mapped;
		struct usdtrap_step_bytes bytes;
		struct usdtrap_step_semaphore semaphore;
		struct usdtrap_step_hit hit;
		struct usdtrap_step_argument argument;
		struct usdtrap_step_entered entered;
		struct usdtrap_step_resumed resumed;
		struct usdtrap_step_compared compared;
		struct usdtrap_step_net net;
	};
};

/*
 * Called for each step: on the caller's thread during usdtrap_add_probe(), on
 * the engine thread otherwise. What waits here makes the target wait, where
 * the step is about a thread that stands still.
 */
typedef void (*usdtrap_observer_fn)(const struct usdtrap_step *step, void *user);

/* Sets who is told, NULL for nobody. Before the first usdtrap_add_probe(). Errors: INVALID_USE. */
USDTRAP_API USDTRAP_MUST_USE struct usdtrap_error *usdtrap_set_observer(struct usdtrap_session *session,
									usdtrap_observer_fn observer, void *user);

/*
 * For an observer, about the STEP it was called with: reads SIZE bytes of the
 * process at ADDRESS as they are, traps included. All or nothing. Errors:
 * FAULT, GONE, INVALID_USE for a step without a process.
 */
USDTRAP_API USDTRAP_MUST_USE struct usdtrap_error *usdtrap_step_read(const struct usdtrap_step *step, uint64_t address,
								     void *buffer, size_t size);

/*
 * Likewise SIZE bytes at VADDR of the probe's file. Errors: NOT_FOUND (the
 * file has no such bytes), INVALID_USE for a step without a file.
 */
USDTRAP_API USDTRAP_MUST_USE struct usdtrap_error *usdtrap_step_read_file(const struct usdtrap_step *step,
									  uint64_t vaddr, void *buffer, size_t size);

#ifdef __cplusplus
}
#endif
#endif
