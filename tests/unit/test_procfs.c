/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/strbuf.h"
#include "os/procfs.h"
#include "support/fake_proc.h"

static int create_tree(void **state)
{
	struct fake_proc *proc = malloc(sizeof(*proc));

	assert_non_null(proc);
	fake_proc_create(proc);
	*state = proc;
	return 0;
}

static int destroy_tree(void **state)
{
	fake_proc_destroy(*state);
	free(*state);
	return 0;
}

static const char *root_of(void **state)
{
	return ((const struct fake_proc *)*state)->root;
}

/* One line of maps */

static const struct {
	const char *name;
	const char *line;
	unsigned device[2];            /* major, minor */
	struct procfs_mapping mapping; /* but for the device */
} mapping_rows[] = {
	{"code of a library",
	 "7f5ac8e00000-7f5ac8e22000 r-xp 00026000 fe:01 1319                       /usr/lib/libc.so.6",
	 {0xfe, 1},
	 {.start = 0x7f5ac8e00000,
	  .end = 0x7f5ac8e22000,
	  .offset = 0x26000,
	  .inode = 1319,
	  .is_readable = true,
	  .is_executable = true,
	  .path = "/usr/lib/libc.so.6"}},
	{"anonymous, with the blank that the kernel leaves",
	 "7f5ac8e00000-7f5ac8e22000 rw-p 00000000 00:00 0 ",
	 {0, 0},
	 {.start = 0x7f5ac8e00000, .end = 0x7f5ac8e22000, .is_readable = true, .is_writable = true, .path = ""}},
	{"anonymous, without it",
	 "1000-2000 ---p 00000000 00:00 0",
	 {0, 0},
	 {.start = 0x1000, .end = 0x2000, .path = ""}},
	{"shared",
	 "1000-2000 rwxs 00001000 08:11 5 /dev/shm/x",
	 {8, 0x11},
	 {.start = 0x1000,
	  .end = 0x2000,
	  .offset = 0x1000,
	  .inode = 5,
	  .is_readable = true,
	  .is_writable = true,
	  .is_executable = true,
	  .is_shared = true,
	  .path = "/dev/shm/x"}},
	{"not a file",
	 "ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]",
	 {0, 0},
	 {.start = 0xffffffffff600000, .end = 0xffffffffff601000, .is_executable = true, .path = "[vsyscall]"}},
	{"deleted",
	 "1000-2000 r--p 00000000 00:01 7 /memfd:libstapsdt:app (deleted)",
	 {0, 1},
	 {.start = 0x1000,
	  .end = 0x2000,
	  .inode = 7,
	  .is_readable = true,
	  .is_deleted = true,
	  .path = "/memfd:libstapsdt:app"}},
	{"blanks, newline and backslash in the path",
	 "1000-2000 r--p 00000000 00:01 7 /a b\\012c\\d\\040 ",
	 {0, 1},
	 {.start = 0x1000, .end = 0x2000, .inode = 7, .is_readable = true, .path = "/a b\nc\\d\\040 "}},
	{"newline in the path of a deleted file",
	 "1000-2000 r--p 00000000 00:01 7 /\\012\\012 (deleted)",
	 {0, 1},
	 {.start = 0x1000, .end = 0x2000, .inode = 7, .is_readable = true, .is_deleted = true, .path = "/\n\n"}},
	{"numbers as large as they come",
	 "0-ffffffffffffffff r--p ffffffffffffffff fff:fffff 18446744073709551615 /x",
	 {0xfff, 0xfffff},
	 {.start = 0, .end = UINT64_MAX, .offset = UINT64_MAX, .inode = UINT64_MAX, .is_readable = true, .path = "/x"}},
};

static void assert_mapping_equal(const struct procfs_mapping *got, const struct procfs_mapping *wanted,
				 const char *name)
{
	if (got->start != wanted->start || got->end != wanted->end || got->offset != wanted->offset ||
	    got->device != wanted->device || got->inode != wanted->inode || got->is_readable != wanted->is_readable ||
	    got->is_writable != wanted->is_writable || got->is_executable != wanted->is_executable ||
	    got->is_shared != wanted->is_shared || got->is_deleted != wanted->is_deleted)
		fail_msg("%s: a field differs", name);
	if (strcmp(got->path, wanted->path) != 0)
		fail_msg("%s: path '%s', not '%s'", name, got->path, wanted->path);
}

