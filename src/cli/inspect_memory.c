/* SPDX-License-Identifier: MIT */
/* usdtrap inspect: memory as bytes, and as instructions. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <usdtrap/instruction.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "cli/inspect_internal.h"

enum {
	LENGTH_DEFAULT = 128,
	LENGTH_MAX = 1 << 20,
	ROW_LENGTH = 16,
	COUNT_DEFAULT = 16,
	COUNT_MAX = 10000,
	INSTRUCTION_MAX = 15, /* bytes of the longest one: that of x86-64 */
};

static struct usdtrap_error *parse_number(const char *word, unsigned long most, unsigned long *ret)
{
	char *end;
	unsigned long number;

	errno = 0;
	number = strtoul(word, &end, 0);
	if (*word < '0' || *word > '9' || *end || errno || !number || number > most)
		return error_create(USDTRAP_INVALID_USE, "a number from 1 to %lu is wanted, not \"%s\"", most, word);
	*ret = number;
	return NULL;
}

/* ---- Bytes ---------------------------------------------------------------------------------------------------------
 */

static void print_row(uint64_t address, const uint8_t *bytes, size_t length)
{
	printf("%12" PRIx64 " ", address);
	for (size_t i = 0; i < ROW_LENGTH; i++) {
		if (i < length)
			printf("%s%02x", i == ROW_LENGTH / 2 ? "  " : " ", bytes[i]);
		else
			fputs(i == ROW_LENGTH / 2 ? "    " : "   ", stdout);
	}
	fputs("  |", stdout);
	for (size_t i = 0; i < length; i++)
		putchar(bytes[i] >= ' ' && bytes[i] < 127 ? bytes[i] : '.');
	puts("|");
}

static void print_row_json(uint64_t address, const uint8_t *bytes, size_t length)
{
	char digits[2 * ROW_LENGTH + 1];

	for (size_t i = 0; i < length; i++)
		snprintf(digits + 2 * i, 3, "%02x", bytes[i]);
	inspect_json_begin();
	inspect_json_address("address", address);
	inspect_json_text("bytes", digits);
	inspect_json_end();
}

struct usdtrap_error *inspect_memory(struct inspect *inspect, const char *const *words, size_t word_count)
{
	unsigned long length = LENGTH_DEFAULT;
	_cleanup_free_ uint8_t *bytes = NULL;
	uint64_t address = 0;
	size_t got;
	struct usdtrap_error *error = inspect_parse_address(inspect, words[0], &address);

	if (!error && word_count > 1)
		error = parse_number(words[1], LENGTH_MAX, &length);
	if (error)
		return error;
	bytes = malloc(length);
	if (!bytes)
		return &error_no_memory;
	error = usdtrap_inspect_memory(inspect->inspection, address, bytes, length, &got);
	if (error)
		return error_prefix(error, "0x%" PRIx64, address);
	for (size_t at = 0; at < got; at += ROW_LENGTH) {
		size_t row = got - at < ROW_LENGTH ? got - at : ROW_LENGTH;

		if (inspect->is_json)
			print_row_json(address + at, bytes + at, row);
		else
			print_row(address + at, bytes + at, row);
	}
	if (got < length && !inspect->is_json)
		printf("0x%" PRIx64 ": nothing can be read from here on\n", address + got);
	return NULL;
}

/* ---- Instructions --------------------------------------------------------------------------------------------------
 */

struct disassembly {
	struct inspect *inspect;
	uint64_t address;         /* of the instruction that is being printed, for on_thread() */
	struct usdtrap_code code; /* what the process has */
	const uint8_t *bytes;     /* of it */
	const uint8_t *original;  /* what the file has there */
	size_t original_size;
};

/* Whether the file has other bytes than the process where INSTRUCTION lies. */
static bool is_changed(const struct disassembly *disassembly, const struct usdtrap_instruction *instruction)
{
	size_t at = instruction->address - disassembly->code.address;

	return at + instruction->length <= disassembly->original_size &&
	       memcmp(disassembly->bytes + at, disassembly->original + at, instruction->length) != 0;
}

/* Marks where a thread goes on when the kernel lets it. */
static int on_thread(const struct usdtrap_thread_info *thread, void *user)
{
	const struct disassembly *disassembly = user;

	if ((thread->place == USDTRAP_THREAD_CALLS || thread->place == USDTRAP_THREAD_BLOCKS) &&
	    thread->address == disassembly->address)
		printf("    <- thread %d", (int)thread->tid);
	return 0;
}

