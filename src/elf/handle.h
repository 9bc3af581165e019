/* SPDX-License-Identifier: MIT */
/* What an elf_object is made of: for the files of this folder alone. */
#ifndef USDTRAP_ELF_HANDLE_H
#define USDTRAP_ELF_HANDLE_H

#include <libelf.h>

#include "elf/object.h"

struct elf_object {
	char *name;
	Elf *elf;
	int fd;               /* our own duplicate; -1 for an object in memory */
	const uint8_t *image; /* the bytes of an object in memory, else NULL */
	uint64_t size;        /* of the file */
	uint64_t device;
	uint64_t inode;
	uint16_t machine;
	unsigned address_bits;
	bool is_big_endian;
	size_t section_names; /* index of .shstrtab; 0: no sections, or none with names */
	struct elf_segment *segments;
	size_t segment_count;
	const char *interpreter;
	uint8_t build_id[ELF_BUILD_ID_MAX];
	size_t build_id_size;
};

/* The file's SIZE bytes at OFFSET, kept by libelf until the object is destroyed. NULL: the file does not reach so far.
 */
const uint8_t *handle_bytes(const struct elf_object *object, uint64_t offset, uint64_t size);

#endif
