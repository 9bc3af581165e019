/* SPDX-License-Identifier: MIT */
/* `args' of tracepoints: see sema_args.c. */
#include <string.h>

#include <usdtrap/tracepoint.h>

#include "base/error.h"
#include "lang/eval_internal.h"

static struct value value_of_text(struct run *run, const char *text)
{
	const size_t length = strlen(text);
	char *copy = scratch_allocate(&run->runtime->scratch, length + 1);

	if (!copy)
		return value_unknown("out of memory");
	memcpy(copy, text, length + 1);
	return value_string(copy, length);
}

/* The elements one behind the other, as an array lies in memory. */
static struct value value_of_array(struct run *run, unsigned index, const struct usdtrap_field *field)
{
	char *bytes = scratch_allocate(&run->runtime->scratch, (size_t)field->size * field->count);
	struct usdtrap_value element;
	struct usdtrap_error *error;

	if (!bytes)
		return value_unknown("out of memory");
	for (unsigned i = 0; i < field->count; i++) {
		error = usdtrap_hit_field(run->hit, index, i, &element);
		if (error) {
			usdtrap_error_destroy(error);
			return value_unknown("the tracepoint has no such element");
		}
		memcpy(bytes + (size_t)i * field->size, &element.integer, field->size);
	}
	return value_buffer(bytes, (size_t)field->size * field->count);
}

static struct value value_of_number(struct run *run, unsigned index, const struct usdtrap_field *field)
{
	struct usdtrap_value number;
	struct usdtrap_error *error = usdtrap_hit_field(run->hit, index, 0, &number);

	if (error) {
		usdtrap_error_destroy(error);
		return value_unknown("the tracepoint has no such field");
	}
	if (field->kind == USDTRAP_FIELD_POINTER)
		return value_pointer(number.integer);
	if (strcmp(field->type, "bool") == 0)
		return value_bool(number.integer != 0);
	return field->is_signed ? value_signed((int64_t)number.integer) : value_unsigned(number.integer);
}

/* The field NAME of the tracepoint that was hit, which need not be where it is in another that the clause matches. */
static struct value field_named(struct run *run, const char *name)
{
	const struct usdtrap_tracepoint_info *info = run->hit ? usdtrap_hit_tracepoint(run->hit) : NULL;
	const struct usdtrap_field *field;
	unsigned index = 0;

	if (!info)
		return value_unknown("only a tracepoint has fields");
	while (index < info->field_count && strcmp(info->fields[index].name, name) != 0)
		index++;
	if (index == info->field_count)
		return value_unknown("the tracepoint has no such field");
	field = &info->fields[index];
	switch (field->kind) {
	case USDTRAP_FIELD_INTEGER:
	case USDTRAP_FIELD_POINTER:
		break;
	case USDTRAP_FIELD_TEXT:
		return value_of_text(run, usdtrap_hit_field_text(run->hit, index));
	case USDTRAP_FIELD_ARRAY:
		return value_of_array(run, index, field);
	}
	return value_of_number(run, index, field);
}

struct value eval_args_field(struct run *run, const struct ast_expression *expression)
{
	return value_convert(field_named(run, expression->field.name), expression->type);
}

struct value eval_args(struct run *run, const struct type *type)
{
	struct value *elements = scratch_allocate(&run->runtime->scratch, type->element_count * sizeof(*elements));

	if (!elements)
		return value_unknown("out of memory");
	for (uint32_t i = 0; i < type->element_count; i++)
		elements[i] = value_convert(field_named(run, type->names[i]), type->elements[i]);
	return value_tuple(elements, type->element_count);
}
