/* SPDX-License-Identifier: MIT */
/*
 * Finding files in a tree that stands for a machine's root: programs,
 * libraries, a loader's cache, and a /proc of processes that map them. What is
 * found is written as text, with the tree's own path as ROOT.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "support/fake_proc.h"
#include "trace/files.h"

#define ELF "\177ELF"
#define MISSING(library)                                                               \
	library ": no such file where the dynamic loader looks, in PATH or here [3]\n" \
		"hint: name the file by its path\n"

struct machine {
	struct fake_proc tree;
	struct files_places places;
	char proc[PATH_MAX];
};

static void add_cache(const struct machine *machine, const char *name, const char *path)
{
	_cleanup_strbuf_ struct strbuf cache = {0};
	const uint32_t numbers[] = {1, (uint32_t)(strlen(name) + strlen(path) + 2), 0, 0, 0, 0, 0};
	const uint32_t entry[] = {3, 72, 72 + (uint32_t)strlen(name) + 1, 0, 0, 0};

	strbuf_add_string(&cache, "glibc-ld.so.cache1.1");
	strbuf_add(&cache, numbers, sizeof(numbers));
	strbuf_add(&cache, entry, sizeof(entry));
	strbuf_add(&cache, name, strlen(name) + 1);
	strbuf_add(&cache, path, strlen(path) + 1);
	fake_proc_bytes(&machine->tree, "etc/ld.so.cache", cache.text, cache.length);
}

static int setup(void **state)
{
	struct machine *machine = calloc(1, sizeof(*machine));

	fake_proc_create(&machine->tree);
	snprintf(machine->proc, sizeof(machine->proc), "%s/proc", machine->tree.root);
	machine->places = (struct files_places){
		.proc = machine->proc, .root = machine->tree.root, .path = "/nowhere:/bin:/usr/bin:/usr/local/bin"};
	fake_proc_file(&machine->tree, "usr/bin/python3.11", ELF);
	fake_proc_link(&machine->tree, "usr/bin/python3", "python3.11");
	fake_proc_file(&machine->tree, "usr/bin/notes.txt", "text");
	fake_proc_link(&machine->tree, "bin", "usr/bin");
	fake_proc_file(&machine->tree, "usr/local/bin/python3.12", ELF);
	fake_proc_file(&machine->tree, "lib/some-linux-gnu/libruby-3.1.so.3.1.2", ELF "ruby");
	fake_proc_link(&machine->tree, "lib/some-linux-gnu/libruby-3.1.so.3.1", "libruby-3.1.so.3.1.2");
	fake_proc_link(&machine->tree, "lib/some-linux-gnu/libruby-3.1.so", "libruby-3.1.so.3.1");
	fake_proc_file(&machine->tree, "lib/some-linux-gnu/libc.so", "/* GNU ld script");
	fake_proc_file(&machine->tree, "lib/some-linux-gnu/libc.so.6", ELF);
	fake_proc_file(&machine->tree, "lib32/libc.so.6", ELF "32");
	fake_proc_file(&machine->tree, "opt/lib/libc.so.6", ELF "opt");
	fake_proc_file(&machine->tree, "usr/lib/libother.so.1", ELF "other");
	*state = machine;
	return 0;
}

static int teardown(void **state)
{
	struct machine *machine = *state;

	fake_proc_destroy(&machine->tree);
	free(machine);
	return 0;
}

/* Appends TEXT with the tree's path as ROOT. */
static void add_abridged(struct strbuf *out, const struct machine *machine, const char *text)
{
	const char *found;

	while ((found = strstr(text, machine->tree.root))) {
		strbuf_add(out, text, (size_t)(found - text));
		strbuf_add_string(out, "ROOT");
		text = found + strlen(machine->tree.root);
	}
	strbuf_add_string(out, text);
}

