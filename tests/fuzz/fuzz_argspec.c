/* SPDX-License-Identifier: MIT */
/* Any bytes as a note's arguments: parsed, printed, parsed again to the same, evaluated on a thread of nothing but
 * ones. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "argspec/argspec.h"
#include "base/error.h"
#include "base/strbuf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct usdtrap_error *find_address(const char *name, size_t length, uint64_t *ret_vaddr, void *user)
{
	(void)user;
	if (length && name[0] == '.')
		return error_create(USDTRAP_NOT_FOUND, "no symbol %.*s", (int)length, name);
	*ret_vaddr = UINT64_MAX;
	return NULL;
}

static struct usdtrap_error *find_thread_offset(const char *name, size_t length, int64_t *ret_offset, void *user)
{
	(void)name, (void)length, (void)user;
	*ret_offset = INT64_MIN;
	return NULL;
}

static struct usdtrap_error *find_slot(const char *name, size_t length, uint64_t *ret_vaddr, bool *ret_has_slot,
				       void *user)
{
	*ret_has_slot = length % 2;
	return find_address(name, length, ret_vaddr, user);
}

static struct usdtrap_error *read_memory(uint64_t address, void *buffer, size_t size, void *user)
{
	(void)user;
	if (address % 2)
		return &error_fault;
	memset(buffer, 0xff, size);
	return NULL;
}

static struct usdtrap_error *read_vectors(const struct arch_vector_registers **ret, void *user)
{
	*ret = user;
	return NULL;
}

/* What is understood prints as text that is understood, and prints the same again. */
static void check_text(const struct argspec *spec)
{
	_cleanup_strbuf_ struct strbuf text = {0}, again = {0};
	struct argspec_list list;

	argspec_format(&arch_x86_64, spec, &text);
	if (argspec_parse(&arch_x86_64, strbuf_text(&text), NULL, &list))
		return;
	assert(list.count == 1 && !list.items[0].reason);
	argspec_format(&arch_x86_64, &list.items[0], &again);
	assert(!strcmp(strbuf_text(&text), strbuf_text(&again)));
	assert(list.items[0].size == spec->size && list.items[0].operand.displacement == spec->operand.displacement);
	argspec_list_deinit(&list);
}

static void check_value(const struct argspec *spec)
{
	static struct arch_registers registers;
	static struct arch_vector_registers vectors;
	const struct argspec_context context = {
		.arch = &arch_x86_64,
		.registers = &registers,
		.load_bias = 1,
		.read_memory = read_memory,
		.read_vectors = read_vectors,
		.user = &vectors,
	};
	struct usdtrap_value value;
	struct usdtrap_error *error;

	memset(registers.bytes, 0xff, sizeof(registers.bytes));
	memset(vectors.bytes, 0xff, sizeof(vectors.bytes));
	vectors.size = spec->size % 2 ? sizeof(vectors.bytes) : 512;
	error = argspec_eval(spec, &context, &value);
	assert(error || value.size == spec->size);
	assert(error || !spec->reason);
	usdtrap_error_destroy(error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct argspec_symbols symbols = {
		.address = find_address, .thread_offset = find_thread_offset, .slot = find_slot};
	struct argspec_list list;
	char *text = malloc(size + 1);

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	if (!argspec_parse(&arch_x86_64, text, &symbols, &list)) {
		for (size_t i = 0; i < list.count; i++) {
			assert(list.items[i].text_length);
			if (!list.items[i].reason)
				check_text(&list.items[i]);
			check_value(&list.items[i]);
		}
		argspec_list_deinit(&list);
	}
	free(text);
	return 0;
}
