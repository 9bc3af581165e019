/* SPDX-License-Identifier: MIT */
/*
 * Formats of printf and its kin: "%-8s %5ld\n" taken apart once, when the
 * script is compiled, and filled in at each hit.
 *
 * Conversions are those of bpftrace: d i u o x X c s p, and r rx rh for
 * buffers; the flags - + space # 0 in any order; a width and a precision; the
 * length modifiers hh h l ll j z t. What is peculiar to bpftrace:
 *  - without a length modifier an integer keeps only its low 32 bits, whatever
 *    its type: %d of 0x1ffffffff is -1, %ld prints it all;
 *  - %s takes a value of any type and prints its default text;
 *  - a % that begins no conversion stands for itself ("100%\n"), as does %%.
 * A value that is unknown prints as `?' under every conversion.
 */
#ifndef USDTRAP_LANG_FORMAT_H
#define USDTRAP_LANG_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <usdtrap/error.h>

struct strbuf;
struct type;
struct value;

enum format_conversion {
	FORMAT_SIGNED,        /* d i */
	FORMAT_UNSIGNED,      /* u */
	FORMAT_OCTAL,         /* o */
	FORMAT_HEX,           /* x */
	FORMAT_HEX_UPPER,     /* X */
	FORMAT_CHARACTER,     /* c: the low byte as it is */
	FORMAT_POINTER,       /* p: 0x and hex */
	FORMAT_STRING,        /* s: the default text of any value */
	FORMAT_BUFFER,        /* r: printable bytes as they are, others \xNN */
	FORMAT_BUFFER_ESCAPE, /* rx: every byte \xNN */
	FORMAT_BUFFER_HEX,    /* rh: hex bytes with blanks between */
};

/* What kind of value a conversion takes. */
enum format_operand {
	FORMAT_TAKES_INTEGER, /* an integer, a bool or a pointer */
	FORMAT_TAKES_BUFFER,
	FORMAT_TAKES_ANY,
};

struct format_spec {
	enum format_conversion conversion;
	bool is_left;      /* - */
	bool has_plus;     /* + */
	bool has_space;    /* blank */
	bool is_alternate; /* # */
	bool has_zeros;    /* 0 */
	unsigned width;    /* 0: none */
	int precision;     /* -1: none */
	unsigned size;     /* how many low bytes of an integer are printed: 1, 2, 4, 8 */
	size_t literal;    /* where in `literals' the text before this conversion starts */
	size_t literal_length;
	const struct type *type; /* of the argument, for %s (see print_value()); set by who knows it, else NULL */
};

struct format {
	char *literals; /* all plain text, %% undone */
	size_t tail;    /* where the text behind the last conversion starts */
	size_t tail_length;
	size_t spec_count;
	struct format_spec specs[];
};

/*
 * Takes LENGTH bytes of TEXT (escapes already undone) apart; a NUL is plain
 * text. The caller ends *RET with format_destroy(). Errors: SCRIPT with
 * "unsupported format specifier: f", what %gr would need, "format specifier takes its width or
 * precision from an argument, which is not supported: %*d", "format specifier
 * is wider than 4095 characters: %9999d"; NO_MEMORY.
 */
struct usdtrap_error *format_parse(const char *text, size_t length, struct format **ret) USDTRAP_MUST_USE;
void format_destroy(struct format *format);

/*
 * NULL if SUPPLIED is how many arguments FORMAT takes; else SCRIPT with "not
 * enough arguments for format string (1 supplied, 2 expected)" or "too many
 * arguments ...".
 */
struct usdtrap_error *format_check_count(const struct format *format, size_t supplied) USDTRAP_MUST_USE;

/* What SPEC takes. */
enum format_operand format_operand(const struct format_spec *spec);

/* SCRIPT with "unsupported format specifier for type 'string[3]': d". */
struct usdtrap_error *format_mismatch(const struct format_spec *spec, const char *type_text) USDTRAP_MUST_USE;

/* Appends FORMAT filled in with VALUES, spec_count of them. TRAILER marks strings that were cut; see print.h. */
void format_render(const struct format *format, const struct value *values, const char *trailer, struct strbuf *out);

#endif
