/* SPDX-License-Identifier: MIT */
/* Listing real files in a folder of their own. What comes of it is written as text, the folder's path as DIR. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/mman.h>
#include <unistd.h>

#include <usdtrap/probe.h>

#include "base/strbuf.h"
#include "support/elf_writer.h"
#include "support/fake_proc.h"

struct listing {
	const char *folder;
	struct strbuf out;
	int limit; /* rows until the callback ends the listing; 0: never */
};

static void add(struct listing *listing, const char *prefix, const char *text)
{
	const char *found;

	strbuf_add_string(&listing->out, prefix);
	while ((found = strstr(text, listing->folder))) {
		strbuf_add(&listing->out, text, (size_t)(found - text));
		strbuf_add_string(&listing->out, "DIR");
		text = found + strlen(listing->folder);
	}
	strbuf_add_string(&listing->out, text);
	strbuf_add_char(&listing->out, '\n');
}

static int on_probe(const struct usdtrap_probe_info *probe, void *user)
{
	struct listing *listing = user;

	add(listing, "", probe->full_name);
	return listing->limit && --listing->limit == 0;
}

static void on_problem(const struct usdtrap_error *problem, void *user)
{
	add(user, "problem: ", usdtrap_error_message(problem));
}

static void list(struct listing *listing, const char *target, const char *provider, const char *name, pid_t pid)
{
	struct usdtrap_list_callbacks callbacks = {on_probe, on_problem, listing};
	struct usdtrap_pattern pattern = {.provider = provider, .name = name};
	char path[PATH_MAX];
	struct usdtrap_error *error;

	if (target)
		snprintf(path, sizeof(path), "%s/%s", listing->folder, target);
	pattern.target = target ? path : "*";
	error = usdtrap_list(&pattern, pid, &callbacks);
	if (!error)
		return;
	add(listing,
	    usdtrap_error_code(error) == USDTRAP_NOT_FOUND ? "not found: " : "error: ", usdtrap_error_message(error));
	if (usdtrap_error_hint(error))
		add(listing, "hint: ", usdtrap_error_hint(error));
	usdtrap_error_destroy(error);
}

static void expect_list(const struct fake_proc *folder, const char *target, const char *provider, const char *name,
			const char *expected)
{
	struct listing listing = {.folder = folder->root};

	list(&listing, target, provider, name, 0);
	assert_string_equal(strbuf_text(&listing.out), expected);
	strbuf_deinit(&listing.out);
}

static void add_file(const struct fake_proc *folder, const char *name, struct elf_writer *writer)
{
	size_t size;
	char *file = elf_writer_finish(writer, &size);

	fake_proc_bytes(folder, name, file, size);
	free(file);
}

static int setup(void **state)
{
	struct fake_proc *folder = calloc(1, sizeof(*folder));
	struct elf_writer writer = {0};

	fake_proc_create(folder);
	elf_writer_probe(&writer, "app", "request__start", ELF_WRITER_CODE + 1, 0, "8@%rdi");
	elf_writer_probe(&writer, "app", "gc", ELF_WRITER_CODE + 2, 0, "");
	elf_writer_probe(&writer, "app", "request__done", ELF_WRITER_CODE + 3, 0, "");
	elf_writer_probe(&writer, "app", "gc", ELF_WRITER_CODE + 4, 0, "");
	add_file(folder, "app1.0", &writer);
	fake_proc_link(folder, "app", "app1.0");
	writer = (struct elf_writer){0};
	elf_writer_note(&writer, "stapsdt", 3, "short", 5);
	elf_writer_probe(&writer, "lib", "call", ELF_WRITER_CODE + 1, 0, "");
	add_file(folder, "lib/damaged.so", &writer);
	writer = (struct elf_writer){0};
	add_file(folder, "plain", &writer);
	add_file(folder, "lib/plain.so", &writer);
	writer = (struct elf_writer){0};
	elf_writer_note(&writer, "stapsdt", 3, "short", 5);
	add_file(folder, "lib/ruined.so", &writer);
	fake_proc_file(folder, "script", "#!/usr/bin/env app\n");
	*state = folder;
	return 0;
}

