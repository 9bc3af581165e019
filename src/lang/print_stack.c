/* SPDX-License-Identifier: MIT */
/*
 * Stacks as bpftrace prints them, in its modes:
 *
 *	bpftrace        main+18
 *	perf            \t55d0c1f4 main+18 (/bin/x)
 *	raw             55d0c1f4
 *	build_id        9f3c... 0x1f4
 */
#include <inttypes.h>

#include <usdtrap/stack.h>

#include "base/cleanup.h"
#include "base/strbuf.h"
#include "lang/print.h"
#include "lang/type.h"

#define INDENT "        "

static void add_symbol(const struct usdtrap_frame *frame, bool demangles, struct strbuf *out)
{
	_cleanup_free_ char *name = frame->symbol && demangles ? usdtrap_demangle(frame->symbol) : NULL;

	if (frame->symbol)
		strbuf_addf(out, "%s+%" PRIu64, name ? name : frame->symbol, frame->offset);
	else
		strbuf_addf(out, "0x%" PRIx64, frame->address);
}

static void add_frame(const struct usdtrap_frame *frame, const struct type *type, struct strbuf *out)
{
	switch (type->stack_mode) {
	case TYPE_STACK_BPFTRACE:
		strbuf_add_string(out, INDENT);
		add_symbol(frame, type->demangles, out);
		return;
	case TYPE_STACK_PERF:
		strbuf_addf(out, "\t%" PRIx64 " ", frame->address);
		add_symbol(frame, type->demangles, out);
		strbuf_addf(out, " (%s)", frame->path ? frame->path : "[unknown]");
		return;
	case TYPE_STACK_RAW:
		strbuf_addf(out, "%" PRIx64, frame->address);
		return;
	case TYPE_STACK_BUILD_ID:
		strbuf_add_string(out, INDENT);
		if (frame->build_id)
			strbuf_addf(out, "%s 0x%" PRIx64, frame->build_id, frame->file_offset);
		else
			strbuf_addf(out, "0x%" PRIx64, frame->address);
		return;
	}
}

void print_stack(const struct usdtrap_stack *stack, const struct type *type, struct strbuf *out)
{
	static const struct type plain = {.kind = TYPE_STACK};

	if (!stack)
		return;
	strbuf_add_char(out, '\n');
	for (size_t i = 0; i < stack->frame_count; i++) {
		add_frame(stack->frames[i], type ? type : &plain, out);
		strbuf_add_char(out, '\n');
	}
}
