/* SPDX-License-Identifier: MIT */
/* usdtrap inspect: instructions, with what they name, what a tracer has put there, and where threads go on. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <usdtrap/instruction.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "cli/inspect_internal.h"

enum {
	COUNT_DEFAULT = 16,
	COUNT_MAX = 10000,
	INSTRUCTION_MAX = 15, /* bytes of the longest one: that of x86-64 */
};

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

/*
 * The slot that the instruction at ADDRESS jumps through, where it is of the kind that linkers make for functions of
 * other files (endbr64, jmpq *SLOT(%rip)). 0: none.
 */
static uint64_t find_slot(struct inspect *inspect, uint64_t address)
{
	uint8_t bytes[2 * INSTRUCTION_MAX];
	struct usdtrap_instruction instruction;
	struct usdtrap_place place;
	struct usdtrap_code code;
	size_t size;
	struct usdtrap_error *error = usdtrap_inspect_memory(inspect->inspection, address, bytes, sizeof(bytes), &size);

	usdtrap_inspect_place(inspect->inspection, address, &place);
	code = (struct usdtrap_code){place.machine, place.address_bits, bytes, size, address};
	for (unsigned i = 0; !error && place.machine && i < 2; i++) {
		error = usdtrap_instruction_read(&code, address, &instruction);
		if (!error && instruction.target && !instruction.is_jump && strstr(instruction.text, "jmpq *"))
			return instruction.target;
		if (!error && strcmp(instruction.text, "endbr64") != 0)
			return 0;
		address += error ? 0 : instruction.length;
	}
	usdtrap_error_destroy(error);
	return 0;
}

/* Names the function that the pointer in SLOT leads to, as one that is reached by it. False: it leads to none. */
static bool print_by_slot(struct inspect *inspect, uint64_t slot)
{
	struct usdtrap_place place;
	uint64_t address;
	size_t size;
	struct usdtrap_error *error =
		usdtrap_inspect_memory(inspect->inspection, slot, &address, sizeof(address), &size);

	usdtrap_error_destroy(error);
	if (error || size != sizeof(address))
		return false;
	usdtrap_inspect_place(inspect->inspection, address, &place);
	if (!place.symbol || place.is_variable)
		return false;
	fputs("  # ", stdout);
	inspect_print_named(&place, address);
	fputs(", by a pointer", stdout);
	return true;
}

/* What the address that INSTRUCTION names is called. */
static void print_target(struct inspect *inspect, const struct usdtrap_instruction *instruction)
{
	struct usdtrap_place place;
	uint64_t slot = 0;

	if (!instruction->target)
		return;
	usdtrap_inspect_place(inspect->inspection, instruction->target, &place);
	/* Such code has no name, or that of a function before it whose end is not known. */
	if (instruction->is_jump && !place.size)
		slot = find_slot(inspect, instruction->target);
	else if (!instruction->is_jump && strchr(instruction->text, '*'))
		slot = instruction->target;
	if (slot && print_by_slot(inspect, slot))
		return;
	if (!place.path || (!*place.path && !place.symbol))
		return;
	fputs("  # ", stdout);
	inspect_print_named(&place, instruction->target);
}

static void print_instruction(struct disassembly *disassembly, const struct usdtrap_instruction *instruction)
{
	struct inspect *inspect = disassembly->inspect;
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
	if (inspect->is_json) {
		record_begin(&inspect->record);
		record_address(&inspect->record, "address", instruction->address);
		record_text(&inspect->record, "bytes", bytes);
		record_text(&inspect->record, "text", instruction->text);
		if (instruction->target)
			record_address(&inspect->record, "target", instruction->target);
		record_truth(&inspect->record, "changed", is_changed(disassembly, instruction));
		inspect_print_record(inspect);
		return;
	}
	printf("%12" PRIx64 "  %-24s %s", instruction->address, bytes, instruction->text);
	print_target(inspect, instruction);
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
		error = inspect_parse_number(words[1], COUNT_MAX, &count);
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
