/* SPDX-License-Identifier: MIT */
/*
 * plant PID ADDRESS BYTE: writes one byte (hexadecimal, as the address) into a process's
 * memory, whatever its protection, as another tracer would.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	char path[64];
	unsigned char byte;
	int fd;

	if (argc != 4)
		return 2;
	snprintf(path, sizeof(path), "/proc/%ld/mem", strtol(argv[1], NULL, 10));
	byte = (unsigned char)strtoul(argv[3], NULL, 16);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0 || pwrite(fd, &byte, 1, (off_t)strtoull(argv[2], NULL, 16)) != 1) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return 1;
	}
	close(fd);
	return 0;
}
