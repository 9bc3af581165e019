/* SPDX-License-Identifier: MIT */
#include "support/elf_writer.h"

#include <assert.h>
#include <elf.h>
#include <stdlib.h>
#include <string.h>

enum { SEGMENT_MAX = 6, SECTION_MAX = 10 };

struct segment {
	uint32_t type;
	uint32_t flags;
	uint64_t offset, vaddr, file_size, memory_size, alignment;
};

struct section {
	uint32_t name, type, link;
	uint64_t flags, vaddr, offset, size, alignment, entry_size;
};

/* A file while it is put together. */
struct file {
	const struct elf_writer *writer;
	struct strbuf bytes;
	struct strbuf section_names;
	struct segment segments[SEGMENT_MAX];
	size_t segment_count;
	struct section sections[SECTION_MAX];
	size_t section_count;
};

static void put(const struct elf_writer *writer, struct strbuf *out, uint64_t value, unsigned size)
{
	for (unsigned i = 0; i < size; i++)
		strbuf_add_char(out, (char)(value >> 8 * (writer->is_big_endian ? size - 1 - i : i)));
}

static unsigned address_size(const struct elf_writer *writer)
{
	return writer->is_32_bit ? 4 : 8;
}

static void put_address(const struct elf_writer *writer, struct strbuf *out, uint64_t value)
{
	put(writer, out, value, address_size(writer));
}

static void pad(struct strbuf *out, size_t alignment)
{
	strbuf_add_repeated(out, '\0', -out->length & (alignment - 1));
}

static void put_note(const struct elf_writer *writer, struct strbuf *out, const char *owner, uint32_t type,
		     const void *description, size_t size)
{
	size_t alignment = writer->alignment == 8 ? 8 : 4;

	put(writer, out, strlen(owner) + 1, 4);
	put(writer, out, size, 4);
	put(writer, out, type, 4);
	strbuf_add(out, owner, strlen(owner) + 1);
	pad(out, alignment);
	strbuf_add(out, description, size);
	pad(out, alignment);
}

void elf_writer_note(struct elf_writer *writer, const char *owner, uint32_t type, const void *description, size_t size)
{
	put_note(writer, &writer->notes, owner, type, description, size);
}

void elf_writer_probe(struct elf_writer *writer, const char *provider, const char *name, uint64_t vaddr,
		      uint64_t semaphore_vaddr, const char *arguments)
{
	_cleanup_strbuf_ struct strbuf description = {0};

	put_address(writer, &description, vaddr);
	put_address(writer, &description, writer->has_no_base ? 0 : ELF_WRITER_BASE);
	put_address(writer, &description, semaphore_vaddr);
	strbuf_add(&description, provider, strlen(provider) + 1);
	strbuf_add(&description, name, strlen(name) + 1);
	strbuf_add(&description, arguments, strlen(arguments) + 1);
	elf_writer_note(writer, "stapsdt", 3, description.text, description.length);
}

static void put_symbol(struct elf_writer *writer, struct strbuf *out, const char *name, unsigned char info,
		       uint64_t value, uint64_t size, uint16_t section)
{
	if (!writer->strings.length)
		strbuf_add_char(&writer->strings, '\0');
	put(writer, out, writer->strings.length, 4);
	if (writer->is_32_bit) {
		put(writer, out, value, 4);
		put(writer, out, size, 4);
	}
	put(writer, out, info, 1);
	put(writer, out, STV_DEFAULT, 1);
	put(writer, out, section, 2);
	if (!writer->is_32_bit) {
		put(writer, out, value, 8);
		put(writer, out, size, 8);
	}
	strbuf_add(&writer->strings, name, strlen(name) + 1);
}

void elf_writer_symbol(struct elf_writer *writer, bool is_dynamic, const char *name, uint64_t vaddr, uint16_t section)
{
	if (is_dynamic)
		put_symbol(writer, &writer->dynamic_symbols, name, ELF64_ST_INFO(STB_GLOBAL, STT_OBJECT), vaddr, 4,
			   section);
	else
		put_symbol(writer, &writer->symbols, name, ELF64_ST_INFO(STB_LOCAL, STT_OBJECT), vaddr, 4, section);
}