static void expect_found(const struct machine *machine, const char *target, pid_t pid, const char *expected)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	struct files files = {0};
	struct usdtrap_error *error = files_find_in(&machine->places, target, pid, &files);

	if (error) {
		add_abridged(&out, machine, usdtrap_error_message(error));
		strbuf_addf(&out, " [%d]\n", usdtrap_error_code(error));
		if (usdtrap_error_hint(error))
			strbuf_addf(&out, "hint: %s\n", usdtrap_error_hint(error));
		usdtrap_error_destroy(error);
		assert_null(files.items);
	}
	if (files.is_search)
		strbuf_add_string(&out, "search:\n");
	for (size_t i = 0; i < files.count; i++) {
		add_abridged(&out, machine, files.items[i].path);
		if (strcmp(files.items[i].path, files.items[i].open_path) != 0) {
			strbuf_add_string(&out, " by ");
			add_abridged(&out, machine, files.items[i].open_path);
		}
		strbuf_add_string(&out, files.items[i].is_path_stale ? " stale\n" : "\n");
	}
	files_deinit(&files);
	assert_string_equal(strbuf_text(&out), expected);
}

static void test_files_path_is_taken_as_it_is(void **state)
{
	expect_found(*state, "/usr/bin/python3", 0, "ROOT/usr/bin/python3\n");
	expect_found(*state, "/no/such/file", 0, "ROOT/no/such/file\n");
	expect_found(*state, "./relative", 0, "./relative\n");
}

static void test_files_wildcards_find_elf_files_in_listing_order(void **state)
{
	/* A dot comes before the colon that follows the shorter path in a listing. */
	expect_found(*state, "/usr/bin/*", 0, "search:\nROOT/usr/bin/python3.11\nROOT/usr/bin/python3\n");
	expect_found(*state, "/usr/bin/python3.1?", 0, "search:\nROOT/usr/bin/python3.11\n");
	expect_found(*state, "/usr/*/*[2]", 0, "ROOT/usr/*/*[2]: no such file [3]\n");
	expect_found(*state, "/usr/bin/n*", 0,
		     "ROOT/usr/bin/n*: none of the 1 files that match is a readable ELF file [3]\n");
}

static void test_files_path_with_a_bracket_in_its_name_is_that_file(void **state)
{
	const struct machine *machine = *state;

	fake_proc_file(&machine->tree, "usr/bin/[", ELF);
	fake_proc_file(&machine->tree, "usr/bin/a[b]", ELF);
	expect_found(machine, "/usr/bin/[", 0, "ROOT/usr/bin/[\n");
	expect_found(machine, "/usr/bin/a[b]", 0, "ROOT/usr/bin/a[b]\n");
}

static void test_files_word_is_the_first_program_in_path(void **state)
{
	const struct machine *machine = *state;

	expect_found(machine, "python3.12", 0, "ROOT/usr/local/bin/python3.12\n");
	expect_found(machine, "python3", 0, "ROOT/bin/python3\n");
	fake_proc_file(&machine->tree, "usr/local/bin/python3", ELF);
	expect_found(machine, "python3", 0, "ROOT/bin/python3\n");
}

/* A version manager's scripts come first in PATH; the probes are in the program that comes later. */
static void test_files_word_passes_over_scripts(void **state)
{
	struct machine *machine = *state;
	char path[PATH_MAX];

	fake_proc_file(&machine->tree, "shims/python3.12", "#!/bin/sh");
	fake_proc_file(&machine->tree, "shims/only_script", "#!/bin/sh");
	fake_proc_file(&machine->tree, "shims/data", "no program at all");
	snprintf(path, sizeof(path), "%s/shims/only_script", machine->tree.root);
	assert_int_equal(chmod(path, 0755), 0);
	machine->places.path = "/shims:/usr/local/bin";
	expect_found(machine, "python3.12", 0, "ROOT/usr/local/bin/python3.12\n");
	expect_found(machine, "only_script", 0, "ROOT/shims/only_script\n");
	expect_found(machine, "data", 0, "data: no such file in PATH or here [3]\nhint: name the file by its path\n");
}

static void test_files_word_with_wildcards_finds_all_in_path_once(void **state)
{
	/* /bin is /usr/bin: its files are not told twice. */
	expect_found(*state, "python*", 0,
		     "search:\n"
		     "ROOT/bin/python3.11\n"
		     "ROOT/bin/python3\n"
		     "ROOT/usr/local/bin/python3.12\n");
	expect_found(*state, "nothing*", 0,
		     "nothing*: no such file in PATH or here [3]\nhint: name the file by its path\n");
}

