/* SPDX-License-Identifier: MIT */
/*
 * A script, compiled and ready to run: what cli/ sees of the language. Uses
 * the public API of libusdtrap as any embedder would.
 */
#ifndef USDTRAP_LANG_PROGRAM_H
#define USDTRAP_LANG_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <usdtrap/usdtrap.h>

struct strbuf;
struct lang_program;

/* What system() and cat() ask for: work whose result takes its turn in the output. */
enum lang_task_kind {
	LANG_TASK_RUN, /* `text' is a command for the shell: what it prints is the result */
	LANG_TASK_CAT, /* `text' is a path: the file is the result */
};

struct lang_task {
	enum lang_task_kind kind;
	const char *text; /* borrowed for the call */
	size_t limit;     /* CAT: how many bytes at most */
};

/* Where the program's text goes. Called on whichever thread runs the script, one at a time. */
struct lang_output {
	/* Script output (stdout), a piece at a time: one call a printf, print, map or other statement. */
	void (*write)(const char *text, size_t length, void *user);
	/* One line for stderr, complete with "FILE:L:C-C: WARNING: ..." and its source lines. */
	void (*warn)(const char *text, size_t length, void *user);
	/* Puts TASK behind what was written before, and returns at once. */
	void (*later)(const struct lang_task *task, void *user);
	void *user;
};

enum lang_format {
	LANG_TEXT,
	LANG_JSON,
	LANG_FOLDED, /* text, but maps with stacks as keys are folded: print_folded.c */
};

/* Appends to OUT what is to be written when a task of KIND has yielded TEXT. */
void lang_task_output(enum lang_format format, enum lang_task_kind kind, const char *text, size_t length,
		      struct strbuf *out);

/* Which of its clauses a script is run for. */
enum lang_mode {
	LANG_TRACE, /* all but those of test: and bench: probes */
	LANG_TEST,  /* --test: those of test: probes, once each */
	LANG_BENCH, /* --bench: those of bench: probes, again and again */
};

/* Strings of somebody else's. */
struct lang_words {
	const char *const *items;
	size_t count;
};

/*
 * Runs a preprocessor: ARGUMENTS[0] is a program in PATH, TEXT (SIZE bytes) its
 * input. What it writes is appended to OUTPUT and MESSAGES, its standard error.
 * *RET_STATUS: its exit status, -1 if it was killed. Errors: NOT_FOUND (no such
 * program), and others.
 */
typedef struct usdtrap_error *lang_preprocess(const char *const *arguments, const char *text, size_t size,
					      struct strbuf *output, struct strbuf *messages, int *ret_status);

/* All zero but for `name' is a sensible default. Copied where it is needed longer than lang_compile() lasts. */
struct lang_options {
	const char *name;         /* the file's name for messages; "stdin" for -e and - */
	pid_t pid;                /* -p, or 0 */
	const char *command_path; /* -c: the program that will run, or NULL (its probes are those of `*') */
	enum lang_mode mode;
	const char *const *parameters; /* $1... */
	size_t parameter_count;
	struct lang_words named_parameters;    /* for getopt(): "--name=value" or "--name", as they were written */
	struct lang_words include_directories; /* -I */
	struct lang_words include_files;       /* --include: read before the script */
	lang_preprocess *preprocess;           /* for #include; NULL: it is refused */
	/* Settings that win over the script's own: "BPFTRACE_NAME=value", NULL-ended, other words are skipped. NULL:
	 * none */
	const char *const *environment;
	const char *probe_filter; /* a regular expression, regex(7), that names of probes must match; or NULL */
	enum lang_format format;
	bool may_import;        /* `import' reads files; relative to where `name' lies */
	bool is_unsafe;         /* --unsafe: system(), signal() and the like may be used */
	bool warns_of_failures; /* -k: warn while running of what could not be read or is not in a map */
	bool colour;            /* colour diagnostics */
	bool no_warnings;
};

/*
 * Compiles TEXT (SIZE bytes, any bytes; copied). Appends all errors and
 * warnings, with source lines and underlines in bpftrace's layout, to
 * DIAGNOSTICS. Errors: SCRIPT when there was at least one error (all of them
 * are in DIAGNOSTICS), NO_MEMORY.
 */
