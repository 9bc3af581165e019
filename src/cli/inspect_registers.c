/* SPDX-License-Identifier: MIT */
/*
 * usdtrap inspect: one register, on a line of its own or as a member of a
 * record. A general one is told by what lies there, should it be an address;
 * flags by the names of their bits; a vector register by its number, 64 bits a
 * group, with what its lowest lane is as a double and as a float, which is
 * where compilers keep those.
 */
#include <float.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/strbuf.h"
#include "cli/inspect_internal.h"

enum { LANE = 8 };

/* A number that may be an address is called by what lies there. */
static void print_meaning(struct inspect *inspect, uint64_t value)
{
	struct usdtrap_place place;

	usdtrap_inspect_place(inspect->inspection, value, &place);
	if (place.symbol || (place.path && *place.path))
		inspect_print_named(&place, value);
	else if (place.path)
		fputs("anonymous memory", stdout);
	else
		printf("%" PRId64, (int64_t)value);
}

/* How many bytes of REGISTER there are below zeros. */
static size_t used_bytes(const struct usdtrap_register *register_)
{
	size_t used = register_->size;

	while (used > 0 && !register_->bytes[used - 1])
		used--;
	return used;
}

/* Appends the low SIZE bytes, SEPARATOR between lanes (0: none). */
static void add_digits(struct strbuf *out, const struct usdtrap_register *register_, size_t size, char separator)
{
	strbuf_add_string(out, "0x");
	for (size_t i = size; i-- > 0;) {
		strbuf_addf(out, "%02x", register_->bytes[i]);
		if (separator && i && i % LANE == 0)
			strbuf_add_char(out, separator);
	}
}

static void print_vector(const struct usdtrap_register *register_)
{
	_cleanup_strbuf_ struct strbuf digits = {0};
	const size_t used = used_bytes(register_);
	double fraction;
	float small;

	if (!used) {
		putchar('0');
		return;
	}
	add_digits(&digits, register_, (used + LANE - 1) / LANE * LANE, '_');
	memcpy(&fraction, register_->bytes, sizeof(fraction));
	memcpy(&small, register_->bytes, sizeof(small));
	printf("%s  double %g  float %g", strbuf_text(&digits), fraction, (double)small);
}

static void print_extended(const struct usdtrap_register *register_)
{
	_cleanup_strbuf_ struct strbuf digits = {0};

	add_digits(&digits, register_, register_->size, '\0');
#if LDBL_MANT_DIG == 64
	long double value = 0;

	memcpy(&value, register_->bytes, register_->size);
	printf("%-20.18Lg ", value);
#endif
	printf("raw %s", strbuf_text(&digits));
}

void inspect_print_register(struct inspect *inspect, const struct usdtrap_register *register_)
{
	printf("  %-8s ", register_->name);
	switch (register_->kind) {
	case USDTRAP_REGISTER_ADDRESS:
		printf("0x%-18" PRIx64, register_->value);
		print_meaning(inspect, register_->value);
		break;
	case USDTRAP_REGISTER_NUMBER:
		printf("0x%-18" PRIx64 "%" PRId64, register_->value, (int64_t)register_->value);
		break;
	case USDTRAP_REGISTER_FLAGS:
		printf("0x%-18" PRIx64 "[%s%s ]", register_->value, *register_->flags ? " " : "", register_->flags);
		break;
	case USDTRAP_REGISTER_EXTENDED:
		print_extended(register_);
		break;
	case USDTRAP_REGISTER_VECTOR:
		print_vector(register_);
		break;
	}
	putchar('\n');
}

void inspect_record_register(struct inspect *inspect, const struct usdtrap_register *register_)
{
	_cleanup_strbuf_ struct strbuf digits = {0};

	if (register_->kind != USDTRAP_REGISTER_EXTENDED && register_->kind != USDTRAP_REGISTER_VECTOR) {
		record_address(&inspect->record, register_->name, register_->value);
		return;
	}
	add_digits(&digits, register_, register_->size, '\0');
	record_text(&inspect->record, register_->name, strbuf_text(&digits));
}
