/* SPDX-License-Identifier: MIT */
/* Facts about this process, which knows itself; and control groups in a made-up hierarchy. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <usdtrap/process.h>

#include "os/cgroup.h"

static void test_process_name_and_parent_of_this_one(void **state)
{
	char name[USDTRAP_PROCESS_NAME_MAX];

	(void)state;
	prctl(PR_SET_NAME, "fifteen letters");
	usdtrap_process_name(getpid(), name);
	assert_string_equal(name, "fifteen letters");
	assert_int_equal(usdtrap_process_parent(getpid()), getppid());
}

static void test_process_that_is_none_has_no_facts(void **state)
{
	char name[USDTRAP_PROCESS_NAME_MAX] = "x";
	uint64_t id = 7;

	(void)state;
	usdtrap_process_name(0x7fffffff, name);
	assert_string_equal(name, "");
	assert_int_equal(usdtrap_process_parent(0x7fffffff), 0);
	assert_int_equal(usdtrap_process_parent(0), 0);
	assert_false(usdtrap_process_cgroup(0x7fffffff, &id));
	assert_int_equal(id, 7);
}

/* A hierarchy like that of a machine with both versions, or with version 2 alone. */
static void make_hierarchy(char *root, const char *mount)
{
	char path[4096];
	FILE *file;

	assert_non_null(mkdtemp(root));
	snprintf(path, sizeof(path), "%s%s", root, mount);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s%s/cgroup.procs", root, mount);
	file = fopen(path, "w");
	assert_non_null(file);
	fclose(file);
	snprintf(path, sizeof(path), "%s%s/system.slice", root, mount);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s%s/system.slice/one.service", root, mount);
	assert_int_equal(mkdir(path, 0700), 0);
}

static void remove_hierarchy(const char *root)
{
	char command[4200];

	snprintf(command, sizeof(command), "rm -r '%s'", root);
	assert_int_equal(system(command), 0);
}

static void test_cgroup_ids_and_paths_belong_together(void **state)
{
	static const char *const mounts[] = {"", "/unified"};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		char root[] = "/tmp/test_process_facts.XXXXXX";
		char path[4096], folder[4096];
		uint64_t id, top;

		make_hierarchy(root, mounts[i]);
		assert_true(
			cgroup_of_lines(root, "5:cpu,io:/x\n1:name=systemd:/y\n0::/system.slice/one.service\n", &id));
		snprintf(folder, sizeof(folder), "%s%s/system.slice/one.service", root, mounts[i]);
		assert_true(cgroup_id(folder, &top));
		assert_int_equal(id, top);
		cgroup_path(root, id, NULL, path, sizeof(path));
		assert_string_equal(path, "unified:/system.slice/one.service");
		cgroup_path(root, id, "uni*", path, sizeof(path));
		assert_string_equal(path, "unified:/system.slice/one.service");
		cgroup_path(root, id, "memory", path, sizeof(path));
		assert_string_equal(path, "");
		cgroup_path(root, 1, NULL, path, sizeof(path));
		assert_string_equal(path, "");
		assert_true(cgroup_of_lines(root, "0::/", &id));
		cgroup_path(root, id, NULL, path, sizeof(path));
		assert_string_equal(path, "unified:/");
		assert_false(cgroup_of_lines(root, "5:cpu:/system.slice\n", &id));
		assert_false(cgroup_of_lines(root, "0::/gone\n", &id));
		assert_false(cgroup_id("/dev/null", &id));
		remove_hierarchy(root);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_process_name_and_parent_of_this_one),
		cmocka_unit_test(test_process_that_is_none_has_no_facts),
		cmocka_unit_test(test_cgroup_ids_and_paths_belong_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
