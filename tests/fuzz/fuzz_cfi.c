/* SPDX-License-Identifier: MIT */
/*
 * Fuzzes call frame information: the bytes are an ELF file; each of its
 * functions' addresses and some others are looked up, and the expressions in
 * the rows are run.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "elf/cfi.h"
#include "elf/function.h"
#include "elf/object.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool read_word(uint64_t address, uint64_t *ret, void *user)
{
	(void)user;
	*ret = address * 3;
	return address % 5;
}

static void run_rule(const struct cfi_rule *rule)
{
	const uint64_t registers[CFI_REGISTERS] = {1, 2, 3, 4};
	const struct cfi_machine machine = {.registers = registers, .read_word = read_word};
	const uint64_t initial = 0x1000;
	uint64_t result;

	if (rule->kind == CFI_AT_EXPRESSION || rule->kind == CFI_IS_EXPRESSION)
		(void)cfi_expression_run(rule->expression, rule->size, &machine, &initial, &result);
}

static void find(struct cfi_table *table, uint64_t vaddr)
{
	struct cfi_row row;

	if (!cfi_table_find(table, vaddr, &row))
		return;
	assert(row.return_register < CFI_REGISTERS);
	run_rule(&row.cfa);
	for (unsigned i = 0; i < CFI_REGISTERS; i++)
		run_rule(&row.registers[i]);
}

static void touch_functions(const struct elf_object *object, struct cfi_table *table)
{
	struct elf_functions *functions;
	struct usdtrap_error *error = elf_functions_load(object, NULL, &functions);

	if (error) {
		usdtrap_error_destroy(error);
		return;
	}
	for (size_t i = 0; i < functions->count; i++) {
		const struct elf_function *function = functions->by_address[i];

		assert(*function->name);
		if (function->size)
			assert(elf_functions_at(functions, function->vaddr));
		assert(elf_functions_find(functions, function->name));
		if (table) {
			find(table, function->vaddr);
			find(table, function->vaddr + function->size / 2);
		}
	}
	elf_functions_destroy(functions);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct elf_object *object;
	struct cfi_table *table = NULL;
	struct usdtrap_error *error = elf_object_open_memory(data, size, "file", &object);

	if (error) {
		usdtrap_error_destroy(error);
		return 0;
	}
	error = cfi_table_open(object, &table);
	usdtrap_error_destroy(error);
	if (table)
		for (uint64_t vaddr = 0; vaddr < 0x4000; vaddr += 7)
			find(table, vaddr);
	touch_functions(object, table);
	cfi_table_destroy(table);
	elf_object_destroy(object);
	return 0;
}
