/* SPDX-License-Identifier: MIT */
/*
 * Argument text to specs.
 *
 *	arguments = { blanks argument } blanks
 *	argument  = [ [ "-" ] size [ mark ] "@" ] operand
 *	size      = digits, bytes
 *	mark      = "f"
 *
 * A note says "-4@%eax 8@8(%rdi)": the minus marks a signed value, f one that
 * is IEEE 754 bits. The first two versions of <sys/sdt.h> wrote operands alone,
 * with values widened to an address's size. The architecture tells where an
 * operand ends, as some have blanks inside, and what it means; here the two are
 * brought together: can an operand of this kind hold a value of this size, and
 * what is its symbol's address?
 *
 * Whatever is wrong with an argument becomes its reason, with the argument in
 * front, and the next one is read as if nothing had happened.
 *
 * Sources: https://sourceware.org/systemtap/wiki/UserSpaceProbeImplementation,
 * and the comments of <sys/sdt.h>.
 */
#include "argspec/argspec.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"

enum {
	MAX_SIZE = 1 << 24, /* bytes; larger than any size that <sys/sdt.h> can pack into an int */
	MAX_SHOWN = 64,     /* bytes of an argument in a message */
	REGISTER_SIZE = 8,  /* bytes of the widest integer that a value holds */
};

static bool is_blank(char character)
{
	return character == ' ' || character == '\t' || character == '\n';
}

static bool is_digit(char character)
{
	return character >= '0' && character <= '9';
}

static bool is_letter(char character)
{
	return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z');
}

static int shown(size_t length)
{
	return length < MAX_SHOWN ? (int)length : MAX_SHOWN;
}

/* The length of the "-4@" or "8f@" that TEXT begins with; 0 if it begins with something else. */
static size_t size_length(const char *text)
{
	const char *at = text;

	if (*at == '-')
		at++;
	if (!is_digit(*at))
		return 0;
	while (is_digit(*at))
		at++;
	while (is_letter(*at))
		at++;
	return *at == '@' ? (size_t)(at - text) + 1 : 0;
}

/* Reads what size_length() has found. */
static struct usdtrap_error *parse_size(const char *text, size_t length, struct argspec *spec)
{
	const char *at = text;
	const char *end = text + length - 1;
	unsigned size = 0;

	spec->has_size = true;
	if (*at == '-') {
		spec->is_signed = true;
		at++;
	}
	for (; is_digit(*at); at++) {
		size = size * 10 + (unsigned)(*at - '0');
		if (size > MAX_SIZE)
			return error_create(USDTRAP_BAD_ARGSPEC, "the size is beyond belief");
	}
	if (!size)
		return error_create(USDTRAP_BAD_ARGSPEC, "the size is 0");
	if (end - at == 1 && *at == 'f')
		spec->is_float = true;
	else if (at != end)
		return error_create(USDTRAP_BAD_ARGSPEC, "the mark `%.*s' behind the size is unknown",
				    shown((size_t)(end - at)), at);
	spec->size = size;
	return NULL;
}

/* Numbers that are read from bits: half, single and double precision. Any other float is an object of bytes. */
static bool is_float_size(unsigned size)
{
	return size == 2 || size == 4 || size == 8;
}

/* Can the register hold so many bytes? */
static struct usdtrap_error *check_register(const struct arch *arch, const struct argspec *spec)
{
	const struct arch_register *base = &spec->operand.base;
	struct arch_register upper;

	if (spec->is_float && spec->size <= REGISTER_SIZE && !is_float_size(spec->size))
		return error_create(USDTRAP_BAD_ARGSPEC, "a float of %u bytes is not known", spec->size);
	if (spec->size <= base->size)
		return NULL;
	if (!base->is_vector) {
		/* A part that is narrower than its integer is extended; a float has no such thing. */
		if (!spec->is_float && spec->size <= REGISTER_SIZE)
			return NULL;
		if (spec->size == 2u * base->size && arch->register_pair(base, &upper))
			return NULL;
	}
	return error_create(USDTRAP_BAD_ARGSPEC, "%u bytes do not fit into register %s", spec->size,
			    arch->register_name(base));
}

static struct usdtrap_error *check_constant(const struct argspec *spec)
{
	const struct arch_operand *operand = &spec->operand;
	uint64_t sign = operand->displacement < 0 ? UINT64_MAX : 0;

	if (spec->size == 2 * REGISTER_SIZE)
		return NULL;
	if (spec->size > REGISTER_SIZE)
		return error_create(USDTRAP_BAD_ARGSPEC, "a constant of %u bytes is not known", spec->size);
	if (spec->is_float && !is_float_size(spec->size))
		return error_create(USDTRAP_BAD_ARGSPEC, "a float of %u bytes is not known", spec->size);
	if (operand->constant_high && operand->constant_high != sign)
		return error_create(USDTRAP_BAD_ARGSPEC, "the constant does not fit into %u bytes", spec->size);
	return NULL;
}

static struct usdtrap_error *check_size(const struct arch *arch, const struct argspec *spec)
{
	switch (spec->operand.kind) {
	case ARCH_OPERAND_CONSTANT:
		return check_constant(spec);
	case ARCH_OPERAND_REGISTER:
		return check_register(arch, spec);
	case ARCH_OPERAND_MEMORY:
		return NULL;
	}
	assert(!"a kind of operand");
}

/* A slot that does not exist was to hold an address that is known: then the operand is that address. */
static struct usdtrap_error *do_without_slot(struct argspec *spec)
{
	const struct arch_operand *operand = &spec->operand;

