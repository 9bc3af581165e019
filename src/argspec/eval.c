/* SPDX-License-Identifier: MIT */
/*
 * A spec and a stopped thread's registers to a value. Runs at every hit, so
 * all text work was done by parse.c: here are only sums and at most one read.
 *
 * The target's byte order is taken to be this program's own, least significant
 * byte first, as it is on every architecture in arch.c.
 */
#include "argspec/argspec.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "base/error.h"

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "values are copied byte by byte");

enum {
	REGISTER_SIZE = 8, /* bytes of a value's `integer' */
	MAX_SHOWN = 64,    /* bytes of an argument in a message */
};

static int shown(size_t length)
{
	return length < MAX_SHOWN ? (int)length : MAX_SHOWN;
}

static uint64_t mask_of(unsigned size)
{
	return size < REGISTER_SIZE ? (UINT64_C(1) << (8 * size)) - 1 : UINT64_MAX;
}

/* The low SIZE bytes of BITS, extended by their sign. */
static uint64_t sign_extend(uint64_t bits, unsigned size)
{
	uint64_t sign = UINT64_C(1) << (8 * size - 1);

	return ((bits & mask_of(size)) ^ sign) - sign;
}

static bool is_integer_size(unsigned size)
{
	return size == 1 || size == 2 || size == 4 || size == 8;
}

static bool is_float_size(unsigned size)
{
	return size == 2 || size == 4 || size == 8;
}

/* True if a value of SPEC has a number for a shape; an object of bytes otherwise. */
static bool is_number(const struct argspec *spec)
{
	return spec->is_float ? is_float_size(spec->size) : is_integer_size(spec->size);
}

/* IEEE 754 binary16 widened: every half is a double. */
static double half_to_double(uint16_t half)
{
	uint64_t sign = (uint64_t)(half >> 15) << 63;
	uint64_t exponent = half >> 10 & 31;
	uint64_t fraction = half & 1023;
	uint64_t bits;
	double real;

	if (!exponent) { /* zero and subnormals, in units of 2^-24 */
		real = (double)fraction * 0x1p-24;
		return sign ? -real : real;
	}
	exponent = exponent == 31 ? 2047 : exponent - 15 + 1023;
	bits = sign | exponent << 52 | fraction << 42;
	memcpy(&real, &bits, sizeof(real));
	return real;
}

static double float_from_bits(uint64_t bits, unsigned size)
{
	double real;
	float single;

	if (size == 2)
		return half_to_double((uint16_t)bits);
	if (size == sizeof(single)) {
		memcpy(&single, &bits, sizeof(single));
		return (double)single;
	}
	memcpy(&real, &bits, sizeof(real));
	return real;
}

/* The number whose bytes are the low ones of BITS. */
static struct usdtrap_value number(const struct argspec *spec, uint64_t bits)
{
	struct usdtrap_value value = {.size = spec->size};

	if (spec->is_float) {
		value.kind = USDTRAP_VALUE_FLOAT;
		value.real = float_from_bits(bits, spec->size);
	} else if (spec->is_signed) {
		value.kind = USDTRAP_VALUE_SIGNED;
		value.integer = sign_extend(bits, spec->size);
	} else {
		value.kind = USDTRAP_VALUE_UNSIGNED;
		value.integer = bits & mask_of(spec->size);
	}
	return value;
}

/* An object made of two registers' worth of bits. */
static struct usdtrap_value object(const struct argspec *spec, uint64_t low, uint64_t high)
{
	struct usdtrap_value value = {.kind = USDTRAP_VALUE_BYTES, .size = spec->size};

	memcpy(value.bytes, &low, sizeof(low));
	memcpy(value.bytes + sizeof(low), &high, sizeof(high));
	return value;
}

/* What the symbol adds to an address or constant of the running program. */
static uint64_t symbol_addend(const struct argspec *spec, const struct argspec_context *context)
{
	switch (spec->operand.symbol_use) {
	case ARCH_SYMBOL_NONE:
		return 0;
	case ARCH_SYMBOL_ADDRESS:
	case ARCH_SYMBOL_SLOT:
		return spec->symbol_value + context->load_bias;
	case ARCH_SYMBOL_THREAD_OFFSET:
		return spec->symbol_value;
	}
	assert(!"a use of a symbol");
}

