/* SPDX-License-Identifier: MIT */
#include "cli/inspect.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <usdtrap/probe.h>
#include <usdtrap/process.h>
#include <usdtrap/stack.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/nearest.h"
#include "base/utf8.h"
#include "cli/inspect_internal.h"
#include "cli/message.h"
#include "cli/options.h"
#include "cli/verb.h"

static const struct verb verb = {
	.name = "inspect",
	.synopsis = "inspect PID [PART ...]",
	.help = "Looks into a process. PART is one of\n"
		"    maps                    what is mapped where, build ids, probes and traps\n"
		"    threads                 each thread's state, system call, where it goes on\n"
		"    stack [TID]             the calls that each thread is in\n"
		"    regs [all] [TID]        its registers; all: those of x87, SSE and AVX, too\n"
		"    probes [NAME]           where usdt probes are, trapped or not, semaphores\n"
		"    symbols [PATTERN]       functions (T) and variables (D), with their sizes\n"
		"    mem ADDRESS [LENGTH]    memory, as bytes and as text\n"
		"    mem ADDRESS TYPE [N]    as N values: int8 to int64, uint8 to uint64,\n"
		"                            float, double, pointer, string\n"
		"    disas ADDRESS [COUNT]   instructions; what differs from the file is marked\n"
		"Without one: all in brief. ADDRESS is a number, a function or a variable, each\n"
		"perhaps with +OFFSET behind it, or a probe; '*ADDRESS' is where the pointer goes\n"
		"that is there. Only stack and regs stop a thread, for less than a millisecond.\n",
	.examples = "    usdtrap inspect 4242 stack\n"
		    "    usdtrap inspect 4242 disas python:gc__start 5\n"
		    "    usdtrap inspect 4242 mem '**environ' string 3\n",
	.options = VERB_FORMAT,
	.failure = EXIT_FAILURE,
};

void inspect_print_record(struct inspect *inspect)
{
	record_end(&inspect->record);
	fputs(strbuf_text(&inspect->record.text), stdout);
}

/* ---- Addresses -----------------------------------------------------------------------------------------------------
 */

const char *inspect_base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

void inspect_put(const char *text)
{
	_cleanup_strbuf_ struct strbuf shown = {0};

	utf8_add_shown(&shown, text, strlen(text), 0);
	fputs(strbuf_text(&shown), stdout);
}

/* A C++ name as it was written; any other as the file has it. */
static void print_symbol(const char *symbol)
{
	_cleanup_free_ char *demangled = usdtrap_demangle(symbol);

	inspect_put(demangled ? demangled : symbol);
}

void inspect_print_named(const struct usdtrap_place *place, uint64_t address)
{
	const char *path = place->path ? place->path : "";

	if (place->symbol) {
		print_symbol(place->symbol);
		if (place->offset)
			printf("+0x%" PRIx64, place->offset);
	} else if (*path) {
		inspect_put(inspect_base_name(path));
		if (*path == '/')
			printf("+0x%" PRIx64, place->vaddr);
	} else {
		printf("0x%" PRIx64, address);
	}
}

void inspect_print_place(struct inspect *inspect, uint64_t address)
{
	struct usdtrap_place place;

	usdtrap_inspect_place(inspect->inspection, address, &place);
	inspect_print_named(&place, address);
}

/* A probe's first site. */
struct site_search {
	struct inspect *inspect;
	uint64_t address; /* 0: not found */
};

static int take_site(const struct usdtrap_probe_info *probe, void *user)
{
	struct site_search *search = user;

	return usdtrap_inspect_locate(search->inspect->inspection, probe->path, probe->sites[0].vaddr,
				      &search->address);
}

static struct usdtrap_error *find_probe(struct inspect *inspect, const char *word, uint64_t *ret)
{
	const struct verb_options options = {.pid = inspect->pid};
	struct site_search search = {.inspect = inspect};
	const struct usdtrap_list_callbacks callbacks = {.on_probe = take_site, .user = &search};
	struct verb_probe probe = {0};
	struct usdtrap_error *error = verb_probe_parse(word, &options, &probe);

	if (!error)
		error = usdtrap_list(&probe.pattern, inspect->pid, &callbacks);
	verb_probe_deinit(&probe);
	if (!error && !search.address)
		error = error_create(USDTRAP_NOT_FOUND, "process %d has not mapped %s", (int)inspect->pid, word);
	*ret = search.address;
	return error;
}

/* A function of that name, or else the first variable. */
static int take_first(const struct usdtrap_symbol_info *symbol, void *user)
{
	uint64_t *address = user;

	if (!symbol->is_variable || !*address)
		*address = symbol->address;
	return !symbol->is_variable;
}

