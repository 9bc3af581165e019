/* SPDX-License-Identifier: MIT */
/*
 * Instructions under a trap.
 *
 * At a USDT probe a trap covers a nop, and the thread goes on behind it. At a
 * function it covers an instruction that must be executed, and the trap has to
 * stay where it is meanwhile: no other thread may slip past it. So the thread
 * is sent around it: a common instruction is acted out on its registers; any
 * other lies ready as a copy in unused executable bytes of the same file
 * (room.h), which ends in a jump back. One SETREGS and one CONT do it; the
 * thread is never stepped, and one that was sent to a copy needs nobody any
 * more.
 *
 * A thread is in a copy for the time of two instructions. Should it stop there
 * (for a signal, or to be let go) it is put back first to where the original
 * would have it, so that no signal frame, stack walk or child ever sees a copy.
 * Back at the trap it will hit it a second time, which is no hit: the thread's
 * registers tell.
 */
#ifndef USDTRAP_TRACE_DISPLACED_H
#define USDTRAP_TRACE_DISPLACED_H

#include "trace/space.h"

struct engine;
struct site_text;
struct tracee;

/*
 * Finds how a thread can go on from a trap at ADDR of SPACE, where TEXT lies,
 * and puts a copy into the process if that takes one. Errors: UNSUPPORTED,
 * with the reason; FAULT, GONE, OS, NO_MEMORY.
 */
struct usdtrap_error *displaced_prepare(const struct engine *engine, struct space *space, uint64_t addr,
					const struct site_text *text, struct displaced *ret) USDTRAP_MUST_USE;

/*
 * TRACEE has executed SITE's trap, which lies on an instruction that counts;
 * REGISTERS (pc at the site) become those to go on with, and are set. SIGNAL
 * (0: none) is delivered when it goes on.
 */
void displaced_go_on(struct engine *engine, struct tracee *tracee, struct site *site, struct arch_registers *registers,
		     int signal);
/* TRACEE is stopped and gets SIGNAL, or is let go (0): if it stands in a copy it is put back to where the original is.
 */
void displaced_put_back(struct tracee *tracee, int signal);
/* If REGISTERS stand in a copy of SPACE: makes them those of the original. The site's address; 0: they do not. */
uint64_t displaced_translate(const struct space *space, struct arch_registers *registers);
/* Whether the hit of TRACEE with REGISTERS (pc at the site) is one it was sent back to, which was told already. */
bool displaced_is_repeated(struct tracee *tracee, const struct arch_registers *registers);
/* Forgets all that TRACEE was sent back to. */
void displaced_forget(struct tracee *tracee);

#endif
