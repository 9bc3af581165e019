/* SPDX-License-Identifier: MIT */
#include "support/puppet.h"

#include <assert.h>
#include <elf.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static void map(uint64_t addr, size_t size, int protection)
{
	void *wanted = (void *)(uintptr_t)addr;

	if (mmap(wanted, size, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) != wanted)
		_exit(1);
}

static void be_puppet(void)
{
	map(PUPPET_CODE, PUPPET_PAGE, PROT_READ | PROT_WRITE | PROT_EXEC);
	map(PUPPET_COPY, PUPPET_PAGE, PROT_READ | PROT_WRITE | PROT_EXEC);
	map(PUPPET_DATA, PUPPET_DATA_SIZE, PROT_READ | PROT_WRITE);
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
		_exit(77);
	for (;;)
		raise(SIGSTOP);
}

bool puppet_create(struct puppet *puppet)
{
	char path[64];
	int status;

	puppet->pid = fork();
	assert(puppet->pid >= 0);
	if (puppet->pid == 0)
		be_puppet();
	assert(waitpid(puppet->pid, &status, 0) == puppet->pid);
	if (!WIFSTOPPED(status))
		return false;
	snprintf(path, sizeof(path), "/proc/%d/mem", (int)puppet->pid);
	puppet->memory_fd = open(path, O_RDWR | O_CLOEXEC);
	assert(puppet->memory_fd >= 0);
	return true;
}

void puppet_destroy(struct puppet *puppet)
{
	int status;

	kill(puppet->pid, SIGKILL);
	waitpid(puppet->pid, &status, 0);
	close(puppet->memory_fd);
}

static void write_memory(const struct puppet *puppet, uint64_t addr, const void *bytes, size_t size)
{
	ssize_t written = pwrite(puppet->memory_fd, bytes, size, (off_t)addr);

	assert(written == (ssize_t)size);
}

void puppet_write_code(const struct puppet *puppet, uint64_t addr, const void *bytes, size_t size)
{
	unsigned char traps[PUPPET_PAGE];

	memset(traps, 0xcc, sizeof(traps));
	write_memory(puppet, PUPPET_CODE, traps, sizeof(traps));
	write_memory(puppet, PUPPET_COPY, traps, sizeof(traps));
	write_memory(puppet, addr, bytes, size);
}

void puppet_read_vectors(const struct puppet *puppet, struct puppet_state *state)
{
	struct iovec vectors = {state->vectors, sizeof(state->vectors)};
	long result = ptrace(PTRACE_GETREGSET, puppet->pid, ARCH_VECTOR_REGISTER_SET, &vectors);

	assert(result == 0);
	state->vectors_size = vectors.iov_len;
}

bool puppet_run(const struct puppet *puppet, struct puppet_state *state)
{
	struct iovec registers = {state->registers.bytes, 27 * 8}; /* struct user_regs_struct */
	struct iovec vectors = {state->vectors, state->vectors_size};
	int status;

	write_memory(puppet, PUPPET_DATA, state->data, sizeof(state->data));
	if (ptrace(PTRACE_SETREGSET, puppet->pid, NT_PRSTATUS, &registers) != 0 ||
	    ptrace(PTRACE_SETREGSET, puppet->pid, ARCH_VECTOR_REGISTER_SET, &vectors) != 0 ||
	    ptrace(PTRACE_CONT, puppet->pid, NULL, NULL) != 0 || waitpid(puppet->pid, &status, 0) != puppet->pid ||
	    !WIFSTOPPED(status))
		return false;
	state->signal = WSTOPSIG(status);
	if (ptrace(PTRACE_GETREGSET, puppet->pid, NT_PRSTATUS, &registers) != 0)
		return false;
	puppet_read_vectors(puppet, state);
	return pread(puppet->memory_fd, state->data, sizeof(state->data), PUPPET_DATA) == sizeof(state->data);
}