/* Where the pointer leads that lies where WORD means. */
static struct usdtrap_error *follow(struct inspect *inspect, const char *word, uint64_t *ret)
{
	uint64_t address = 0;
	size_t got = 0;
	struct usdtrap_error *error = inspect_parse_address(inspect, word, &address);

	if (error)
		return error;
	error = usdtrap_inspect_memory(inspect->inspection, address, ret, sizeof(*ret), &got);
	if (error)
		return error_prefix(error, "0x%" PRIx64, address);
	return got == sizeof(*ret)
		       ? NULL
		       : error_create(USDTRAP_FAULT, "0x%" PRIx64 ": no whole pointer can be read there", address);
}

struct usdtrap_error *inspect_parse_address(struct inspect *inspect, const char *word, uint64_t *ret)
{
	const char *plus = strrchr(word, '+');
	char name[256];
	uint64_t address = 0, offset = 0;
	char *end;

	if (*word == '*')
		return follow(inspect, word + 1, ret);
	if (strchr(word, ':') && !strstr(word, "::"))
		return find_probe(inspect, word, ret);
	if (plus) {
		offset = strtoull(plus + 1, &end, 0);
		if (end == plus + 1 || *end)
			plus = NULL; /* a name may hold one: operator+ */
	}
	snprintf(name, sizeof(name), "%.*s", (int)(plus ? plus - word : (ptrdiff_t)strlen(word)), word);
	errno = 0;
	address = strtoull(name, &end, 0);
	if (end == name || *end || errno) {
		address = 0;
		usdtrap_inspect_symbols(inspect->inspection, name, take_first, &address);
		if (!address)
			return error_hint(error_create(USDTRAP_NOT_FOUND,
						       "process %d has no function or variable called %s",
						       (int)inspect->pid, name),
					  "usdtrap inspect %d symbols '*%s*' looks for such", (int)inspect->pid, name);
	}
	*ret = address + (plus ? offset : 0);
	return NULL;
}

/* ---- maps ----------------------------------------------------------------------------------------------------------
 */

static void format_rights(const struct usdtrap_mapping_info *mapping, char rights[5])
{
	rights[0] = mapping->is_readable ? 'r' : '-';
	rights[1] = mapping->is_writable ? 'w' : '-';
	rights[2] = mapping->is_executable ? 'x' : '-';
	rights[3] = mapping->is_shared ? 's' : 'p';
	rights[4] = '\0';
}

static int on_mapping(const struct usdtrap_mapping_info *mapping, void *user)
{
	struct inspect *inspect = user;
	char rights[5];

	inspect->count++;
	format_rights(mapping, rights);
	if (inspect->is_json) {
		record_begin(&inspect->record);
		record_address(&inspect->record, "start", mapping->start);
		record_address(&inspect->record, "end", mapping->end);
		record_text(&inspect->record, "rights", rights);
		record_address(&inspect->record, "offset", mapping->offset);
		record_text(&inspect->record, "path", *mapping->path ? mapping->path : NULL);
		record_text(&inspect->record, "build_id", mapping->build_id);
		record_number(&inspect->record, "probes", (long long)mapping->probe_count);
		if (mapping->is_compared)
			record_number(&inspect->record, "traps", (long long)mapping->trap_count);
		inspect_print_record(inspect);
		return 0;
	}
	printf("%12" PRIx64 "-%-12" PRIx64 " %s %8" PRIx64 "  ", mapping->start, mapping->end, rights, mapping->offset);
	inspect_put(*mapping->path ? mapping->path : "(anonymous)");
	if (mapping->is_deleted)
		fputs(" (deleted)", stdout);
	if (mapping->probe_count)
		printf("  %zu probe%s", mapping->probe_count, mapping->probe_count == 1 ? "" : "s");
	if (mapping->trap_count)
		printf("  %zu trap%s", mapping->trap_count, mapping->trap_count == 1 ? "" : "s");
	if (mapping->build_id && mapping->is_executable)
		printf("  build id %.12s...", mapping->build_id);
	putchar('\n');
	return 0;
}

static struct usdtrap_error *inspect_maps(struct inspect *inspect, const char *const *words, size_t word_count)
{
	(void)words;
	(void)word_count;
	usdtrap_inspect_mappings(inspect->inspection, on_mapping, inspect);
	return NULL;
}

/* ---- symbols -------------------------------------------------------------------------------------------------------
 */