static void test_files_library_comes_from_the_cache(void **state)
{
	const struct machine *machine = *state;

	add_cache(machine, "libother.so.1", "/usr/lib/libother.so.1");
	expect_found(machine, "libother", 0, "ROOT/usr/lib/libother.so.1\n");
	expect_found(machine, "libother.so", 0, "ROOT/usr/lib/libother.so.1\n");
	expect_found(machine, "libother.so.1", 0, "ROOT/usr/lib/libother.so.1\n");
	expect_found(machine, "libo*", 0, "ROOT/usr/lib/libother.so.1\n");
	expect_found(machine, "libother.s", 0, MISSING("libother.s"));
	expect_found(machine, "libothe", 0, MISSING("libothe"));
}

static void test_files_library_that_is_not_cached_comes_from_the_default_folders(void **state)
{
	const struct machine *machine = *state;

	add_cache(machine, "libgone.so.1", "/usr/lib/libgone.so.1");
	/* A file that has three names is told by one, and a linker script is no library. */
	expect_found(machine, "libruby-3.1", 0, "ROOT/lib/some-linux-gnu/libruby-3.1.so\n");
	expect_found(machine, "libc", 0, "ROOT/lib/some-linux-gnu/libc.so.6\n");
	expect_found(machine, "libgone", 0, MISSING("libgone"));
}

static void test_files_library_path_comes_first(void **state)
{
	struct machine *machine = *state;

	add_cache(machine, "libc.so.6", "/lib32/libc.so.6");
	expect_found(machine, "libc", 0, "ROOT/lib32/libc.so.6\n");
	machine->places.library_path = "/nowhere:/opt/lib";
	expect_found(machine, "libc", 0, "ROOT/opt/lib/libc.so.6\n");
	expect_found(machine, "libruby-3.1", 0, "ROOT/lib/some-linux-gnu/libruby-3.1.so\n");
}

static void test_files_program_may_begin_as_a_library_does(void **state)
{
	const struct machine *machine = *state;

	fake_proc_file(&machine->tree, "usr/bin/libtool", ELF);
	expect_found(machine, "libtool", 0, "ROOT/bin/libtool\n");
}

static void test_files_word_that_is_nowhere_else_is_a_file_here(void **state)
{
	const struct machine *machine = *state;
	char before[PATH_MAX];

	assert_non_null(getcwd(before, sizeof(before)));
	fake_proc_file(&machine->tree, "here/a.out", ELF);
	assert_int_equal(chdir(machine->tree.root), 0);
	assert_int_equal(chdir("here"), 0);
	expect_found(machine, "a.out", 0, "a.out\n");
	assert_int_equal(chdir(before), 0);
}

/* Appends the line of /proc/PID/maps for the tree's file PATH, called NAME. */
static void add_mapping(struct strbuf *maps, const struct machine *machine, const char *permissions, const char *path,
			const char *name)
{
	char whole[PATH_MAX];
	struct stat status;

	snprintf(whole, sizeof(whole), "%s/%s", machine->tree.root, path);
	assert_int_equal(stat(whole, &status), 0);
	strbuf_addf(maps, "%zx000-%zx000 %s 00000000 %02x:%02x %lu    %s\n", maps->length + 1, maps->length + 2,
		    permissions, major(status.st_dev), minor(status.st_dev), (unsigned long)status.st_ino, name);
}

/* The same, called by the path that leads to it. */
static void map(struct strbuf *maps, const struct machine *machine, const char *permissions, const char *path)
{
	char whole[PATH_MAX];

	snprintf(whole, sizeof(whole), "%s/%s", machine->tree.root, path);
	add_mapping(maps, machine, permissions, path, whole);
}

/* Process 42 runs python3.11 with one library, and much that is neither. */
static void add_process(const struct machine *machine)
{
	_cleanup_strbuf_ struct strbuf maps = {0};

	map(&maps, machine, "r--p", "usr/bin/python3.11");
	map(&maps, machine, "r-xp", "usr/bin/python3.11");
	map(&maps, machine, "r-xp", "usr/bin/python3.11");
	map(&maps, machine, "r--p", "opt/lib/libc.so.6");
	map(&maps, machine, "r-xp", "usr/bin/notes.txt");
	map(&maps, machine, "r-xp", "lib/some-linux-gnu/libruby-3.1.so");
	strbuf_add_string(&maps, "7f00000000-7f00001000 rwxp 00000000 00:00 0 \n"
				 "7f00002000-7f00003000 r-xp 00000000 00:00 0    [vdso]\n"
				 "7f00004000-7f00005000 r-xp 00000000 00:01 99   /memfd:jit (deleted)\n");
	fake_proc_file(&machine->tree, "proc/42/task/42/maps", strbuf_text(&maps));
}