struct usdtrap_error *lang_compile(const char *text, size_t size, const struct lang_options *options,
				   struct strbuf *diagnostics, struct lang_program **ret) USDTRAP_MUST_USE;
void lang_program_destroy(struct lang_program *program);

/*
 * Appends TEXT in the usual layout to OUT: only blanks and line breaks change.
 * Of OPTIONS `name', `colour', `no_warnings' and what is about headers matter. Errors: as above.
 */
struct usdtrap_error *lang_format(const char *text, size_t size, const struct lang_options *options,
				  struct strbuf *diagnostics, struct strbuf *out) USDTRAP_MUST_USE;

/* Appends the script's tree, as text, to OUT: a node a line, each with its type. For -d ast. */
void lang_dump_tree(struct lang_program *program, struct strbuf *out);

/* False if the mode and the filter leave nothing to run, not even begin and end. */
bool lang_has_probes(const struct lang_program *program);
/* True if the program has a usdt probe, so that a process must be named. */
bool lang_needs_process(const struct lang_program *program);
/* True if the program calls system(). */
bool lang_needs_shell(const struct lang_program *program);
/* True if there is anything to wait for beside begin and end (an interval or a usdt probe). */
bool lang_needs_run(const struct lang_program *program);

/* One attach point of a script, for those who list. */
struct lang_point {
	const char *type;      /* in full: "usdt" */
	const char *full_name; /* what `probe' yields there; NULL: it depends on what the pattern matches */
	/*
	 * usdt: as it is. uprobe, uretprobe: `target' and `name', the function;
	 * NULL: an address is meant, as in `text'; `provider' is "cpp" where it is
	 * a name of C++. tracepoint: `provider', the
	 * category, and `name'. Others: nothing.
	 */
	struct usdtrap_pattern pattern;
	const char *text; /* as it was written, parameters put in */
};

/* Calls ON_POINT for each attach point that the filter leaves, in script order: what `-l -e PROGRAM' lists. */
void lang_each_point(const struct lang_program *program, void (*on_point)(const struct lang_point *point, void *user),
		     void *user);

/* Calls ON_TYPE for each type of probe that bpftrace has; ALIAS may be NULL. */
void lang_each_probe_type(void (*on_type)(const char *name, const char *alias, bool is_supported, void *user),
			  void *user);

/* Sets where output goes. Before anything runs. */
void lang_set_output(struct lang_program *program, const struct lang_output *output);
/* What `pid' is where no thread of the target stands at a probe; else the caller's own. */
void lang_set_own_pid(struct lang_program *program, pid_t pid);
/* The pid of the program started with -c, once it is known (`cpid'). */
void lang_set_command_pid(struct lang_program *program, pid_t pid);

/*
 * Adds the program's probes and timers to SESSION. Problems with probes (none
 * matched, an argument that no site has) are appended to DIAGNOSTICS with their
 * place in the script, and SCRIPT is returned.
 */
struct usdtrap_error *lang_add_probes(struct lang_program *program, struct usdtrap_session *session,
				      struct strbuf *diagnostics) USDTRAP_MUST_USE;
/* How many probes are attached, begin and end and intervals among them: for "Attached N probes". */
size_t lang_probe_count(const struct lang_program *program);

/* True if there are clauses for SIGNAL: self:signal:SIGUSR1. */
bool lang_takes_signal(const struct lang_program *program, int signal);
/* The tool got SIGNAL: its clauses are run by the session, as soon as it can. On any thread, while the session lives.
 */
void lang_raise_signal(const struct lang_program *program, int signal);

/*
 * With LANG_TEST and LANG_BENCH: runs each of the clauses that are for that,
 * behind begin, and prints what became of it. A test passes if it returns 0, or
 * nothing, and no assert() in it fails; if any does not, the exit status is 1.
 * What benchmarks print is dropped. Does nothing with LANG_TRACE.
 */
void lang_run_trials(struct lang_program *program);

/* Runs the begin clauses. STOP when one called exit(). */
enum usdtrap_action lang_run_begin(struct lang_program *program);
/* Runs the end clauses, then prints the maps as bpftrace does. */
void lang_run_end(struct lang_program *program);
/* What exit(N) asked for, else 0. */
int lang_exit_status(const struct lang_program *program);

#endif
