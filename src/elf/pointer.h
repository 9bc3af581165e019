/* SPDX-License-Identifier: MIT */
/* Addresses as .eh_frame and .eh_frame_hdr encode them. Linux Standard Base, "DWARF Exception Header Encoding". */
#ifndef USDTRAP_ELF_POINTER_H
#define USDTRAP_ELF_POINTER_H

#include "base/cursor.h"

enum {
	POINTER_FORMAT = 0x0f,  /* the bits of an encoding that tell how it is written */
	POINTER_OMITTED = 0xff, /* there is none */
};

/* What an address may be told relative to. */
struct pointer_base {
	uint64_t vaddr;      /* of the cursor's first byte */
	uint64_t data_vaddr; /* of the section that datarel means */
};

/* Reads an address; one that is OMITTED takes no bytes and is 0. Of an indirect one, where the address lies. */
bool pointer_read(struct cursor *cursor, uint8_t encoding, const struct pointer_base *base, uint64_t *ret);

#endif
