/* SPDX-License-Identifier: MIT */
/*
 * Output that never makes the engine wait for whoever reads it.
 *
 * `usdtrap ... | less', a terminal under Ctrl-S or a slow disk block write(2),
 * and with it a traced program at its next hit. So the engine thread only
 * appends to a bounded queue, and a thread of the queue's own writes:
 *
 *	engine thread                      writer thread
 *	output_write(piece) ──> [block] ─> [block] ─> [block] ──> write(2)
 *	                        newest                oldest
 *
 * While the reader keeps up, a piece costs a lock and a copy. The writer is
 * woken by a piece that finds it idle; while pieces keep coming it looks at
 * the queue a hundred times a second instead (sooner if half of it is full):
 * each waking takes a processor, and with it moves the traced thread about.
 *
 * A full queue makes output_write() wait, so that nothing is lost, until the
 * reader has taken an eighth of it; or, if told to drop, it forgets the piece
 * and counts it. Leaving must never wait: output_release() lets everyone
 * through and lifts the bound, so that what is still to come (the end clauses
 * and the maps, which have bounds of their own) is kept as well.
 *
 * When write(2) fails, all that is queued and all that follows is forgotten,
 * and `on_broken' is told, once.
 */
#ifndef USDTRAP_CLI_OUTPUT_H
#define USDTRAP_CLI_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <usdtrap/error.h>

struct output;
struct strbuf;

/* What goes into one write(2), as setvbuf(3) has it. */
enum output_buffering {
	OUTPUT_LINES,  /* whole lines; what follows the last newline waits for the next, or for the end */
	OUTPUT_FULL,   /* 64 KiB, or what is there at the end */
	OUTPUT_PIECES, /* every piece by itself and at once */
};

struct output_options {
	int descriptor; /* borrowed; must stay open until output_destroy() */
	enum output_buffering buffering;
	size_t queue_size; /* bytes that may wait; a larger piece passes when it has the queue for itself */
	bool drops;        /* forget pieces that find no room, instead of waiting */
	/* The queue was found full for the first time. On the thread that writes. May be NULL. */
	void (*on_full)(void *user);
	/* OUTPUT_TELLS: nobody takes the QUEUED bytes that are left. On the finishing thread. May be NULL. */
	void (*on_stalled)(size_t queued, void *user);
	/* write(2) failed with ERROR_NUMBER. On the writer thread. May be NULL. */
	void (*on_broken)(int error_number, void *user);
	void *user;
};

/* Makes a queue and starts its thread, with all signals blocked. Errors: NO_MEMORY, OS. */
struct usdtrap_error *output_create(const struct output_options *options, struct output **ret) USDTRAP_MUST_USE;

/* Appends a piece: all of it or, if dropped, nothing of it. On any thread. */
void output_write(struct output *output, const char *text, size_t length);

/*
 * Makes a piece when its turn has come: appends it to OUT, on the writer
 * thread, and may take its time, while what was written behind it waits. With
 * OUT NULL the piece is not wanted any more. Called once; USER is then done
 * with.
 */
typedef void (*output_produce_fn)(void *user, struct strbuf *out);

/* Appends a piece that PRODUCE is to make. All before it is written first. WEIGHT (at least 1) is what it counts for
 * as long as it waits. On any thread. */
void output_write_later(struct output *output, output_produce_fn produce, void *user, size_t weight);

/* Ends all waiting in output_write() and all dropping, for good. On any thread. */
void output_release(struct output *output);

/* Has all that was written so far go out, whatever the buffering. Does not wait for it. */
void output_flush(struct output *output);

/* How output_finish() waits for a reader who takes nothing. */
enum output_patience {
	OUTPUT_PATIENT, /* for ever */
	OUTPUT_TELLS,   /* for ever, but after half a second it tells on_stalled, once */
	OUTPUT_HURRIES, /* for half a second */
	OUTPUT_GIVES_UP /* not at all */
};

/* From now on output_finish() has PATIENCE, if that is less than what it has: patience never grows. On any thread. */
void output_set_patience(struct output *output, enum output_patience patience);

/* What became of the output. */
struct output_report {
	uint64_t bytes_left;     /* queued and never taken by the descriptor, when output_finish() gave up */
	uint64_t pieces_dropped; /* by a full queue */
	uint64_t bytes_dropped;
	int error_number; /* of the write(2) that failed, or 0 */
};

/* Releases, waits until all is written or there is a reason to give up, and tells. Nothing may be written after it. */
void output_finish(struct output *output, struct output_report *ret);

/*
 * Waits for the writer thread and frees everything. After output_finish() gave
 * up this waits for the reader; a process that means to end calls _exit(2)
 * instead. NULL is fine.
 */
void output_destroy(struct output *output);

#endif
