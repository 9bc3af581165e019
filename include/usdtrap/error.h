/* SPDX-License-Identifier: MIT */
/*
 * Errors: every fallible function returns one, NULL meaning success.
 *
 * An error carries a code for programs, a message for people (what failed, on
 * what, and why) and, where there is something to be done, a hint that says
 * what. The caller owns a returned error and ends it with
 * usdtrap_error_destroy(); running out of memory needs no memory, since that
 * error is static.
 */
#ifndef USDTRAP_ERROR_H
#define USDTRAP_ERROR_H

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define USDTRAP_API      __attribute__((visibility("default")))
#define USDTRAP_MUST_USE __attribute__((warn_unused_result))
#else
#define USDTRAP_API
#define USDTRAP_MUST_USE
#endif

/* What kind of thing went wrong. New codes may be added at the end. */
enum usdtrap_error_code {
	USDTRAP_NO_MEMORY,   /* malloc(3) said no */
	USDTRAP_OS,          /* a system call failed; see usdtrap_error_errno() */
	USDTRAP_PERMISSION,  /* the kernel does not allow it; the hint says what would */
	USDTRAP_NOT_FOUND,   /* no such file, process, probe */
	USDTRAP_BAD_ELF,     /* an ELF file or note says something impossible */
	USDTRAP_BAD_ARGSPEC, /* a probe's operand cannot be understood or resolved */
	USDTRAP_FAULT,       /* the target's memory cannot be read at this address */
	USDTRAP_GONE,        /* the thread or process ended: weather, not a failure */
	USDTRAP_SCRIPT,      /* a script is wrong */
	USDTRAP_UNSUPPORTED, /* understood, and refused with the reason */
	USDTRAP_INVALID_USE, /* the caller broke a rule of this interface */
};

struct usdtrap_error;

/* The code of ERROR, which must not be NULL. */
USDTRAP_API enum usdtrap_error_code usdtrap_error_code(const struct usdtrap_error *error);

/* One sentence without a full stop or newline. Borrowed until ERROR is destroyed. */
USDTRAP_API const char *usdtrap_error_message(const struct usdtrap_error *error);

/* What to do about it, or NULL. Borrowed until ERROR is destroyed. */
USDTRAP_API const char *usdtrap_error_hint(const struct usdtrap_error *error);

/* The errno(3) value behind it, or 0. */
USDTRAP_API int usdtrap_error_errno(const struct usdtrap_error *error);

/* Frees ERROR. NULL is fine. */
USDTRAP_API void usdtrap_error_destroy(struct usdtrap_error *error);

#ifdef __cplusplus
}
#endif
#endif
