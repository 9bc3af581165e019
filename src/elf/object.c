/* SPDX-License-Identifier: MIT */
/*
 * Opening an ELF file, and everything about it but symbols and probes.
 *
 * The file is read piece by piece with pread(2) (libelf's ELF_C_READ), not
 * mapped: a tracer lives long, and a mapped file that someone truncates
 * meanwhile would kill it with SIGBUS while the target still has its traps. A
 * piece that was read and checked cannot change under us either. Only the few
 * pieces that are asked for are read, so large files cost no more than small.
 */
#include "elf/object.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "elf/foreign.h"
#include "elf/handle.h"
#include "elf/notes.h"

static struct usdtrap_error *broken(const struct elf_object *object, const char *what)
{
	return error_create(USDTRAP_BAD_ELF, "%s: broken %s: %s", object->name, what, elf_errmsg(-1));
}

const uint8_t *handle_bytes(const struct elf_object *object, uint64_t offset, uint64_t size)
{
	Elf_Data *data;

	if (!size || offset > object->size || size > object->size - offset)
		return NULL;
	data = elf_getdata_rawchunk(object->elf, (int64_t)offset, size, ELF_T_BYTE);
	return data ? data->d_buf : NULL;
}

static struct usdtrap_error *read_header(struct elf_object *object)
{
	GElf_Ehdr header;

	if (!gelf_getehdr(object->elf, &header))
		return broken(object, "ELF header");
	if (header.e_type == ET_REL)
		return error_hint(
			error_create(USDTRAP_UNSUPPORTED, "%s: an object file that is not linked yet", object->name),
			"name the program or library it is linked into");
	if (header.e_type == ET_CORE)
		return error_hint(error_create(USDTRAP_UNSUPPORTED, "%s: a core dump", object->name),
				  "name the program that dumped it");
	object->machine = header.e_machine;
	object->address_bits = header.e_ident[EI_CLASS] == ELFCLASS32 ? 32 : 64;
	object->is_big_endian = header.e_ident[EI_DATA] == ELFDATA2MSB;
	/* A file that is cut short still says where its section headers were. */
	if (elf_getshdrstrndx(object->elf, &object->section_names) != 0 ||
	    !elf_strptr(object->elf, object->section_names, 0))
		object->section_names = 0;
	return NULL;
}

static void add_segment(struct elf_object *object, const GElf_Phdr *header)
{
	/* What lies at the very end of the address space, or claims to, is no segment that could be mapped. */
	if (header->p_memsz > UINT64_MAX - header->p_vaddr || header->p_filesz > UINT64_MAX - header->p_offset)
		return;
	object->segments[object->segment_count++] = (struct elf_segment){
		.vaddr = header->p_vaddr,
		.offset = header->p_offset,
		.file_size = header->p_filesz < header->p_memsz ? header->p_filesz : header->p_memsz,
		.memory_size = header->p_memsz,
		.is_executable = header->p_flags & PF_X,
		.is_writable = header->p_flags & PF_W,
	};
}

static const char *read_interpreter(const struct elf_object *object, const GElf_Phdr *header)
{
	const uint8_t *bytes = handle_bytes(object, header->p_offset, header->p_filesz);

	return bytes && memchr(bytes, '\0', header->p_filesz) ? (const char *)bytes : NULL;
}

static struct usdtrap_error *read_segments(struct elf_object *object)
{
	GElf_Phdr header;
	size_t count;

	if (elf_getphdrnum(object->elf, &count) != 0)
		return broken(object, "program headers");
	object->segments = calloc(count ? count : 1, sizeof(*object->segments));
	if (!object->segments)
		return &error_no_memory;
	for (size_t i = 0; i < count; i++) {
		if (!gelf_getphdr(object->elf, (int)i, &header))
			return broken(object, "program headers");
		if (header.p_type == PT_LOAD)
			add_segment(object, &header);
		else if (header.p_type == PT_INTERP && !object->interpreter)
			object->interpreter = read_interpreter(object, &header);
	}
	return NULL;
}

static bool find_build_id(struct elf_object *object, const struct elf_section *section)
{
	struct cursor cursor = notes_cursor(object, section);
	struct elf_note note;

	while (notes_next(&cursor, section->alignment, &note) == NOTES_FOUND) {
		if (note.type != NT_GNU_BUILD_ID || !notes_is_owned_by(&note, ELF_NOTE_GNU))
			continue;
		if (note.description_size > ELF_BUILD_ID_MAX)
			return false;
		memcpy(object->build_id, note.description, note.description_size);
		object->build_id_size = note.description_size;
		return true;
	}
	return false;
}

