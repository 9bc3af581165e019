/* SPDX-License-Identifier: MIT */
/*
 * Which thread of a target is borrowed (trace/borrow.h), bringing it to a stop,
 * and answering whatever comes of it, so that nobody above has to know.
 */
#ifndef USDTRAP_TRACE_LENDER_H
#define USDTRAP_TRACE_LENDER_H

#include <stdbool.h>
#include <sys/types.h>

#include "trace/borrow.h"

struct engine;
struct space;
struct tracee;

/* What a borrowed thread is to do, by borrow_call(), in SPACE, whose net has a cave. */
typedef enum borrow_result (*lender_work_fn)(struct space *space, struct borrow *borrow);

/*
 * Has WORK done by thread TID, which stands. With RET_STATUS it stands at an
 * event stop, and at another one afterwards, which *RET_STATUS tells. Unless
 * the result is DONE it does not stand any more, and its stop was answered.
 */
enum borrow_result lender_work_by(struct engine *engine, struct space *space, pid_t tid, lender_work_fn work,
				  int *ret_status);
/* Has WORK done by any thread of SPACE that can be borrowed, which then goes on. False: there was none. */
bool lender_work_by_any(struct engine *engine, struct space *space, lender_work_fn work);
/*
 * Brings TRACEE to an event stop: it runs or sleeps, or (IS_STANDING) stands at
 * some other stop. False: it came to a third one, which was answered, or to
 * none within a while.
 */
bool lender_bring_to_stop(struct engine *engine, struct tracee *tracee, bool is_standing);
/*
 * Makes it possible to write to SPACE, whose memory is open, at once: where the kernel wants a thread of it to stand
 * for that (os/poke.h), one is made to. Nobody is sent on, and no stop answered: it stands until the engine's next
 * step. Elsewhere, which is nearly everywhere, nothing is done.
 */
void lender_make_writable(struct engine *engine, struct space *space);
/* Whether a process that is not traced cannot be written to. */
bool lender_must_trace(struct engine *engine);

#endif
