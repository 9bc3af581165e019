/* SPDX-License-Identifier: MIT */
/* Any bytes as an ELF file: opening it, its symbols, its notes and the probes made of them. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "elf/object.h"
#include "elf/stapsdt.h"
#include "trace/probes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void touch_object(const struct elf_object *object)
{
	size_t count, build_id_size;
	const struct elf_segment *segments = elf_object_segments(object, &count);
	const char *interpreter = elf_object_interpreter(object);
	struct elf_thread_segment thread_segment;
	uint64_t vaddr;
	uint8_t byte;
	bool has_slot;

	elf_object_build_id(object, &build_id_size);
	assert(build_id_size <= ELF_BUILD_ID_MAX);
	assert(!interpreter || strlen(interpreter) < SIZE_MAX);
	for (size_t i = 0; i < count; i++) {
		assert(segments[i].file_size <= segments[i].memory_size);
		usdtrap_error_destroy(elf_object_read(object, segments[i].vaddr, &byte, 1));
		if (elf_object_offset_to_vaddr(object, segments[i].offset, &vaddr))
			assert(elf_object_vaddr_to_offset(object, vaddr, &vaddr));
	}
	usdtrap_error_destroy(elf_object_symbol(object, "symbol", 6, &vaddr));
	usdtrap_error_destroy(elf_object_thread_symbol(object, "symbol", 6, &vaddr, &thread_segment));
	usdtrap_error_destroy(elf_object_slot(object, "symbol", 6, &vaddr, &has_slot));
}

static void touch_probes(const struct elf_object *object)
{
	struct probes *probes;
	struct usdtrap_error *error = probes_load(object, "file", NULL, NULL, &probes);
	const struct usdtrap_pattern any = {0};

	if (error) {
		assert(*usdtrap_error_message(error));
		usdtrap_error_destroy(error);
		return;
	}
	assert(probes->count);
	for (size_t i = 0; i < probes->count; i++) {
		const struct usdtrap_probe_info *probe = &probes->items[i];

		assert(*probe->provider && *probe->name && probe->site_count);
		assert(probes_match(&any, probe));
		assert(i == 0 || strcmp(probes->items[i - 1].full_name, probe->full_name) <= 0);
		for (size_t j = 1; j < probe->site_count; j++)
			assert(probe->sites[j - 1].vaddr < probe->sites[j].vaddr);
	}
	probes_destroy(probes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct elf_object *object;
	struct usdtrap_error *error = elf_object_open_memory(data, size, "file", &object);

	if (error) {
		assert(*usdtrap_error_message(error));
		usdtrap_error_destroy(error);
		return 0;
	}
	touch_object(object);
	touch_probes(object);
	elf_object_destroy(object);
	return 0;
}
