/* SPDX-License-Identifier: MIT */
/* Names of capabilities(7). */
#ifndef USDTRAP_OS_CAPABILITY_H
#define USDTRAP_OS_CAPABILITY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/strbuf.h"

enum { CAPABILITY_SYS_PTRACE = 19 };

static inline bool capability_is_in(uint64_t set, int capability)
{
	return set >> capability & 1;
}

/* Appends the names of all capabilities in SET: "CAP_CHOWN, CAP_KILL". */
void capability_names(uint64_t set, struct strbuf *ret);

#endif
