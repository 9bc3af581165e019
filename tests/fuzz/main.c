/* SPDX-License-Identifier: MIT */
/*
 * Replays a corpus: calls the fuzz entry with each file named, and with each
 * file in each folder named. Linked where libFuzzer, which brings a main of
 * its own, is not (./configure --enable-fuzzers).
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay_file(const char *path, off_t size)
{
	/* Exactly as large as the input, so that a sanitizer sees a read beyond it. */
	uint8_t *data = malloc((size_t)size);
	FILE *file = fopen(path, "rb");
	int status = -1;

	if (!file || (size && !data) || fread(data, 1, (size_t)size, file) != (size_t)size)
		perror(path);
	else
		status = LLVMFuzzerTestOneInput(data, (size_t)size);
	if (file)
		fclose(file);
	free(data);
	return status;
}

/* Returns how many inputs were replayed, or -1. */
static int replay(const char *path)
{
	struct stat about;
	struct dirent *entry;
	DIR *folder;
	int count = 0;

	if (stat(path, &about)) {
		perror(path);
		return -1;
	}
	if (S_ISREG(about.st_mode))
		return replay_file(path, about.st_size) ? -1 : 1;
	folder = opendir(path);
	if (!folder) {
		perror(path);
		return -1;
	}
	while (count >= 0 && (entry = readdir(folder))) {
		char *name;
		int inner;

		if (entry->d_name[0] == '.')
			continue;
		if (asprintf(&name, "%s/%s", path, entry->d_name) < 0)
			abort();
		inner = replay(name);
		count = inner < 0 ? -1 : count + inner;
		free(name);
	}
	closedir(folder);
	return count;
}

int main(int argc, char *argv[])
{
	int total = 0;

	for (int i = 1; i < argc; i++) {
		int count = replay(argv[i]);

		if (count < 0)
			return 1;
		total += count;
	}
	printf("%d inputs replayed\n", total);
	return total ? 0 : 1;
}