static int on_symbol(const struct usdtrap_symbol_info *symbol, void *user)
{
	struct inspect *inspect = user;

	inspect->count++;
	if (inspect->is_json) {
		record_begin(&inspect->record);
		record_address(&inspect->record, "address", symbol->address);
		record_number(&inspect->record, "size", (long long)symbol->size);
		record_text(&inspect->record, "kind", symbol->is_variable ? "variable" : "function");
		record_text(&inspect->record, "name", symbol->name);
		record_text(&inspect->record, "path", symbol->path);
		inspect_print_record(inspect);
	} else {
		/* As nm(1) has it: T for text, D for data. */
		printf("%12" PRIx64 " %6" PRIu64 " %c ", symbol->address, symbol->size,
		       "TtDd"[2 * !!symbol->is_variable + !symbol->is_global]);
		inspect_put(symbol->name);
		fputs("  ", stdout);
		inspect_put(symbol->path);
		putchar('\n');
	}
	return ferror(stdout);
}

static struct usdtrap_error *inspect_symbols(struct inspect *inspect, const char *const *words, size_t word_count)
{
	const char *pattern = word_count ? words[0] : "*";

	usdtrap_inspect_symbols(inspect->inspection, pattern, on_symbol, inspect);
	if (inspect->count)
		return NULL;
	return error_create(USDTRAP_NOT_FOUND, "process %d has no function or variable that matches %s",
			    (int)inspect->pid, pattern);
}

/* ---- probes --------------------------------------------------------------------------------------------------------
 */

/* False: what is there cannot be read, or not all of it. */
static bool read_bytes(struct inspect *inspect, uint64_t address, void *buffer, size_t size, size_t *ret_got)
{
	struct usdtrap_error *error = usdtrap_inspect_memory(inspect->inspection, address, buffer, size, ret_got);

	usdtrap_error_destroy(error);
	return !error && *ret_got == size;
}

/* What stands at a site, and what its semaphore says. */
struct site_state {
	bool is_mapped;
	uint64_t address;
	bool is_known;   /* whether it is trapped */
	bool is_trapped; /* somebody has put something else where the file has the probe's nop */
	int semaphore;   /* -1: it has none, or it cannot be read */
};

static void read_site(struct inspect *inspect, const struct usdtrap_probe_info *probe,
		      const struct usdtrap_site_info *site, struct site_state *ret)
{
	struct site_state state = {.semaphore = -1};
	uint16_t semaphore;
	uint64_t address;
	uint8_t byte, original;
	size_t got;

	state.is_mapped = usdtrap_inspect_locate(inspect->inspection, probe->path, site->vaddr, &state.address);
	state.is_known = state.is_mapped && read_bytes(inspect, state.address, &byte, 1, &got) &&
			 usdtrap_inspect_file_bytes(inspect->inspection, state.address, &original, 1) == 1;
	state.is_trapped = state.is_known && byte != original;
	if (site->semaphore_vaddr &&
	    usdtrap_inspect_locate(inspect->inspection, probe->path, site->semaphore_vaddr, &address) &&
	    read_bytes(inspect, address, &semaphore, sizeof(semaphore), &got))
		state.semaphore = semaphore;
	*ret = state;
}

static void print_site(const struct usdtrap_probe_info *probe, const struct site_state *state)
{
	inspect_put(probe->full_name);
	if (state->is_mapped)
		printf("  0x%" PRIx64, state->address);
	if (state->is_known)
		fputs(state->is_trapped ? "  trapped" : "  not trapped", stdout);
	if (state->semaphore >= 0)
		printf(", semaphore %d", state->semaphore);
	putchar('\n');
}

static void print_site_json(struct inspect *inspect, const struct usdtrap_probe_info *probe,
			    const struct site_state *state)
{
	record_begin(&inspect->record);
	record_text(&inspect->record, "probe", probe->full_name);
	if (state->is_mapped)
		record_address(&inspect->record, "address", state->address);
	if (state->is_known)
		record_truth(&inspect->record, "trapped", state->is_trapped);
	if (state->semaphore >= 0)
		record_number(&inspect->record, "semaphore", state->semaphore);
	inspect_print_record(inspect);
}

static int on_probe(const struct usdtrap_probe_info *probe, void *user)
{
	struct inspect *inspect = user;
	struct site_state state;

	for (size_t i = 0; i < probe->site_count; i++) {
		inspect->count++;
		read_site(inspect, probe, &probe->sites[i], &state);
		if (inspect->is_json)
			print_site_json(inspect, probe, &state);
		else
			print_site(probe, &state);
	}
	return ferror(stdout);
}

static struct usdtrap_error *inspect_probes(struct inspect *inspect, const char *const *words, size_t word_count)
{
	const struct usdtrap_list_callbacks callbacks = {.on_probe = on_probe, .user = inspect};
	const struct usdtrap_pattern pattern = {.name = word_count ? words[0] : NULL};