void elf_writer_thread_symbol(struct elf_writer *writer, const char *name, uint64_t offset)
{
	put_symbol(writer, &writer->symbols, name, ELF64_ST_INFO(STB_LOCAL, STT_TLS), offset, 4, 1);
}

void elf_writer_function(struct elf_writer *writer, bool is_dynamic, const char *name, uint64_t vaddr, uint64_t size,
			 unsigned char type)
{
	put_symbol(writer, is_dynamic ? &writer->dynamic_symbols : &writer->symbols, name,
		   ELF64_ST_INFO(is_dynamic ? STB_GLOBAL : STB_LOCAL, type), vaddr, size, vaddr ? 1 : SHN_UNDEF);
}

void elf_writer_relocation(struct elf_writer *writer, uint64_t vaddr, uint32_t symbol, uint64_t addend)
{
	assert(!writer->is_32_bit);
	put(writer, &writer->relocations, vaddr, 8);
	put(writer, &writer->relocations,
	    ELF64_R_INFO((uint64_t)symbol, symbol ? R_X86_64_GLOB_DAT : R_X86_64_RELATIVE), 8);
	put(writer, &writer->relocations, addend, 8);
}

static void add_segment(struct file *file, const struct segment *segment)
{
	assert(file->segment_count < SEGMENT_MAX);
	file->segments[file->segment_count++] = *segment;
}

static void add_section(struct file *file, const struct section *section)
{
	assert(file->section_count < SECTION_MAX);
	file->sections[file->section_count++] = *section;
}

static uint32_t add_section_name(struct file *file, const char *name)
{
	size_t position = file->section_names.length;

	strbuf_add(&file->section_names, name, strlen(name) + 1);
	return (uint32_t)position;
}

/* Appends CONTENT as a section that is in no segment; what else is known of the section is SECTION's. */
static void append_section(struct file *file, const char *name, const struct strbuf *content, struct section section)
{
	section.name = add_section_name(file, name); /* first: the content may be the names */
	pad(&file->bytes, section.alignment);
	section.offset = file->bytes.length;
	section.size = content->length;
	strbuf_add(&file->bytes, content->text, content->length);
	add_section(file, &section);
}

static void append_segments(struct file *file)
{
	const struct elf_writer *writer = file->writer;
	struct segment code = {.type = PT_LOAD, .flags = PF_R | PF_X, .vaddr = ELF_WRITER_CODE + writer->prelink};
	struct segment data = {.type = PT_LOAD, .flags = PF_R | PF_W, .vaddr = ELF_WRITER_DATA + writer->prelink};
	struct segment thread = {.type = PT_TLS, .flags = PF_R, .vaddr = ELF_WRITER_DATA + writer->prelink};

	code.offset = file->bytes.length;
	code.file_size = code.memory_size = ELF_WRITER_CODE_SIZE;
	strbuf_add_repeated(&file->bytes, '\x90', ELF_WRITER_CODE_SIZE);
	add_segment(file, &code);
	data.offset = file->bytes.length;
	data.file_size = ELF_WRITER_DATA_FILE_SIZE;
	data.memory_size = ELF_WRITER_DATA_SIZE;
	for (int i = 0; i < ELF_WRITER_DATA_FILE_SIZE; i++)
		strbuf_add_char(&file->bytes, (char)i);
	add_segment(file, &data);
	thread.memory_size = writer->thread_size;
	thread.alignment = writer->thread_alignment;
	if (writer->thread_size)
		add_segment(file, &thread);
}

static void append_note_segment(struct file *file, const void *notes, size_t size)
{
	struct segment segment = {.type = PT_NOTE, .flags = PF_R, .alignment = 4};

	pad(&file->bytes, 4);
	segment.offset = file->bytes.length;
	segment.file_size = segment.memory_size = size;
	strbuf_add(&file->bytes, notes, size);
	add_segment(file, &segment);
}