static void test_mapping_good_line_is_taken_apart(void **state)
{
	struct procfs_mapping mapping;
	struct procfs_mapping wanted;

	(void)state;
	for (size_t i = 0; i < sizeof(mapping_rows) / sizeof(mapping_rows[0]); i++) {
		_cleanup_free_ char *line = strdup(mapping_rows[i].line);

		if (!procfs_parse_mapping(line, &mapping))
			fail_msg("%s: refused", mapping_rows[i].name);
		wanted = mapping_rows[i].mapping;
		wanted.device = makedev(mapping_rows[i].device[0], mapping_rows[i].device[1]);
		assert_mapping_equal(&mapping, &wanted, mapping_rows[i].name);
	}
}

static void test_mapping_bad_line_is_refused_and_nothing_changed(void **state)
{
	static const char *const lines[] = {
		"",
		"-",
		"1000",
		"1000-",
		"1000-2000",
		"1000-2000 r--p",
		"1000-2000 r--p 0 0:0",
		"1000-2000 r--p 0 0:0 ",
		"1000-2000 r--p 0 0:0 x",
		"1000-2000 r--p 0 0:0 12x /x",
		"1000-2000 r--p 0 00 1 /x",
		"1000-2000 r--q 0 0:0 1 /x",
		"1000-2000 R--p 0 0:0 1 /x",
		"1000-2000 r-p 0 0:0 1 /x",
		"1000-2000  r--p 0 0:0 1 /x",
		"2000-1000 r--p 0 0:0 1 /x",
		"1000-1000 r--p 0 0:0 1 /x",
		" 1000-2000 r--p 0 0:0 1 /x",
		"+1000-2000 r--p 0 0:0 1 /x",
		"0x1000-2000 r--p 0 0:0 1 /x",
		"1000-10000000000000000 r--p 0 0:0 1 /x",
		"1000-2000 r--p 10000000000000000 0:0 1 /x",
		"1000-2000 r--p 0 100000000:0 1 /x",
		"1000-2000 r--p 0 0:100000000 1 /x",
		"1000-2000 r--p 0 0:0 18446744073709551616 /x",
		"1000-2000 r--p 0 0:0 -1 /x",
	};
	struct procfs_mapping mapping = {.inode = 77};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		_cleanup_free_ char *line = strdup(lines[i]);

		if (procfs_parse_mapping(line, &mapping) || mapping.inode != 77)
			fail_msg("accepted: %s", lines[i]);
	}
}

/* maps */

static void test_maps_good_lines_survive_bad_ones(void **state)
{
	struct procfs_maps maps;

	fake_proc_file(
		*state, "42/task/43/maps",
		"1000-2000 r-xp 00000000 00:01 7 /a\nnonsense\n\n3000-4000 rw-p 00000000 00:00 0 \n5000-6000 r-");
	assert_null(procfs_maps_read(root_of(state), 42, 43, &maps));
	assert_int_equal(maps.count, 2);
	assert_string_equal(maps.items[0].path, "/a");
	assert_int_equal(maps.items[1].start, 0x3000);
	assert_string_equal(maps.items[1].path, "");
	procfs_maps_deinit(&maps);
	assert_null(maps.items);
}

static void test_maps_hundred_thousand_lines_are_read(void **state)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	struct procfs_maps maps;

	for (unsigned long long i = 1; i <= 100000; i++)
		strbuf_addf(&text, "%llx-%llx r-xp 00000000 fe:01 %llu /lib/%llu.so\n", i << 12, (i + 1) << 12, i, i);
	fake_proc_file(*state, "42/task/42/maps", strbuf_text(&text));
	assert_null(procfs_maps_read(root_of(state), 42, 42, &maps));
	assert_int_equal(maps.count, 100000);
	assert_int_equal(maps.items[99999].inode, 100000);
	assert_string_equal(maps.items[99999].path, "/lib/100000.so");
	procfs_maps_deinit(&maps);
}

static void test_maps_of_a_kernel_thread_are_none(void **state)
{
	struct procfs_maps maps;

	fake_proc_file(*state, "2/task/2/maps", "");
	assert_null(procfs_maps_read(root_of(state), 2, 2, &maps));
	assert_int_equal(maps.count, 0);
	procfs_maps_deinit(&maps);
}

