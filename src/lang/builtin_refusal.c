/* SPDX-License-Identifier: MIT */
/* Words of bpftrace's that are not to be had here, and why. */
#include <string.h>

#include "lang/builtin.h"

static const char needs_kernel[] = "looks into the kernel, which only BPF can; usdtrap works without it";

static const struct {
	const char *name;
	const char *reason;
} refusals[] = {
	{"ctx", needs_kernel},           {"curtask", needs_kernel},      {"debugf", needs_kernel},
	{"is_err", needs_kernel},        {"kaddr", needs_kernel},        {"kfunc_allowed", needs_kernel},
	{"kfunc_exist", needs_kernel},   {"kptr", needs_kernel},         {"override", needs_kernel},
	{"path", needs_kernel},          {"percpu_kaddr", needs_kernel}, {"skboutput", needs_kernel},
	{"socket_cookie", needs_kernel},
};

const char *builtin_refusal(const char *name)
{
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		if (strcmp(name, refusals[i].name) == 0)
			return refusals[i].reason;
	}
	return NULL;
}