static void test_files_of_a_process_are_the_elf_files_it_runs(void **state)
{
	add_process(*state);
	expect_found(*state, "*", 42, "search:\nROOT/lib/some-linux-gnu/libruby-3.1.so\nROOT/usr/bin/python3.11\n");
}

/* Each once, whoever runs it; who cannot be looked into has none. */
static void test_files_any_without_a_process_are_those_of_all(void **state)
{
	static const char *const any[] = {NULL, "", "*"};
	const struct machine *machine = *state;
	_cleanup_strbuf_ struct strbuf maps = {0};

	fake_proc_folder(&machine->tree, "proc");
	expect_found(*state, "*", 0, "no process that this user may look into has an ELF file mapped [3]\n");
	add_process(machine);
	map(&maps, machine, "r-xp", "usr/bin/python3.11");
	map(&maps, machine, "r-xp", "usr/local/bin/python3.12");
	fake_proc_file(&machine->tree, "proc/43/task/43/maps", strbuf_text(&maps));
	fake_proc_folder(&machine->tree, "proc/44/task");
	for (size_t i = 0; i < sizeof(any) / sizeof(any[0]); i++)
		expect_found(*state, any[i], 0,
			     "search:\nROOT/lib/some-linux-gnu/libruby-3.1.so\nROOT/usr/bin/python3.11\n"
			     "ROOT/usr/local/bin/python3.12\n");
}

static void test_files_word_of_a_process_is_what_it_runs(void **state)
{
	const struct machine *machine = *state;

	add_process(machine);
	fake_proc_file(&machine->tree, "usr/bin/python3.11-old", ELF);
	expect_found(machine, "python3.11", 42, "ROOT/usr/bin/python3.11\n");
	expect_found(machine, "libruby-3.1", 42, "ROOT/lib/some-linux-gnu/libruby-3.1.so\n");
	/* What it does not run may be meant all the same: it may run it later. */
	expect_found(machine, "python3.12", 42, "ROOT/usr/local/bin/python3.12\n");
	expect_found(machine, "libnone", 42,
		     "libnone: no such file mapped by process 42, where the dynamic loader looks, in PATH or here [3]\n"
		     "hint: name the file by its path\n");
}

static void test_files_of_a_process_whose_main_thread_has_ended(void **state)
{
	const struct machine *machine = *state;
	_cleanup_strbuf_ struct strbuf maps = {0};

	map(&maps, machine, "r-xp", "usr/bin/python3.11");
	fake_proc_file(&machine->tree, "proc/42/task/42/maps", "");
	fake_proc_file(&machine->tree, "proc/42/task/43/maps", strbuf_text(&maps));
	expect_found(machine, "*", 42, "search:\nROOT/usr/bin/python3.11\n");
}

static void test_files_of_nobody_are_explained(void **state)
{
	const struct machine *machine = *state;

	fake_proc_folder(&machine->tree, "proc");
	expect_found(machine, "*", 41, "no process 41 [3]\n");
	fake_proc_file(&machine->tree, "proc/2/task/2/maps", "");
	expect_found(machine, "*", 2, "process 2 has no ELF file mapped (is it a kernel thread?) [3]\n");
}

/* Process 42 runs a program that is the tree's old/program, but calls it by NAME. */
static void add_stale_process(const struct machine *machine, const char *name)
{
	_cleanup_strbuf_ struct strbuf maps = {0};

	fake_proc_file(&machine->tree, "old/program", ELF);
	add_mapping(&maps, machine, "r-xp", "old/program", name);
	fake_proc_file(&machine->tree, "proc/42/task/42/maps", strbuf_text(&maps));
}

