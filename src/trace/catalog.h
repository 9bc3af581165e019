/* SPDX-License-Identifier: MIT */
/*
 * The catalog: what a session wants, before and apart from any process: the
 * patterns that were added, the files they led to, and every place in those
 * files where a probe lies.
 */
#ifndef USDTRAP_TRACE_CATALOG_H
#define USDTRAP_TRACE_CATALOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <usdtrap/function.h>
#include <usdtrap/session.h>

#include "argspec/argspec.h"
#include "base/arena.h"
#include "elf/object.h"

struct elf_functions;
struct probes;

/* One place in a file, of a note or a function: a site before it is mapped anywhere. */
struct location {
	const struct usdtrap_probe_info *info;
	size_t index;                  /* of the site in info->sites */
	struct argspec_list arguments; /* parsed when first asked for */
	bool is_parsed;
};

/* A file that a pattern led to. Lives as long as the session. */
struct catalog_file {
	struct elf_object *object;
	struct probes *probes; /* NULL for a file that has none (kept so that it is not read again) */
	char *path;            /* as the pattern led to it */
	char *real_path;       /* links followed; NULL where that is not known */
	uint64_t device;
	uint64_t inode;
	struct location *locations; /* all sites of all probes; those of functions are in the arena */
	size_t location_count;
	struct elf_functions *functions; /* NULL before a pattern of functions led here */
	struct arena arena;              /* what was matched of them */
	bool has_matches;                /* something in it is wanted */
	bool is_wanted;                  /* and not by the engine alone */
	struct catalog_file *next;
};

/* What one pattern matched in one file. */
struct catalog_match {
	struct catalog_file *file;
	const struct usdtrap_probe_info *info;
	struct location *locations; /* of its sites */
	size_t location_count;
};

struct usdtrap_probe {
	unsigned order;                 /* counts up as probes are added */
	char *target, *provider, *name; /* of the pattern; NULL: any */
	bool wants_any_file;            /* the target is "*": files mapped later count as well */
	int (*accepts)(const char *full_name, const void *user);
	const void *accepts_user;
	bool is_function; /* the rest of what it means stands in `function', its strings apart */
	bool is_internal; /* the engine's own: its hits are not told to anybody */
	struct usdtrap_function_pattern function;
	usdtrap_hit_fn on_hit; /* NULL: only the semaphores are raised */
	void *user;
	struct catalog_match *matches;
	size_t match_count;
	struct usdtrap_probe *next;
};

struct catalog {
	struct catalog_file *files;
	struct usdtrap_probe *probes; /* in order */
	/* A note of a file is broken and left out; PROBLEM is borrowed. May be NULL. */
	void (*on_problem)(const struct usdtrap_error *problem, void *user);
	void *user;
};

void catalog_deinit(struct catalog *catalog);

/* Finds the files and probes of PATTERN and adds it; see usdtrap_add_probe() for PID and the errors. */
struct usdtrap_error *catalog_add(struct catalog *catalog, const struct usdtrap_pattern *pattern, pid_t pid,
				  usdtrap_hit_fn on_hit, void *user, struct usdtrap_probe **ret) USDTRAP_MUST_USE;

/* The same for functions; see usdtrap_add_function(). */
struct usdtrap_error *catalog_add_function(struct catalog *catalog, const struct usdtrap_function_pattern *pattern,
					   pid_t pid, usdtrap_hit_fn on_hit, void *user,
					   struct usdtrap_probe **ret) USDTRAP_MUST_USE;

/*
 * Adds functions of the engine's own in every file that a process maps, by
 * their exact name. In files that are known already they are matched at once.
 * Errors: NO_MEMORY.
 */
struct usdtrap_error *catalog_add_internal(struct catalog *catalog, const char *name, usdtrap_hit_fn on_hit, void *user,
					   struct usdtrap_probe **ret) USDTRAP_MUST_USE;

/* The file with this identity, or NULL. */
struct catalog_file *catalog_file_find(const struct catalog *catalog, uint64_t device, uint64_t inode);

/*
 * Adds a file that a process has mapped and that no pattern named, and matches
 * it with the patterns that want any file. OBJECT is taken over.
 */
struct usdtrap_error *catalog_file_add(struct catalog *catalog, struct elf_object *object, const char *path,
				       struct catalog_file **ret) USDTRAP_MUST_USE;

/* Whether any probe wants more than its semaphores raised. */
bool catalog_wants_traps(const struct catalog *catalog);
/* Whether any pattern is interested in files that are not known yet. */
bool catalog_wants_any_file(const struct catalog *catalog);

/* LOCATION's operands, parsed at the first call. Errors: NO_MEMORY. */
struct usdtrap_error *location_arguments(struct catalog_file *file, struct location *location,
					 const struct argspec_list **ret) USDTRAP_MUST_USE;

#endif