static int teardown(void **state)
{
	fake_proc_destroy(*state);
	free(*state);
	return 0;
}

static void test_list_probes_come_once_each_and_sorted(void **state)
{
	expect_list(*state, "app1.0", NULL, NULL,
		    "usdt:DIR/app1.0:app:gc\n"
		    "usdt:DIR/app1.0:app:request__done\n"
		    "usdt:DIR/app1.0:app:request__start\n");
}

static void test_list_symbolic_link_is_what_the_file_is_called(void **state)
{
	expect_list(*state, "app", "a*", "request__[s]*", "usdt:DIR/app:app:request__start\n");
}

/* As bpftrace sorts: the colon behind a path counts, so the longer path with a dot comes first. */
static void test_list_files_are_sorted_as_whole_rows_are(void **state)
{
	expect_list(*state, "app*", NULL, "gc", "usdt:DIR/app1.0:app:gc\nusdt:DIR/app:app:gc\n");
}

static void test_list_broken_notes_are_problems(void **state)
{
	const struct fake_proc *folder = *state;
	struct listing listing = {.folder = folder->root};

	list(&listing, "lib/damaged.so", NULL, NULL, 0);
	assert_non_null(strstr(strbuf_text(&listing.out), "problem: DIR/lib/damaged.so: note at file offset 0x"));
	assert_non_null(strstr(strbuf_text(&listing.out), "\nusdt:DIR/lib/damaged.so:lib:call\n"));
	strbuf_deinit(&listing.out);
}

static void test_list_ruined_file_alone_is_an_error(void **state)
{
	const struct fake_proc *folder = *state;
	struct listing listing = {.folder = folder->root};

	list(&listing, "lib/ruined.so", NULL, NULL, 0);
	assert_non_null(strstr(strbuf_text(&listing.out), "problem: DIR/lib/ruined.so: note at file offset 0x"));
	assert_non_null(
		strstr(strbuf_text(&listing.out), "\nerror: DIR/lib/ruined.so: none of its probe notes can be used\n"));
	strbuf_deinit(&listing.out);
}

static void test_list_ruined_file_among_many_is_a_problem(void **state)
{
	const struct fake_proc *folder = *state;
	struct listing listing = {.folder = folder->root};

	list(&listing, "lib/*.so", NULL, NULL, 0);
	assert_non_null(strstr(strbuf_text(&listing.out), "\nusdt:DIR/lib/damaged.so:lib:call\n"));
	assert_non_null(strstr(strbuf_text(&listing.out),
			       "\nproblem: DIR/lib/ruined.so: none of its probe notes can be used\n"));
	assert_null(strstr(strbuf_text(&listing.out), "plain"));
	strbuf_deinit(&listing.out);
}

static void test_list_callback_ends_it(void **state)
{
	const struct fake_proc *folder = *state;
	struct listing listing = {.folder = folder->root, .limit = 1};

	list(&listing, "app*", NULL, NULL, 0);
	assert_string_equal(strbuf_text(&listing.out), "usdt:DIR/app1.0:app:gc\n");
	strbuf_deinit(&listing.out);
}

static void test_list_without_callbacks_is_a_check(void **state)
{
	const struct fake_proc *folder = *state;
	const struct usdtrap_list_callbacks none = {0};
	struct usdtrap_pattern pattern = {0};
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/lib/damaged.so", folder->root);
	pattern.target = path;
	assert_null(usdtrap_list(&pattern, 0, &none));
}

#define NO_PROBES                                                                                           \
	"there is nothing in its section .note.stapsdt: this build was made without probes (some programs " \
	"need a configure option such as --enable-dtrace), or they are in a library that the program loads\n"