static void print_instruction(struct disassembly *disassembly, const struct usdtrap_instruction *instruction)
{
	size_t at = instruction->address - disassembly->code.address;
	const struct usdtrap_code original = {
		.machine = disassembly->code.machine,
		.address_bits = disassembly->code.address_bits,
		.bytes = disassembly->original,
		.size = disassembly->original_size,
		.address = disassembly->code.address,
	};
	struct usdtrap_instruction was;
	char bytes[3 * INSTRUCTION_MAX + 1] = "";

	for (size_t i = 0; i < instruction->length && i < INSTRUCTION_MAX; i++)
		snprintf(bytes + strlen(bytes), 4, "%s%02x", i ? " " : "", disassembly->bytes[at + i]);
	if (disassembly->inspect->is_json) {
		inspect_json_begin();
		inspect_json_address("address", instruction->address);
		inspect_json_text("bytes", bytes);
		inspect_json_text("text", instruction->text);
		inspect_json_truth("changed", is_changed(disassembly, instruction));
		inspect_json_end();
		return;
	}
	printf("%12" PRIx64 "  %-24s %s", instruction->address, bytes, instruction->text);
	if (is_changed(disassembly, instruction)) {
		struct usdtrap_error *error = usdtrap_instruction_read(&original, instruction->address, &was);

		printf("    <- changed: the file has %s", error ? "other bytes" : was.text);
		usdtrap_error_destroy(error);
	}
	disassembly->address = instruction->address;
	usdtrap_error_destroy(usdtrap_inspect_threads(disassembly->inspect->inspection, on_thread, disassembly));
	putchar('\n');
}

/* Names the function whenever another one begins. */
static void print_function(struct inspect *inspect, uint64_t address, bool is_first)
{
	struct usdtrap_place place;

	usdtrap_inspect_place(inspect->inspection, address, &place);
	if (inspect->is_json || (!is_first && (!place.symbol || place.offset)))
		return;
	inspect_print_place(inspect, address);
	puts(":");
}

static struct usdtrap_error *print_instructions(struct disassembly *disassembly, unsigned long count)
{
	uint64_t address = disassembly->code.address;
	struct usdtrap_instruction instruction;

	for (unsigned long i = 0; i < count && address < disassembly->code.address + disassembly->code.size; i++) {
		struct usdtrap_error *error = usdtrap_instruction_read(&disassembly->code, address, &instruction);

		if (error && i == 0)
			return error;
		usdtrap_error_destroy(error);
		if (error)
			break;
		print_function(disassembly->inspect, address, i == 0);
		print_instruction(disassembly, &instruction);
		address += instruction.length;
	}
	return NULL;
}

struct usdtrap_error *inspect_disassembly(struct inspect *inspect, const char *const *words, size_t word_count)
{
	unsigned long count = COUNT_DEFAULT;
	_cleanup_free_ uint8_t *bytes = NULL;
	_cleanup_free_ uint8_t *original = NULL;
	struct disassembly disassembly = {.inspect = inspect};
	struct usdtrap_place place;
	uint64_t address = 0;
	size_t size;
	struct usdtrap_error *error = inspect_parse_address(inspect, words[0], &address);

	if (!error && word_count > 1)
		error = parse_number(words[1], COUNT_MAX, &count);
	if (error)
		return error;
	size = count * INSTRUCTION_MAX;
	bytes = malloc(size);
	original = malloc(size);
	if (!bytes || !original)
		return &error_no_memory;
	error = usdtrap_inspect_memory(inspect->inspection, address, bytes, size, &size);
	if (error)
		return error_prefix(error, "0x%" PRIx64, address);
	usdtrap_inspect_place(inspect->inspection, address, &place);
	if (!place.machine)
		return error_create(USDTRAP_UNSUPPORTED, "0x%" PRIx64 " lies in no program or library", address);
	disassembly.code = (struct usdtrap_code){place.machine, place.address_bits, bytes, size, address};
	disassembly.bytes = bytes;
	disassembly.original = original;
	disassembly.original_size = usdtrap_inspect_file_bytes(inspect->inspection, address, original, size);
	return print_instructions(&disassembly, count);
}
