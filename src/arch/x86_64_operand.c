/* SPDX-License-Identifier: MIT */
/*
 * Operands of x86-64 in AT&T syntax, as compilers write them into probe notes.
 *
 *	operand    = "$" sum                            a constant
 *	           | "%" register                       what the register holds
 *	           | [ "%" segment ":" ] memory         what lies in memory
 *	memory     = [ sum ] [ "(" [ base ] [ "," [ index ] [ "," [ scale ] ] ] ")" ]
 *	sum        = sign term { sign term }            a sign is any row of + and -
 *	term       = number | symbol | "(" sum ")"
 *	symbol     = name [ "@" what ]
 *	name       = letters, digits, _ . $, bytes above 127 | '"' anything but '"' '"'
 *	number     = 12 | 014 | 0xc | 0b1100
 *
 * Examples, all found in real files: 8@%rdi, 1@%r13b, -4@112(%rsp), -4@$-1,
 * 8@(%rax,%rcx), 8f@lut(,%rdx,8), -4@40+CheckpointStats(%rip), 16@gs+8(%rip),
 * -8@%fs:tls@tpoff, 8@f@GOTPCREL(%rip), 8@$tab+12.
 *
 * A sum names one symbol at most. "SYM(%rip)" means the memory at SYM: the
 * distance to it is the linker's business, and in a note there is no
 * instruction to count from, so a number alone in front of (%rip) means
 * nothing. gcc writes a constant of more than 64 bits without the $
 * (16@0x1400000000000000000); as no address is that long, it is taken as meant.
 *
 * Not handled, each with a reason: Intel syntax, products and shifts in sums,
 * differences of symbols, @ words other than tpoff and GOTPCREL, and 16f@2.5e+0,
 * a long double as gcc prints it if <sys/sdt.h> is told to allow immediates.
 *
 * Source: gas manual, "AT&T Syntax versus Intel Syntax", "Memory References",
 * "Symbol Names"; @ words: System V ABI, AMD64 supplement, and its TLS part.
 */
#include "arch/x86_64.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "base/strbuf.h"

enum {
	MAX_NESTING = 8, /* of parentheses in a sum */
	MAX_SHOWN = 64,  /* bytes of a name in a message */
};

struct cursor {
	const char *at;
	const char *end;
	int nesting;
};

static bool is_blank(char character)
{
	return character == ' ' || character == '\t' || character == '\n';
}

static bool is_digit(char character)
{
	return character >= '0' && character <= '9';
}

static bool is_name_start(char character)
{
	return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') || character == '_' ||
	       character == '.' || character == '$' || (unsigned char)character > 127;
}

static bool is_name_part(char character)
{
	return is_name_start(character) || is_digit(character);
}

static int shown(size_t length)
{
	return length < MAX_SHOWN ? (int)length : MAX_SHOWN;
}

/* The parenthesis that closes before the next argument's @ comes, or NULL. */
static const char *find_closing(const char *at, const char *end)
{
	for (; at < end && *at != '@'; at++) {
		if (*at == ')')
			return at;
	}
	return NULL;
}

/* A blank ends an operand, unless it stands between quotes or in parentheses, and these are closed. */
size_t x86_64_operand_length(const char *text, size_t length)
{
	const char *end = text + length;
	const char *closing = NULL; /* blanks up to here are inside */
	const char *at = text;
	int depth = 0;

	for (; at < end; at++) {
		if (*at == '"') {
			const char *quote = memchr(at + 1, '"', (size_t)(end - at) - 1);

			if (quote)
				at = quote;
		} else if (*at == '(') {
			depth++;
		} else if (*at == ')' && depth) {
			depth--;
		} else if (is_blank(*at)) {
			if (depth && (!closing || closing < at))
				closing = find_closing(at, end);
			if (!depth || !closing)
				break;
		}
	}
	return (size_t)(at - text);
}

static void skip_blanks(struct cursor *cursor)
{
	while (cursor->at < cursor->end && is_blank(*cursor->at))
		cursor->at++;
}

/* The next character that is not blank, unread; NUL at the end. */
static char peek(struct cursor *cursor)
{
	skip_blanks(cursor);
	return cursor->at < cursor->end ? *cursor->at : '\0';
}

