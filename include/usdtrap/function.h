/* SPDX-License-Identifier: MIT */
/*
 * Functions of ELF files as probes: what bpftrace calls uprobe and uretprobe.
 *
 * A function is known by its symbol, from .symtab and .dynsym or from a
 * separate debug file (by build id or .gnu_debuglink, in /usr/lib/debug). A
 * probe lies at its first instruction, at an instruction in it, or at its
 * return: there the thread stops behind the call, after the function has
 * returned there. Nothing is ever written to a stack.
 */
#ifndef USDTRAP_FUNCTION_H
#define USDTRAP_FUNCTION_H

#include <usdtrap/session.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Which functions are meant. Strings are borrowed for the time of the call. */
struct usdtrap_function_pattern {
	const char *target; /* the file, as in struct usdtrap_pattern */
	/*
	 * The symbol, in which * and [..] are wildcards. Of several names for one
	 * address a wildcard means one. NULL: `address' is meant.
	 */
	const char *name;
	/* 1: `name' is that of C++, "ns::f" or "ns::f(int)". Without parameters it means every overload. */
	int is_demangled;
	uint64_t offset;  /* bytes from the function's start to the instruction that is meant */
	uint64_t address; /* without `name': of the instruction, in the file (before any load bias) */
	int at_return;    /* 1: the function's return; `offset' must be 0 */
	int any_file;     /* as in struct usdtrap_pattern */
	/*
	 * 1: also symbols whose table does not tell their size, so that it is not
	 * known where they end, nor whether they are functions at all. 0: such a
	 * name is refused, and a wildcard means none of them.
	 */
	int any_size;
	/* Called with the full name of each function that matches: 0 leaves it out. NULL: all are meant. */
	int (*accepts)(const char *full_name, const void *user);
	const void *user;
};

/*
 * Asks for ON_HIT at every function that PATTERN matches, as
 * usdtrap_add_probe() does for probes. At the return usdtrap_hit_argument()
 * has nothing to say, usdtrap_hit_return_value() has.
 *
 * Returns. The place behind a call is trapped when its function is entered,
 * and a return there counts for the thread and the stack pointer that it was
 * entered with: recursion, tail calls and several threads are told apart.
 * Functions that are left by longjmp(3) or an exception have no return. A call
 * that began before the attach is not seen, either.
 *
 * Errors: NOT_FOUND (no such file or function; the hint names the nearest),
 * INVALID_USE (the offset lies outside the function, or in the middle of an
 * instruction), UNSUPPORTED (the symbol is one that chooses a function, or has
 * no size; C++ names cannot be read here), BAD_ELF, OS, PERMISSION.
 */
USDTRAP_API USDTRAP_MUST_USE struct usdtrap_error *usdtrap_add_function(struct usdtrap_session *session,
									const struct usdtrap_function_pattern *pattern,
									pid_t pid, usdtrap_hit_fn on_hit, void *user,
									struct usdtrap_probe **ret);

/*
 * Calls back for every function that PATTERN matches, by file, then by name;
 * here a wildcard means every name. Errors: as above. CALLBACKS and PID as in
 * usdtrap_list().
 */
USDTRAP_API USDTRAP_MUST_USE struct usdtrap_error *usdtrap_list_functions(
	const struct usdtrap_function_pattern *pattern, pid_t pid, const struct usdtrap_list_callbacks *callbacks);

/*
 * What the function of a hit at its return has returned, by the calling
 * convention: an integer or pointer. Errors: INVALID_USE at any other hit.
 */
USDTRAP_API USDTRAP_MUST_USE struct usdtrap_error *usdtrap_hit_return_value(const struct usdtrap_hit *hit,
									    struct usdtrap_value *ret);

#ifdef __cplusplus
}
#endif
#endif
