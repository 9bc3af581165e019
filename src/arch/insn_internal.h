/* SPDX-License-Identifier: MIT */
/* What the users of capstone share: insn.c, flow.c. */
#ifndef USDTRAP_ARCH_INSN_INTERNAL_H
#define USDTRAP_ARCH_INSN_INTERNAL_H

#include <capstone/capstone.h>

#include "arch/insn.h"

/* A handle for ARCH, in AT&T syntax where there is a choice. False: this build of capstone does not know it. */
bool insn_open(const struct arch *arch, csh *ret);

#endif