static void test_maps_of_an_ended_thread_are_gone(void **state)
{
	struct procfs_maps maps;

	fake_proc_folder(*state, "42/task/42");
	assert_ptr_equal(procfs_maps_read(root_of(state), 42, 43, &maps), &error_gone);
	assert_ptr_equal(procfs_maps_read(root_of(state), 44, 44, &maps), &error_gone);
}

/* The kernel's own hand: a file whose name is as bad as names get, mapped by this process and then unlinked. */
static void test_maps_real_file_with_newline_in_its_name(void **state)
{
	char path[] = "/tmp/usdtrap a\nb XXXXXX";
	int fd = mkstemp(path);
	const struct procfs_mapping *found = NULL;
	struct procfs_maps maps;
	void *mapped;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "text", 4), 4);
	mapped = mmap(NULL, 4, PROT_READ, MAP_PRIVATE, fd, 0);
	assert_ptr_not_equal(mapped, MAP_FAILED);
	close(fd);
	assert_int_equal(unlink(path), 0);

	assert_null(procfs_maps_read(PROCFS_ROOT, getpid(), gettid(), &maps));
	for (size_t i = 0; i < maps.count; i++)
		if (maps.items[i].start == (uintptr_t)mapped)
			found = &maps.items[i];
	assert_non_null(found);
	assert_string_equal(found->path, path);
	assert_true(found->is_deleted);
	assert_true(found->is_readable);
	assert_false(found->is_writable || found->is_executable || found->is_shared);
	procfs_maps_deinit(&maps);
	munmap(mapped, 4);
}

/* Threads and children */

static int compare_ids(const void *a, const void *b)
{
	return *(const pid_t *)a - *(const pid_t *)b;
}

static void assert_ids(pid_t *ids, size_t count, const pid_t *wanted, size_t wanted_count)
{
	qsort(ids, count, sizeof(*ids), compare_ids);
	assert_int_equal(count, wanted_count);
	assert_memory_equal(ids, wanted, count * sizeof(*ids));
	free(ids);
}

static void test_threads_are_the_numbers_in_task(void **state)
{
	static const pid_t wanted[] = {42, 43, 2000000000};
	pid_t *ids;
	size_t count;

	fake_proc_folder(*state, "42/task/42");
	fake_proc_folder(*state, "42/task/2000000000");
	fake_proc_folder(*state, "42/task/43");
	fake_proc_folder(*state, "42/task/44x");
	fake_proc_folder(*state, "42/task/x44");
	fake_proc_folder(*state, "42/task/99999999999999999999");
	assert_null(procfs_threads(root_of(state), 42, &ids, &count));
	assert_ids(ids, count, wanted, 3);
}

static void test_threads_of_nobody_are_gone(void **state)
{
	pid_t *ids;
	size_t count;

	fake_proc_folder(*state, "42/task");
	assert_ptr_equal(procfs_threads(root_of(state), 42, &ids, &count), &error_gone);
	assert_ptr_equal(procfs_threads(root_of(state), 43, &ids, &count), &error_gone);
}

static void test_children_of_all_threads_are_put_together(void **state)
{
	static const pid_t wanted[] = {50, 51, 52};
	pid_t *ids;
	size_t count;

	fake_proc_file(*state, "42/task/42/children", "50 51 ");
	fake_proc_file(*state, "42/task/43/children", "52 ");
	fake_proc_file(*state, "42/task/44/children", "");
	assert_null(procfs_children(root_of(state), 42, &ids, &count));
	assert_ids(ids, count, wanted, 3);
}

static void test_children_without_the_list_are_found_by_their_parent(void **state)
{
	static const pid_t wanted[] = {50, 51};
	pid_t *ids;
	size_t count;

	fake_proc_folder(*state, "42/task/42");
	fake_proc_file(*state, "42/status", "Name:\ta\nPPid:\t1\n");
	fake_proc_file(*state, "50/status", "Name:\tb\nPPid:\t42\n");
	fake_proc_file(*state, "51/status", "Name:\tc\nPPid:\t42\n");
	fake_proc_file(*state, "52/status", "Name:\td\nPPid:\t50\n");
	fake_proc_folder(*state, "53");
	fake_proc_file(*state, "uptime", "1 1\n");
	fake_proc_remove(*state, "53");
	assert_null(procfs_children(root_of(state), 42, &ids, &count));
	assert_ids(ids, count, wanted, 2);
}

