/* SPDX-License-Identifier: MIT */
/*
 * A site's arguments for people and programs that list, <usdtrap/probe.h>.
 *
 * The operands of an architecture that is known are taken apart by argspec/.
 * Of any other there is still SIZE@ before each operand, which is enough to
 * tell the arguments apart: an operand may have blanks in it ("8@[sp, 16]" is
 * one argument of aarch64), so an argument goes on until the next SIZE@.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <usdtrap/probe.h>

#include "arch/arch.h"
#include "argspec/argspec.h"
#include "base/error.h"

/* What a foreign architecture's "-4@" or "8f@" at TEXT says. *RET_LENGTH is its length. False: there is none. */
static bool read_size(const char *text, struct argspec *ret, size_t *ret_length)
{
	struct argspec spec = {.has_size = true};
	const char *at = text;

	spec.is_signed = *at == '-';
	at += spec.is_signed;
	for (; *at >= '0' && *at <= '9' && spec.size < 1 << 16; at++)
		spec.size = spec.size * 10 + (unsigned)(*at - '0');
	spec.is_float = *at == 'f';
	at += spec.is_float;
	if (*at != '@' || !spec.size)
		return false;
	*ret = spec;
	*ret_length = (size_t)(at - text) + 1;
	return true;
}

static const char *skip_blanks(const char *text)
{
	return text + strspn(text, " ");
}

/* Reads the argument at TEXT, which is no blank, up to the next SIZE@. Returns what follows it. */
static const char *read_foreign(const char *text, struct argspec *ret)
{
	struct argspec spec = {0}, next;
	size_t size_length = 0;
	const char *end;

	read_size(text, &spec, &size_length);
	end = text + size_length;
	do
		end += strcspn(end, " ") + strspn(end + strcspn(end, " "), " ");
	while (*end && !read_size(end, &next, &size_length));
	spec.text = text;
	spec.text_length = (size_t)(end - text);
	while (spec.text[spec.text_length - 1] == ' ')
		spec.text_length--;
	*ret = spec;
	return end;
}

static struct usdtrap_error *parse_foreign(const struct usdtrap_probe_info *probe, const char *text,
					   struct argspec_list *ret)
{
	struct argspec_list list = {0};

	for (text = skip_blanks(text); *text;) {
		struct argspec *items = reallocarray(list.items, list.count + 1, sizeof(*items));

		if (!items) {
			argspec_list_deinit(&list);
			return &error_no_memory;
		}
		list.items = items;
		text = read_foreign(text, &items[list.count++]);
		if (asprintf(&items[list.count - 1].reason,
			     "operands of ELF machine %u with %u-bit addresses are not understood", probe->machine,
			     probe->address_bits) < 0) {
			items[list.count - 1].reason = NULL;
			argspec_list_deinit(&list);
			return &error_no_memory;
		}
	}
	*ret = list;
	return NULL;
}

/* The operand in SPEC's text: what follows the size. */
static const char *operand_of(const struct argspec *spec, size_t *ret_length)
{
	const char *at = spec->has_size ? memchr(spec->text, '@', spec->text_length) : NULL;
	const char *operand = at ? at + 1 : spec->text;

	*ret_length = spec->text_length - (size_t)(operand - spec->text);
	return operand;
}

/* Copies LENGTH bytes and a NUL to *END, moves it behind them, and returns the copy. */
static const char *append_string(char **end, const char *text, size_t length)
{
	char *copy = *end;

	memcpy(copy, text, length);
	copy[length] = '\0';
	*end += length + 1;
	return copy;
}

/* The array and all its strings in one allocation. */
static struct usdtrap_error *pack(const struct argspec_list *list, struct usdtrap_argument_info **ret)
{
	struct usdtrap_argument_info *arguments;
	size_t size = 1, length;
	char *end;

	for (size_t i = 0; i < list->count; i++)
		size += sizeof(*arguments) + list->items[i].text_length + 1 +
			(list->items[i].reason ? strlen(list->items[i].reason) + 1 : 0);
	arguments = malloc(size);
	if (!arguments)
		return &error_no_memory;
	end = (char *)(arguments + list->count);
	for (size_t i = 0; i < list->count; i++) {
		const struct argspec *spec = &list->items[i];
		const char *operand = operand_of(spec, &length);

		arguments[i] = (struct usdtrap_argument_info){
			.size = spec->has_size ? spec->size : 0,
			.is_signed = spec->is_signed,
			.is_float = spec->is_float,
			.place = append_string(&end, operand, length),
			.reason = spec->reason ? append_string(&end, spec->reason, strlen(spec->reason)) : NULL,
		};
	}
	*ret = arguments;
	return NULL;
}

struct usdtrap_error *usdtrap_arguments_describe(const struct usdtrap_probe_info *probe, size_t site,
						 struct usdtrap_argument_info **ret, size_t *ret_count)
{
	struct argspec_list list = {0};
	const struct arch *arch = arch_find((uint16_t)probe->machine, probe->address_bits);
	struct usdtrap_error *error;

	if (site >= probe->site_count)
		return error_create(USDTRAP_INVALID_USE, "%s has %zu sites, none with index %zu", probe->full_name,
				    probe->site_count, site);
	error = arch ? argspec_parse(arch, probe->sites[site].arguments, NULL, &list)
		     : parse_foreign(probe, probe->sites[site].arguments, &list);
	if (error)
		return error;
	error = pack(&list, ret);
	if (!error)
		*ret_count = list.count;
	argspec_list_deinit(&list);
	return error;
}