static bool accept(struct cursor *cursor, char character)
{
	if (peek(cursor) != character)
		return false;
	cursor->at++;
	return true;
}

static struct usdtrap_error *unexpected(struct cursor *cursor)
{
	char next = peek(cursor);

	if (!next)
		return error_create(USDTRAP_BAD_ARGSPEC, "the operand ends too early");
	return error_create(USDTRAP_BAD_ARGSPEC, "`%c' is not expected here", next);
}

/* A register's or symbol's name without quotes. */
static void scan_word(struct cursor *cursor, const char **ret_word, size_t *ret_length)
{
	*ret_word = cursor->at;
	while (cursor->at < cursor->end && is_name_part(*cursor->at))
		cursor->at++;
	*ret_length = (size_t)(cursor->at - *ret_word);
}

static int digit_value(char character)
{
	if (is_digit(character))
		return character - '0';
	if (character >= 'a' && character <= 'f')
		return character - 'a' + 10;
	if (character >= 'A' && character <= 'F')
		return character - 'A' + 10;
	return 16;
}

static struct usdtrap_error *parse_number(struct cursor *cursor, __int128 *ret)
{
	unsigned __int128 value = 0;
	unsigned base = 10;
	const char *start;

	if (*cursor->at == '0' && cursor->end - cursor->at > 1) {
		char mark = cursor->at[1];

		if (mark == 'x' || mark == 'X')
			base = 16;
		else if (mark == 'b' || mark == 'B')
			base = 2;
		else if (is_digit(mark))
			base = 8;
		cursor->at += base == 16 || base == 2 ? 2 : 0;
	}
	start = cursor->at;
	while (cursor->at < cursor->end && (unsigned)digit_value(*cursor->at) < base) {
		if (__builtin_mul_overflow(value, base, &value) ||
		    __builtin_add_overflow(value, (unsigned)digit_value(*cursor->at), &value))
			return error_create(USDTRAP_BAD_ARGSPEC, "a number has more than 128 bits");
		cursor->at++;
	}
	if (cursor->at < cursor->end && *cursor->at == '.')
		return error_create(USDTRAP_BAD_ARGSPEC, "numbers with a fraction are not understood");
	if (cursor->at == start || (cursor->at < cursor->end && is_name_part(*cursor->at)))
		return error_create(USDTRAP_BAD_ARGSPEC, "a number is misspelt");
	*ret = (__int128)value; /* from 2^127 up: two's complement, as gcc prints a negative __int128 */
	return NULL;
}

/* What stands behind a symbol's @. */
static struct usdtrap_error *parse_symbol_use(struct cursor *cursor, struct arch_operand *operand)
{
	const char *word;
	size_t length;

	operand->symbol_use = ARCH_SYMBOL_ADDRESS;
	if (!accept(cursor, '@'))
		return NULL;
	scan_word(cursor, &word, &length);
	if (length == strlen("tpoff") && !strncasecmp(word, "tpoff", length))
		operand->symbol_use = ARCH_SYMBOL_THREAD_OFFSET;
	else if (length == strlen("GOTPCREL") && !strncasecmp(word, "GOTPCREL", length))
		operand->symbol_use = ARCH_SYMBOL_SLOT;
	else
		return error_create(USDTRAP_BAD_ARGSPEC, "what `%.*s@%.*s' means is known to the linker alone",
				    shown(operand->symbol_length), operand->symbol, shown(length), word);
	return NULL;
}

static struct usdtrap_error *parse_symbol(struct cursor *cursor, bool is_negative, struct arch_operand *operand)
{
	const char *name;
	size_t length;

	if (accept(cursor, '"')) {
		const char *closing = memchr(cursor->at, '"', (size_t)(cursor->end - cursor->at));

		if (!closing)
			return error_create(USDTRAP_BAD_ARGSPEC, "a quote is not closed");
		name = cursor->at;
		length = (size_t)(closing - name);
		cursor->at = closing + 1;
	} else {
		scan_word(cursor, &name, &length);
	}
	if (!length)
		return error_create(USDTRAP_BAD_ARGSPEC, "a symbol has no name");
	if (operand->symbol || is_negative)
		return error_create(USDTRAP_BAD_ARGSPEC, "a sum of several symbols, or one that is subtracted, "
							 "is known to the linker alone");
	operand->symbol = name;
	operand->symbol_length = length;
	return parse_symbol_use(cursor, operand);
}