static void test_children_real_fork_is_found(void **state)
{
	pid_t *ids;
	size_t count;
	pid_t child = fork();

	(void)state;
	if (child == 0)
		for (;;)
			pause();
	assert_true(child > 0);
	assert_null(procfs_children(PROCFS_ROOT, getpid(), &ids, &count));
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_ids(ids, count, &child, 1);
}

/* status */

static void test_status_fields_are_read(void **state)
{
	struct procfs_status status;

	fake_proc_file(*state, "42/status",
		       "Name:\tpostgres: \\n idle\n"
		       "Umask:\t0022\n"
		       "State:\tt (tracing stop)\n"
		       "Tgid:\t41\n"
		       "Ngid:\t0\n"
		       "Pid:\t42\n"
		       "PPid:\t40\n"
		       "TracerPid:\t39\n"
		       "Uid:\t1000\t1001\t1002\t1003\n"
		       "Gid:\t2000\t2001\t2002\t2003\n"
		       "Threads:\t12\n"
		       "SigPnd:\t0000000000000010\n"
		       "ShdPnd:\t0000000000000020\n"
		       "SigBlk:\tffffffffffffffff\n"
		       "SigIgn:\t0000000000001000\n"
		       "SigCgt:\t0000000180000001\n"
		       "CapInh:\t0000000000000007\n"
		       "CapPrm:\t000001ffffffffff\n"
		       "CapEff:\t0000000000080000\n"
		       "NoNewPrivs:\t1\n"
		       "Seccomp:\t2\n"
		       "Seccomp_filters:\t3\n");
	assert_null(procfs_status_read(root_of(state), 42, &status));
	assert_string_equal(status.name, "postgres: \\n idle");
	assert_int_equal(status.state, 't');
	assert_int_equal(status.tgid, 41);
	assert_int_equal(status.parent, 40);
	assert_int_equal(status.tracer, 39);
	assert_int_equal(status.uid, 1000);
	assert_int_equal(status.effective_uid, 1001);
	assert_int_equal(status.saved_uid, 1002);
	assert_int_equal(status.gid, 2000);
	assert_int_equal(status.effective_gid, 2001);
	assert_int_equal(status.saved_gid, 2002);
	assert_int_equal(status.threads, 12);
	assert_int_equal(status.signals_pending, 0x10);
	assert_int_equal(status.signals_pending_shared, 0x20);
	assert_true(status.signals_blocked == UINT64_MAX);
	assert_int_equal(status.signals_ignored, 0x1000);
	assert_int_equal(status.signals_caught, 0x180000001);
	assert_int_equal(status.capabilities_permitted, 0x1ffffffffff);
	assert_int_equal(status.capabilities_effective, 0x80000);
	assert_int_equal(status.no_new_privileges, 1);
	assert_int_equal(status.seccomp, 2);
}

static void test_status_of_an_old_kernel_says_unknown(void **state)
{
	struct procfs_status status;

	fake_proc_file(*state, "42/status", "Name:\tinit\nState:\tS (sleeping)\nTgid:\t42\n");
	assert_null(procfs_status_read(root_of(state), 42, &status));
	assert_int_equal(status.no_new_privileges, -1);
	assert_int_equal(status.seccomp, -1);
	assert_int_equal(status.tracer, 0);
}

static void test_status_long_name_is_cut(void **state)
{
	struct procfs_status status;
	char text[300];

	snprintf(text, sizeof(text), "Name:\t%0200d\nState:\tR (running)\n", 0);
	fake_proc_file(*state, "42/status", text);
	assert_null(procfs_status_read(root_of(state), 42, &status));
	assert_int_equal(strlen(status.name), sizeof(status.name) - 1);
	assert_int_equal(status.state, 'R');
}

static void test_status_of_nobody_is_gone(void **state)
{
	struct procfs_status status;

	assert_ptr_equal(procfs_status_read(root_of(state), 42, &status), &error_gone);
}

