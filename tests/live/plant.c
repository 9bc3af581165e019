/* SPDX-License-Identifier: MIT */
/*
 * plant PID ADDRESS BYTE: writes one byte (hexadecimal, as the address) into a process's
 * memory, whatever its protection, as another tracer would. Where /proc/PID/mem is not for
 * that, the process must not be traced.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

static int write_to_memory(pid_t pid, unsigned long address, unsigned char byte)
{
	char path[64];
	int fd, result;

	snprintf(path, sizeof(path), "/proc/%d/mem", (int)pid);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -1;
	result = pwrite(fd, &byte, 1, (off_t)address) == 1 ? 0 : -1;
	close(fd);
	return result;
}

/* Our end lets go of it. */
static int write_by_ptrace(pid_t pid, unsigned long address, unsigned char byte)
{
	unsigned long word;
	int status;

	if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) < 0 || ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) < 0 ||
	    waitpid(pid, &status, __WALL) != pid || !WIFSTOPPED(status))
		return -1;
	errno = 0;
	word = (unsigned long)ptrace(PTRACE_PEEKTEXT, pid, (void *)address, NULL);
	if (errno)
		return -1;
	word = (word & ~0xffUL) | byte;
	return ptrace(PTRACE_POKETEXT, pid, (void *)address, (void *)word) < 0 ? -1 : 0;
}

int main(int argc, char **argv)
{
	pid_t pid;
	unsigned long address;
	unsigned char byte;

	if (argc != 4)
		return 2;
	pid = (pid_t)strtol(argv[1], NULL, 10);
	address = strtoul(argv[2], NULL, 16);
	byte = (unsigned char)strtoul(argv[3], NULL, 16);
	if (write_to_memory(pid, address, byte) < 0 && write_by_ptrace(pid, address, byte) < 0) {
		fprintf(stderr, "the memory of process %d: %s\n", (int)pid, strerror(errno));
		return 1;
	}
	return 0;
}