static const struct {
	const char *target, *provider, *name;
	const char *expected;
} failures[] = {
	{"nothing", NULL, NULL, "not found: DIR/nothing: No such file or directory\n"},
	{"nothing*", NULL, NULL, "not found: DIR/nothing*: no such file\n"},
	{"", NULL, NULL, "error: DIR/: a directory, not an ELF file\n"},
	{"script", NULL, NULL,
	 "error: DIR/script: a script for app, not an ELF file\n"
	 "hint: a script's probes are those of the program that runs it: name app instead\n"},
	{"plain", NULL, NULL, "not found: DIR/plain: no USDT probes\nhint: " NO_PROBES},
	{"lib/p*", NULL, NULL,
	 "not found: DIR/lib/p*: none of its 1 files has USDT probes\n"
	 "hint: these builds were made without probes; some programs need a configure option such as "
	 "--enable-dtrace\n"},
	{"app", "app", "request__strat",
	 "not found: DIR/app: no USDT probe is called app:request__strat\n"
	 "hint: did you mean app:request__start?\n"},
	{"app", NULL, "unknown*",
	 "not found: DIR/app: no USDT probe is called unknown*\n"
	 "hint: it has app:gc, app:request__done and app:request__start\n"},
	{"app*", NULL, "request__strat",
	 "not found: DIR/app*: no USDT probe of its 2 files is called request__strat\n"
	 "hint: did you mean usdt:DIR/app1.0:app:request__start?\n"},
	{"app*", "nobody", NULL, "not found: DIR/app*: no USDT probe of its 2 files is called nobody:*\n"},
};

static void test_list_of_nothing_explains_itself(void **state)
{
	for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++)
		expect_list(*state, failures[i].target, failures[i].provider, failures[i].name, failures[i].expected);
}

/* This process maps a file with probes, as the dynamic loader would. */
static void test_list_of_a_process_has_what_it_maps(void **state)
{
	const struct fake_proc *folder = *state;
	struct listing listing = {.folder = folder->root};
	char path[PATH_MAX];
	void *mapping;
	int fd;

	snprintf(path, sizeof(path), "%s/app", folder->root);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	mapping = mmap(NULL, 64, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	if (mapping == MAP_FAILED) {
		close(fd);
		skip(); /* a folder for temporary files that nothing may be run from */
	}
	list(&listing, NULL, "app", "gc", getpid());
	assert_string_equal(strbuf_text(&listing.out), "usdt:DIR/app1.0:app:gc\n");
	strbuf_clear(&listing.out);
	list(&listing, NULL, "app", "request__strat", getpid());
	assert_non_null(strstr(strbuf_text(&listing.out), " files is called app:request__strat\n"
							  "hint: did you mean usdt:DIR/app1.0:app:request__start?\n"));

	/* A file that was deleted meanwhile is still what the process runs; its open descriptor leads to it. */
	fake_proc_remove(folder, "app1.0");
	strbuf_clear(&listing.out);
	list(&listing, NULL, "app", "gc", getpid());
	assert_string_equal(strbuf_text(&listing.out), "usdt:DIR/app1.0:app:gc\n");
	close(fd);
	munmap(mapping, 64);
	strbuf_deinit(&listing.out);
}

#define in_folder(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_folder(test_list_probes_come_once_each_and_sorted),
		in_folder(test_list_symbolic_link_is_what_the_file_is_called),
		in_folder(test_list_files_are_sorted_as_whole_rows_are),
		in_folder(test_list_broken_notes_are_problems),
		in_folder(test_list_ruined_file_alone_is_an_error),
		in_folder(test_list_ruined_file_among_many_is_a_problem),
		in_folder(test_list_callback_ends_it),
		in_folder(test_list_without_callbacks_is_a_check),
		in_folder(test_list_of_nothing_explains_itself),
		in_folder(test_list_of_a_process_has_what_it_maps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
