/* SPDX-License-Identifier: MIT */
#include "base/error.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct usdtrap_error {
	enum usdtrap_error_code code;
	int error_number;
	int is_static;
	const char *message; /* allocated unless static */
	char *hint;
};

struct usdtrap_error error_no_memory = {
	.code = USDTRAP_NO_MEMORY,
	.error_number = ENOMEM,
	.is_static = 1,
	.message = "out of memory",
};

struct usdtrap_error error_gone = {
	.code = USDTRAP_GONE,
	.error_number = ESRCH,
	.is_static = 1,
	.message = "the thread or process has ended",
};

struct usdtrap_error error_fault = {
	.code = USDTRAP_FAULT,
	.error_number = EFAULT,
	.is_static = 1,
	.message = "Bad address",
};

static struct usdtrap_error *error_vcreate(enum usdtrap_error_code code, const char *format, va_list arguments)
{
	struct usdtrap_error *error = calloc(1, sizeof(*error));
	char *message;

	if (!error)
		return &error_no_memory;
	if (vasprintf(&message, format, arguments) < 0) {
		free(error);
		return &error_no_memory;
	}
	error->code = code;
	error->message = message;
	return error;
}

struct usdtrap_error *error_create(enum usdtrap_error_code code, const char *format, ...)
{
	va_list arguments;
	struct usdtrap_error *error;

	va_start(arguments, format);
	error = error_vcreate(code, format, arguments);
	va_end(arguments);
	return error;
}

static enum usdtrap_error_code code_of_errno(int error_number)
{
	switch (error_number) {
	case ENOMEM:
		return USDTRAP_NO_MEMORY;
	case EPERM:
	case EACCES:
		return USDTRAP_PERMISSION;
	case ENOENT:
		return USDTRAP_NOT_FOUND;
	case ESRCH:
		return USDTRAP_GONE;
	default:
		return USDTRAP_OS;
	}
}

struct usdtrap_error *error_os(int error_number, const char *format, ...)
{
	va_list arguments;
	struct usdtrap_error *error;
	char *message;

	va_start(arguments, format);
	error = error_vcreate(code_of_errno(error_number), format, arguments);
	va_end(arguments);
	if (error->is_static)
		return error;
	if (asprintf(&message, "%s: %s", error->message, strerror(error_number)) < 0) {
		usdtrap_error_destroy(error);
		return &error_no_memory;
	}
	free((char *)error->message);
	error->message = message;
	error->error_number = error_number;
	return error;
}

struct usdtrap_error *error_prefix(struct usdtrap_error *error, const char *format, ...)
{
	va_list arguments;
	struct usdtrap_error *prefixed;
	char *message;

	if (error == &error_no_memory)
		return error;
	va_start(arguments, format);
	prefixed = error_vcreate(error->code, format, arguments);
	va_end(arguments);
	if (!prefixed->is_static) {
		if (asprintf(&message, "%s: %s", prefixed->message, error->message) < 0) {
			usdtrap_error_destroy(prefixed);
			prefixed = &error_no_memory;
		} else {
			free((char *)prefixed->message);
			prefixed->message = message;
			prefixed->error_number = error->error_number;
			prefixed->hint = error->hint;
			error->hint = NULL;
		}
	}
	usdtrap_error_destroy(error);
	return prefixed;
}

struct usdtrap_error *error_hint(struct usdtrap_error *error, const char *format, ...)
{
	va_list arguments;
	char *hint;
	int length;

	if (error->is_static)
		return error;
	va_start(arguments, format);
	length = vasprintf(&hint, format, arguments);
	va_end(arguments);
	if (length < 0)
		return error;
	free(error->hint);
	error->hint = hint;
	return error;
}

int error_catch(struct usdtrap_error *error, enum usdtrap_error_code code)
{
	if (!error || error->code != code)
		return 0;
	usdtrap_error_destroy(error);
	return 1;
}

enum usdtrap_error_code usdtrap_error_code(const struct usdtrap_error *error)
{
	return error->code;
}

const char *usdtrap_error_message(const struct usdtrap_error *error)
{
	return error->message;
}

const char *usdtrap_error_hint(const struct usdtrap_error *error)
{
	return error->hint;
}

int usdtrap_error_errno(const struct usdtrap_error *error)
{
	return error->error_number;
}

void usdtrap_error_destroy(struct usdtrap_error *error)
{
	if (!error || error->is_static)
		return;
	free((char *)error->message);
	free(error->hint);
	free(error);
}
