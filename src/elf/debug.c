/* SPDX-License-Identifier: MIT */
/*
 * Separate debug files: what strip(1) took away, kept elsewhere.
 *
 * By build id: /usr/lib/debug/.build-id/ab/cdef... .debug. By name, where the
 * file has a section .gnu_debuglink: beside it, in its folder's .debug, and in
 * /usr/lib/debug followed by its folder. Source: GDB manual, "Debugging
 * Information in Separate Files", which also has the checksum.
 */
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "elf/function.h"
#include "elf/handle.h"

static const char debug_folder[] = "/usr/lib/debug";

static bool has_same_build_id(const struct elf_object *object, const struct elf_object *debug)
{
	return object->build_id_size == debug->build_id_size &&
	       memcmp(object->build_id, debug->build_id, object->build_id_size) == 0;
}

/* CRC-32 as in ISO 3309, a bit at a time: this is done once for a file, and only for one without a build id. */
static uint32_t checksum(const struct elf_object *object)
{
	uint32_t crc = UINT32_MAX;

	for (uint64_t offset = 0; offset < object->size;) {
		uint64_t size = object->size - offset < 65536 ? object->size - offset : 65536;
		const uint8_t *bytes = handle_bytes(object, offset, size);

		if (!bytes)
			return 0;
		for (uint64_t i = 0; i < size; i++) {
			crc ^= bytes[i];
			for (unsigned bit = 0; bit < 8; bit++)
				crc = crc >> 1 ^ (crc & 1 ? UINT32_C(0xedb88320) : 0);
		}
		offset += size;
	}
	return ~crc;
}

/* Opens PATH if that is the debug file of OBJECT. CRC: what its checksum must be, where there is no build id. */
static bool try_open(const struct elf_object *object, const char *path, const uint32_t *crc, struct elf_object **ret)
{
	struct elf_object *debug;
	struct usdtrap_error *error = elf_object_open(path, &debug);
	bool fits;

	if (error) {
		usdtrap_error_destroy(error);
		return false;
	}
	fits = debug->machine == object->machine && debug->address_bits == object->address_bits;
	if (fits && object->build_id_size)
		fits = has_same_build_id(object, debug);
	else if (fits)
		fits = crc && checksum(debug) == *crc;
	if (!fits) {
		elf_object_destroy(debug);
		return false;
	}
	*ret = debug;
	return true;
}

static bool open_by_build_id(const struct elf_object *object, const char *root, struct elf_object **ret)
{
	char path[PATH_MAX];
	int length;

	if (object->build_id_size < 2)
		return false;
	length = snprintf(path, sizeof(path), "%s%s/.build-id/%02x/", root, debug_folder, object->build_id[0]);
	for (size_t i = 1; i < object->build_id_size && length < (int)sizeof(path) - 16; i++)
		length += snprintf(path + length, sizeof(path) - (size_t)length, "%02x", object->build_id[i]);
	if (length >= (int)sizeof(path) - 16)
		return false;
	strcpy(path + length, ".debug");
	return try_open(object, path, NULL, ret);
}

/* .gnu_debuglink: a NUL-ended name, padding to a multiple of 4, the checksum. */
static bool read_link(const struct elf_object *object, const char **ret_name, uint32_t *ret_crc)
{
	struct elf_section section;
	size_t length, at;

	if (!elf_object_section(object, ".gnu_debuglink", 0, &section) || !section.bytes)
		return false;
	length = strnlen((const char *)section.bytes, section.size);
	at = (length + 4) & ~(size_t)3;
	if (length == 0 || at + sizeof(*ret_crc) > section.size || strchr((const char *)section.bytes, '/'))
		return false;
	*ret_name = (const char *)section.bytes;
	memcpy(ret_crc, section.bytes + at, sizeof(*ret_crc));
	return true;
}

static bool open_by_link(const struct elf_object *object, const char *path, const char *root, struct elf_object **ret)
{
	_cleanup_free_ char *resolved = realpath(path, NULL), *copy = strdup(resolved ? resolved : path);
	const size_t root_length = strlen(root);
	const char *folder, *inside, *name;
	char wanted[PATH_MAX];
	uint32_t crc;

	if (!copy || !read_link(object, &name, &crc))
		return false;
	folder = dirname(copy);
	inside = strncmp(folder, root, root_length) == 0 ? folder + root_length : folder;
	for (unsigned i = 0; i < 3; i++) {
		int length = 0;

		if (i == 0)
			length = snprintf(wanted, sizeof(wanted), "%s/%s", folder, name);
		else if (i == 1)
			length = snprintf(wanted, sizeof(wanted), "%s/.debug/%s", folder, name);
		else
			length = snprintf(wanted, sizeof(wanted), "%s%s%s/%s", root, debug_folder, inside, name);
		if (length < (int)sizeof(wanted) && try_open(object, wanted, &crc, ret))
			return true;
	}
	return false;
}

void elf_debug_open(const struct elf_object *object, const char *path, const char *root, struct elf_object **ret)
{
	*ret = NULL;
	if (!open_by_build_id(object, root, ret))
		open_by_link(object, path, root, ret);
}
