/* SPDX-License-Identifier: MIT */
#include "lang/probe_type.h"

#include <string.h>
#include <strings.h>

#include "base/nearest.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char needs_bpf[] = "need BPF, which usdtrap works without";
static const char needs_perf[] = "need the kernel's performance events, which usdtrap does not use";

/* Those that can be had first, so that of two near names theirs is suggested. */
static const struct probe_type_info types[] = {
	{"begin", NULL, AST_PROBE_BEGIN, NULL},
	{"end", NULL, AST_PROBE_END, NULL},
	{"self", NULL, AST_PROBE_SELF, NULL},
	{"test", NULL, AST_PROBE_TEST, NULL},
	{"bench", NULL, AST_PROBE_BENCH, NULL},
	{"interval", "i", AST_PROBE_INTERVAL, NULL},
	{"profile", "p", AST_PROBE_PROFILE, NULL},
	{"usdt", "U", AST_PROBE_USDT, NULL},
	{"uprobe", "u", AST_PROBE_UPROBE, NULL},
	{"uretprobe", "ur", AST_PROBE_URETPROBE, NULL},
	{"tracepoint", "t", AST_PROBE_TRACEPOINT, NULL},
	{"watchpoint", "w", AST_PROBE_WATCHPOINT, NULL},
	{"asyncwatchpoint", "aw", AST_PROBE_WATCHPOINT, NULL},
	{"fentry", "f", 0, needs_bpf},
	{"fexit", "fr", 0, needs_bpf},
	{"hardware", "h", 0, needs_perf},
	{"iter", "it", 0, needs_bpf},
	{"kfunc", NULL, 0, needs_bpf},
	{"kprobe", "k", 0, needs_bpf},
	{"kretfunc", NULL, 0, needs_bpf},
	{"kretprobe", "kr", 0, needs_bpf},
	{"rawtracepoint", "rt", 0, needs_bpf},
	{"software", "s", 0, needs_perf},
};

#define BIT(type) (1u << (type))

#define ARGUMENTS (BIT(AST_PROBE_USDT) | BIT(AST_PROBE_UPROBE))
#define FUNCTIONS (BIT(AST_PROBE_UPROBE) | BIT(AST_PROBE_URETPROBE))
#define THREADS                                                                                 \
	(BIT(AST_PROBE_PROFILE) | BIT(AST_PROBE_USDT) | FUNCTIONS | BIT(AST_PROBE_TRACEPOINT) | \
	 BIT(AST_PROBE_WATCHPOINT))

/*
 * Words that mean something at some probes only, and what bpftrace says at
 * others: `before', the word, `behind'; then, if there is an `end', the kind of
 * probe and that. "arg" stands for all argN.
 */
static const struct restriction {
	const char *word;
	unsigned types;
	const char *before;
	const char *behind;
	const char *end;
} restrictions[] = {
	{"arg", ARGUMENTS, "The ", " builtin can only be used with 'kprobes', 'uprobes' and 'usdt' probes", NULL},
	{"args", BIT(AST_PROBE_UPROBE) | BIT(AST_PROBE_TRACEPOINT), "The ",
	 " builtin can only be used with tracepoint, rawtracepoint, fentry/fexit, and uprobe probes (", " used here)"},
	{"func", FUNCTIONS, "The ", " builtin can not be used with '", "' probes"},
	{"reg", THREADS, "", " can not be used with \"", "\" probes"},
	{"retval", BIT(AST_PROBE_URETPROBE), "The ",
	 " builtin can only be used with 'kretprobe' and 'uretprobe' and 'fentry' probes", NULL},
	{"signal", THREADS, "", " can not be used with \"", "\" probes"},
	{"signal_thread", THREADS, "", " can not be used with \"", "\" probes"},
	{"uaddr", THREADS, "", " can not be used with \"", "\" probes"},
	{"unwatch", THREADS, "", " can not be used with \"", "\" probes"},
	{"write_user", THREADS, "", " can not be used with \"", "\" probes"},
};

const struct probe_type_info *probe_type_at(size_t index)
{
	return index < COUNT(types) ? &types[index] : NULL;
}

const struct probe_type_info *probe_type_find(const char *word)
{
	for (size_t i = 0; i < COUNT(types); i++) {
		/* u and U are not the same. */
		if (strcasecmp(word, types[i].name) == 0 || (types[i].alias && strcmp(word, types[i].alias) == 0))
			return &types[i];
	}
	return NULL;
}

const char *probe_type_nearest(const char *word)
{
	struct nearest search = {.wanted = word, .distance = NEAREST_START};

	for (size_t i = 0; i < COUNT(types); i++)
		nearest_offer(&search, types[i].name);
	return search.best;
}

const char *probe_type_name(enum ast_probe_type type)
{
	size_t i = 0;

	while (types[i].type != type)
		i++;
	return types[i].name;
}

bool probe_type_has_thread(enum ast_probe_type type)
{
	return THREADS & BIT(type);
}

static bool is_argument(const char *word)
{
	return strncmp(word, "arg", 3) == 0 && word[3] >= '0' && word[3] <= '9';
}

static const struct restriction *find_restriction(const char *word)
{
	const char *name = is_argument(word) ? "arg" : word;

	for (size_t i = 0; i < COUNT(restrictions); i++) {
		if (strcmp(restrictions[i].word, name) == 0)
			return &restrictions[i];
	}
	return NULL;
}

bool probe_type_check_word(enum ast_probe_type type, const char *word, struct span span, struct diag_list *diagnostics)
{
	const struct restriction *restriction = find_restriction(word);
	bool has_end;

	if (!restriction || restriction->types & BIT(type))
		return true;
	has_end = restriction->end != NULL;
	diag_error(diagnostics, span, "%s%s%s%s%s", restriction->before, word, restriction->behind,
		   has_end ? probe_type_name(type) : "", has_end ? restriction->end : "");
	if (type == AST_PROBE_TRACEPOINT && strcmp(word, "retval") == 0)
		diag_hint(diagnostics, "the value that a system call returned is args.ret");
	return false;
}
