/* SPDX-License-Identifier: MIT */
/*
 * MiniDebugInfo: symbols that a stripped file still has, compressed, in its
 * section .gnu_debugdata. Fedora, RHEL and their kin have it in all programs
 * and libraries. It is an ELF file of its own in the xz format, which has
 * nothing but a symbol table: of functions that .dynsym does not have. Source:
 * GDB manual, "Debugging information in a special section".
 */
#include "config.h"

#include <stdlib.h>

#include "base/strbuf.h"
#include "elf/function.h"
#include "elf/object.h"

#ifdef HAVE_LZMA
#include <lzma.h>

/* More than any file's symbols take: what wants more only wants to fill memory. */
#define SYMBOLS_MAX ((size_t)256 << 20)
#define MEMORY_MAX  ((uint64_t)128 << 20)

static bool unpack(const struct elf_section *section, struct strbuf *out)
{
	lzma_stream stream = LZMA_STREAM_INIT;
	lzma_ret result = lzma_stream_decoder(&stream, MEMORY_MAX, 0);
	const size_t step = 65536;

	stream.next_in = section->bytes;
	stream.avail_in = section->size;
	while (result == LZMA_OK && out->length < SYMBOLS_MAX) {
		char *room = strbuf_reserve(out, step);

		if (!room)
			break;
		stream.next_out = (uint8_t *)room;
		stream.avail_out = step;
		result = lzma_code(&stream, LZMA_FINISH);
		out->length += step - stream.avail_out;
	}
	lzma_end(&stream);
	return result == LZMA_STREAM_END && !out->failed;
}

void elf_minidebug_open(const struct elf_object *object, struct strbuf *image, struct elf_object **ret)
{
	struct elf_section section;

	*ret = NULL;
	if (!elf_object_section(object, ".gnu_debugdata", 0, &section) || !section.bytes || !unpack(&section, image))
		return;
	usdtrap_error_destroy(elf_object_open_memory(strbuf_text(image), image->length, elf_object_name(object), ret));
}
#else
void elf_minidebug_open(const struct elf_object *object, struct strbuf *image, struct elf_object **ret)
{
	(void)object;
	(void)image;
	*ret = NULL;
}
#endif
