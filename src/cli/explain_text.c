/* SPDX-License-Identifier: MIT */
#include "cli/explain_text.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char bold[] = "\033[1m", yellow[] = "\033[33m", red[] = "\033[31m",
		  plain[] = "\033[0m"; /* console_codes(4) */

enum { INDENT = 3, BYTES_A_LINE = 8 };

static void add_coloured(struct explain_text *text, const char *colour, const char *words)
{
	strbuf_addf(&text->out, "%s%s%s", text->has_colour ? colour : "", words, text->has_colour ? plain : "");
}

static void heading(struct explain_text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void heading(struct explain_text *text, const char *format, ...)
{
	_cleanup_strbuf_ struct strbuf words = {0};
	va_list arguments;

	if (text->start_count < EXPLAIN_SECTIONS_MAX)
		text->starts[text->start_count++] = text->out.length;
	strbuf_addf(&words, "%u. ", ++text->sections);
	va_start(arguments, format);
	strbuf_vaddf(&words, format, arguments);
	va_end(arguments);
	strbuf_add_char(&text->out, '\n');
	add_coloured(text, bold, strbuf_text(&words));
	strbuf_add_string(&text->out, "\n\n");
}

static void line(struct explain_text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void line(struct explain_text *text, const char *format, ...)
{
	va_list arguments;

	strbuf_add_repeated(&text->out, ' ', INDENT);
	va_start(arguments, format);
	strbuf_vaddf(&text->out, format, arguments);
	va_end(arguments);
	strbuf_add_char(&text->out, '\n');
}

/* ---- the note ---- */

/* SIZE bytes at AT, eight a line, with what they mean beside the first line. */
static void field(struct explain_text *text, const unsigned char *at, size_t size, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

static void field(struct explain_text *text, const unsigned char *at, size_t size, const char *format, ...)
{
	_cleanup_strbuf_ struct strbuf meaning = {0};
	va_list arguments;

	va_start(arguments, format);
	strbuf_vaddf(&meaning, format, arguments);
	va_end(arguments);
	for (size_t i = 0; i < size; i += BYTES_A_LINE) {
		size_t count = size - i < BYTES_A_LINE ? size - i : BYTES_A_LINE;

		strbuf_add_repeated(&text->out, ' ', 2 * INDENT);
		for (size_t j = 0; j < count; j++)
			strbuf_addf(&text->out, "%02x ", at[i + j]);
		if (i == 0) {
			strbuf_add_repeated(&text->out, ' ', 3 * (BYTES_A_LINE - count));
			strbuf_addf(&text->out, "  %s", strbuf_text(&meaning));
		} else {
			text->out.text[--text->out.length] = '\0'; /* no blanks at the ends of lines */
		}
		strbuf_add_char(&text->out, '\n');
	}
}

static void text_field(struct explain_text *text, const struct usdtrap_step_note *note, size_t offset, size_t end,
		       const char *what)
{
	const char *words = (const char *)note->bytes + offset;

	field(text, note->bytes + offset, end - offset, "%-17s \"%.*s\"", what, (int)strnlen(words, end - offset),
	      words);
}

static uint32_t word_at(const unsigned char *bytes)
{
	uint32_t word;

	memcpy(&word, bytes, sizeof(word));
	return word;
}

static void list_other_sites(struct explain_text *text, const struct usdtrap_probe_info *probe)
{
	strbuf_add_char(&text->out, '\n');
	line(text, "The compiler has copied the code that the probe is in, so there are %zu sites, each",
	     probe->site_count);
	line(text, "with a note of its own. The others:");
	strbuf_add_char(&text->out, '\n');
	for (size_t i = 1; i < probe->site_count; i++)
		line(text, "   site %zu: nop at 0x%" PRIx64 ", arguments \"%s\"", i + 1, probe->sites[i].vaddr,
		     probe->sites[i].arguments);
}

static void dissect(struct explain_text *text, const struct usdtrap_step *step)
{
	const struct usdtrap_step_note *note = &step->note;
	const unsigned char *bytes = note->bytes;
	const size_t size = note->address_size;

	heading(text, "The note in the file");
	line(text, "For each probe the compiler has left a note, in the section .note.stapsdt of");
	line(text, "%s. This one is at offset 0x%" PRIx64 ", %zu bytes:", step->probe->path, note->file_offset,
	     note->size);
	strbuf_add_char(&text->out, '\n');
	field(text, bytes, 4, "%-17s %u", "name size", word_at(bytes));
	field(text, bytes + 4, 4, "%-17s %u", "description size", word_at(bytes + 4));
	field(text, bytes + 8, 4, "%-17s %u: a probe, version 3 of the format", "type", word_at(bytes + 8));
	text_field(text, note, 12, note->description_offset, "name");
	bytes += note->description_offset;
	field(text, bytes, size, "%-17s 0x%" PRIx64 ": where the nop is", "location", note->location);
	field(text, bytes + size, size, "%-17s 0x%" PRIx64 ": where .stapsdt.base was then", "base", note->base);
	if (note->semaphore)
		field(text, bytes + 2 * size, size, "%-17s 0x%" PRIx64 ": a counter that guards it", "semaphore",
		      note->semaphore);
	else
		field(text, bytes + 2 * size, size, "%-17s 0: nothing guards it", "semaphore");
	text_field(text, note, note->provider_offset, note->name_offset, "provider");
	text_field(text, note, note->name_offset, note->arguments_offset, "probe");
	text_field(text, note, note->arguments_offset, note->size, "arguments");
	if (step->probe->site_count > 1)
		list_other_sites(text, step->probe);
}

static void adjust(struct explain_text *text, const struct usdtrap_step *step)
{
	const struct usdtrap_step_note *note = &step->note;
	uint64_t moved = note->base_now - note->base;

	heading(text, "Was the file moved after it was linked?");
	if (!note->has_base) {
		line(text, "The file has no section .stapsdt.base any more (a linker that collects garbage");
		line(text, "drops it): nothing can be compared, and the addresses are taken as they are.");
		line(text, "   location 0x%" PRIx64, note->location);
		return;
	}
	line(text, "prelink(8) moves libraries and does not know of notes; a section of one byte,");
	line(text, ".stapsdt.base, moves with the rest. It is at 0x%" PRIx64 " now, the note says 0x%" PRIx64 ":",
	     note->base_now, note->base);
	line(text, moved ? "all has moved by the difference." : "nothing has moved.");
	strbuf_add_char(&text->out, '\n');
	line(text, "   location 0x%" PRIx64 " + (0x%" PRIx64 " - 0x%" PRIx64 ") = 0x%" PRIx64, note->location,
	     note->base_now, note->base, step->vaddr);
}

/* ---- code ---- */

static void add_code(struct explain_text *text, const struct usdtrap_step *step, bool from_file)
{
	const uint64_t site = from_file ? step->vaddr : step->addr;
	struct explain_code code;

	explain_code_read(step, from_file, &code);
	if (code.count == 0)
		line(text, "(this machine's instructions cannot be shown)");
	for (size_t i = 0; i < code.count; i++) {
		const struct usdtrap_instruction *instruction = &code.instructions[i];
		_cleanup_strbuf_ struct strbuf bytes = {0};
		_cleanup_strbuf_ struct strbuf words = {0};
		const bool is_site = instruction->address == site;

		for (unsigned j = 0; j < instruction->length && j < sizeof(code.bytes[i]); j++)
			strbuf_addf(&bytes, "%02x ", code.bytes[i][j]);
		strbuf_addf(&words, "%c  0x%" PRIx64 "  %-25s %s", is_site ? '>' : ' ', instruction->address,
			    strbuf_text(&bytes), instruction->text);
		strbuf_add_repeated(&text->out, ' ', INDENT);
		if (is_site)
			add_coloured(text, yellow, strbuf_text(&words));
		else
			strbuf_add(&text->out, words.text, words.length);
		strbuf_add_char(&text->out, '\n');
	}
}

static void show_file_code(struct explain_text *text, const struct usdtrap_step *step)
{
	heading(text, "The code in the file");
	line(text, "At the location is an instruction that does nothing, one byte long:");
	strbuf_add_char(&text->out, '\n');
	add_code(text, step, true);
}

/* Without a process: where each argument would be. */
static void describe_arguments(struct explain_text *text, const struct usdtrap_step *step)
{
	struct usdtrap_argument_info *arguments = NULL;
	size_t count = 0;
	struct usdtrap_error *error = usdtrap_arguments_describe(step->probe, step->site, &arguments, &count);

	heading(text, "Where the arguments are when the nop is reached");
	if (!error && count == 0)
		line(text, "The probe has none.");
	for (size_t i = 0; i < count; i++)
		line(text, "arg%zu: %u byte%s, %s, in %s%s%s", i, arguments[i].size, arguments[i].size == 1 ? "" : "s",
		     arguments[i].is_float    ? "floating point"
		     : arguments[i].is_signed ? "signed"
					      : "unsigned",
		     arguments[i].place, arguments[i].reason ? ": ? " : "",
		     arguments[i].reason ? arguments[i].reason : "");
	free(arguments);
	usdtrap_error_destroy(error);
}

static bool tell_note(struct explain_text *text, const struct usdtrap_step *step)
{
	if (step->site > 0) /* the first has told of it */
		return false;
	dissect(text, step);
	adjust(text, step);
	show_file_code(text, step);
	if (!text->has_process)
		describe_arguments(text, step);
	return true;
}

/* What is trapped is an instruction that counts: a function's, or one that it returns to, which is no probe's. */
static bool is_function(const struct usdtrap_step *step)
{
	return !step->probe || step->probe->kind != USDTRAP_PROBE_USDT;
}

static void tell_function(struct explain_text *text, const struct usdtrap_step *step)
{
	heading(text, "The function in the file");
	line(text, "No note leads there, but a symbol of %s:", step->probe->path);
	strbuf_add_char(&text->out, '\n');
	line(text, "   %s at 0x%" PRIx64, step->probe->name, step->vaddr);
	strbuf_add_char(&text->out, '\n');
	add_code(text, step, true);
	if (step->probe->kind != USDTRAP_PROBE_RETURN)
		return;
	strbuf_add_char(&text->out, '\n');
	line(text, "A function may return from many places, but each time to where it was called from,");
	line(text, "and when it begins, that lies on the stack. So it is the beginning that is trapped.");
}

/* ---- a process ---- */

static void end_list_of_threads(struct explain_text *text)
{
	if (text->last == USDTRAP_STEP_SEIZED && text->threads > 0)
		line(text, "%u thread%s: none was stopped, none left out.", text->threads,
		     text->threads == 1 ? "" : "s");
}

static void tell_seized(struct explain_text *text, const struct usdtrap_step *step)
{
	enum { SHOWN = 4 };

	if (text->threads++ == 0) {
		heading(text, "Taking hold of process %d", (int)step->pid);
		line(text, "ptrace with PTRACE_SEIZE makes us the one who hears of what its threads do. Unlike");
		line(text, "PTRACE_ATTACH it stops nobody.");
		strbuf_add_char(&text->out, '\n');
	}
	if (text->threads <= SHOWN)
		line(text, "   PTRACE_SEIZE %d", (int)step->tid);
	else if (text->threads == SHOWN + 1)
		line(text, "   ...");
}

static void tell_net(struct explain_text *text, const struct usdtrap_step *step)
{
	if (step->kind == USDTRAP_STEP_NET_TAKEN_OUT) {
		strbuf_add_char(&text->out, '\n');
		if (step->net.is_kept)
			line(text, "The handler for SIGTRAP stays where it is, and does nothing any more.");
		else
			line(text,
			     "The handler for SIGTRAP is taken out: the process has its own action for it again.");
		return;
	}
	heading(text, "A safety net");
	line(text, "Should usdtrap be killed, nobody would catch the trap, and SIGTRAP would end the");
	line(text, "process. So it gets a handler for that signal first, which would put all right. It");
	line(text, "lies in unused bytes behind the process's own code, and one thread was borrowed for a");
	line(text, "moment to tell the kernel of it. While usdtrap lives, it is never called:");
	strbuf_add_char(&text->out, '\n');
	line(text, "   handler at 0x%" PRIx64, step->net.handler_addr);
}

static void tell_mapped(struct explain_text *text, const struct usdtrap_step *step)
{
	const struct usdtrap_step_mapped *mapped = &step->mapped;
	const bool is_whole = mapped->file_offset == mapped->segment_offset;
	const uint64_t vaddr = mapped->segment_vaddr + mapped->file_offset - mapped->segment_offset;

	heading(text, "Where the file is in the process");
	line(text, "In /proc/%d/maps is a part of it, executable:", (int)step->pid);
	strbuf_add_char(&text->out, '\n');
	line(text, "   0x%" PRIx64 "-0x%" PRIx64 " file offset 0x%" PRIx64 " %s", mapped->start, mapped->end,
	     mapped->file_offset, mapped->path);
	strbuf_add_char(&text->out, '\n');
	line(text, "By the file's header, what is at offset 0x%" PRIx64 " belongs at address 0x%" PRIx64 "%s",
	     mapped->segment_offset, mapped->segment_vaddr, is_whole ? "." : ",");
	if (!is_whole)
		line(text, "so what is at offset 0x%" PRIx64 ", at 0x%" PRIx64 ".", mapped->file_offset, vaddr);
	line(text, "All of the file is shifted by the difference, the load bias:");
	strbuf_add_char(&text->out, '\n');
	line(text, "   0x%" PRIx64 " - 0x%" PRIx64 " = 0x%" PRIx64, mapped->start, vaddr, mapped->load_bias);
	if (mapped->load_bias == 0)
		line(text, "   (0: the program is not position-independent; it lies where its file says)");
	if (mapped->build_id_size) {
		_cleanup_strbuf_ struct strbuf id = {0};

		for (size_t i = 0; i < mapped->build_id_size; i++)
			strbuf_addf(&id, "%02x", mapped->build_id[i]);
		strbuf_add_char(&text->out, '\n');
		line(text, "Device and inode are those of the file that was read. Its build id:");
		line(text, "   %s", strbuf_text(&id));
	}
}

static void tell_checked(struct explain_text *text, const struct usdtrap_step *step)
{
	heading(text, "The code in the process, before");
	line(text, "The %s's address in the process is the file's and the load bias:",
	     is_function(step) ? "instruction" : "nop");
	text->original = step->bytes.bytes[0];
	strbuf_add_char(&text->out, '\n');
	line(text, "   0x%" PRIx64 " + 0x%" PRIx64 " = 0x%" PRIx64, step->vaddr, step->addr - step->vaddr, step->addr);
	strbuf_add_char(&text->out, '\n');
	add_code(text, step, false);
	strbuf_add_char(&text->out, '\n');
	line(text, "Byte %02x here, byte %02x in the file: equal. Otherwise nothing would be written.",
	     step->bytes.bytes[0], step->bytes.bytes[0]);
}

static void introduce_semaphore(struct explain_text *text, const struct usdtrap_step *step)
{
	if (text->last == USDTRAP_STEP_TRAP_WRITTEN && step->kind == USDTRAP_STEP_SEMAPHORE_RAISED) {
		heading(text, "Another probe's semaphore");
		line(text, "This program needs it, too, to come to the probe: see the NOTE on standard error.");
	} else if (step->kind == USDTRAP_STEP_SEMAPHORE_RAISED) {
		heading(text, "The semaphore");
		line(text, "The program looks at a 16-bit counter first, and passes the probe by while it is");
		line(text, "0. So it is raised by one (others may count in it, too):");
	} else {
		strbuf_add_char(&text->out, '\n');
		line(text, "What was raised is lowered again:");
	}
	strbuf_add_char(&text->out, '\n');
}

static void tell_semaphore(struct explain_text *text, const struct usdtrap_step *step)
{
	const struct usdtrap_step_semaphore *semaphore = &step->semaphore;

	if (text->last != step->kind)
		introduce_semaphore(text, step);
	line(text, "   0x%" PRIx64 ": %u -> %u%s%s%s%s", semaphore->addr, semaphore->before, semaphore->after,
	     step->probe ? "   " : "", step->probe ? step->probe->provider : "", step->probe ? ":" : "",
	     step->probe ? step->probe->name : "");
}

static void tell_armed(struct explain_text *text, const struct usdtrap_step *step)
{
	const struct usdtrap_step_bytes *bytes = &step->bytes;
	char byte[8];

	heading(text, "One byte is written");
	line(text, "Through /proc/%d/mem, without stopping anybody: the first byte of the", (int)step->pid);
	line(text, "%s becomes that of int3, the breakpoint instruction. No other is changed.",
	     is_function(step) ? "instruction" : "nop");
	strbuf_add_char(&text->out, '\n');
	strbuf_addf(&text->out, "%*s0x%" PRIx64 ": %02x -> ", 2 * INDENT, "", step->addr, text->original);
	snprintf(byte, sizeof(byte), "%02x", bytes->bytes[0]);
	add_coloured(text, red, byte);
	strbuf_add_string(&text->out, "\n\n");
	add_code(text, step, false);
}

void explain_text_wait(struct explain_text *text)
{
	strbuf_add_char(&text->out, '\n');
	line(text, "All is in place. Now the probe must be reached (Ctrl-C leaves at once)...");
}

/* ---- a hit ---- */

static void add_registers(struct explain_text *text, const struct usdtrap_step_hit *hit)
{
	for (size_t i = 0; i < hit->register_count; i++) {
		const bool ends_line = i % 3 == 2 || i + 1 == hit->register_count;

		if (i % 3 == 0)
			strbuf_add_repeated(&text->out, ' ', 2 * INDENT);
		strbuf_addf(&text->out, "%-3s 0x%016" PRIx64 "%s", hit->registers[i].name, hit->registers[i].value,
			    ends_line ? "\n" : "   ");
	}
}

static void tell_hit(struct explain_text *text, const struct usdtrap_step *step)
{
	const struct usdtrap_step_hit *hit = &step->hit;
	const char *signal = sigabbrev_np(hit->signal);

	heading(text, text->hits++ == 0 ? "A hit: thread %d" : "Another hit: thread %d", (int)step->tid);
	if (text->hits == 1) {
		line(text, "It executed int3. The processor raised exception 3, and the kernel made of that");
		line(text, "signal %d (SIG%s), si_code %d%s.", hit->signal, signal ? signal : "?", hit->code,
		     hit->code == SI_KERNEL ? " (SI_KERNEL: nobody sent it)" : "");
		line(text, "The thread is traced, so it stands still before the signal is delivered, and");
		line(text, "waitpid tells us. All other threads run on.");
		strbuf_add_char(&text->out, '\n');
		line(text, "pc is one past the trap: int3 has one byte, and the processor has executed it. So");
		line(text, "the site is at pc - 1:");
		strbuf_add_char(&text->out, '\n');
	}
	line(text, "   0x%" PRIx64 " - 1 = 0x%" PRIx64, hit->pc, hit->trap_addr);
	if (step->probe && step->probe->site_count > 1)
		line(text, "   (site %zu of %zu)", step->site + 1, step->probe->site_count);
	strbuf_add_char(&text->out, '\n');
	if (step->site > 0) {
		add_code(text, step, false);
		strbuf_add_char(&text->out, '\n');
	}
	add_registers(text, hit);
}

static void tell_argument(struct explain_text *text, const struct usdtrap_step *step)
{
	const struct usdtrap_step_argument *argument = &step->argument;
	_cleanup_strbuf_ struct strbuf words = {0};
	_cleanup_strbuf_ struct strbuf pointed = {0};

	if (argument->index == 0 && is_function(step)) {
		heading(text, "Its arguments");
		line(text, "No note says how many there are. If they are integers or pointers, the calling");
		line(text, "convention (System V ABI) has the first six in these registers; what the function");
		line(text, "does not take is left over from before. Who put it there is looked for in the caller.");
		strbuf_add_char(&text->out, '\n');
	} else if (argument->index == 0) {
		heading(text, "Its arguments");
		line(text, "The note says where each is, as the compiler had it: SIZE@PLACE, a minus for signed.");
		strbuf_add_char(&text->out, '\n');
	}
	explain_derivation(argument, &words);
	line(text, "arg%u  %s", argument->index, strbuf_text(&words));
	explain_pointed_text(step, &pointed);
	if (pointed.length)
		line(text, "      there lies the text %s", strbuf_text(&pointed));
	if (argument->source_kind == USDTRAP_SOURCE_WROTE)
		line(text, "      put there by   %s   at 0x%" PRIx64, argument->source.text, argument->source.address);
	else if (argument->source_kind == USDTRAP_SOURCE_RETURNED)
		line(text, "      returned by   %s   at 0x%" PRIx64, argument->source.text, argument->source.address);
}

static void tell_entered(struct explain_text *text, const struct usdtrap_step *step)
{
	const struct usdtrap_step_entered *entered = &step->entered;

	heading(text, "The function is entered: thread %d", (int)step->tid);
	line(text, "It executed int3 at 0x%" PRIx64 ". The call that led there has pushed the address behind",
	     step->addr);
	line(text, "itself, and nothing was pushed since: it lies on top of the stack.");
	strbuf_add_char(&text->out, '\n');
	line(text, "   %s 0x%" PRIx64 ": 0x%" PRIx64, entered->stack_pointer, entered->slot_addr, entered->return_addr);
	strbuf_add_char(&text->out, '\n');
	line(text, "A trap is written there, over the first byte of what comes behind the call: it is %02x.",
	     entered->byte);
	line(text, "The stack itself is left alone. A hit there is this call's return if it is this");
	line(text, "thread's, and %s one word above 0x%" PRIx64 ": so recursion is told apart.", entered->stack_pointer,
	     entered->slot_addr);
	if (text->entered++ == 0) {
		line(text, "(Functions that are left by longjmp(3) or an exception do not return. That is noticed");
		line(text, "by traps at the functions which do it, in the C library and libgcc: not shown here.)");
	}
}

static void tell_returned(struct explain_text *text, const struct usdtrap_step *step)
{
	_cleanup_strbuf_ struct strbuf words = {0};
	_cleanup_strbuf_ struct strbuf pointed = {0};

	heading(text, "What it returned");
	line(text, "By the calling convention (System V ABI) an integer or pointer is returned in %s:",
	     step->argument.terms[0].name);
	strbuf_add_char(&text->out, '\n');
	explain_derivation(&step->argument, &words);
	line(text, "retval  %s", strbuf_text(&words));
	explain_pointed_text(step, &pointed);
	if (pointed.length)
		line(text, "        there lies the text %s", strbuf_text(&pointed));
}

static void tell_resumed(struct explain_text *text, const struct usdtrap_step *step)
{
	const uint64_t behind = step->resumed.pc - step->addr;

	heading(text, "The thread goes on");
	if (is_function(step)) {
		line(text, "PTRACE_CONT, at pc 0x%" PRIx64 ".", step->resumed.pc);
		if (text->resumed++ > 0)
			return;
		strbuf_add_char(&text->out, '\n');
		line(text, "The trap stands in for an instruction that counts, and stays in its place: the");
		line(text, "instruction was acted out on the thread's registers and memory, or the thread is at a");
		line(text, "copy of it, in unused bytes nearby, that ends in a jump back. Nothing is stepped.");
		return;
	}
	line(text, "PTRACE_CONT, with %s, at pc 0x%" PRIx64 ", the site + %" PRIu64 ".",
	     step->resumed.signal ? "the signal that somebody sent" : "no signal", step->resumed.pc, behind);
	if (text->hits > 1)
		return;
	strbuf_add_char(&text->out, '\n');
	line(text, "That is behind the nop already, and what the trap stands in for did nothing: there");
	line(text, "is nothing to execute in its place. The trap stays where it is, nothing is lifted and");
	line(text, "nothing stepped, and no other thread can slip past.");
}

/* ---- leaving ---- */

static void tell_restored(struct explain_text *text, const struct usdtrap_step *step)
{
	heading(text, "The byte is written back");
	if (step->kind == USDTRAP_STEP_BYTE_LOST) {
		line(text, "At 0x%" PRIx64 " there is byte %02x and not our trap: somebody else has written there, and",
		     step->addr, step->bytes.bytes[0]);
		line(text, "it is left as it is.");
		return;
	}
	line(text, "0x%" PRIx64 ": cc -> %02x", step->addr, step->bytes.bytes[0]);
	strbuf_add_char(&text->out, '\n');
	add_code(text, step, false);
}

static void tell_compared(struct explain_text *text, const struct usdtrap_step *step)
{
	const struct usdtrap_step_compared *compared = &step->compared;

	if (text->last != USDTRAP_STEP_COMPARED)
		heading(text, "The proof");
	line(text, "%s: %" PRIu64 " bytes of code in memory, compared with the file:", compared->path, compared->bytes);
	if (compared->different == 0)
		line(text, "   equal, every one.");
	else
		line(text, "   %" PRIu64 " differ: another tracer's traps, or code that changes itself.",
		     compared->different);
	if (compared->unread)
		line(text, "   %" PRIu64 " bytes could not be read.", compared->unread);
}

/* The steps of other sites than the first are told by their number. */
static bool is_of_another_site(const struct usdtrap_step *step)
{
	if (step->kind == USDTRAP_STEP_BYTE_RESTORED && !step->probe)
		return true;
	return step->site > 0 && (step->kind == USDTRAP_STEP_CHECKED || step->kind == USDTRAP_STEP_TRAP_WRITTEN ||
				  step->kind == USDTRAP_STEP_BYTE_RESTORED);
}

static void tell_other_site(struct explain_text *text, const struct usdtrap_step *step)
{
	if (step->kind == USDTRAP_STEP_TRAP_WRITTEN)
		line(text, "   (the same at 0x%" PRIx64 ", site %zu)", step->addr, step->site + 1);
	else if (step->kind == USDTRAP_STEP_BYTE_RESTORED && !step->probe)
		line(text, "   (and at 0x%" PRIx64 ", where it returned to: %02x is back)", step->addr,
		     step->bytes.bytes[0]);
	else if (step->kind == USDTRAP_STEP_BYTE_RESTORED)
		line(text, "   (the byte of site %zu at 0x%" PRIx64 " is back)", step->site + 1, step->addr);
}

bool explain_text_step(struct explain_text *text, const struct usdtrap_step *step)
{
	bool is_worth_a_pause = true;

	if (step->kind != USDTRAP_STEP_SEIZED)
		end_list_of_threads(text);
	if (is_of_another_site(step)) {
		tell_other_site(text, step);
		text->last = step->kind;
		return false;
	}
	switch (step->kind) {
	case USDTRAP_STEP_NOTE:
		is_worth_a_pause = tell_note(text, step);
		break;
	case USDTRAP_STEP_FUNCTION:
		tell_function(text, step);
		break;
	case USDTRAP_STEP_SEIZED:
		tell_seized(text, step);
		is_worth_a_pause = false;
		break;
	case USDTRAP_STEP_MAPPED:
		tell_mapped(text, step);
		break;
	case USDTRAP_STEP_CHECKED:
		tell_checked(text, step);
		break;
	case USDTRAP_STEP_SEMAPHORE_RAISED:
	case USDTRAP_STEP_SEMAPHORE_LOWERED:
		tell_semaphore(text, step);
		is_worth_a_pause = step->kind == USDTRAP_STEP_SEMAPHORE_RAISED;
		break;
	case USDTRAP_STEP_TRAP_WRITTEN:
		tell_armed(text, step);
		break;
	case USDTRAP_STEP_HIT:
		tell_hit(text, step);
		break;
	case USDTRAP_STEP_ARGUMENT:
		tell_argument(text, step);
		is_worth_a_pause = false;
		break;
	case USDTRAP_STEP_ENTERED:
		tell_entered(text, step);
		break;
	case USDTRAP_STEP_RETURN_VALUE:
		tell_returned(text, step);
		is_worth_a_pause = false;
		break;
	case USDTRAP_STEP_RESUMED:
		tell_resumed(text, step);
		break;
	case USDTRAP_STEP_BYTE_RESTORED:
	case USDTRAP_STEP_BYTE_LOST:
		tell_restored(text, step);
		break;
	case USDTRAP_STEP_COMPARED:
		tell_compared(text, step);
		break;
	case USDTRAP_STEP_NET_PUT_IN:
	case USDTRAP_STEP_NET_TAKEN_OUT:
		tell_net(text, step);
		is_worth_a_pause = false;
		break;
	case USDTRAP_STEP_LET_GO:
		text->let_go++;
		is_worth_a_pause = false;
		break;
	}
	text->last = step->kind;
	return is_worth_a_pause;
}

void explain_text_begin(struct explain_text *text, const char *name)
{
	add_coloured(text, bold, name);
	strbuf_add_char(&text->out, '\n');
}

void explain_text_end(struct explain_text *text, bool left_alive)
{
	strbuf_add_char(&text->out, '\n');
	if (left_alive)
		line(text, "The process runs on as if nothing had been: %u thread%s let go, %u hit%s seen.",
		     text->let_go, text->let_go == 1 ? "" : "s", text->hits, text->hits == 1 ? "" : "s");
	else if (text->hits)
		line(text, "The process has ended, and its memory with it.");
	else
		line(text, "The process has ended without a hit.");
}
