/* SPDX-License-Identifier: MIT */
#include "cli/info.h"

#include <stdbool.h>
#include <sys/utsname.h>

#include <usdtrap/feature.h>

#include "config.h"
#include "lang/program.h"

/*
 * What bpftrace's --info tells of that has a meaning here, in its words: test
 * harnesses look for "NAME: yes". A `no' is for what needs BPF or the kernel.
 */
static const struct feature {
	const char *heading; /* NULL: the same as of the one before */
	const char *name;
	bool is_there;
} features[] = {
	{"Kernel helpers", "probe_read", true},
	{NULL, "probe_read_str", true},
	{NULL, "probe_read_user", true},
	{NULL, "probe_read_user_str", true},
	{NULL, "probe_read_kernel", false},
	{NULL, "probe_read_kernel_str", false},
	{NULL, "get_boot_ns", true},
	{NULL, "dpath", false},
	{NULL, "skboutput", false},
	{NULL, "override_return", false},
	{"Kernel features", "Loop support", true},
	{NULL, "btf", false},
	{NULL, "module btf", false},
	{NULL, "uprobe refcount (semaphores are raised in every process)", true},
	{"Map types", "hash", true},
	{NULL, "percpu hash", true},
	{NULL, "lru hash", true},
	{NULL, "stack_trace", true},
};

static const char *yes_or_no(bool is_yes)
{
	return is_yes ? "yes" : "no";
}

static void print_probe_type(const char *name, const char *alias, bool is_supported, void *user)
{
	(void)alias;
	fprintf(user, "  %s: %s\n", name, yes_or_no(is_supported));
}

/* What the kernel has, and what it means where it has not. */
static void print_features(FILE *out)
{
	struct usdtrap_feature kernel[32];
	const size_t count = usdtrap_probe_features(kernel, sizeof(kernel) / sizeof(kernel[0]));

	fputs("\nOf this kernel, used if it is there\n", out);
	for (size_t i = 0; i < count && i < sizeof(kernel) / sizeof(kernel[0]); i++) {
		const struct usdtrap_feature *feature = &kernel[i];

		switch (feature->state) {
		case USDTRAP_FEATURE_YES:
			fprintf(out, "  %s (Linux %s): yes\n", feature->name, feature->since);
			break;
		case USDTRAP_FEATURE_NO:
			fprintf(out, "  %s (Linux %s): no, so %s\n", feature->name, feature->since, feature->without);
			break;
		case USDTRAP_FEATURE_UNKNOWN:
			fprintf(out, "  %s (Linux %s): unknown, this user may not ask; without it %s\n", feature->name,
				feature->since, feature->without);
			break;
		}
	}
	fputs("\nOf any kernel, not used\n", out);
	for (const struct usdtrap_unused_feature *feature = usdtrap_features_not_needed(); feature->name; feature++)
		fprintf(out, "  %s: %s\n", feature->name, feature->instead);
}

void info_print(FILE *out)
{
	struct utsname system;

	if (uname(&system) == 0)
		fprintf(out, "System\n  OS: %s %s %s\n  Arch: %s\n\n", system.sysname, system.release, system.version,
			system.machine);
	fprintf(out, "Build\n  version: usdtrap v%s\n  libbpf: no (nothing is traced by BPF)\n", PACKAGE_VERSION);
	for (size_t i = 0; i < sizeof(features) / sizeof(features[0]); i++) {
		if (features[i].heading)
			fprintf(out, "\n%s\n", features[i].heading);
		fprintf(out, "  %s: %s\n", features[i].name, yes_or_no(features[i].is_there));
	}
	print_features(out);
	fputs("\nProbe types\n", out);
	lang_each_probe_type(print_probe_type, out);
}
