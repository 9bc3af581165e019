/* SPDX-License-Identifier: MIT */
/* The steps of a session, <usdtrap/step.h>, in words: a transcript for people. Numbers are taken from the steps alone.
 */
#ifndef USDTRAP_CLI_EXPLAIN_TEXT_H
#define USDTRAP_CLI_EXPLAIN_TEXT_H

#include <stdbool.h>

#include <usdtrap/step.h>

#include "base/strbuf.h"

enum { EXPLAIN_SECTIONS_MAX = 8 }; /* of one step */

struct explain_text {
	struct strbuf out;                   /* what is to be shown next; whoever shows it clears it */
	size_t starts[EXPLAIN_SECTIONS_MAX]; /* where sections begin in it */
	unsigned start_count;                /* to be set to 0 then, too */
	bool has_colour;
	bool has_process;     /* a process will be traced: arguments are explained at its hits */
	unsigned sections;    /* headings so far */
	unsigned threads;     /* seized so far */
	unsigned other_sites; /* armed, of which only their number is told */
	unsigned let_go;
	unsigned hits;
	unsigned entered;
	unsigned resumed;            /* at a function */
	unsigned char original;      /* what the trap was written over */
	enum usdtrap_step_kind last; /* the kind of the last step that was told; NOTE at first */
};

/* Appends what there is to say of STEP. True: it is worth a pause. */
bool explain_text_step(struct explain_text *text, const struct usdtrap_step *step);

/* All is armed, and the first hit is waited for. */
void explain_text_wait(struct explain_text *text);
/* The title of a transcript about the probe NAME. */
void explain_text_begin(struct explain_text *text, const char *name);
/* The end: LEFT_ALIVE tells whether a process was let go, rather than that it had ended. */
void explain_text_end(struct explain_text *text, bool left_alive);

/* For whoever draws the same: the instructions around a step's site, BEFORE of them above it. */
enum { EXPLAIN_CODE_MAX = 16 };
struct explain_code {
	struct usdtrap_instruction instructions[EXPLAIN_CODE_MAX];
	unsigned char bytes[EXPLAIN_CODE_MAX][16];
	size_t count;
};
/* From the process, or from the file. COUNT 0: there is nothing to be read. */
void explain_code_read(const struct usdtrap_step *step, bool from_file, struct explain_code *ret);
/* How one argument comes about, in one line: "-4@112(%rsp): rsp 0x7ffe... + 112 = ...; 4 bytes 02 00 00 00; signed: 2".
 */
void explain_derivation(const struct usdtrap_step_argument *argument, struct strbuf *out);
/* The text that lies where ARGUMENT points, quoted; nothing if there is none that people could read. */
void explain_pointed_text(const struct usdtrap_step *step, struct strbuf *out);

#endif