static void append_extras(struct file *file)
{
	const struct elf_writer *writer = file->writer;
	struct segment interpreter = {.type = PT_INTERP, .flags = PF_R, .offset = file->bytes.length};
	_cleanup_strbuf_ struct strbuf build_id = {0};

	if (writer->interpreter) {
		interpreter.file_size = interpreter.memory_size = strlen(writer->interpreter) + 1;
		strbuf_add(&file->bytes, writer->interpreter, interpreter.file_size);
		add_segment(file, &interpreter);
	}
	if (writer->build_id) {
		put_note(writer, &build_id, ELF_NOTE_GNU, NT_GNU_BUILD_ID, writer->build_id, 20);
		append_note_segment(file, build_id.text, build_id.length);
	}
	if (writer->has_note_segment)
		append_note_segment(file, writer->notes.text, writer->notes.length);
}

static void append_symbols(struct file *file, const char *name, uint32_t type, const struct strbuf *symbols,
			   uint32_t link)
{
	const struct elf_writer *writer = file->writer;
	uint64_t size = writer->is_32_bit ? sizeof(Elf32_Sym) : sizeof(Elf64_Sym);
	_cleanup_strbuf_ struct strbuf table = {0};

	if (!symbols->length)
		return;
	strbuf_add_repeated(&table, '\0', size);
	strbuf_add(&table, symbols->text, symbols->length);
	append_section(file, name, &table,
		       (struct section){.type = type, .link = link, .alignment = 8, .entry_size = size});
}

static void append_base(struct file *file)
{
	struct section base = {
		.name = add_section_name(file, ".stapsdt.base"),
		.type = SHT_PROGBITS,
		.flags = SHF_ALLOC,
		.vaddr = ELF_WRITER_BASE + file->writer->prelink,
		.size = 1,
		.alignment = 1,
	};

	add_section(file, &base);
}

/* The .got, whose bytes are the data segment's, and what fills it in. */
static void append_table(struct file *file)
{
	const struct elf_writer *writer = file->writer;
	struct section table = {
		.name = add_section_name(file, ".got"),
		.type = SHT_PROGBITS,
		.flags = SHF_ALLOC | SHF_WRITE,
		.vaddr = ELF_WRITER_TABLE + writer->prelink,
		.offset = file->segments[1].offset + ELF_WRITER_TABLE - ELF_WRITER_DATA,
		.size = ELF_WRITER_TABLE_SIZE,
		.alignment = 8,
	};

	add_section(file, &table);
	if (writer->relocations.length)
		append_section(file, ".rela.dyn", &writer->relocations,
			       (struct section){.type = SHT_RELA,
						.link = writer->dynamic_symbols.length ? 2 : 0,
						.alignment = 8,
						.entry_size = sizeof(Elf64_Rela)});
}

static void append_sections(struct file *file)
{
	const struct elf_writer *writer = file->writer;

	add_section(file, &(struct section){.name = add_section_name(file, "")});
	append_section(file, ".strtab", &writer->strings, (struct section){.type = SHT_STRTAB, .alignment = 1});
	append_symbols(file, ".dynsym", SHT_DYNSYM, &writer->dynamic_symbols, 1);
	append_symbols(file, ".symtab", SHT_SYMTAB, &writer->symbols, 1);
	if (writer->has_table)
		append_table(file);
	if (!writer->has_no_base)
		append_base(file);
	if (writer->notes.length)
		append_section(
			file, ".note.stapsdt", &writer->notes,
			(struct section){.type = SHT_NOTE, .alignment = writer->alignment ? writer->alignment : 4});
	append_section(file, ".shstrtab", &file->section_names, (struct section){.type = SHT_STRTAB, .alignment = 1});
}

