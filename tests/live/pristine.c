/* SPDX-License-Identifier: MIT */
/*
 * pristine PID: is the process as no tracer had ever touched it? Compares the
 * text of every mapped file with the file, byte by byte, and looks at the
 * semaphores of all stapsdt notes, which must be 0. Each difference is a line;
 * the exit status tells whether there was one.
 *
 * It shares no code with usdtrap, so that neither can hide the other's mistakes.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct mapping {
	uint64_t start, end, offset;
	char permissions[5];
	char path[4096];
};

struct file {
	const unsigned char *bytes;
	size_t size;
};

static unsigned differences;

static bool open_file(long pid, const struct mapping *mapping, struct file *ret)
{
	char path[8192];
	struct stat status;
	int fd;

	snprintf(path, sizeof(path), "/proc/%ld/root%s", pid, mapping->path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) { /* no path leads there any more: the mapping itself does, for root */
		snprintf(path, sizeof(path), "/proc/%ld/map_files/%" PRIx64 "-%" PRIx64, pid, mapping->start,
			 mapping->end);
		fd = open(path, O_RDONLY | O_CLOEXEC);
	}
	if (fd < 0)
		return false;
	if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode) || status.st_size == 0) {
		close(fd);
		return false;
	}
	ret->size = (size_t)status.st_size;
	ret->bytes = mmap(NULL, ret->size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	return ret->bytes != MAP_FAILED;
}

static void compare_text(int memory, const struct mapping *mapping, const struct file *file)
{
	unsigned char page[4096];

	for (uint64_t address = mapping->start; address < mapping->end; address += sizeof(page)) {
		uint64_t offset = mapping->offset + (address - mapping->start);

		if (pread(memory, page, sizeof(page), (off_t)address) != (ssize_t)sizeof(page))
			continue;
		for (size_t i = 0; i < sizeof(page) && offset + i < file->size; i++) {
			if (page[i] == file->bytes[offset + i])
				continue;
			differences++;
			printf("%s+%#" PRIx64 ": %02x in memory, %02x in the file\n", mapping->path, offset + i,
			       page[i], file->bytes[offset + i]);
		}
	}
}

/* One note's name and description: addresses of site, base and semaphore, then provider and name. */
static void look_at_semaphore(int memory, const char *path, const unsigned char *description, size_t size,
			      uint64_t bias, uint64_t base)
{
	uint64_t addresses[3];
	const char *provider = (const char *)description + sizeof(addresses);
	uint16_t value;

	if (size < sizeof(addresses) + 2 || description[size - 1] != '\0')
		return;
	memcpy(addresses, description, sizeof(addresses));
	if (addresses[2] == 0)
		return;
	if (base != 0)
		bias += base - addresses[1];
	if (pread(memory, &value, sizeof(value), (off_t)(addresses[2] + bias)) != (ssize_t)sizeof(value)) {
		differences++;
		printf("%s: semaphore of %s cannot be read\n", path, provider);
	} else if (value != 0) {
		differences++;
		printf("%s: semaphore of %s:%s is %u\n", path, provider, provider + strlen(provider) + 1, value);
	}
}

static void look_at_semaphores(int memory, const struct mapping *mapping, const struct file *file, uint64_t bias)
{
	const Elf64_Ehdr *header = (const void *)file->bytes;
	const Elf64_Shdr *sections = (const void *)(file->bytes + header->e_shoff);
	const char *names = (const char *)file->bytes + sections[header->e_shstrndx].sh_offset;
	uint64_t base = 0;

	for (unsigned i = 0; i < header->e_shnum; i++)
		if (strcmp(names + sections[i].sh_name, ".stapsdt.base") == 0)
			base = sections[i].sh_addr;
	for (unsigned i = 0; i < header->e_shnum; i++) {
		const unsigned char *at = file->bytes + sections[i].sh_offset, *end = at + sections[i].sh_size;

		if (strcmp(names + sections[i].sh_name, ".note.stapsdt") != 0)
			continue;
		while ((size_t)(end - at) > sizeof(Elf64_Nhdr)) {
			const Elf64_Nhdr *note = (const void *)at;
			const unsigned char *description = at + sizeof(*note) + ((note->n_namesz + 3) & ~3u);

			look_at_semaphore(memory, mapping->path, description, note->n_descsz, bias, base);
			at = description + ((note->n_descsz + 3) & ~3u);
		}
	}
}

/* The load bias that a mapping of the file reveals; false if it is no part of a 64-bit ELF file's segments. */
static bool find_bias(const struct mapping *mapping, const struct file *file, uint64_t *ret)
{
	const Elf64_Ehdr *header = (const void *)file->bytes;
	const Elf64_Phdr *segments = (const void *)(file->bytes + header->e_phoff);

	if (file->size < sizeof(*header) || memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 ||
	    header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_shoff == 0)
		return false;
	for (unsigned i = 0; i < header->e_phnum; i++) {
		if (segments[i].p_type != PT_LOAD || (segments[i].p_flags & PF_X) == 0 ||
		    mapping->offset != (segments[i].p_offset & ~4095ul))
			continue;
		*ret = mapping->start - (segments[i].p_vaddr & ~4095ul);
		return true;
	}
	return false;
}

static void look_at_mapping(long pid, int memory, const struct mapping *mapping)
{
	struct file file;
	uint64_t bias;

	if (mapping->permissions[2] != 'x' || mapping->path[0] != '/')
		return;
	if (!open_file(pid, mapping, &file)) {
		printf("%s cannot be read: %s\n", mapping->path, strerror(errno));
		return;
	}
	compare_text(memory, mapping, &file);
	if (find_bias(mapping, &file, &bias))
		look_at_semaphores(memory, mapping, &file, bias);
	munmap((void *)file.bytes, file.size);
}

int main(int argc, char **argv)
{
	long pid = argc > 1 ? strtol(argv[1], NULL, 10) : 0;
	unsigned mappings = 0;
	char path[64], line[8192];
	FILE *maps;
	int memory;

	snprintf(path, sizeof(path), "/proc/%ld/mem", pid);
	memory = open(path, O_RDONLY | O_CLOEXEC);
	snprintf(path, sizeof(path), "/proc/%ld/maps", pid);
	maps = fopen(path, "re");
	if (memory < 0 || maps == NULL) {
		fprintf(stderr, "process %ld: %s\n", pid, strerror(errno));
		return 2;
	}
	while (fgets(line, sizeof(line), maps) != NULL) {
		struct mapping mapping = {.path = ""};

		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %*s %*s %4095s", &mapping.start, &mapping.end,
			   mapping.permissions, &mapping.offset, mapping.path) < 4)
			continue;
		mappings++;
		look_at_mapping(pid, memory, &mapping);
	}
	fclose(maps);
	close(memory);
	return mappings == 0 ? 2 : differences != 0;
}