static struct usdtrap_error *parse_sum(struct cursor *cursor, bool is_negative, struct arch_operand *operand,
				       __int128 *sum);

static struct usdtrap_error *parse_term(struct cursor *cursor, bool is_negative, struct arch_operand *operand,
					__int128 *sum)
{
	struct usdtrap_error *error;
	char next = peek(cursor);
	__int128 number;

	if (is_digit(next)) {
		error = parse_number(cursor, &number);
		if (error)
			return error;
		if (is_negative ? __builtin_sub_overflow(*sum, number, sum) : __builtin_add_overflow(*sum, number, sum))
			return error_create(USDTRAP_BAD_ARGSPEC, "a sum has more than 128 bits");
		return NULL;
	}
	if (next == '"' || is_name_start(next))
		return parse_symbol(cursor, is_negative, operand);
	if (next != '(')
		return unexpected(cursor);
	cursor->at++;
	if (++cursor->nesting > MAX_NESTING)
		return error_create(USDTRAP_BAD_ARGSPEC, "parentheses are nested too deeply");
	error = parse_sum(cursor, is_negative, operand, sum);
	if (error)
		return error;
	cursor->nesting--;
	return accept(cursor, ')') ? NULL : unexpected(cursor);
}

/* Adds to *SUM, and to OPERAND if a symbol is among the terms. */
static struct usdtrap_error *parse_sum(struct cursor *cursor, bool is_negative, struct arch_operand *operand,
				       __int128 *sum)
{
	for (;;) {
		bool term_is_negative = is_negative;
		struct usdtrap_error *error;
		char next;

		while ((next = peek(cursor)) == '+' || next == '-') {
			term_is_negative ^= next == '-';
			cursor->at++;
		}
		error = parse_term(cursor, term_is_negative, operand, sum);
		if (error)
			return error;
		next = peek(cursor);
		if (next != '+' && next != '-')
			return NULL;
	}
}

/* A register's name behind its %. */
static struct usdtrap_error *parse_register(struct cursor *cursor, struct arch_register *ret)
{
	const char *name;
	size_t length;

	scan_word(cursor, &name, &length);
	if (!x86_64_register_by_name(name, length, ret))
		return error_create(USDTRAP_BAD_ARGSPEC, "x86-64 has no register %%%.*s", shown(length), name);
	return NULL;
}

/* A base or index, if there is one. */
static struct usdtrap_error *parse_address_register(struct cursor *cursor, bool *ret_has, struct arch_register *ret)
{
	struct usdtrap_error *error;

	if (!accept(cursor, '%'))
		return NULL;
	error = parse_register(cursor, ret);
	if (error)
		return error;
	if (ret->is_vector || ret->size < 4)
		return error_create(USDTRAP_BAD_ARGSPEC, "%%%s cannot be part of an address",
				    x86_64_register_name(ret));
	*ret_has = true;
	return NULL;
}

static struct usdtrap_error *parse_scale(struct cursor *cursor, struct arch_operand *operand)
{
	struct usdtrap_error *error;
	__int128 scale = 1;

	if (is_digit(peek(cursor))) {
		error = parse_number(cursor, &scale);
		if (error)
			return error;
	}
	if (scale != 1 && scale != 2 && scale != 4 && scale != 8)
		return error_create(USDTRAP_BAD_ARGSPEC, "a scale is 1, 2, 4 or 8");
	operand->scale = operand->has_index ? (uint8_t)scale : 0;
	return NULL;
}

/* What stands between the parentheses of an address, and the closing one. */
static struct usdtrap_error *parse_address_registers(struct cursor *cursor, struct arch_operand *operand)
{
	struct usdtrap_error *error = parse_address_register(cursor, &operand->has_base, &operand->base);

