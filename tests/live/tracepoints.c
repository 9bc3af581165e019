/* SPDX-License-Identifier: MIT */
/* Prints every tracepoint of the library: "CATEGORY:NAME", then its fields, "    TYPE NAME". */
#include <stdio.h>

#include <usdtrap/usdtrap.h>

int main(void)
{
	struct usdtrap_tracepoint_info info;

	for (size_t i = 0; i < usdtrap_tracepoint_count(); i++) {
		usdtrap_tracepoint_at(i, &info);
		printf("%s:%s\n", info.category, info.name);
		for (size_t k = 0; k < info.field_count; k++)
			printf("    %s %s\n", info.fields[k].type, info.fields[k].name);
	}
	return 0;
}
