/* SPDX-License-Identifier: MIT */
/*
 * Making errors. What an error is and who owns it: <usdtrap/error.h>.
 *
 * Lower floors state the fact, the caller adds context with error_prefix(),
 * only cli/ prints. Results go in a last parameter `ret', which is untouched
 * on failure. Broken input is an error, broken logic an assert(3); assertions
 * stay on in release builds.
 */
#ifndef USDTRAP_BASE_ERROR_H
#define USDTRAP_BASE_ERROR_H

#include <stdarg.h>

#include <usdtrap/error.h>

/* The error for a failed allocation; static, so that it can always be had. */
extern struct usdtrap_error error_no_memory;
/* The error for a thread or process that ended; static, since it is ordinary and may be frequent. */
extern struct usdtrap_error error_gone;
/* The error for target memory that cannot be read; static for the same reason. */
extern struct usdtrap_error error_fault;

/* A new error with a formatted message; error_no_memory if there is no memory for it. Never NULL. */
struct usdtrap_error *error_create(enum usdtrap_error_code code, const char *format, ...)
	__attribute__((format(printf, 2, 3), warn_unused_result));

/* "FORMATTED: strerror(ERROR_NUMBER)", code OS (PERMISSION for EPERM and EACCES, NOT_FOUND for ENOENT). */
struct usdtrap_error *error_os(int error_number, const char *format, ...)
	__attribute__((format(printf, 2, 3), warn_unused_result));

/* Puts "FORMATTED: " before ERROR's message. Takes ERROR over and returns what to use from now on. */
struct usdtrap_error *error_prefix(struct usdtrap_error *error, const char *format, ...)
	__attribute__((format(printf, 2, 3), warn_unused_result));

/* Sets ERROR's hint (what to do). Takes ERROR over and returns what to use from now on. */
struct usdtrap_error *error_hint(struct usdtrap_error *error, const char *format, ...)
	__attribute__((format(printf, 2, 3), warn_unused_result));

/* If ERROR has CODE, destroys it and returns 1; otherwise 0. NULL is fine. */
int error_catch(struct usdtrap_error *error, enum usdtrap_error_code code);

#endif