static void test_files_deleted_program_is_read_through_exe(void **state)
{
	const struct machine *machine = *state;

	add_stale_process(machine, "/usr/bin/program (deleted)");
	fake_proc_link(&machine->tree, "proc/42/task/42/exe", "../../../../old/program");
	expect_found(machine, "*", 42, "search:\n/usr/bin/program by ROOT/proc/42/task/42/exe stale\n");
	expect_found(machine, "program", 42, "/usr/bin/program by ROOT/proc/42/task/42/exe stale\n");
}

static void test_files_replaced_program_is_read_through_exe(void **state)
{
	const struct machine *machine = *state;
	char name[PATH_MAX];

	snprintf(name, sizeof(name), "%s/usr/bin/python3.11 (deleted)", machine->tree.root);
	add_stale_process(machine, name);
	fake_proc_link(&machine->tree, "proc/42/task/42/exe", "../../../../old/program");
	expect_found(machine, "*", 42, "search:\nROOT/usr/bin/python3.11 by ROOT/proc/42/task/42/exe stale\n");
}

static void test_files_library_in_memory_is_read_through_its_descriptor(void **state)
{
	const struct machine *machine = *state;

	add_stale_process(machine, "/memfd:libprovider (deleted)");
	fake_proc_link(&machine->tree, "proc/42/task/42/fd/3", "../../../../../usr/bin/notes.txt");
	fake_proc_link(&machine->tree, "proc/42/task/42/fd/7", "../../../../../old/program");
	expect_found(machine, "*", 42, "search:\n/memfd:libprovider by ROOT/proc/42/task/42/fd/7 stale\n");
}

static void test_files_deleted_library_is_read_through_map_files(void **state)
{
	const struct machine *machine = *state;

	add_stale_process(machine, "/usr/lib/libold.so (deleted)");
	fake_proc_link(&machine->tree, "proc/42/map_files/1000-2000", "../../../old/program");
	expect_found(machine, "libold", 42, "/usr/lib/libold.so by ROOT/proc/42/map_files/1000-2000 stale\n");
}

static void test_files_that_cannot_be_opened_are_kept_and_explained(void **state)
{
	const struct machine *machine = *state;
	struct elf_object *object = NULL;
	struct usdtrap_error *error;
	struct files files;

	add_stale_process(machine, "/usr/lib/libold.so (deleted)");
	expect_found(machine, "*", 42, "search:\n/usr/lib/libold.so by ROOT/proc/42/map_files/1000-2000 stale\n");
	assert_null(files_find_in(&machine->places, "*", 42, &files));
	error = files_open(&files.items[0], &object);
	assert_string_equal(
		usdtrap_error_message(error),
		"/usr/lib/libold.so was deleted or replaced since it was mapped, and the old file cannot be opened: No such file or directory");
	assert_string_equal(usdtrap_error_hint(error),
			    "opening the old file takes CAP_CHECKPOINT_RESTORE or CAP_SYS_ADMIN, which root has; "
			    "or restart the process, so that it runs the new one");
	assert_null(object);
	usdtrap_error_destroy(error);
	files_deinit(&files);
}

static void test_files_of_a_chroot_are_called_by_the_process_s_root(void **state)
{
	const struct machine *machine = *state;

	add_stale_process(machine, "/program");
	fake_proc_link(&machine->tree, "proc/42/root", "../../old");
	expect_found(machine, "*", 42, "search:\nROOT/proc/42/root/program\n");
}

/* The device that maps show need not be the one that stat(2) tells: btrfs, overlayfs. */
static void test_files_renumbered_device_is_believed_at_the_right_path(void **state)
{
	const struct machine *machine = *state;
	_cleanup_strbuf_ struct strbuf maps = {0};
	char path[PATH_MAX];
	struct stat status;

	snprintf(path, sizeof(path), "%s/usr/bin/python3.11", machine->tree.root);
	assert_int_equal(stat(path, &status), 0);
	strbuf_addf(&maps, "1000-2000 r-xp 00000000 ff:ff %lu %s\n", (unsigned long)status.st_ino, path);
	fake_proc_file(&machine->tree, "proc/42/task/42/maps", strbuf_text(&maps));
	expect_found(machine, "*", 42, "search:\nROOT/usr/bin/python3.11\n");
}