	if (error)
		return error;
	if (accept(cursor, ',')) {
		error = parse_address_register(cursor, &operand->has_index, &operand->index);
		if (error)
			return error;
		operand->scale = operand->has_index;
		if (accept(cursor, ',')) {
			error = parse_scale(cursor, operand);
			if (error)
				return error;
		}
	}
	if (!accept(cursor, ')'))
		return unexpected(cursor);
	if (!operand->has_base && !operand->has_index)
		return error_create(USDTRAP_BAD_ARGSPEC, "there is no register between the parentheses");
	if (operand->has_base && operand->has_index && operand->base.size != operand->index.size)
		return error_create(USDTRAP_BAD_ARGSPEC, "%%%s and %%%s differ in width",
				    x86_64_register_name(&operand->base), x86_64_register_name(&operand->index));
	operand->address_size = operand->has_base ? operand->base.size : operand->index.size;
	return NULL;
}

/* (%rip) is no base: it says that the symbol in front is meant. */
static struct usdtrap_error *settle_pc(struct arch_operand *operand)
{
	if (operand->has_index && operand->index.is_pc)
		return error_create(USDTRAP_BAD_ARGSPEC, "the program counter cannot be an index");
	if (!operand->has_base || !operand->base.is_pc)
		return NULL;
	if (operand->has_index)
		return error_create(USDTRAP_BAD_ARGSPEC, "the program counter cannot have an index");
	if (!operand->symbol)
		return error_create(USDTRAP_BAD_ARGSPEC,
				    "no symbol is named, and there is no instruction to count from");
	operand->is_pc_relative = true;
	operand->has_base = false;
	operand->base = (struct arch_register){0};
	return NULL;
}

/* True if the parenthesis that comes next holds registers and not a sum. */
static bool registers_come_next(const struct cursor *cursor)
{
	struct cursor ahead = *cursor;
	char next;

	if (!accept(&ahead, '('))
		return false;
	next = peek(&ahead);
	return next == '%' || next == ',' || next == ')';
}

/* Keeps SUM in OPERAND, if an operand of its kind can have it. */
static struct usdtrap_error *settle_sum(struct arch_operand *operand, __int128 sum)
{
	bool is_wide = sum < INT64_MIN || sum > (__int128)UINT64_MAX;

	if (operand->kind == ARCH_OPERAND_MEMORY && is_wide) {
		if (operand->symbol || operand->has_base || operand->has_index || operand->has_segment)
			return error_create(USDTRAP_BAD_ARGSPEC, "an address has more than 64 bits");
		operand->kind = ARCH_OPERAND_CONSTANT; /* gcc writes wide ones without the $ */
		operand->address_size = 0;
	} else if (operand->symbol && is_wide) {
		return error_create(USDTRAP_BAD_ARGSPEC, "an address has more than 64 bits");
	}
	operand->displacement = (int64_t)sum;
	if (operand->kind == ARCH_OPERAND_CONSTANT && !operand->symbol)
		operand->constant_high = (uint64_t)((unsigned __int128)sum >> 64);
	return NULL;
}

static struct usdtrap_error *parse_memory(struct cursor *cursor, struct arch_operand *operand)
{
	struct usdtrap_error *error;
	__int128 sum = 0;

	operand->kind = ARCH_OPERAND_MEMORY;
	operand->address_size = arch_x86_64.address_size;
	if (!registers_come_next(cursor)) {
		error = parse_sum(cursor, false, operand, &sum);
		if (error)
			return error;
	}
	if (accept(cursor, '(')) {
		error = parse_address_registers(cursor, operand);
		if (error)
			return error;
	}
	error = settle_pc(operand);
	return error ? error : settle_sum(operand, sum);
}

static struct usdtrap_error *parse_constant(struct cursor *cursor, struct arch_operand *operand)
{
	struct usdtrap_error *error;
	__int128 sum = 0;

	operand->kind = ARCH_OPERAND_CONSTANT;
	error = parse_sum(cursor, false, operand, &sum);
	if (error)
		return error;
	if (operand->symbol_use == ARCH_SYMBOL_SLOT)
		return error_create(USDTRAP_BAD_ARGSPEC, "a distance from the program counter is no constant");
	return settle_sum(operand, sum);
}

/* A register, or the segment of a memory operand: %fs:8. */
static struct usdtrap_error *parse_register_or_segment(struct cursor *cursor, struct arch_operand *operand)
{
	struct cursor ahead = *cursor;
	const char *name;
	size_t length;

