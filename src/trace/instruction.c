/* SPDX-License-Identifier: MIT */
/* Machine code for people, <usdtrap/instruction.h>. */
#include <inttypes.h>
#include <stdio.h>

#include <usdtrap/instruction.h>

#include "arch/flow.h"
#include "base/error.h"

static const struct arch *arch_of(const struct usdtrap_code *code)
{
	return arch_find((uint16_t)code->machine, code->address_bits);
}

struct usdtrap_error *usdtrap_instruction_read(const struct usdtrap_code *code, uint64_t address,
					       struct usdtrap_instruction *ret)
{
	const struct arch *arch = arch_of(code);
	struct insn insn;
	bool is_jump = false;
	size_t offset;

	if (!arch)
		return error_create(USDTRAP_UNSUPPORTED, "instructions of ELF machine %u are not read", code->machine);
	if (address < code->address || address - code->address >= code->size)
		return error_create(USDTRAP_INVALID_USE, "0x%" PRIx64 " is not in the code", address);
	offset = (size_t)(address - code->address);
	if (!insn_decode(arch, (const uint8_t *)code->bytes + offset, code->size - offset, address, &insn))
		return error_create(USDTRAP_NOT_FOUND, "there is no instruction at 0x%" PRIx64, address);
	if (!arch->target((const uint8_t *)code->bytes + offset, code->size - offset, address, &ret->target, &is_jump))
		ret->target = 0;
	ret->is_jump = is_jump;
	ret->address = address;
	ret->length = (unsigned)insn.length;
	snprintf(ret->text, sizeof(ret->text), "%s", insn.text);
	return NULL;
}

uint64_t usdtrap_instruction_before(const struct usdtrap_code *code, uint64_t address, unsigned count)
{
	const struct flow_code flow = {
		.arch = arch_of(code),
		.bytes = code->bytes,
		.size = code->size,
		.address = code->address,
	};

	if (!flow.arch || address < code->address || address - code->address > code->size)
		return address;
	return flow_before(&flow, address, count);
}
