/* SPDX-License-Identifier: MIT */
#include "cli/explain_html.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "cli/explain_text.h"

static const char style[] =
	":root{color-scheme:light dark;--ink:#1d2433;--paper:#fdfcf9;--line:#c9c4b8;--dim:#6b7280;--hot:#c2410c;--on:#fff;--good:#15803d;"
	"--a:#dbeafe;--b:#dcfce7;--c:#fef3c7;--d:#fce7f3;--e:#ede9fe;--f:#e5e7eb}"
	"@media(prefers-color-scheme:dark){:root{--ink:#e7e5df;--paper:#16181d;--line:#4b5563;--dim:#9ca3af;--hot:#fb923c;--on:#111;--good:#4ade80;"
	"--a:#1e3a5f;--b:#14432a;--c:#574312;--d:#571d3f;--e:#392b6b;--f:#374151}}"
	"body{background:var(--paper);color:var(--ink);font:17px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem "
	"auto;padding:0 1rem}"
	"h1{font-size:1.4rem;overflow-wrap:anywhere}section{border-top:1px solid var(--line);padding:.6rem 0 1.2rem}"
	"h2{font-size:1.15rem}code,.bytes,.code,.sum,table{font-family:ui-monospace,monospace;font-size:.85rem}"
	".bytes{display:flex;flex-wrap:wrap;gap:2px;margin:.3rem 0}"
	".bytes b{font-weight:400;border:1px solid var(--line);border-radius:3px;padding:.1rem .3rem;background:var(--f)}"
	".bytes b.now{background:var(--hot);color:var(--on);border-color:var(--hot);font-weight:700}"
	".field{display:grid;grid-template-columns:21rem 10rem 1fr;align-items:center;gap:.6rem}"
	".field:nth-child(6n+1) b{background:var(--a)}.field:nth-child(6n+2) b{background:var(--b)}"
	".field:nth-child(6n+3) b{background:var(--c)}.field:nth-child(6n+4) b{background:var(--d)}"
	".field:nth-child(6n+5) b{background:var(--e)}"
	".field span{color:var(--dim)}"
	".sum{background:var(--f);border-radius:6px;padding:.5rem .8rem;margin:.5rem 0;overflow-wrap:anywhere}"
	".sum b{color:var(--hot)}"
	".term{display:inline-block;text-align:center;vertical-align:top;margin-right:.4rem}"
	".term small{display:block;color:var(--dim);font:.7rem system-ui,sans-serif}"
	".change{display:grid;grid-template-columns:4rem 1fr;align-items:center}.change span{color:var(--dim)}"
	".code{border:1px solid var(--line);border-radius:6px;padding:.4rem .6rem;overflow-x:auto}"
	".code div{display:grid;grid-template-columns:10rem 15rem 1fr;white-space:pre}"
	".code .site{background:var(--c);font-weight:700}"
	".pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(20rem,1fr));gap:1rem}"
	"table{border-collapse:collapse}td{padding:.1rem .8rem .1rem 0;vertical-align:top;overflow-wrap:anywhere}"
	"p{max-width:44rem}.source{color:var(--dim)}.proof{color:var(--good);font-weight:700}.bytes+.code,.change+.code{margin-top:.5rem}";

/* ---- pieces ---- */

static void add(struct explain_html *html, const char *markup)
{
	strbuf_add_string(&html->page, markup);
}

static void add_words(struct explain_html *html, const char *words, size_t length)
{
	for (size_t i = 0; i < length; i++)
		switch (words[i]) {
		case '<':
			add(html, "&lt;");
			break;
		case '>':
			add(html, "&gt;");
			break;
		case '&':
			add(html, "&amp;");
			break;
		case '"':
			add(html, "&quot;");
			break;
		default:
			strbuf_add_char(&html->page, words[i]);
		}
}

static void add_text(struct explain_html *html, const char *words)
{
	add_words(html, words, strlen(words));
}