static struct usdtrap_error *eval_constant(const struct argspec *spec, const struct argspec_context *context,
					   struct usdtrap_value *ret)
{
	uint64_t low = (uint64_t)spec->operand.displacement + symbol_addend(spec, context);

	*ret = spec->size > REGISTER_SIZE ? object(spec, low, spec->operand.constant_high) : number(spec, low);
	return NULL;
}

static struct usdtrap_error *eval_vector(const struct argspec *spec, const struct argspec_context *context,
					 struct usdtrap_value *ret)
{
	const struct arch_register *base = &spec->operand.base;
	struct usdtrap_value value = {.kind = USDTRAP_VALUE_BYTES, .size = spec->size};
	const struct arch_vector_registers *registers;
	struct usdtrap_error *error = context->read_vectors(&registers, context->user);
	uint64_t bits;

	if (error)
		return error;
	if (!context->arch->vector_value(registers, base, value.bytes, spec->size))
		return error_create(USDTRAP_BAD_ARGSPEC,
				    "%.*s: register %s is not among those that the kernel hands out here",
				    shown(spec->text_length), spec->text, context->arch->register_name(base));
	if (is_number(spec)) {
		memcpy(&bits, value.bytes, sizeof(bits));
		value = number(spec, bits);
	}
	*ret = value;
	return NULL;
}

static struct usdtrap_error *eval_register(const struct argspec *spec, const struct argspec_context *context,
					   struct usdtrap_value *ret)
{
	const struct arch_register *base = &spec->operand.base;
	struct arch_register upper;
	uint64_t bits;

	if (base->is_vector)
		return eval_vector(spec, context, ret);
	bits = context->arch->register_value(context->registers, base);
	if (spec->size > REGISTER_SIZE) {
		bool is_pair = context->arch->register_pair(base, &upper);

		assert(is_pair);
		*ret = object(spec, bits, context->arch->register_value(context->registers, &upper));
		return NULL;
	}
	if (spec->is_signed && base->size < spec->size)
		bits = sign_extend(bits, base->size);
	*ret = number(spec, bits);
	return NULL;
}

static uint64_t address_of(const struct argspec *spec, const struct argspec_context *context)
{
	const struct arch_operand *operand = &spec->operand;
	uint64_t address = (uint64_t)operand->displacement + symbol_addend(spec, context);

	/* Sums wrap round, as the processor's do. */
	if (operand->has_base)
		address += context->arch->register_value(context->registers, &operand->base);
	if (operand->has_index)
		address += context->arch->register_value(context->registers, &operand->index) * operand->scale;
	address &= mask_of(operand->address_size);
	if (operand->has_segment)
		address += context->arch->register_value(context->registers, &operand->segment);
	return address;
}

static struct usdtrap_error *eval_memory(const struct argspec *spec, const struct argspec_context *context,
					 struct usdtrap_value *ret)
{
	uint64_t address = address_of(spec, context);
	struct usdtrap_error *error;
	uint64_t bits = 0;

	if (!is_number(spec)) {
		*ret = (struct usdtrap_value){.kind = USDTRAP_VALUE_MEMORY, .size = spec->size, .address = address};
		return NULL;
	}
	error = context->read_memory(address, &bits, spec->size, context->user);
	if (error && usdtrap_error_code(error) == USDTRAP_FAULT)
		return error_prefix(error, "%.*s: %u bytes at 0x%" PRIx64 " cannot be read", shown(spec->text_length),
				    spec->text, spec->size, address);
	if (error)
		return error;
	*ret = number(spec, bits);
	return NULL;
}

struct usdtrap_error *argspec_eval(const struct argspec *spec, const struct argspec_context *context,
				   struct usdtrap_value *ret)
{
	if (spec->reason)
		return error_create(USDTRAP_BAD_ARGSPEC, "%s", spec->reason);
	if (spec->operand.symbol_use != ARCH_SYMBOL_NONE && !spec->is_resolved)
		return error_create(USDTRAP_BAD_ARGSPEC, "%.*s: the symbol was not looked up", shown(spec->text_length),
				    spec->text);
	switch (spec->operand.kind) {
	case ARCH_OPERAND_CONSTANT:
		return eval_constant(spec, context, ret);
	case ARCH_OPERAND_REGISTER:
		return eval_register(spec, context, ret);
	case ARCH_OPERAND_MEMORY:
		return eval_memory(spec, context, ret);
	}
	assert(!"a kind of operand");
}
