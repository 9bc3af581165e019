/* SPDX-License-Identifier: MIT */
/*
 * The whole machine: every process that has a wanted file mapped, and every one
 * that maps it later.
 *
 * Those that come later the scout (scout.h) tells of, best of all before they
 * do: a process that is about to execute or load a wanted file is seized while
 * it waits for the answer, as a candidate. Nothing is written to it yet.
 *
 *	about to execute    EVENT_EXEC comes next: the new program is armed before its first instruction
 *	                    or the call fails: it stops on its way back, and is let go
 *	about to load       it stops on its way back from open(2), held until it is armed: the loader's
 *	                    hook then shows when the library is mapped
 *
 * A process that runs nothing wanted any more is let go at its exec.
 */
#ifndef USDTRAP_TRACE_MACHINE_H
#define USDTRAP_TRACE_MACHINE_H

#include <stdbool.h>

#include <usdtrap/session.h>

struct engine;
struct tracee;

struct usdtrap_error *machine_attach(struct engine *engine, const struct usdtrap_machine *how) USDTRAP_MUST_USE;
/* An eventfd(2) that is written to when machine_work() has something to do. */
int machine_event(const struct engine *engine);
/* Does what is to be done about processes that have come up, and delivers what was recorded of them. */
void machine_work(struct engine *engine);
/*
 * The same if there is anything, and answers the candidates that were held: to
 * be called outside of all stops, as often as may be. Like machine_keeps(),
 * machine_stop() and machine_destroy() it does nothing where the machine is not traced.
 */
void machine_turn(struct engine *engine);
/* TRACEE, a candidate, stands at an event stop: it is held until machine_turn(). */
void machine_hold(struct engine *engine, struct tracee *tracee);
/* Whether the program that TRACEE has just executed is of interest. */
bool machine_keeps(const struct engine *engine, const struct tracee *tracee);
/* Listens no more, and fills the engine's report. Recorded hits can still be delivered: machine_work(). */
void machine_stop(struct engine *engine);
void machine_destroy(struct engine *engine);

#endif