static void test_files_of_another_mount_namespace_are_called_by_the_process_s_root(void **state)
{
	struct machine *machine = *state;
	_cleanup_strbuf_ struct strbuf maps = {0};
	char name[64];

	machine->places.library_path = "/opt/lib";
	snprintf(name, sizeof(name), "proc/%d/ns/mnt", (int)getpid());
	fake_proc_link(&machine->tree, name, "mnt:[1]");
	fake_proc_link(&machine->tree, "proc/42/ns/mnt", "mnt:[2]");
	fake_proc_file(&machine->tree, "container/usr/bin/python3.11", ELF "container");
	fake_proc_file(&machine->tree, "container/usr/lib/libc.so.6", ELF "container");
	fake_proc_link(&machine->tree, "proc/42/root", "../../container");
	add_mapping(&maps, machine, "r-xp", "container/usr/bin/python3.11", "/usr/bin/python3.11");
	fake_proc_file(&machine->tree, "proc/42/task/42/maps", strbuf_text(&maps));

	expect_found(machine, "*", 42, "search:\nROOT/proc/42/root/usr/bin/python3.11\n");
	expect_found(machine, "/usr/bin/python3.11", 42, "ROOT/proc/42/root/usr/bin/python3.11\n");
	expect_found(machine, "/usr/bin/py*", 42, "search:\nROOT/proc/42/root/usr/bin/python3.11\n");
	expect_found(machine, "python3.11", 42, "ROOT/proc/42/root/usr/bin/python3.11\n");
	expect_found(machine, "libc", 42, "ROOT/proc/42/root/usr/lib/libc.so.6\n");
	expect_found(machine, "python3.12", 42,
		     "python3.12: no such file mapped by process 42, in PATH or here [3]\n"
		     "hint: name the file by its path\n");
}

/* The real /proc, of a process that may be looked at without any privilege: this one. */
static void test_files_of_this_process_include_its_program(void **state)
{
	char program[PATH_MAX] = "";
	struct files files;
	bool is_found = false;

	(void)state;
	assert_true(readlink("/proc/self/exe", program, sizeof(program) - 1) > 0);
	assert_null(files_find(NULL, getpid(), &files));
	for (size_t i = 0; i < files.count; i++) {
		struct elf_object *object;

		assert_null(files_open(&files.items[i], &object));
		elf_object_destroy(object);
		is_found |= strcmp(files.items[i].path, program) == 0;
	}
	assert_true(is_found);
	files_deinit(&files);
}

#define in_machine(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_machine(test_files_path_is_taken_as_it_is),
		in_machine(test_files_wildcards_find_elf_files_in_listing_order),
		in_machine(test_files_path_with_a_bracket_in_its_name_is_that_file),
		in_machine(test_files_word_is_the_first_program_in_path),
		in_machine(test_files_word_passes_over_scripts),
		in_machine(test_files_word_with_wildcards_finds_all_in_path_once),
		in_machine(test_files_library_comes_from_the_cache),
		in_machine(test_files_library_that_is_not_cached_comes_from_the_default_folders),
		in_machine(test_files_library_path_comes_first),
		in_machine(test_files_program_may_begin_as_a_library_does),
		in_machine(test_files_word_that_is_nowhere_else_is_a_file_here),
		in_machine(test_files_any_without_a_process_are_those_of_all),
		in_machine(test_files_of_a_process_are_the_elf_files_it_runs),
		in_machine(test_files_word_of_a_process_is_what_it_runs),
		in_machine(test_files_of_a_process_whose_main_thread_has_ended),
		in_machine(test_files_of_nobody_are_explained),
		in_machine(test_files_deleted_program_is_read_through_exe),
		in_machine(test_files_replaced_program_is_read_through_exe),
		in_machine(test_files_library_in_memory_is_read_through_its_descriptor),
		in_machine(test_files_deleted_library_is_read_through_map_files),
		in_machine(test_files_that_cannot_be_opened_are_kept_and_explained),
		in_machine(test_files_of_a_chroot_are_called_by_the_process_s_root),
		in_machine(test_files_renumbered_device_is_believed_at_the_right_path),
		in_machine(test_files_of_another_mount_namespace_are_called_by_the_process_s_root),
		in_machine(test_files_of_this_process_include_its_program),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