	return usdtrap_list(&pattern, inspect->pid, &callbacks);
}

/* ---- The whole -----------------------------------------------------------------------------------------------------
 */

static const struct part {
	const char *name;
	struct usdtrap_error *(*run)(struct inspect *inspect, const char *const *words, size_t word_count);
	size_t most; /* words behind the name, at least and at most */
	size_t least;
} parts[] = {
	{"maps", inspect_maps, 0, 0},      {"threads", inspect_threads, 0, 0},   {"stack", inspect_stacks, 1, 0},
	{"regs", inspect_registers, 2, 0}, {"probes", inspect_probes, 1, 0},     {"symbols", inspect_symbols, 1, 0},
	{"mem", inspect_memory, 3, 1},     {"disas", inspect_disassembly, 2, 1},
};

static int count_mapping(const struct usdtrap_mapping_info *mapping, void *user)
{
	size_t *counts = user;

	counts[0]++;
	counts[1] += mapping->probe_count;
	return 0;
}

/* Without a part: what it is, and what it does just now. */
static struct usdtrap_error *inspect_in_brief(struct inspect *inspect)
{
	char name[USDTRAP_PROCESS_NAME_MAX];
	size_t counts[2] = {0};

	usdtrap_process_name(inspect->pid, name);
	usdtrap_inspect_mappings(inspect->inspection, count_mapping, counts);
	if (inspect->is_json) {
		record_begin(&inspect->record);
		record_number(&inspect->record, "pid", inspect->pid);
		record_text(&inspect->record, "name", name);
		record_number(&inspect->record, "mappings", (long long)counts[0]);
		record_number(&inspect->record, "probes", (long long)counts[1]);
		inspect_print_record(inspect);
	} else {
		printf("process %d (", (int)inspect->pid);
		inspect_put(name);
		printf("): %zu mappings, %zu usdt probe%s\n", counts[0], counts[1], counts[1] == 1 ? "" : "s");
	}
	return inspect_threads(inspect, NULL, 0);
}

static struct usdtrap_error *no_such_part(const char *word)
{
	struct nearest nearest = {.wanted = word, .distance = NEAREST_START};
	struct usdtrap_error *error = error_create(USDTRAP_INVALID_USE, "usdtrap inspect has no part called %s", word);

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		nearest_offer(&nearest, parts[i].name);
	if (nearest.best)
		return error_hint(error, "did you mean %s?", nearest.best);
	return error_hint(error, "there are maps, threads, stack, regs, probes, symbols, mem and disas");
}

static struct usdtrap_error *run_part(struct inspect *inspect, const char *const *words, size_t word_count)
{
	if (!word_count)
		return inspect_in_brief(inspect);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (strcmp(parts[i].name, words[0]) != 0)
			continue;
		if (word_count - 1 < parts[i].least || word_count - 1 > parts[i].most)
			return error_hint(error_create(USDTRAP_INVALID_USE, "usdtrap inspect PID %s wants %s behind it",
						       words[0], parts[i].least ? "an ADDRESS" : "less"),
					  "usdtrap inspect -h shows how it is used");
		return parts[i].run(inspect, words + 1, word_count - 1);
	}
	return no_such_part(words[0]);
}

static struct usdtrap_error *parse_pid(const struct verb_options *options, pid_t *ret)
{
	const char *word = options->word_count ? options->words[0] : "";
	char *end;
	long pid = strtol(word, &end, 10);

	if (end == word || *end || pid < 1)
		return error_hint(error_create(USDTRAP_INVALID_USE, "usdtrap inspect wants the id of a process first"),
				  "usdtrap inspect PID threads");
	if (pid > PID_LARGEST)
		return error_create(USDTRAP_NOT_FOUND, "there is no process %s", word);
	*ret = (pid_t)pid;
	return NULL;
}

int inspect_run(int argc, char *argv[])
{
	struct inspect inspect = {0};
	struct verb_options options;
	struct usdtrap_error *error;
	int status;

	if (!verb_parse(&verb, argc, argv, &options, &status))
		return status;
	inspect.is_json = options.is_json;
	error = parse_pid(&options, &inspect.pid);
	if (!error)
		error = usdtrap_inspection_create(inspect.pid, &inspect.inspection);
	if (!error)
		error = run_part(&inspect, options.words + 1, options.word_count - 1);
	usdtrap_inspection_destroy(inspect.inspection);
	record_deinit(&inspect.record);
	if (fflush(stdout) != 0 && !error && errno != EPIPE)
		error = error_os(errno, "cannot write to standard output");
	if (!error)
		return EXIT_SUCCESS;
	message_print_error(error);
	return EXIT_FAILURE;
}
