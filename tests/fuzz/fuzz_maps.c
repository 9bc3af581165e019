/* SPDX-License-Identifier: MIT */
/* Lines of /proc/PID/maps: whatever they say, a mapping that is accepted makes sense and its path lies in the line. */
#include <stdlib.h>
#include <string.h>

#include "os/procfs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_line(const uint8_t *data, size_t size)
{
	struct procfs_mapping mapping;
	/* Of exactly this size, so that a sanitizer sees a read beyond it. */
	char *line = malloc(size + 1);

	if (!line)
		return;
	memcpy(line, data, size);
	line[size] = '\0';
	if (procfs_parse_mapping(line, &mapping) &&
	    (mapping.start >= mapping.end || mapping.path < line || mapping.path + strlen(mapping.path) > line + size))
		abort();
	free(line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end;

	while ((end = memchr(data, '\n', size))) {
		check_line(data, (size_t)(end - data));
		size -= (size_t)(end + 1 - data);
		data = end + 1;
	}
	check_line(data, size);
	return 0;
}
