/* SPDX-License-Identifier: MIT */
/* What the transcript and the page about a step have in common: code, and how arguments come about. */
#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "cli/explain_text.h"

enum {
	SHOWN_BEFORE = 4, /* instructions above the site */
	SHOWN_AFTER = 3,
	READ_BEFORE = 192, /* bytes */
	READ_AFTER = 48,
	TEXT_SHOWN = 60,
};

/* As many of the bytes around ADDRESS as can be read. False: none. */
static bool read_around(const struct usdtrap_step *step, bool from_file, uint64_t address, unsigned char *bytes,
			size_t *ret_before, size_t *ret_size)
{
	/* Memory ends at a page, and so does a segment in its file, sooner or later: less may be had than is wanted. */
	for (size_t before = READ_BEFORE;; before /= 2) {
		for (size_t after = READ_AFTER; after > 0; after /= 2) {
			struct usdtrap_error *error =
				from_file ? usdtrap_step_read_file(step, address - before, bytes, before + after)
					  : usdtrap_step_read(step, address - before, bytes, before + after);

			usdtrap_error_destroy(error);
			if (!error) {
				*ret_before = before;
				*ret_size = before + after;
				return true;
			}
		}
		if (before == 0)
			return false;
	}
}

void explain_code_read(const struct usdtrap_step *step, bool from_file, struct explain_code *ret)
{
	const uint64_t address = from_file ? step->vaddr : step->addr;
	unsigned char bytes[READ_BEFORE + READ_AFTER];
	struct usdtrap_code code = {.bytes = bytes};
	size_t before, after = 0;
	uint64_t at;

	ret->count = 0;
	if (!step->probe || !read_around(step, from_file, address, bytes, &before, &code.size))
		return;
	code.machine = step->probe->machine;
	code.address_bits = step->probe->address_bits;
	code.address = address - before;
	at = usdtrap_instruction_before(&code, address, SHOWN_BEFORE);
	while (ret->count < EXPLAIN_CODE_MAX && after <= SHOWN_AFTER) {
		struct usdtrap_instruction *instruction = &ret->instructions[ret->count];
		struct usdtrap_error *error = usdtrap_instruction_read(&code, at, instruction);

		if (error) {
			usdtrap_error_destroy(error);
			return;
		}
		memcpy(ret->bytes[ret->count++], bytes + (at - code.address), instruction->length);
		after += at >= address;
		at += instruction->length;
	}
}

static const char *nth_separator(size_t index)
{
	return index ? " + " : "";
}

static void add_terms(const struct usdtrap_step_argument *argument, struct strbuf *out)
{
	for (size_t i = 0; i < argument->term_count; i++) {
		const struct usdtrap_step_term *term = &argument->terms[i];
		int64_t constant = (int64_t)term->value;

		switch (term->kind) {
		case USDTRAP_TERM_REGISTER:
			strbuf_addf(out, "%s%s 0x%" PRIx64, nth_separator(i), term->name, term->value);
			if (term->factor > 1)
				strbuf_addf(out, " * %u", term->factor);
			break;
		case USDTRAP_TERM_SYMBOL:
			strbuf_addf(out, "%s%s 0x%" PRIx64, nth_separator(i), term->name, term->value);
			break;
		case USDTRAP_TERM_CONSTANT:
			if (i > 0)
				strbuf_addf(out, " %c %" PRIu64, constant < 0 ? '-' : '+',
					    constant < 0 ? -term->value : term->value);
			else
				strbuf_addf(out, "%" PRId64, constant);
			break;
		}
	}
}

static void add_value(const struct usdtrap_value *value, struct strbuf *out)
{
	switch (value->kind) {
	case USDTRAP_VALUE_SIGNED:
		strbuf_addf(out, "signed: %" PRId64, (int64_t)value->integer);
		return;
	case USDTRAP_VALUE_UNSIGNED:
		strbuf_addf(out, "unsigned: %" PRIu64, value->integer);
		if (value->integer > 9)
			strbuf_addf(out, " (0x%" PRIx64 ")", value->integer);
		return;
	case USDTRAP_VALUE_FLOAT:
		strbuf_addf(out, "floating point: %g", value->real);
		return;
	case USDTRAP_VALUE_MEMORY:
		strbuf_addf(out, "an object of %u bytes", value->size);
		return;
	case USDTRAP_VALUE_BYTES:
		strbuf_addf(out, "an object of %u bytes:", value->size);
		for (unsigned i = 0; i < value->size && i < USDTRAP_VALUE_BYTES_MAX; i++)
			strbuf_addf(out, " %02x", value->bytes[i]);
		return;
	}
}

void explain_derivation(const struct usdtrap_step_argument *argument, struct strbuf *out)
{
	strbuf_add(out, argument->text, argument->text_length);
	strbuf_add_string(out, ": ");
	if (argument->term_count > 0) {
		switch (argument->operand) {
		case USDTRAP_OPERAND_CONSTANT:
			strbuf_add_string(out, "the constant ");
			add_terms(argument, out);
			break;
		case USDTRAP_OPERAND_REGISTER:
			if (argument->value.kind == USDTRAP_VALUE_BYTES || argument->value.kind == USDTRAP_VALUE_FLOAT)
				strbuf_addf(out, "register %s", argument->terms[0].name);
			else
				add_terms(argument, out);
			break;
		case USDTRAP_OPERAND_MEMORY:
			add_terms(argument, out);
			if (argument->term_count > 1)
				strbuf_addf(out, " = 0x%" PRIx64, argument->addr);
			strbuf_addf(out, "; %zu byte%s", argument->byte_count, argument->byte_count == 1 ? "" : "s");
			for (size_t i = 0; i < argument->byte_count; i++)
				strbuf_addf(out, " %02x", argument->bytes[i]);
			break;
		}
		strbuf_add_string(out, "; ");
	}
	if (argument->error)
		strbuf_addf(out, "?: %s", usdtrap_error_message(argument->error));
	else
		add_value(&argument->value, out);
}

void explain_pointed_text(const struct usdtrap_step *step, struct strbuf *out)
{
	const struct usdtrap_value *value = &step->argument.value;
	char text[TEXT_SHOWN + 1] = "";
	size_t length = 0;

	if (step->argument.error || value->size != 8 ||
	    (value->kind != USDTRAP_VALUE_UNSIGNED && value->kind != USDTRAP_VALUE_SIGNED))
		return;
	while (length < TEXT_SHOWN) {
		struct usdtrap_error *error = usdtrap_step_read(step, value->integer + length, text + length, 1);

		usdtrap_error_destroy(error);
		if (error || !isprint((unsigned char)text[length]))
			break;
		length++;
	}
	if (length == 0 || (length < TEXT_SHOWN && text[length] != '\0'))
		return;
	text[length] = '\0';
	strbuf_addf(out, "\"%s\"%s", text, length == TEXT_SHOWN ? "..." : "");
}