static void test_status_real_process_is_told(void **state)
{
	struct procfs_status status;

	(void)state;
	assert_null(procfs_status_read(PROCFS_ROOT, getpid(), &status));
	assert_int_equal(status.tgid, getpid());
	assert_int_equal(status.parent, getppid());
	assert_int_equal(status.effective_uid, geteuid());
	assert_int_equal(status.gid, getgid());
	assert_true(status.threads >= 1);
}

/* stat */

static const struct {
	const char *name, *text;
	struct procfs_stat stat;
} stat_rows[] = {
	{"plain",
	 "42 (cat) R 1 42 42 34816 42 4194304 89 0 0 0 0 0 0 0 20 0 1 0 12345 2240512 153 18446744073709551615 1 2 3 4 5 0 "
	 "0 0 0 0 0 0 17 3 0 0 0 0 0 1 2 3 4 5 6 7 0\n",
	 {'R', 42, false, false, 20, 12345, 3, 3}},
	{"a name that looks like the rest of the line",
	 "42 (a) S 9 9 9 (\n) R 1 42 42 34816 42 4194304 89 0 0 0 0 0 0 0 20 0 1 0 777 2240512 153 18446744073709551615 1 "
	 "2 3 4 5 0 0 0 0 0 0 0 17 1 0 0 0 0 0 1 2 3 4 5 6 7 0\n",
	 {'R', 42, false, false, 20, 777, 3, 1}},
	{"a thread of the kernel",
	 "2 (kthreadd) S 0 0 0 0 -1 2129984 0 0 0 0 0 4 0 0 20 0 1 0 2 0 0 18446744073709551615 0 0 0 0 0 0 0 2147483647 "
	 "0 0 0 0 0 1 0 0 0 0 0 0 0 0 0 0 0 0 0\n",
	 {'S', 0, true, false, 20, 2, 0, 1}},
	{"one on its way out",
	 "42 (cat) R 1 42 42 34816 42 4194308 89 0 0 0 0 0 0 0 20 0 1 0 12345 2240512 153 18446744073709551615 1 2 3 4 5 0 "
	 "0 0 0 0 0 0 17 3 0 0 0 0 0 1 2 3 4 5 6 7 0\n",
	 {'R', 42, false, true, 20, 12345, 3, 3}},
	{"cut short: what is missing is unknown", "42 (cat) Z 1 42\n", {'Z', 0, false, true, 0, 0, 0, -1}},
	{"no field at all", "42 (cat)", {'?', 0, false, false, 0, 0, 0, -1}},
};

static void test_stat_fields_are_read(void **state)
{
	struct procfs_stat stat;

	for (size_t i = 0; i < sizeof(stat_rows) / sizeof(stat_rows[0]); i++) {
		const struct procfs_stat *wanted = &stat_rows[i].stat;

		fake_proc_file(*state, "42/task/42/stat", stat_rows[i].text);
		assert_null(procfs_stat_read(root_of(state), 42, 42, &stat));
		if (stat.state != wanted->state || stat.session != wanted->session ||
		    stat.priority != wanted->priority || stat.processor != wanted->processor ||
		    stat.start_time != wanted->start_time || stat.start_stack != wanted->start_stack ||
		    stat.is_kernel_thread != wanted->is_kernel_thread || stat.is_ending != wanted->is_ending)
			fail_msg("%s: %c %d %d %llu %d", stat_rows[i].name, stat.state, stat.session, stat.processor,
				 (unsigned long long)stat.start_time, stat.is_kernel_thread);
	}
}

static void test_stat_without_a_name_is_an_error(void **state)
{
	struct procfs_stat stat;
	struct usdtrap_error *error;
	char wanted[128];

	fake_proc_file(*state, "42/task/43/stat", "42 cat R 1\n");
	error = procfs_stat_read(root_of(state), 42, 43, &stat);
	assert_non_null(error);
	snprintf(wanted, sizeof(wanted), "%s/42/task/43/stat has no program name in it", root_of(state));
	assert_string_equal(usdtrap_error_message(error), wanted);
	usdtrap_error_destroy(error);
}

static void test_stat_real_thread_is_told(void **state)
{
	struct procfs_stat stat;

	(void)state;
	assert_null(procfs_stat_read(PROCFS_ROOT, getpid(), gettid(), &stat));
	assert_int_equal(stat.state, 'R');
	assert_true(stat.processor >= 0);
	assert_true(stat.start_time > 0);
}

/* Links and lines */

