/* SPDX-License-Identifier: MIT */
/*
 * Probes: what a file offers, and how to name what one wants of it.
 *
 * A probe is a provider:name pair in one file. It has one or more sites, the
 * places in the file's text where the compiler left the probe's nop; each site
 * comes from one ELF note in .note.stapsdt and says where its arguments live.
 * Listing reads files only: no process and no privilege is needed.
 *
 * Format of the notes: https://sourceware.org/systemtap/wiki/UserSpaceProbeImplementation
 */
#ifndef USDTRAP_PROBE_H
#define USDTRAP_PROBE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <usdtrap/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Which probes are meant. Strings are borrowed for the time of the call.
 * `target' is one of
 *   - a path; symbolic links are followed and the wildcards of glob(7) work,
 *   - a word without a slash: a program looked up in PATH,
 *   - "libNAME": a shared library looked up where the dynamic loader looks,
 *   - NULL, "" or "*": every file that the process maps; without a pid every
 *     file that any process maps into which this user may look.
 * With a pid, a word or "libNAME" is first looked for among what that process
 * has mapped, and paths are those that it sees.
 * `provider' and `name' are texts in which * stands for any text and [..] for
 * a set of characters; NULL or "" means any.
 */
struct usdtrap_pattern {
	const char *target;
	const char *provider;
	const char *name;
	/*
	 * For sessions. 1: beside `target' every other file counts that a process
	 * of the session maps later; that nothing matches yet is no error then.
	 * A target of "*" implies it.
	 */
	int any_file;
	/*
	 * Called with the full name of each probe that matches: 0 leaves it out.
	 * NULL: all are meant. A session asks for files that come later as well,
	 * on its engine thread.
	 */
	int (*accepts)(const char *full_name, const void *user);
	const void *user;
};

/* One place in a file's text where a probe's nop lies. Addresses are the file's own (before any load bias). */
struct usdtrap_site_info {
	uint64_t vaddr;           /* of the nop, prelink adjustment done; of a function's instruction */
	uint64_t semaphore_vaddr; /* of the 16-bit counter that guards the site; 0: unguarded */
	const char
		*arguments; /* the operand specs as the file has them, e.g. "8@%rdi -4@112(%rsp)"; of a function: "" */
};

/* What lies at a probe's sites. */
enum usdtrap_probe_kind {
	USDTRAP_PROBE_USDT,
	USDTRAP_PROBE_FUNCTION, /* a function's first instruction, or another one in it: <usdtrap/function.h> */
	USDTRAP_PROBE_RETURN,   /* a function's first instruction, whose return is meant */
};

/* One probe of one file. All of it is borrowed: a callback's is valid until the callback returns. */
struct usdtrap_probe_info {
	enum usdtrap_probe_kind kind;
	const char *path;                      /* the file, spelt as the pattern led to it (symbolic links kept) */
	const char *provider;                  /* of a function: "" */
	const char *name;                      /* of a function: what the script's `func' yields */
	const char *full_name;                 /* "usdt:PATH:PROVIDER:NAME", "uprobe:PATH:NAME+OFFSET": the script's
						  `probe' */
	const struct usdtrap_site_info *sites; /* by address */
	size_t site_count;                     /* at least 1 */
	unsigned machine;                      /* ELF e_machine, so that the operands can be read */
	unsigned address_bits;                 /* 32 or 64: the ELF class */
};

/* How one argument of a site is held, for people and programs that list. */
struct usdtrap_argument_info {
	unsigned size;      /* bytes; 0 where the spec does not say */
	int is_signed;      /* 1: two's complement */
	int is_float;       /* 1: IEEE 754 bits */
	const char *place;  /* the operand, e.g. "112(%rsp)"; NUL-ended, owned as the whole array is */
	const char *reason; /* NULL, or why it cannot be decoded */
};

/*
 * Takes a site's argument text apart. Sets *RET to an array of *RET_COUNT
 * arguments that the caller frees with free(3) in one piece. An argument that
 * cannot be understood has a reason and spoils no other.
 */
USDTRAP_API USDTRAP_MUST_USE struct usdtrap_error *usdtrap_arguments_describe(const struct usdtrap_probe_info *probe,
									      size_t site,
									      struct usdtrap_argument_info **ret,
									      size_t *ret_count);

struct usdtrap_list_callbacks {
	/* A probe, in the order bpftrace prints them: by file, then provider:name bytewise. Nonzero ends the listing.
	 */
	int (*on_probe)(const struct usdtrap_probe_info *probe, void *user);
	/* Something was wrong with one note or one file; the others go on. PROBLEM is borrowed. May be NULL. */
	void (*on_problem)(const struct usdtrap_error *problem, void *user);
	void *user;
};

/*
 * Calls back for every probe that PATTERN matches. PID, if not 0, is the
 * process whose mapped files are meant where the pattern names no file.
 * Errors: NOT_FOUND when the file is missing, has no probes, or has none of
 * that name (the hint then names the nearest), or there is no such process;
 * BAD_ELF when it is no ELF file (the message says what it is) or all its notes
 * are broken; UNSUPPORTED for files that are not linked; OS, PERMISSION.
 */
USDTRAP_API USDTRAP_MUST_USE struct usdtrap_error *usdtrap_list(const struct usdtrap_pattern *pattern, pid_t pid,
								const struct usdtrap_list_callbacks *callbacks);

#ifdef __cplusplus
}
#endif
#endif
