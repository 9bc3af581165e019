/* SPDX-License-Identifier: MIT */
/*
 * ELF files made in memory, sound or odd, in a few lines:
 *
 *	struct elf_writer writer = {0};
 *	elf_writer_probe(&writer, "app", "start", ELF_WRITER_CODE, 0, "8@%rdi");
 *	size_t size;
 *	char *file = elf_writer_finish(&writer, &size);
 *
 * All zero is a 64-bit little-endian shared object for x86-64 with section
 * headers. Any file has a code segment (of nops), a data segment whose second
 * half is not in the file, and a .stapsdt.base where the notes say it is. What
 * is stranger than the fields below can express is done to the finished bytes.
 */
#ifndef USDTRAP_TESTS_SUPPORT_ELF_WRITER_H
#define USDTRAP_TESTS_SUPPORT_ELF_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"

enum {
	ELF_WRITER_CODE = 0x1000, /* vaddr of the code segment */
	ELF_WRITER_CODE_SIZE = 0x100,
	ELF_WRITER_DATA = 0x3000, /* vaddr of the data segment */
	ELF_WRITER_DATA_FILE_SIZE = 0x40,
	ELF_WRITER_DATA_SIZE = 0x80,
	ELF_WRITER_TABLE = 0x3020, /* vaddr of .got, where a file has one: in the data segment */
	ELF_WRITER_TABLE_SIZE = 0x20,
	ELF_WRITER_BASE = 0x2000, /* vaddr of .stapsdt.base */
};

struct elf_writer {
	bool is_32_bit;
	bool is_big_endian;
	bool has_no_sections;  /* as after sstrip */
	bool has_note_segment; /* the probe notes are in a PT_NOTE */
	bool has_no_base;      /* no .stapsdt.base, and notes that say 0, as lld --gc-sections leaves them */
	uint16_t type;         /* e_type; 0: ET_DYN */
	uint16_t machine;      /* e_machine; 0: EM_X86_64 */
	uint64_t prelink;      /* what a prelink(8) moved everything by, the notes not knowing */
	uint64_t alignment;    /* of .note.stapsdt; 0: 4 */
	const char *interpreter;
	const char *build_id; /* 20 bytes, or NULL */
	struct strbuf notes;
	struct strbuf symbols; /* .symtab without its null symbol, and .dynsym */
	struct strbuf dynamic_symbols;
	struct strbuf strings;     /* .strtab, shared by both */
	bool has_table;            /* a .got */
	struct strbuf relocations; /* .rela.dyn */
	uint64_t thread_size;      /* of a PT_TLS; 0: none */
	uint64_t thread_alignment;
};

/* Adds the note of a probe. Addresses are those before the prelink. */
void elf_writer_probe(struct elf_writer *writer, const char *provider, const char *name, uint64_t vaddr,
		      uint64_t semaphore_vaddr, const char *arguments);
/* Adds a note of any kind; OWNER's NUL is part of it. */
void elf_writer_note(struct elf_writer *writer, const char *owner, uint32_t type, const void *description, size_t size);
/* Adds an object symbol: global in .dynsym, or local in .symtab. SECTION as st_shndx has it: 1 does for any. */
void elf_writer_symbol(struct elf_writer *writer, bool is_dynamic, const char *name, uint64_t vaddr, uint16_t section);

/* The same for a function of TYPE: STT_FUNC, STT_GNU_IFUNC. One at address 0 is not defined. */
void elf_writer_function(struct elf_writer *writer, bool is_dynamic, const char *name, uint64_t vaddr, uint64_t size,
			 unsigned char type);

/* Adds a thread-local object symbol, local in .symtab, OFFSET bytes from the PT_TLS's beginning. */
void elf_writer_thread_symbol(struct elf_writer *writer, const char *name, uint64_t offset);
/* Adds an Elf64_Rela for VADDR to .rela.dyn; SYMBOL is an index in .dynsym, where the first symbol added is 1. */
void elf_writer_relocation(struct elf_writer *writer, uint64_t vaddr, uint32_t symbol, uint64_t addend);

/* The bytes, to be freed with free(3). Ends the writer. */
char *elf_writer_finish(struct elf_writer *writer, size_t *ret_size);

#endif