static void test_link_target_is_copied(void **state)
{
	_cleanup_free_ char *target = NULL;

	fake_proc_link(*state, "42/exe", "/usr/bin/a\nb (deleted)");
	assert_null(procfs_link(root_of(state), 42, "exe", &target));
	assert_string_equal(target, "/usr/bin/a\nb (deleted)");
}

static void test_link_that_the_kernel_lacks_is_not_found(void **state)
{
	char *target;
	struct usdtrap_error *error;
	char wanted[128];

	fake_proc_folder(*state, "42");
	error = procfs_link(root_of(state), 42, "ns/user", &target);
	assert_non_null(error);
	assert_int_equal(usdtrap_error_code(error), USDTRAP_NOT_FOUND);
	snprintf(wanted, sizeof(wanted), "cannot read %s/42/ns/user: No such file or directory", root_of(state));
	assert_string_equal(usdtrap_error_message(error), wanted);
	usdtrap_error_destroy(error);
	assert_ptr_equal(procfs_link(root_of(state), 43, "ns/user", &target), &error_gone);
}

static void test_line_is_the_first_without_its_newline(void **state)
{
	char line[16];

	fake_proc_file(*state, "42/comm", "cat\nrest\n");
	assert_null(procfs_line(root_of(state), 42, "comm", line, sizeof(line)));
	assert_string_equal(line, "cat");
	fake_proc_file(*state, "sys/kernel/yama/ptrace_scope", "1\n");
	assert_null(procfs_line(root_of(state), 0, "sys/kernel/yama/ptrace_scope", line, sizeof(line)));
	assert_string_equal(line, "1");
}

static void test_call_is_read_whole_or_not(void **state)
{
	static const char *const others[] = {"running\n", "-1 0x7ffe 0x7f00\n", "", "59 0x1 0x2\n",
					     "x 1 2 3 4 5 6 7 8\n"};
	struct procfs_call call;
	uint64_t stack_pointer;

	fake_proc_file(*state, "42/syscall", "59 0x55d0 0x55d8 0xffffffffffffffff 0x8 0x0 0x6 0x7ffe68 0x7f0a4c0b\n");
	assert_true(procfs_call_read(root_of(state), 42, &call));
	assert_int_equal(call.number, 59);
	assert_int_equal(call.arguments[0], 0x55d0);
	assert_int_equal(call.arguments[2], UINT64_MAX);
	assert_int_equal(call.arguments[5], 6);
	assert_int_equal(call.stack_pointer, 0x7ffe68);
	assert_int_equal(call.pc, 0x7f0a4c0b);
	assert_true(procfs_stack_pointer(root_of(state), 42, &stack_pointer));
	assert_int_equal(stack_pointer, 0x7ffe68);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		fake_proc_file(*state, "42/syscall", others[i]);
		assert_false(procfs_call_read(root_of(state), 42, &call));
	}
	fake_proc_file(*state, "42/syscall", "-1 0x7ffe 0x7f00\n");
	assert_true(procfs_stack_pointer(root_of(state), 42, &stack_pointer));
	assert_int_equal(stack_pointer, 0x7ffe);
	fake_proc_file(*state, "42/syscall", "running\n");
	assert_false(procfs_stack_pointer(root_of(state), 42, &stack_pointer));
	assert_false(procfs_call_read(root_of(state), 43, &call));
}

static void test_line_longer_than_the_buffer_is_cut(void **state)
{
	char line[4];

	fake_proc_file(*state, "42/comm", "abcdef\n");
	assert_null(procfs_line(root_of(state), 42, "comm", line, sizeof(line)));
	assert_string_equal(line, "abc");
}

static void test_line_that_may_not_be_read_is_permission(void **state)
{
	struct usdtrap_error *error;
	char line[64];

	(void)state;
	/* Write-only for everybody, root as well. */
	error = procfs_line(PROCFS_ROOT, 0, "sys/vm/compact_memory", line, sizeof(line));
	if (error_catch(error, USDTRAP_NOT_FOUND))
		skip();
	assert_non_null(error);
	assert_int_equal(usdtrap_error_code(error), USDTRAP_PERMISSION);
	usdtrap_error_destroy(error);
}

/* A mapping of the file at PATH below the root of STATE's tree. */
static struct procfs_mapping mapping_of(void **state, const char *path, const char *shown)
{
	char whole[256];
	struct stat status;

