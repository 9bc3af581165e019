/* SPDX-License-Identifier: MIT */
/* embed FILE: lists FILE's probes with the installed library, as a program that embeds it would. */
#include <stdio.h>

#include <usdtrap/usdtrap.h>

static int on_probe(const struct usdtrap_probe_info *probe, void *user)
{
	unsigned *count = user;

	printf("%s\n", probe->full_name);
	++*count;
	return 0;
}

int main(int argc, char **argv)
{
	unsigned count = 0;
	struct usdtrap_pattern pattern = {.target = argc > 1 ? argv[1] : NULL};
	struct usdtrap_list_callbacks callbacks = {.on_probe = on_probe, .user = &count};
	struct usdtrap_error *error = usdtrap_list(&pattern, 0, &callbacks);

	if (error) {
		fprintf(stderr, "embed: %s\n", usdtrap_error_message(error));
		usdtrap_error_destroy(error);
		return 1;
	}
	return count ? 0 : 2;
}
