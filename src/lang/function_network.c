/* SPDX-License-Identifier: MIT */
/* Functions of networks: ntop, pton, macaddr, bswap. */
#include <arpa/inet.h>
#include <endian.h>
#include <stdio.h>
#include <string.h>

#include "lang/eval_internal.h"
#include "lang/type.h"

struct value function_bswap(struct run *run, const struct ast_expression *expression)
{
	struct value number = eval_expression(run, expression->call.arguments[0]);
	unsigned unused = 64 - 8 * expression->type->size;

	if (number.kind == VALUE_UNKNOWN)
		return number;
	return value_unsigned(__builtin_bswap64(value_integer(number)) >> unused);
}

/* Bytes of an address; of a number those that it has in memory, so that 0x0100007f is 127.0.0.1. */
static struct value address_bytes(struct run *run, const struct ast_expression *argument, size_t size)
{
	struct value value = eval_expression(run, argument);
	uint32_t number;
	char *bytes;

	if (value.kind == VALUE_UNKNOWN || eval_has_bytes(value))
		return value;
	if (value.kind == VALUE_POINTER || size != sizeof(number))
		return eval_read_buffer(run, value_integer(value), size, argument->span);
	number = (uint32_t)value_integer(value);
	bytes = scratch_allocate(&run->runtime->scratch, sizeof(number));
	if (!bytes)
		return value_unknown("out of memory");
	memcpy(bytes, &number, sizeof(number));
	return value_buffer(bytes, sizeof(number));
}

/* Without a family 16 bytes are an IPv6 address and all else is one of IPv4. */
struct value function_ntop(struct run *run, const struct ast_expression *expression)
{
	const struct ast_call *call = &expression->call;
	const struct ast_expression *argument = call->arguments[call->argument_count - 1];
	bool is_ipv6 = argument->type->kind == TYPE_BUFFER && argument->type->size == sizeof(struct in6_addr);
	char text[INET6_ADDRSTRLEN];
	struct value family, address;
	size_t size;

	if (call->argument_count > 1) {
		family = eval_expression(run, call->arguments[0]);
		if (family.kind == VALUE_UNKNOWN)
			return family;
		is_ipv6 = value_integer(family) == AF_INET6;
		if (!is_ipv6 && value_integer(family) != AF_INET)
			return value_string("", 0);
	}
	size = is_ipv6 ? sizeof(struct in6_addr) : sizeof(struct in_addr);
	address = address_bytes(run, argument, size);
	if (address.kind == VALUE_UNKNOWN)
		return address;
	if (address.length < size || !inet_ntop(is_ipv6 ? AF_INET6 : AF_INET, address.text, text, sizeof(text)))
		return value_string("", 0);
	return eval_copy_text(run, text, strlen(text));
}

/* Sema has seen that the text is an address. */
struct value function_pton(struct run *run, const struct ast_expression *expression)
{
	const char *text = expression->call.arguments[0]->text.bytes;
	uint32_t size = expression->type->size;
	char *bytes = scratch_allocate(&run->runtime->scratch, size);

	if (!bytes)
		return value_unknown("out of memory");
	inet_pton(size == sizeof(struct in6_addr) ? AF_INET6 : AF_INET, text, bytes);
	return value_buffer(bytes, size);
}

struct value function_macaddr(struct run *run, const struct ast_expression *expression)
{
	enum { ADDRESS_SIZE = 6 };
	const struct ast_expression *argument = expression->call.arguments[0];
	struct value value = eval_expression(run, argument);
	unsigned char bytes[ADDRESS_SIZE] = {0};
	char text[3 * ADDRESS_SIZE];

	if (value.kind != VALUE_UNKNOWN && !eval_has_bytes(value))
		value = eval_read_buffer(run, value_integer(value), ADDRESS_SIZE, argument->span);
	if (value.kind == VALUE_UNKNOWN)
		return value;
	memcpy(bytes, value.text, value.length < ADDRESS_SIZE ? value.length : ADDRESS_SIZE);
	snprintf(text, sizeof(text), "%02X:%02X:%02X:%02X:%02X:%02X", bytes[0], bytes[1], bytes[2], bytes[3], bytes[4],
		 bytes[5]);
	return eval_copy_text(run, text, sizeof(text) - 1);
}
