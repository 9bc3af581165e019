/* SPDX-License-Identifier: MIT */
#include "arch/insn_internal.h"

#include <elf.h>
#include <stdio.h>

bool insn_open(const struct arch *arch, csh *ret)
{
	switch (arch->elf_machine) {
	case EM_X86_64:
		if (cs_open(CS_ARCH_X86, CS_MODE_64, ret) != CS_ERR_OK)
			return false;
		cs_option(*ret, CS_OPT_SYNTAX, CS_OPT_SYNTAX_ATT);
		return true;
	default:
		return false;
	}
}

static void describe(const cs_insn *decoded, struct insn *ret)
{
	ret->length = decoded->size;
	snprintf(ret->text, sizeof(ret->text), "%s%s%s", decoded->mnemonic, decoded->op_str[0] ? " " : "",
		 decoded->op_str);
}

bool insn_decode(const struct arch *arch, const uint8_t *bytes, size_t available, uint64_t address, struct insn *ret)
{
	cs_insn *decoded;
	size_t count;
	csh handle;

	if (!insn_open(arch, &handle))
		return false;
	count = cs_disasm(handle, bytes, available, address, 1, &decoded);
	if (count) {
		describe(decoded, ret);
		cs_free(decoded, count);
	}
	cs_close(&handle);
	return count != 0;
}

size_t insn_beginning(const struct arch *arch, const uint8_t *bytes, size_t size, uint64_t address, size_t offset,
		      struct insn *ret)
{
	const uint64_t start = address;
	size_t left = size, beginning = size;
	cs_insn *decoded;
	csh handle;

	if (!insn_open(arch, &handle))
		return size;
	decoded = cs_malloc(handle);
	while (decoded && cs_disasm_iter(handle, &bytes, &left, &address, decoded)) {
		if (address - start <= offset)
			continue;
		beginning = decoded->address - start;
		if (ret)
			describe(decoded, ret);
		break;
	}
	if (decoded)
		cs_free(decoded, 1);
	cs_close(&handle);
	return beginning;
}