	snprintf(whole, sizeof(whole), "%s/%s", root_of(state), path);
	assert_int_equal(stat(whole, &status), 0);
	return (struct procfs_mapping){
		.start = 0x1000, .end = 0x2000, .device = status.st_dev, .inode = status.st_ino, .path = shown};
}

/* Opens MAPPING as PID's, and tells whether what was opened holds TEXT; NULL: whether nothing was. */
static bool opens(void **state, const struct procfs_mapping *mapping, const char *text)
{
	char found[64] = "";
	int fd = procfs_mapping_open(root_of(state), 42, mapping);
	bool is_wanted;

	if (fd < 0)
		return !text;
	is_wanted = text && read(fd, found, sizeof(found) - 1) >= 0 && strcmp(found, text) == 0;
	close(fd);
	return is_wanted;
}

static void test_mapping_is_opened_whichever_way_leads_to_it(void **state)
{
	const struct fake_proc *proc = *state;
	struct procfs_mapping mapping;
	char ours[128];

	fake_proc_file(proc, "42/root/lib/inner", "inner");
	fake_proc_file(proc, "42/exe", "program");
	fake_proc_file(proc, "42/map_files/1000-2000", "deleted");
	fake_proc_file(proc, "outside", "outside");
	snprintf(ours, sizeof(ours), "%s/outside", proc->root);

	mapping = mapping_of(state, "42/root/lib/inner", "/lib/inner");
	assert_true(opens(state, &mapping, "inner"));
	mapping = mapping_of(state, "outside", ours);
	assert_true(opens(state, &mapping, "outside"));
	mapping.device++; /* the same inode of another file system */
	assert_true(opens(state, &mapping, NULL));
	mapping = mapping_of(state, "42/map_files/1000-2000", "/lib/inner");
	assert_true(opens(state, &mapping, "deleted"));
	mapping = mapping_of(state, "42/exe", "/bin/no_more");
	assert_true(opens(state, &mapping, "program"));
	fake_proc_remove(proc, "42/exe"); /* and no way leads to it any more */
	assert_true(opens(state, &mapping, NULL));
	/* A folder is no file. */
	mapping = mapping_of(state, "42/root/lib", "/lib");
	assert_true(opens(state, &mapping, NULL));
}

#define TREE_TEST(function) cmocka_unit_test_setup_teardown(function, create_tree, destroy_tree)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mapping_good_line_is_taken_apart),
		cmocka_unit_test(test_mapping_bad_line_is_refused_and_nothing_changed),
		TREE_TEST(test_maps_good_lines_survive_bad_ones),
		TREE_TEST(test_maps_hundred_thousand_lines_are_read),
		TREE_TEST(test_maps_of_a_kernel_thread_are_none),
		TREE_TEST(test_maps_of_an_ended_thread_are_gone),
		cmocka_unit_test(test_maps_real_file_with_newline_in_its_name),
		TREE_TEST(test_mapping_is_opened_whichever_way_leads_to_it),
		TREE_TEST(test_threads_are_the_numbers_in_task),
		TREE_TEST(test_threads_of_nobody_are_gone),
		TREE_TEST(test_children_of_all_threads_are_put_together),
		TREE_TEST(test_children_without_the_list_are_found_by_their_parent),
		cmocka_unit_test(test_children_real_fork_is_found),
		TREE_TEST(test_status_fields_are_read),
		TREE_TEST(test_status_of_an_old_kernel_says_unknown),
		TREE_TEST(test_status_long_name_is_cut),
		TREE_TEST(test_status_of_nobody_is_gone),
		cmocka_unit_test(test_status_real_process_is_told),
		TREE_TEST(test_stat_fields_are_read),
		TREE_TEST(test_stat_without_a_name_is_an_error),
		cmocka_unit_test(test_stat_real_thread_is_told),
		TREE_TEST(test_link_target_is_copied),
		TREE_TEST(test_link_that_the_kernel_lacks_is_not_found),
		TREE_TEST(test_line_is_the_first_without_its_newline),
		TREE_TEST(test_call_is_read_whole_or_not),
		TREE_TEST(test_line_longer_than_the_buffer_is_cut),
		cmocka_unit_test(test_line_that_may_not_be_read_is_permission),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
