/* SPDX-License-Identifier: MIT */
/* /proc/PID/mountinfo. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/sysmacros.h>

#include <cmocka.h>

#include "base/error.h"
#include "os/mountinfo.h"
#include "support/fake_proc.h"

static bool parse(const char *text, struct mount *ret)
{
	static char line[512];

	strcpy(line, text);
	return mount_parse(line, ret);
}

static void reads_lines(void **state)
{
	const struct {
		const char *line, *path, *type;
		uint64_t device, id;
	} rows[] = {
		{"27 1 254:0 / / rw,relatime - ext4 /dev/vda rw", "/", "ext4", makedev(254, 0), 27},
		{"36 35 0:98 /mnt1 /mnt2 rw,noatime master:1 shared:2 - ext3 /dev/root rw", "/mnt2", "ext3",
		 makedev(0, 98), 36},
		{"4000000000 35 0:98 / /a\\040b\\134\\011 rw - fuse.x\\040y z rw", "/a b\\\t", "fuse.x y",
		 makedev(0, 98), 4000000000},
		/* the source may be missing */
		{"36 35 0:98 / /a\\04 rw - tmpfs", "/a\\04", "tmpfs", makedev(0, 98), 36},
	};
	struct mount mount;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_true(parse(rows[i].line, &mount));
		assert_string_equal(mount.path, rows[i].path);
		assert_string_equal(mount.type, rows[i].type);
		assert_int_equal(mount.device, rows[i].device);
		assert_int_equal(mount.id, rows[i].id);
	}
}

static void takes_no_lies(void **state)
{
	static const char *const lines[] = {
		"",
		" ",
		"36x 35 0:98 / / rw - ext4 x rw",
		"36 35 0:98 / / rw",
		"36 35 0:98 / / rw master:1 shared:2",
		"36 35 0:98 / / rw -",
		"36 35 0:98 / / rw - ",
		"36 35 98 / / rw - ext4 x rw",
		"36 35 0: / / rw - ext4 x rw",
		"36 35 0:98x / / rw - ext4 x rw",
		"36 35 :98 / / rw - ext4 x rw",
		"36 35 0:98 / relative rw - ext4 x rw",
		"36 35 0:98 /  rw - ext4 x rw",
	};
	struct mount mount;

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		assert_false(parse(lines[i], &mount));
}

static void knows_types(void **state)
{
	(void)state;
	assert_int_equal(mount_kind("ext4"), MOUNT_ORDINARY);
	assert_int_equal(mount_kind("overlay"), MOUNT_ORDINARY);
	assert_int_equal(mount_kind("tmpfs"), MOUNT_ORDINARY);
	assert_int_equal(mount_kind("something new"), MOUNT_ORDINARY);
	assert_int_equal(mount_kind("proc"), MOUNT_WITHOUT_PROGRAMS);
	assert_int_equal(mount_kind("cgroup2"), MOUNT_WITHOUT_PROGRAMS);
	assert_int_equal(mount_kind("nfs4"), MOUNT_OF_OTHERS);
	assert_int_equal(mount_kind("fuse"), MOUNT_OF_OTHERS);
	assert_int_equal(mount_kind("fuse.sshfs"), MOUNT_OF_OTHERS);
	assert_int_equal(mount_kind("fusectl"), MOUNT_WITHOUT_PROGRAMS);
}

static void reads_a_process(void **state)
{
	struct fake_proc proc;
	struct mounts mounts;

	(void)state;
	fake_proc_create(&proc);
	fake_proc_file(&proc, "42/mountinfo",
		       "27 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n"
		       "nonsense\n"
		       "28 27 0:21 / /proc rw - proc proc rw\n");
	assert_null(mounts_read(proc.root, 42, &mounts));
	assert_int_equal(mounts.count, 2);
	assert_string_equal(mounts.items[1].path, "/proc");
	mounts_deinit(&mounts);
	assert_true(error_catch(mounts_read(proc.root, 43, &mounts), USDTRAP_GONE));
	fake_proc_destroy(&proc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_lines),
		cmocka_unit_test(takes_no_lies),
		cmocka_unit_test(knows_types),
		cmocka_unit_test(reads_a_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