static void section(struct explain_html *html, const char *title)
{
	if (html->has_arguments)
		add(html, "</table>");
	html->has_arguments = false;
	strbuf_addf(&html->page, "%s<section><h2>%u. %s</h2>\n", html->is_open ? "</section>\n" : "", ++html->sections,
		    title);
	html->is_open = true;
}

static void add_bytes(struct explain_html *html, const unsigned char *bytes, size_t size, size_t now)
{
	add(html, "<div class=bytes>");
	for (size_t i = 0; i < size; i++)
		strbuf_addf(&html->page, "<b%s>%02x</b>", i == now ? " class=now" : "", bytes[i]);
	add(html, "</div>");
}

static void sum(struct explain_html *html, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void sum(struct explain_html *html, const char *format, ...)
{
	va_list arguments;

	add(html, "<div class=sum>");
	va_start(arguments, format);
	strbuf_vaddf(&html->page, format, arguments);
	va_end(arguments);
	add(html, "</div>\n");
}

/* A summand: SIGN in front of VALUE, and under it what it is. The sum itself: IS_RESULT. */
static void term(struct explain_html *html, const char *sign, uint64_t value, const char *label, bool is_result)
{
	strbuf_addf(&html->page, "%s <span class=term>%s0x%" PRIx64 "%s<small>%s</small></span>", sign,
		    is_result ? "<b>" : "", value, is_result ? "</b>" : "", label);
}

static void begin_sum(struct explain_html *html)
{
	add(html, "<div class=sum>");
}

static void end_sum(struct explain_html *html)
{
	add(html, "</div>\n");
}

static void add_code(struct explain_html *html, const struct usdtrap_step *step, bool from_file)
{
	const uint64_t site = from_file ? step->vaddr : step->addr;
	struct explain_code code;

	explain_code_read(step, from_file, &code);
	add(html, "<div class=code>");
	for (size_t i = 0; i < code.count; i++) {
		strbuf_addf(&html->page, "<div%s><span>0x%" PRIx64 "</span><span>",
			    code.instructions[i].address == site ? " class=site" : "", code.instructions[i].address);
		for (unsigned j = 0; j < code.instructions[i].length; j++)
			strbuf_addf(&html->page, "%s%02x", j ? " " : "", code.bytes[i][j]);
		add(html, "</span><span>");
		add_text(html, code.instructions[i].text);
		add(html, "</span></div>");
	}
	add(html, "</div>\n");
}

/* Memory from the site on: eight boxes, the first of which is what matters. */
static void add_memory(struct explain_html *html, const struct usdtrap_step *step)
{
	unsigned char *bytes = html->memory;
	struct usdtrap_error *error = usdtrap_step_read(step, step->addr, bytes, sizeof(html->memory));

	if (!error)
		add_bytes(html, bytes, sizeof(html->memory), 0);
	usdtrap_error_destroy(error);
}

/* The same, under what was there when it was shown last. */
static void add_change(struct explain_html *html, const struct usdtrap_step *step)
{
	add(html, "<div class=change><span>before</span>");
	add_bytes(html, html->memory, sizeof(html->memory), 0);
	add(html, "<span>now</span>");
	add_memory(html, step);
	add(html, "</div>");
}

/* ---- steps ---- */

static void field(struct explain_html *html, const unsigned char *bytes, size_t size, const char *name,
		  const char *meaning)
{
	add(html, "<div class=field>");
	add_bytes(html, bytes, size, size);
	strbuf_addf(&html->page, "<span>%s</span><div>", name);
	add_text(html, meaning);
	add(html, "</div></div>\n");
}

static void address_field(struct explain_html *html, const unsigned char *bytes, size_t size, const char *name,
			  uint64_t value)
{
	char meaning[32];

	snprintf(meaning, sizeof(meaning), "0x%" PRIx64, value);
	field(html, bytes, size, name, meaning);
}

static void number_field(struct explain_html *html, const unsigned char *bytes, const char *name)
{
	char meaning[16];
	uint32_t number;

	memcpy(&number, bytes, sizeof(number));
	snprintf(meaning, sizeof(meaning), "%" PRIu32, number);
	field(html, bytes, sizeof(number), name, meaning);
}

static void add_note(struct explain_html *html, const struct usdtrap_step *step)
{
	const struct usdtrap_step_note *note = &step->note;
	const unsigned char *addresses = note->bytes + note->description_offset;
	const size_t size = note->address_size;

	section(html, "The note in the file");
	add(html,
	    "<p>For each probe the compiler leaves a note in the file&#8217;s section <code>.note.stapsdt</code>. "
	    "Byte by byte:</p><div>");
	number_field(html, note->bytes, "name size");
	number_field(html, note->bytes + 4, "description size");
	number_field(html, note->bytes + 8, "type");
	field(html, note->bytes + 12, note->description_offset - 12, "name", "stapsdt");
	address_field(html, addresses, size, "location", note->location);
	address_field(html, addresses + size, size, "base", note->base);
	address_field(html, addresses + 2 * size, size, "semaphore", note->semaphore);
	field(html, note->bytes + note->provider_offset, note->name_offset - note->provider_offset, "provider",
	      step->probe->provider);
	field(html, note->bytes + note->name_offset, note->arguments_offset - note->name_offset, "probe",
	      step->probe->name);
	field(html, note->bytes + note->arguments_offset, note->size - note->arguments_offset, "arguments",
	      step->probe->sites[step->site].arguments);
	add(html, "</div>\n");
	section(html, "Was the file moved after it was linked?");
	begin_sum(html);
	term(html, "", note->location, "location", false);
	term(html, "+ (", note->has_base ? note->base_now : note->base, ".stapsdt.base now", false);
	term(html, "&minus;", note->base, "then", false);
	term(html, ") =", step->vaddr, "address in the file", true);
	end_sum(html);
	section(html, "The code in the file");
	add(html, "<p>At that address is an instruction that does nothing.</p>");
	add_code(html, step, true);
}

static void add_mapped(struct explain_html *html, const struct usdtrap_step *step)
{
	const struct usdtrap_step_mapped *mapped = &step->mapped;

	section(html, "Where the file is in the process");
	add(html, "<div class=sum>");
	strbuf_addf(&html->page, "0x%" PRIx64 "&ndash;0x%" PRIx64 ", file offset 0x%" PRIx64 ", ", mapped->start,
		    mapped->end, mapped->file_offset);
	add_text(html, mapped->path);
	add(html, "</div>");
	add(html, "<p>All of the file is shifted by one number:</p>");
	begin_sum(html);
	term(html, "", mapped->start, "start of the mapping", false);
	term(html, "&minus;", mapped->segment_vaddr + mapped->file_offset - mapped->segment_offset,
	     "its address in the file", false);
	term(html, "=", mapped->load_bias, "load bias", true);
	end_sum(html);
}

static void add_semaphore(struct explain_html *html, const struct usdtrap_step *step)
{
	section(html,
		step->kind == USDTRAP_STEP_SEMAPHORE_RAISED ? "The semaphore is raised" : "The semaphore is lowered");
	strbuf_addf(&html->page, "<div class=sum>0x%" PRIx64 " (", step->semaphore.addr);
	if (step->probe)
		add_text(html, step->probe->name);
	strbuf_addf(&html->page, "): %u &rarr; <b>%u</b></div>\n", step->semaphore.before, step->semaphore.after);
}

static void add_hit(struct explain_html *html, const struct usdtrap_step *step)
{
	const struct usdtrap_step_hit *hit = &step->hit;

	section(html, "A hit");
	strbuf_addf(&html->page,
		    "<p>Thread %d has executed <code>int3</code>: signal %d (SIG%s), si_code %d. It stands still, and "
		    "pc is one past the trap.</p>",
		    (int)step->tid, hit->signal, sigabbrev_np(hit->signal) ? sigabbrev_np(hit->signal) : "?",
		    hit->code);
	begin_sum(html);
	term(html, "", hit->pc, "pc", false);
	add(html, "&minus; 1 ");
	term(html, "=", hit->trap_addr, "the trap", true);
	end_sum(html);
	add(html, "<table>");
	for (size_t i = 0; i < hit->register_count; i++)
		strbuf_addf(&html->page, "%s<td>%s</td><td>0x%016" PRIx64 "</td>%s", i % 3 == 0 ? "<tr>" : "",
			    hit->registers[i].name, hit->registers[i].value,
			    i % 3 == 2 || i + 1 == hit->register_count ? "</tr>\n" : "");
	add(html, "</table>\n");
}

static void add_argument(struct explain_html *html, const struct usdtrap_step *step)
{
	_cleanup_strbuf_ struct strbuf derivation = {0};
	_cleanup_strbuf_ struct strbuf pointed = {0};

	if (!html->has_arguments) {
		section(html, "Its arguments");
		add(html, "<table>");
		html->has_arguments = true;
	}
	explain_derivation(&step->argument, &derivation);
	explain_pointed_text(step, &pointed);
	strbuf_addf(&html->page, "<tr><td>arg%u</td><td>", step->argument.index);
	add_text(html, strbuf_text(&derivation));
	if (pointed.length) {
		add(html, "<br>there lies ");
		add_text(html, strbuf_text(&pointed));
	}
	if (step->argument.source_kind != USDTRAP_SOURCE_UNKNOWN) {
		add(html, step->argument.source_kind == USDTRAP_SOURCE_RETURNED
				  ? "<br><span class=source>returned by "
				  : "<br><span class=source>put there by ");
		add_text(html, step->argument.source.text);
		strbuf_addf(&html->page, " at 0x%" PRIx64 "</span>", step->argument.source.address);
	}
	add(html, "</td></tr>\n");
}

static void add_entered(struct explain_html *html, const struct usdtrap_step *step)
{
	section(html, "The function is entered");
	strbuf_addf(&html->page,
		    "<p>Thread %d has executed <code>int3</code>. The call has pushed where to go on: that lies on top "
		    "of the stack, and is trapped, too.</p>",
		    (int)step->tid);
	sum(html, "%s 0x%" PRIx64 ": return address <b>0x%" PRIx64 "</b>, where there is byte %02x now",
	    step->entered.stack_pointer, step->entered.slot_addr, step->entered.return_addr, step->entered.byte);
}

static void add_returned(struct explain_html *html, const struct usdtrap_step *step)
{
	_cleanup_strbuf_ struct strbuf derivation = {0};

	section(html, "What it returned");
	explain_derivation(&step->argument, &derivation);
	add(html, "<div class=sum>");
	add_text(html, strbuf_text(&derivation));
	add(html, "</div>\n");
}

static void add_compared(struct explain_html *html, const struct usdtrap_step *step)
{
	if (!html->has_proof) /* one for all files */
		section(html, "The proof");
	html->has_proof = true;
	strbuf_addf(&html->page, "<p%s>%" PRIu64 " bytes of code in memory compared with ",
		    step->compared.different ? "" : " class=proof", step->compared.bytes);
	add_text(html, step->compared.path);
	strbuf_addf(&html->page, ": %" PRIu64 " differ.</p>\n", step->compared.different);
}

void explain_html_step(struct explain_html *html, const struct usdtrap_step *step)
{
	if (step->site > 0 && step->kind != USDTRAP_STEP_HIT && step->kind != USDTRAP_STEP_ARGUMENT)
		return; /* the first site stands for the others */
	switch (step->kind) {
	case USDTRAP_STEP_NOTE:
		add_note(html, step);
		break;
	case USDTRAP_STEP_FUNCTION:
		section(html, "The function in the file");
		add(html, "<div class=sum>");
		add_text(html, step->probe->name);
		strbuf_addf(&html->page, " at <b>0x%" PRIx64 "</b></div>\n", step->vaddr);
		add_code(html, step, true);
		break;
	case USDTRAP_STEP_SEIZED:
		if (!html->has_threads) {
			section(html, "Taking hold");
			strbuf_addf(&html->page, "<p>PTRACE_SEIZE of each thread of process %d: none is stopped.</p>\n",
				    (int)step->pid);
		}
		html->has_threads = true;
		break;
	case USDTRAP_STEP_MAPPED:
		add_mapped(html, step);
		break;
	case USDTRAP_STEP_CHECKED:
		section(html, "The code in the process, before");
		begin_sum(html);
		term(html, "", step->vaddr, "address in the file", false);
		term(html, "+", step->addr - step->vaddr, "load bias", false);
		term(html, "=", step->addr, "address in the process", true);
		end_sum(html);
		add_memory(html, step);
		add_code(html, step, false);
		break;
	case USDTRAP_STEP_SEMAPHORE_RAISED:
	case USDTRAP_STEP_SEMAPHORE_LOWERED:
		add_semaphore(html, step);
		break;
	case USDTRAP_STEP_TRAP_WRITTEN:
		section(html, "One byte is written");
		add_change(html, step);
		add_code(html, step, false);
		break;
	case USDTRAP_STEP_HIT:
		add_hit(html, step);
		break;
	case USDTRAP_STEP_ARGUMENT:
		add_argument(html, step);
		break;
	case USDTRAP_STEP_ENTERED:
		add_entered(html, step);
		break;
	case USDTRAP_STEP_RETURN_VALUE:
		add_returned(html, step);
		break;
	case USDTRAP_STEP_RESUMED:
		section(html, "The thread goes on");
		sum(html, "PTRACE_CONT, signal %d, pc <b>0x%" PRIx64 "</b>%s", step->resumed.signal, step->resumed.pc,
		    step->probe && step->probe->kind == USDTRAP_PROBE_USDT ? ": behind the nop" : "");
		break;
	case USDTRAP_STEP_BYTE_RESTORED:
	case USDTRAP_STEP_BYTE_LOST:
		if (!step->probe) {
			strbuf_addf(&html->page, "<p>Likewise at 0x%" PRIx64 ", where the function returned to.</p>\n",
				    step->addr);
			break;
		}
		section(html, step->kind == USDTRAP_STEP_BYTE_LOST ? "The byte was changed by somebody else"
								   : "The byte is written back");
		add_change(html, step);
		add_code(html, step, false);
		break;
	case USDTRAP_STEP_COMPARED:
		add_compared(html, step);
		break;
	case USDTRAP_STEP_NET_PUT_IN:
		section(html, "A safety net");
		strbuf_addf(
			&html->page,
			"<p>Should usdtrap be killed, SIGTRAP would end the process. So it gets a handler first, at "
			"<code>0x%" PRIx64 "</code>, in unused bytes behind its own code.</p>\n",
			step->net.handler_addr);
		break;
	case USDTRAP_STEP_NET_TAKEN_OUT:
		add(html, "<p>The process has its own action for SIGTRAP again.</p>\n");
		break;
	case USDTRAP_STEP_LET_GO:
		break;
	}
}

void explain_html_begin(struct explain_html *html, const char *name)
{
	add(html, "<!DOCTYPE html>\n<html lang=en><meta charset=utf-8>\n"
		  "<meta name=viewport content=\"width=device-width\">\n<title>");
	add_text(html, name);
	add(html, "</title>\n<style>");
	add(html, style);
	add(html, "</style>\n<h1>");
	add_text(html, name);
	add(html, "</h1>\n");
}

void explain_html_end(struct explain_html *html)
{
	if (html->has_arguments)
		add(html, "</table>");
	if (html->is_open)
		add(html, "</section>\n");
	add(html, "</html>\n");
}

void explain_html_deinit(struct explain_html *html)
{
	strbuf_deinit(&html->page);
}
