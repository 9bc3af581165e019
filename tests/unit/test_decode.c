/* SPDX-License-Identifier: MIT */
/* The lengths of instructions, compared with capstone's over the functions of whole libraries. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <capstone/capstone.h>
#include <cmocka.h>

#include "arch/x86_64.h"
#include "elf/function.h"
#include "elf/object.h"
#include "support/installed.h"

static void print_bytes(const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		print_error("%02x ", bytes[i]);
	print_error("\n");
}

struct sweep {
	csh capstone;
	unsigned long count, refused, unknown;
};

/* Walks through all functions of a library; where capstone knows an instruction, the decoder must agree. */
static void sweep_function(struct sweep *sweep, const uint8_t *bytes, size_t size, uint64_t vaddr)
{
	cs_insn *insn = cs_malloc(sweep->capstone);

	while (size > 0 && cs_disasm_iter(sweep->capstone, &bytes, &size, &vaddr, insn)) {
		struct usdtrap_error *error;
		struct x86_64_insn decoded;
		struct arch_copy copy;

		sweep->count++;
		if (!x86_64_decode(insn->bytes, insn->size, &decoded) || decoded.length != insn->size) {
			print_bytes(insn->bytes, insn->size);
			fail_msg("%s %s: %u, not %u", insn->mnemonic, insn->op_str, decoded.length, insn->size);
		}
		error = arch_x86_64.displace(insn->bytes, insn->size, insn->address, insn->address + 0x100000, &copy);
		if (!error) {
			assert_true(copy.size <= ARCH_COPY_SIZE);
			continue;
		}
		usdtrap_error_destroy(error);
		sweep->refused++;
		if (insn->id != X86_INS_SYSCALL && insn->id != X86_INS_UD2 && insn->id != X86_INS_INT3 &&
		    insn->id != X86_INS_INT && insn->id != X86_INS_XBEGIN && insn->id != X86_INS_IRETQ &&
		    insn->id != X86_INS_RETF)
			fail_msg("%s %s: refused", insn->mnemonic, insn->op_str);
	}
	sweep->unknown += size > 0;
	cs_free(insn, 1);
}

static void sweep_library(const char *path, void *user)
{
	struct sweep *sweep = user;
	struct elf_functions *functions;
	struct elf_object *object;

	assert_null(elf_object_open(path, &object));
	assert_null(elf_functions_load(object, NULL, &functions));
	for (size_t i = 0; i < functions->count; i++) {
		const struct elf_function *function = functions->by_address[i];
		uint8_t *bytes;

		if (function->size == 0 || (i > 0 && functions->by_address[i - 1]->vaddr == function->vaddr))
			continue;
		bytes = malloc(function->size);
		assert_non_null(bytes);
		assert_null(elf_object_read(object, function->vaddr, bytes, function->size));
		sweep_function(sweep, bytes, function->size, function->vaddr);
		free(bytes);
	}
	elf_functions_destroy(functions);
	elf_object_destroy(object);
}

static void test_decode_agrees_with_capstone_on_whole_libraries(void **state)
{
	struct sweep sweep = {0};

	(void)state;
	assert_int_equal(cs_open(CS_ARCH_X86, CS_MODE_64, &sweep.capstone), CS_ERR_OK);
	installed_each_library(sweep_library, &sweep);
	cs_close(&sweep.capstone);
	print_message("%lu instructions, %lu of them refused; capstone gave up in %lu functions\n", sweep.count,
		      sweep.refused, sweep.unknown);
	assert_true(sweep.count > 10000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decode_agrees_with_capstone_on_whole_libraries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
