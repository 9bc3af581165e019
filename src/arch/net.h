/* SPDX-License-Identifier: MIT */
/*
 * The safety net: what a target needs to outlive the death of its tracer.
 *
 * A thread that executes a trap nobody waits for gets a SIGTRAP and dies. So
 * before the first trap goes in, the target gets a handler for SIGTRAP. As
 * long as we trace it never runs for a trap: ptrace(2) shows us the signal
 * first, and we do not pass it on. Once we are dead it does, for the first trap
 * that any thread meets, and
 *
 *	- knows the trap as ours by its table,
 *	- puts all bytes of the table back and lowers all semaphores, by writing
 *	  to /proc/self/mem, which reaches text that may not be written,
 *	- lets the thread go on behind the trap.
 *
 * A trap of a debug register, by which memory is watched, comes behind the
 * access: to return is all. Only tracers set these.
 *
 * A SIGTRAP that is none of ours gets what the target had wanted for it: its
 * own handler is jumped to as if the kernel had called it; to ignore is to
 * return; the default is restored, and the signal sent again, which ends the
 * process.
 *
 * The handler is a few hundred bytes of position-independent code. It lies
 * with what it has to know, in this order, in room of the target's
 * (trace/room.h) that the target itself can read and not write:
 *
 *	code | struct arch_net_head            struct arch_net_chunk, entries
 *	                       `- chunks ------^
 *
 * All of it is written by the tracer through /proc/PID/mem. The layout is the
 * same for all 64-bit architectures.
 */
#ifndef USDTRAP_ARCH_NET_H
#define USDTRAP_ARCH_NET_H

#include <stddef.h>
#include <stdint.h>

/* The kernel's struct sigaction of 64-bit architectures with a restorer: rt_sigaction(2). */
struct arch_sigaction {
	uint64_t handler; /* 0 SIG_DFL, 1 SIG_IGN */
	uint64_t flags;
	uint64_t restorer;
	uint64_t mask;
};

/* How the head begins, so that a net can be found by looking for it. */
#define ARCH_NET_MAGIC "usdtrap net 001" /* 16 bytes with its end */

enum {
	ARCH_NET_HEALS =
		1, /* may make system calls beside rt_sigaction(2) and rt_sigreturn(2): no seccomp filter is there */
	ARCH_NET_PINNED = 2, /* it stays, with nothing to do: the target may know its address */
};

struct arch_net_head {
	char magic[16];
	uint32_t flags;
	uint32_t is_healed;           /* 1: everything in the table was put back, by the handler or by a repair */
	struct arch_sigaction before; /* what the target wanted for SIGTRAP */
	struct arch_sigaction ours;   /* what is installed instead */
	struct arch_sigaction zero;   /* the default: all zero */
	uint64_t first_chunk_addr;    /* 0: none */
	/*
	 * Where more traps may be than there was room to tell of, each over a
	 * one-byte nop: they are survived, and left to a repair. 0, 0: nowhere.
	 */
	uint64_t others_first_addr, others_last_addr;
};

struct arch_net_chunk {
	uint64_t next_addr; /* of the next one; 0: this is the last */
	uint32_t count;     /* of entries that are filled in, or were */
	uint32_t capacity;
};

/*
 * One thing to be undone. `what' is its address, with the byte that belongs
 * there in the top eight bits; 0: nothing any more.
 *
 * At a site `then' is where a thread goes on that has executed the trap; 0: the
 * trap covers a return instruction, so it goes on where its stack says. With
 * ARCH_NET_SEMAPHORE set it is a semaphore that is to be lowered, and the rest
 * of `then' is the address of a trap in the same file: only if that is still
 * there does the semaphore still lie there. ARCH_NET_DONE is set by the handler
 * once it has lowered it.
 */
struct arch_net_entry {
	uint64_t what;
	uint64_t then;
};

#define ARCH_NET_ADDR_BITS 56
#define ARCH_NET_SEMAPHORE (UINT64_C(1) << 63)
#define ARCH_NET_DONE      (UINT64_C(1) << 62)

/* The code, one architecture's, to be copied; the head follows it directly. `size' is a multiple of 16. */
struct arch_net_code {
	const uint8_t *bytes;
	size_t size;
	size_t restorer_offset; /* where a handler returns to, for sa_restorer; `bytes' begin with the handler */
};

#endif