static void read_build_id(struct elf_object *object)
{
	struct elf_section notes;

	for (size_t i = 0; elf_object_note_segment(object, i, &notes); i++)
		if (notes.bytes && find_build_id(object, &notes))
			return;
}

static struct usdtrap_error *read_all(struct elf_object *object)
{
	struct usdtrap_error *error = read_header(object);

	if (!error)
		error = read_segments(object);
	if (!error)
		read_build_id(object);
	return error;
}

static struct elf_object *object_create(const char *name)
{
	struct elf_object *object = calloc(1, sizeof(*object));

	if (!object)
		return NULL;
	object->fd = -1;
	object->name = strdup(name);
	if (!object->name) {
		free(object);
		return NULL;
	}
	return object;
}

void elf_object_destroy(struct elf_object *object)
{
	if (!object)
		return;
	elf_end(object->elf);
	if (object->fd >= 0)
		close(object->fd);
	free(object->segments);
	free(object->name);
	free(object);
}

static void cleanup_object(struct elf_object **object)
{
	elf_object_destroy(*object);
}
#define _cleanup_object_ __attribute__((cleanup(cleanup_object)))

static struct usdtrap_error *check_is_file(int fd, struct elf_object *object)
{
	char beginning[FOREIGN_BEGINNING];
	struct stat status;
	ssize_t size;

	if (fstat(fd, &status) != 0)
		return error_os(errno, "%s", object->name);
	if (S_ISDIR(status.st_mode))
		return error_create(USDTRAP_BAD_ELF, "%s: a directory, not an ELF file", object->name);
	if (!S_ISREG(status.st_mode))
		return error_create(USDTRAP_BAD_ELF, "%s: not a regular file, let alone an ELF file", object->name);
	size = pread(fd, beginning, sizeof(beginning), 0);
	if (size < 0)
		return error_os(errno, "%s: cannot read", object->name);
	if (size < SELFMAG || memcmp(beginning, ELFMAG, SELFMAG) != 0)
		return foreign_explain(object->name, beginning, (size_t)size);
	object->size = (uint64_t)status.st_size;
	object->device = status.st_dev;
	object->inode = status.st_ino;
	return NULL;
}

struct usdtrap_error *elf_object_open_fd(int fd, const char *name, struct elf_object **ret)
{
	_cleanup_object_ struct elf_object *object = object_create(name);
	struct usdtrap_error *error;

	if (!object)
		return &error_no_memory;
	error = check_is_file(fd, object);
	if (error)
		return error;
	object->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (object->fd < 0)
		return error_os(errno, "%s: cannot keep it open", name);
	elf_version(EV_CURRENT);
	object->elf = elf_begin(object->fd, ELF_C_READ, NULL);
	error = object->elf ? read_all(object) : broken(object, "ELF header");
	if (error)
		return error;
	*ret = object;
	object = NULL;
	return NULL;
}

struct usdtrap_error *elf_object_open_as(const char *path, const char *name, struct elf_object **ret)
{
	/* Not blocking: opening a pipe that nobody writes to must not wait. */
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0)
		return error_os(errno, "%s", name);
	return elf_object_open_fd(fd, name, ret);
}

struct usdtrap_error *elf_object_open(const char *path, struct elf_object **ret)
{
	return elf_object_open_as(path, path, ret);
}

struct usdtrap_error *elf_object_open_memory(const void *bytes, size_t size, const char *name, struct elf_object **ret)
{
	_cleanup_object_ struct elf_object *object = object_create(name);
	struct usdtrap_error *error;

	if (!object)
		return &error_no_memory;
	if (size < SELFMAG || memcmp(bytes, ELFMAG, SELFMAG) != 0)
		return foreign_explain(name, bytes, size < FOREIGN_BEGINNING ? size : FOREIGN_BEGINNING);
	object->image = bytes;
	object->size = size;
	elf_version(EV_CURRENT);
	object->elf = elf_memory((char *)bytes, size); /* which writes to it only in elf_update(3) */
	error = object->elf ? read_all(object) : broken(object, "ELF header");
	if (error)
		return error;
	*ret = object;
	object = NULL;
	return NULL;
}

const char *elf_object_name(const struct elf_object *object)
{
	return object->name;
}

uint16_t elf_object_machine(const struct elf_object *object)
{
	return object->machine;
}

unsigned elf_object_address_bits(const struct elf_object *object)
{
	return object->address_bits;
}

bool elf_object_is_big_endian(const struct elf_object *object)
{
	return object->is_big_endian;
}

bool elf_object_has_sections(const struct elf_object *object)
{
	return object->section_names != 0;
}

bool elf_object_identity(const struct elf_object *object, uint64_t *ret_device, uint64_t *ret_inode)
{
	if (object->fd < 0)
		return false;
	*ret_device = object->device;
	*ret_inode = object->inode;
	return true;
}

