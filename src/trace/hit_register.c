/* SPDX-License-Identifier: MIT */
/* A hit's registers by name. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <usdtrap/stack.h>

#include "base/error.h"
#include "trace/engine.h"
#include "trace/hit.h"

static bool is_place(const char *name)
{
	return strcmp(name, "ip") == 0 || strcmp(name, "pc") == 0;
}

/* NAME, or NAME with an r in front, as kernels leave it out. Vector registers are no numbers. */
static bool find_register(const struct arch *arch, const char *name, struct arch_register *ret)
{
	char full[16];

	snprintf(full, sizeof(full), "r%s", name);
	return (arch->register_by_name(full, strlen(full), ret) && !ret->is_vector) ||
	       (arch->register_by_name(name, strlen(name), ret) && !ret->is_vector);
}

int usdtrap_register_is_known(const char *name)
{
	struct arch_register found;

	return is_place(name) || find_register(arch_native(), name, &found);
}

struct usdtrap_error *usdtrap_hit_register(const struct usdtrap_hit *hit, const char *name, uint64_t *ret)
{
	const struct arch *arch = hit->tracee->space->arch;
	struct arch_register found;

	if (is_place(name)) {
		*ret = hit_pc(hit);
		return NULL;
	}
	if (!find_register(arch, name, &found))
		return error_create(USDTRAP_NOT_FOUND, "there is no register %s", name);
	*ret = arch->register_value(hit_registers(hit), &found);
	return NULL;
}