static void put_section_header(const struct elf_writer *writer, struct strbuf *out, const struct section *section)
{
	put(writer, out, section->name, 4);
	put(writer, out, section->type, 4);
	put_address(writer, out, section->flags);
	put_address(writer, out, section->vaddr);
	put_address(writer, out, section->offset);
	put_address(writer, out, section->size);
	put(writer, out, section->link, 4);
	put(writer, out, 0, 4);
	put_address(writer, out, section->alignment);
	put_address(writer, out, section->entry_size);
}

static void put_segment_header(const struct elf_writer *writer, struct strbuf *out, const struct segment *segment)
{
	put(writer, out, segment->type, 4);
	if (!writer->is_32_bit)
		put(writer, out, segment->flags, 4);
	put_address(writer, out, segment->offset);
	put_address(writer, out, segment->vaddr);
	put_address(writer, out, segment->vaddr);
	put_address(writer, out, segment->file_size);
	put_address(writer, out, segment->memory_size);
	if (writer->is_32_bit)
		put(writer, out, segment->flags, 4);
	put_address(writer, out, segment->alignment);
}

static size_t header_size(const struct elf_writer *writer)
{
	return writer->is_32_bit ? sizeof(Elf32_Ehdr) : sizeof(Elf64_Ehdr);
}

static size_t segment_header_size(const struct elf_writer *writer)
{
	return writer->is_32_bit ? sizeof(Elf32_Phdr) : sizeof(Elf64_Phdr);
}

static void put_header(const struct file *file, struct strbuf *out, size_t section_headers_offset)
{
	const struct elf_writer *writer = file->writer;
	unsigned char ident[EI_NIDENT] = ELFMAG;

	ident[EI_CLASS] = writer->is_32_bit ? ELFCLASS32 : ELFCLASS64;
	ident[EI_DATA] = writer->is_big_endian ? ELFDATA2MSB : ELFDATA2LSB;
	ident[EI_VERSION] = EV_CURRENT;
	strbuf_add(out, ident, sizeof(ident));
	put(writer, out, writer->type ? writer->type : ET_DYN, 2);
	put(writer, out, writer->machine ? writer->machine : EM_X86_64, 2);
	put(writer, out, EV_CURRENT, 4);
	put_address(writer, out, ELF_WRITER_CODE + writer->prelink);
	put_address(writer, out, header_size(writer));
	put_address(writer, out, section_headers_offset);
	put(writer, out, 0, 4);
	put(writer, out, header_size(writer), 2);
	put(writer, out, segment_header_size(writer), 2);
	put(writer, out, file->segment_count, 2);
	put(writer, out, writer->is_32_bit ? sizeof(Elf32_Shdr) : sizeof(Elf64_Shdr), 2);
	put(writer, out, file->section_count, 2);
	put(writer, out, file->section_count ? file->section_count - 1 : 0, 2);
}

char *elf_writer_finish(struct elf_writer *writer, size_t *ret_size)
{
	struct file file = {.writer = writer};
	_cleanup_strbuf_ struct strbuf headers = {0};
	size_t section_headers_offset = 0;

	/* Room for the headers, which are written last, when it is known what they say. */
	strbuf_add_repeated(&file.bytes, '\0', header_size(writer) + SEGMENT_MAX * segment_header_size(writer));
	append_segments(&file);
	append_extras(&file);
	if (!writer->has_no_sections) {
		append_sections(&file);
		pad(&file.bytes, 8);
		section_headers_offset = file.bytes.length;
		for (size_t i = 0; i < file.section_count; i++)
			put_section_header(writer, &file.bytes, &file.sections[i]);
	}
	put_header(&file, &headers, section_headers_offset);
	for (size_t i = 0; i < file.segment_count; i++)
		put_segment_header(writer, &headers, &file.segments[i]);
	memcpy(file.bytes.text, headers.text, headers.length);
	strbuf_deinit(&writer->notes);
	strbuf_deinit(&writer->symbols);
	strbuf_deinit(&writer->dynamic_symbols);
	strbuf_deinit(&writer->strings);
	strbuf_deinit(&writer->relocations);
	strbuf_deinit(&file.section_names);
	*ret_size = file.bytes.length;
	return strbuf_take(&file.bytes);
}
