/* SPDX-License-Identifier: MIT */
#include "arch/arch.h"

static const struct arch *const architectures[] = {
	&arch_x86_64,
};

const struct arch *arch_find(uint16_t elf_machine, unsigned address_bits)
{
	for (size_t i = 0; i < sizeof(architectures) / sizeof(architectures[0]); i++) {
		const struct arch *arch = architectures[i];

		if (arch->elf_machine == elf_machine && arch->address_size * 8u == address_bits)
			return arch;
	}
	return NULL;
}

/* The library itself runs here, so it is the one that its own code is for. */
const struct arch *arch_native(void)
{
#if defined(__x86_64__)
	return &arch_x86_64;
#else
#error "an architecture needs its row above and its line here"
#endif
}