	scan_word(&ahead, &name, &length);
	if (accept(&ahead, ':')) {
		if (!x86_64_segment_by_name(name, length, &operand->has_segment, &operand->segment))
			return error_create(USDTRAP_BAD_ARGSPEC, "x86-64 has no segment %%%.*s", shown(length), name);
		*cursor = ahead;
		return parse_memory(cursor, operand);
	}
	operand->kind = ARCH_OPERAND_REGISTER;
	operand->has_base = true;
	return parse_register(cursor, &operand->base);
}

struct usdtrap_error *x86_64_operand_parse(const char *text, size_t length, struct arch_operand *ret)
{
	struct cursor cursor = {.at = text, .end = text + length};
	struct arch_operand operand = {0};
	struct usdtrap_error *error;

	if (accept(&cursor, '$'))
		error = parse_constant(&cursor, &operand);
	else if (accept(&cursor, '%'))
		error = parse_register_or_segment(&cursor, &operand);
	else
		error = parse_memory(&cursor, &operand);
	if (!error && peek(&cursor))
		error = unexpected(&cursor);
	if (!error)
		*ret = operand;
	return error;
}

static bool needs_quotes(const struct arch_operand *operand)
{
	for (size_t i = 0; i < operand->symbol_length; i++) {
		if (!is_name_part(operand->symbol[i]))
			return true;
	}
	return !is_name_start(operand->symbol[0]) || operand->symbol[0] == '$';
}

static void format_symbol(const struct arch_operand *operand, struct strbuf *out)
{
	bool is_quoted = needs_quotes(operand);

	if (is_quoted)
		strbuf_add_char(out, '"');
	strbuf_add(out, operand->symbol, operand->symbol_length);
	if (is_quoted)
		strbuf_add_char(out, '"');
	switch (operand->symbol_use) {
	case ARCH_SYMBOL_NONE:
	case ARCH_SYMBOL_ADDRESS:
		break;
	case ARCH_SYMBOL_THREAD_OFFSET:
		strbuf_add_string(out, "@tpoff");
		break;
	case ARCH_SYMBOL_SLOT:
		strbuf_add_string(out, "@GOTPCREL");
		break;
	}
}

static void format_sum(const struct arch_operand *operand, struct strbuf *out)
{
	if (operand->symbol) {
		format_symbol(operand, out);
		if (operand->displacement)
			strbuf_addf(out, "%+" PRId64, operand->displacement);
	} else {
		strbuf_addf(out, "%" PRId64, operand->displacement);
	}
}

static void format_constant(const struct arch_operand *operand, struct strbuf *out)
{
	uint64_t sign = operand->displacement < 0 ? UINT64_MAX : 0;

	strbuf_add_char(out, '$');
	if (operand->symbol || operand->constant_high == sign)
		format_sum(operand, out);
	else if (!operand->constant_high)
		strbuf_addf(out, "%" PRIu64, (uint64_t)operand->displacement);
	else
		strbuf_addf(out, "0x%" PRIx64 "%016" PRIx64, operand->constant_high, (uint64_t)operand->displacement);
}

static void format_memory(const struct arch_operand *operand, struct strbuf *out)
{
	if (operand->has_segment)
		strbuf_addf(out, "%%%s:", x86_64_register_name(&operand->segment));
	if (operand->symbol || operand->displacement || (!operand->has_base && !operand->has_index))
		format_sum(operand, out);
	if (operand->is_pc_relative)
		strbuf_add_string(out, operand->address_size == 4 ? "(%eip)" : "(%rip)");
	if (!operand->has_base && !operand->has_index)
		return;
	strbuf_add_char(out, '(');
	if (operand->has_base)
		strbuf_addf(out, "%%%s", x86_64_register_name(&operand->base));
	if (operand->has_index)
		strbuf_addf(out, ",%%%s,%u", x86_64_register_name(&operand->index), operand->scale);
	strbuf_add_char(out, ')');
}

void x86_64_operand_format(const struct arch_operand *operand, struct strbuf *out)
{
	switch (operand->kind) {
	case ARCH_OPERAND_CONSTANT:
		format_constant(operand, out);
		break;
	case ARCH_OPERAND_REGISTER:
		strbuf_addf(out, "%%%s", x86_64_register_name(&operand->base));
		break;
	case ARCH_OPERAND_MEMORY:
		format_memory(operand, out);
		break;
	}
}