const uint8_t *elf_object_build_id(const struct elf_object *object, size_t *ret_size)
{
	*ret_size = object->build_id_size;
	return object->build_id;
}

const struct elf_segment *elf_object_segments(const struct elf_object *object, size_t *ret_count)
{
	*ret_count = object->segment_count;
	return object->segments;
}

const char *elf_object_interpreter(const struct elf_object *object)
{
	return object->interpreter;
}

bool elf_object_section(const struct elf_object *object, const char *name, size_t index, struct elf_section *ret)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;
	const char *found;

	if (!object->section_names || index >= ELF_REPEATED_MAX)
		return false;
	while ((section = elf_nextscn(object->elf, section))) {
		if (!gelf_getshdr(section, &header))
			continue;
		found = elf_strptr(object->elf, object->section_names, header.sh_name);
		if (!found || strcmp(found, name) != 0 || index-- > 0)
			continue;
		*ret = (struct elf_section){
			.bytes = header.sh_type == SHT_NOBITS ? NULL
							      : handle_bytes(object, header.sh_offset, header.sh_size),
			.size = header.sh_size,
			.offset = header.sh_offset,
			.vaddr = header.sh_addr,
			.alignment = header.sh_addralign,
		};
		return true;
	}
	return false;
}

bool elf_object_note_segment(const struct elf_object *object, size_t index, struct elf_section *ret)
{
	GElf_Phdr header;
	size_t count;

	if (index >= ELF_REPEATED_MAX || elf_getphdrnum(object->elf, &count) != 0)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!gelf_getphdr(object->elf, (int)i, &header) || header.p_type != PT_NOTE || index-- > 0)
			continue;
		*ret = (struct elf_section){
			.bytes = handle_bytes(object, header.p_offset, header.p_filesz),
			.size = header.p_filesz,
			.offset = header.p_offset,
			.vaddr = header.p_vaddr,
			.alignment = header.p_align,
		};
		return true;
	}
	return false;
}

bool elf_object_unwind_segment(const struct elf_object *object, struct elf_section *ret)
{
	GElf_Phdr header;
	size_t count;

	if (elf_getphdrnum(object->elf, &count) != 0)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!gelf_getphdr(object->elf, (int)i, &header) || header.p_type != PT_GNU_EH_FRAME ||
		    header.p_filesz > object->size)
			continue;
		*ret = (struct elf_section){
			.size = header.p_filesz,
			.offset = header.p_offset,
			.vaddr = header.p_vaddr,
			.alignment = header.p_align,
		};
		return true;
	}
	return false;
}

static const struct elf_segment *segment_of_vaddr(const struct elf_object *object, uint64_t vaddr)
{
	for (size_t i = 0; i < object->segment_count; i++) {
		const struct elf_segment *segment = &object->segments[i];

		if (vaddr >= segment->vaddr && vaddr - segment->vaddr < segment->file_size)
			return segment;
	}
	return NULL;
}

bool elf_object_vaddr_to_offset(const struct elf_object *object, uint64_t vaddr, uint64_t *ret_offset)
{
	const struct elf_segment *segment = segment_of_vaddr(object, vaddr);

	if (!segment)
		return false;
	*ret_offset = vaddr - segment->vaddr + segment->offset;
	return true;
}

bool elf_object_offset_to_vaddr(const struct elf_object *object, uint64_t offset, uint64_t *ret_vaddr)
{
	for (size_t i = 0; i < object->segment_count; i++) {
		const struct elf_segment *segment = &object->segments[i];

		if (offset >= segment->offset && offset - segment->offset < segment->file_size) {
			*ret_vaddr = offset - segment->offset + segment->vaddr;
			return true;
		}
	}
	return false;
}

static bool read_file(const struct elf_object *object, uint64_t offset, void *buffer, size_t size)
{
	if (offset > object->size || size > object->size - offset)
		return false;
	if (object->image) {
		memcpy(buffer, object->image + offset, size);
		return true;
	}
	return pread(object->fd, buffer, size, (off_t)offset) == (ssize_t)size;
}

struct usdtrap_error *elf_object_read(const struct elf_object *object, uint64_t vaddr, void *buffer, size_t size)
{
	const struct elf_segment *segment = segment_of_vaddr(object, vaddr);
	bool is_inside = segment && size <= segment->file_size - (vaddr - segment->vaddr);

	if (!is_inside || !read_file(object, vaddr - segment->vaddr + segment->offset, buffer, size))
		return error_create(USDTRAP_NOT_FOUND, "%s: does not hold the %zu bytes at address 0x%llx",
				    object->name, size, (unsigned long long)vaddr);
	return NULL;
}
