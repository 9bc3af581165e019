/* SPDX-License-Identifier: MIT */
/*
 * One ELF file, read once: machine, segments, build id, interpreter, symbols
 * and probe notes. The sole user of libelf. Files are not trusted: sizes and
 * offsets are checked before use. Addresses are the file's own (`vaddr').
 */
#ifndef USDTRAP_ELF_OBJECT_H
#define USDTRAP_ELF_OBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <usdtrap/error.h>

enum {
	ELF_BUILD_ID_MAX = 64, /* bytes */
	ELF_REPEATED_MAX = 16, /* sections of one name, segments of notes */
};

struct elf_segment { /* a PT_LOAD, elf(5) */
	uint64_t vaddr;
	uint64_t offset;
	uint64_t file_size;
	uint64_t memory_size;
	bool is_executable;
	bool is_writable;
};

/* A stretch of the file: a section, or a segment of notes. */
struct elf_section {
	const uint8_t *bytes; /* borrowed from the object; NULL when the file has none for it (SHT_NOBITS, or a lie) */
	size_t size;          /* of `bytes' */
	uint64_t offset;      /* of `bytes' in the file */
	uint64_t vaddr;
	uint64_t alignment;
};

struct elf_object;

/*
 * Opens the file at PATH. Errors: NOT_FOUND, PERMISSION, OS; BAD_ELF when it is
 * no ELF file (the message says what it is instead) or its header is broken;
 * UNSUPPORTED for object files that are not linked and for core dumps.
 */
struct usdtrap_error *elf_object_open(const char *path, struct elf_object **ret) USDTRAP_MUST_USE;
/* The same for a file that messages call NAME: /proc/PID/exe is a path that tells nobody what it is. */
struct usdtrap_error *elf_object_open_as(const char *path, const char *name, struct elf_object **ret) USDTRAP_MUST_USE;
/* The same from an open descriptor (borrowed, may be closed afterwards); NAME is for messages. */
struct usdtrap_error *elf_object_open_fd(int fd, const char *name, struct elf_object **ret) USDTRAP_MUST_USE;
/* The same from SIZE bytes in memory, which must outlive the object. For tests and fuzzers. */
struct usdtrap_error *elf_object_open_memory(const void *bytes, size_t size, const char *name,
					     struct elf_object **ret) USDTRAP_MUST_USE;
void elf_object_destroy(struct elf_object *object);

const char *elf_object_name(const struct elf_object *object);
uint16_t elf_object_machine(const struct elf_object *object);      /* e_machine */
unsigned elf_object_address_bits(const struct elf_object *object); /* 32 or 64 */
bool elf_object_is_big_endian(const struct elf_object *object);
bool elf_object_has_sections(const struct elf_object *object);
/*
 * The section called NAME, the INDEXth of several (from 0). False: there is
 * none. A file has one, or two with different flags; of more than
 * ELF_REPEATED_MAX the rest is passed over, as a file that has thousands only
 * wants to waste time and memory.
 */
bool elf_object_section(const struct elf_object *object, const char *name, size_t index, struct elf_section *ret);
/* The INDEXth PT_NOTE segment, which a file has also without sections. False: there is none, or it is one too many. */
bool elf_object_note_segment(const struct elf_object *object, size_t index, struct elf_section *ret);
/* PT_GNU_EH_FRAME: the index of the call frame information. `bytes' stays NULL. False: there is none. */
bool elf_object_unwind_segment(const struct elf_object *object, struct elf_section *ret);
/* Device and inode the file had when opened; false for an object in memory. */
bool elf_object_identity(const struct elf_object *object, uint64_t *ret_device, uint64_t *ret_inode);
/* The GNU build id; *RET_SIZE 0 if there is none. Borrowed. */
const uint8_t *elf_object_build_id(const struct elf_object *object, size_t *ret_size);
const struct elf_segment *elf_object_segments(const struct elf_object *object, size_t *ret_count);
/* PT_INTERP's path, or NULL. Borrowed. */
const char *elf_object_interpreter(const struct elf_object *object);

/* The file's bytes at VADDR (within one segment's file_size). Errors: NOT_FOUND when the file does not hold them. */
struct usdtrap_error *elf_object_read(const struct elf_object *object, uint64_t vaddr, void *buffer,
				      size_t size) USDTRAP_MUST_USE;
/* File offset to vaddr through the segments and back. False: in none. */
bool elf_object_offset_to_vaddr(const struct elf_object *object, uint64_t offset, uint64_t *ret_vaddr);
bool elf_object_vaddr_to_offset(const struct elf_object *object, uint64_t vaddr, uint64_t *ret_offset);

/*
 * The address of symbol NAME (LENGTH bytes), from .dynsym and .symtab. Errors:
 * NOT_FOUND; UNSUPPORTED when symbols of that name have different addresses
 * (static variables of several source files: "symbol NAME is ambiguous: ...").
 */
struct usdtrap_error *elf_object_symbol(const struct elf_object *object, const char *name, size_t length,
					uint64_t *ret_vaddr) USDTRAP_MUST_USE;

/* The segment that each thread has a copy of: PT_TLS, elf(5). */
struct elf_thread_segment {
	uint64_t vaddr;
	uint64_t memory_size;
	uint64_t alignment; /* a power of two */
};

/*
 * The thread-local symbol NAME: where in the thread-local segment it lies, and
 * what that segment is like, from which the ABI works out where a thread has
 * its copy. Errors: as elf_object_symbol().
 */
struct usdtrap_error *elf_object_thread_symbol(const struct elf_object *object, const char *name, size_t length,
					       uint64_t *ret_offset, struct elf_thread_segment *ret) USDTRAP_MUST_USE;

/*
 * The slot of the global offset table that holds the address of symbol NAME.
 * Where the linker left it out, since the address is known without it,
 * *RET_HAS_SLOT becomes false and *RET_VADDR is the symbol's own. Errors:
 * NOT_FOUND, and as elf_object_symbol().
 */
struct usdtrap_error *elf_object_slot(const struct elf_object *object, const char *name, size_t length,
				      uint64_t *ret_vaddr, bool *ret_has_slot) USDTRAP_MUST_USE;

#endif
