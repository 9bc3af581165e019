/* SPDX-License-Identifier: MIT */
/*
 * Telling an observer, <usdtrap/step.h>. Each function does nothing, at the
 * cost of one comparison, while there is none.
 */
#ifndef USDTRAP_TRACE_OBSERVE_H
#define USDTRAP_TRACE_OBSERVE_H

#include <usdtrap/step.h>

#include "trace/engine.h"
#include "trace/hit.h"
#include "trace/site.h"

/* PROBE was added, or FILE was found that it wants: its notes, in the order of its sites. FILE NULL: all files'. */
void observe_probe(const struct engine *engine, const struct usdtrap_probe *probe, const struct catalog_file *file);
void observe_seized(const struct engine *engine, pid_t pid, pid_t tid);
/* MAPPING of SPACE shows MAPPED's file. */
void observe_mapped(const struct engine *engine, const struct space *space, const struct mapped_file *mapped,
		    const struct procfs_mapping *mapping);
/* What the process has at LOCATION's site is TEXT; then the trap was written over it. */
void observe_checked(const struct engine *engine, const struct space *space, const struct mapped_file *mapped,
		     const struct location *location, const struct site_text *text);
void observe_armed(const struct engine *engine, const struct space *space, const struct site *site,
		   const struct location *location);
/* SPACE has its net, or has it no more. */
void observe_net(const struct engine *engine, const struct space *space, enum usdtrap_step_kind kind);
/* The semaphore at ADDR of SPACE, which guards LOCATION, was raised. */
void observe_raised(const struct engine *engine, const struct space *space, const struct mapped_file *mapped,
		    const struct location *location, uint64_t addr);
/* TRACEE stands at a trap: the hit, then its arguments. HIT has its first location. */
void observe_hit(const struct engine *engine, const struct usdtrap_hit *hit);
/* TRACEE has entered the function at SITE, whose return address RETURN_ADDR lies at SLOT_ADDR and is trapped now. */
void observe_entered(const struct engine *engine, const struct tracee *tracee, const struct site *site,
		     uint64_t slot_addr, uint64_t return_addr);
/* It runs on, with PC and SIGNAL. */
void observe_resumed(const struct engine *engine, const struct tracee *tracee, const struct site *site, uint64_t pc,
		     int signal);
/* SITE has its byte back, or is lost. */
void observe_restored(const struct engine *engine, const struct space *space, const struct site *site);
void observe_lowered(const struct engine *engine, const struct space *space, const struct semaphore *semaphore);
/* All was put back in SPACE: compares the code of its files with the files. */
void observe_compared(const struct engine *engine, const struct space *space);
void observe_let_go(const struct engine *engine, pid_t pid, pid_t tid);

/* For observe_arguments.c: a step as an observer sees it, with what its readers need. */
struct observe_step {
	struct usdtrap_step public; /* first: the observer hands its address back */
	const struct space *space;
	const struct elf_object *object;
};

/* A step of KIND about SITE, which may be NULL, of SPACE, which may be NULL. */
struct observe_step observe_step(enum usdtrap_step_kind kind, const struct space *space, const struct site *site);
void observe_tell(const struct engine *engine, struct observe_step *step);

/* observe_arguments.c: tells each argument of HIT, or what its function has returned. */
void observe_arguments(const struct engine *engine, const struct usdtrap_hit *hit);

#endif