	if (operand->kind != ARCH_OPERAND_MEMORY || !operand->is_pc_relative || operand->displacement ||
	    spec->size > REGISTER_SIZE)
		return error_create(USDTRAP_BAD_ARGSPEC, "%.*s has no slot in the global offset table",
				    shown(operand->symbol_length), operand->symbol);
	spec->operand = (struct arch_operand){
		.kind = ARCH_OPERAND_CONSTANT,
		.symbol_use = ARCH_SYMBOL_ADDRESS,
		.symbol = operand->symbol,
		.symbol_length = operand->symbol_length,
	};
	return check_constant(spec);
}

static struct usdtrap_error *resolve(const struct argspec_symbols *symbols, struct argspec *spec)
{
	const struct arch_operand *operand = &spec->operand;
	struct usdtrap_error *error = NULL;
	bool has_slot = true;
	int64_t offset = 0;
	uint64_t vaddr = 0;

	switch (operand->symbol_use) {
	case ARCH_SYMBOL_NONE:
		return NULL;
	case ARCH_SYMBOL_ADDRESS:
		if (!symbols->address)
			return error_create(USDTRAP_BAD_ARGSPEC, "symbols are not known");
		error = symbols->address(operand->symbol, operand->symbol_length, &vaddr, symbols->user);
		break;
	case ARCH_SYMBOL_THREAD_OFFSET:
		if (!symbols->thread_offset)
			return error_create(USDTRAP_BAD_ARGSPEC, "the places of thread-local symbols are not known");
		error = symbols->thread_offset(operand->symbol, operand->symbol_length, &offset, symbols->user);
		vaddr = (uint64_t)offset;
		break;
	case ARCH_SYMBOL_SLOT:
		if (!symbols->slot)
			return error_create(USDTRAP_BAD_ARGSPEC, "the global offset table is not known");
		error = symbols->slot(operand->symbol, operand->symbol_length, &vaddr, &has_slot, symbols->user);
		if (!error && !has_slot)
			error = do_without_slot(spec);
		break;
	}
	if (error)
		return error;
	spec->symbol_value = vaddr;
	spec->is_resolved = true;
	return NULL;
}

/* Reads the argument that SPEC's text is; the first SIZE_LENGTH bytes of it are its size. */
static struct usdtrap_error *parse_argument(const struct arch *arch, const struct argspec_symbols *symbols,
					    size_t size_length_, struct argspec *spec)
{
	struct usdtrap_error *error;

	spec->size = arch->address_size;
	if (size_length_) {
		error = parse_size(spec->text, size_length_, spec);
		if (error)
			return error;
	}
	if (size_length_ == spec->text_length)
		return error_create(USDTRAP_BAD_ARGSPEC, "there is no operand behind the @");
	error = arch->operand_parse(spec->text + size_length_, spec->text_length - size_length_, &spec->operand);
	if (error)
		return error;
	error = check_size(arch, spec);
	if (!error && symbols)
		error = resolve(symbols, spec);
	return error;
}

/* Keeps what ERROR says, made fit for a terminal, as SPEC's reason. Takes ERROR over. */
static struct usdtrap_error *keep_reason(struct argspec *spec, struct usdtrap_error *error)
{
	if (error != &error_no_memory)
		error = error_prefix(error, "%.*s", shown(spec->text_length), spec->text);
	if (error != &error_no_memory)
		spec->reason = strdup(usdtrap_error_message(error));
	usdtrap_error_destroy(error);
	if (!spec->reason)
		return &error_no_memory;
	for (char *at = spec->reason; *at; at++) {
		if ((unsigned char)*at < ' ' || *at == 127)
			*at = '?';
	}
	return NULL;
}

static const char *skip_blanks(const char *text)
{
	while (is_blank(*text))
		text++;
	return text;
}

/* The argument that TEXT, which is no blank, begins with: how long it is, and how much of that its size is. */
static size_t argument_length(const struct arch *arch, const char *text, const char *end, size_t *ret_size_length)
{
	size_t size = size_length(text);
	size_t operand = arch->operand_length(text + size, (size_t)(end - text) - size);

	assert(size + operand > 0);
	*ret_size_length = size;
	return size + operand;
}

static size_t count_arguments(const struct arch *arch, const char *text, const char *end)
{
	size_t count = 0, size;

	for (text = skip_blanks(text); text < end; text = skip_blanks(text)) {
		text += argument_length(arch, text, end, &size);
		count++;
	}
	return count;
}

struct usdtrap_error *argspec_parse(const struct arch *arch, const char *text, const struct argspec_symbols *symbols,
				    struct argspec_list *ret)
{
	const char *end = text + strlen(text);
	struct argspec_list list = {.count = count_arguments(arch, text, end)};

	list.items = calloc(list.count ? list.count : 1, sizeof(*list.items));
	if (!list.items)
		return &error_no_memory;
	for (size_t i = 0; i < list.count; i++) {
		struct argspec *spec = &list.items[i];
		struct usdtrap_error *error;
		size_t size;

		spec->text = skip_blanks(text);
		spec->text_length = argument_length(arch, spec->text, end, &size);
		text = spec->text + spec->text_length;
		error = parse_argument(arch, symbols, size, spec);
		if (error)
			error = keep_reason(spec, error);
		if (error) {
			argspec_list_deinit(&list);
			return error;
		}
	}
	*ret = list;
	return NULL;
}

void argspec_list_deinit(struct argspec_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i].reason);
	free(list->items);
	*list = (struct argspec_list){0};
}
