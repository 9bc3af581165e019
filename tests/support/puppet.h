/* SPDX-License-Identifier: MIT */
/*
 * A process that executes single instructions: its registers, the instruction
 * and all memory that it may reach are set, it runs until it stops, and what
 * it has become is read. Everything it has lies at fixed addresses, so that
 * one instruction can be executed in two ways, and the results compared.
 */
#ifndef USDTRAP_TESTS_SUPPORT_PUPPET_H
#define USDTRAP_TESTS_SUPPORT_PUPPET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "arch/arch.h"

enum {
	PUPPET_CODE = 0x10000000, /* a page of traps, executable */
	PUPPET_COPY = 0x20000000, /* likewise */
	PUPPET_DATA = 0x30000000, /* readable and writable */
	PUPPET_PAGE = 4096,
	PUPPET_DATA_SIZE = 65536,
	PUPPET_START = PUPPET_CODE + 1024, /* where instructions are put */
};

struct puppet {
	pid_t pid;
	int memory_fd;
};

/* What it is before and after. */
struct puppet_state {
	struct arch_registers registers;
	unsigned char vectors[4096];
	size_t vectors_size;
	unsigned char data[PUPPET_DATA_SIZE];
	int signal; /* that it stopped with */
};

/* False: this machine does not allow ptrace(2). */
bool puppet_create(struct puppet *puppet);
void puppet_destroy(struct puppet *puppet);
/* Fills both pages with traps, then puts SIZE bytes at ADDR. */
void puppet_write_code(const struct puppet *puppet, uint64_t addr, const void *bytes, size_t size);
/* Sets STATE, lets the puppet run from where its pc stands, and reads STATE again. False: it has not stopped by itself.
 */
bool puppet_run(const struct puppet *puppet, struct puppet_state *state);
/* The vector registers as they are now. */
void puppet_read_vectors(const struct puppet *puppet, struct puppet_state *state);

#endif
