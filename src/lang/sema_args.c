/* SPDX-License-Identifier: MIT */
/*
 * `args': what a tracepoint has to tell, as a record of its fields. A clause
 * may have several tracepoints, by a pattern for instance; its `args' then has
 * the fields that all of them have, with types that hold the values of all.
 */
#include <string.h>

#include <usdtrap/tracepoint.h>

#include "base/glob.h"
#include "base/strbuf.h"
#include "lang/sema_internal.h"

/* The fields that are left. */
struct fields {
	const char *names[USDTRAP_TRACEPOINT_FIELDS_MAX];
	const struct type *types[USDTRAP_TRACEPOINT_FIELDS_MAX];
	unsigned count;
	bool is_begun; /* one tracepoint was seen */
};

/* TEXT's LENGTH bytes without blanks, and without a const, at either end. */
static void trim(const char **text, size_t *length)
{
	static const char word[] = "const";
	const size_t size = sizeof(word) - 1;

	while (*length && (*text)[*length - 1] == ' ')
		--*length;
	if (*length > size && strncmp(*text, word, size) == 0 && (*text)[size] == ' ') {
		*text += size + 1;
		*length -= size + 1;
	}
	if (*length > size && memcmp(*text + *length - size, word, size) == 0) {
		*length -= size;
		while (*length && (*text)[*length - 1] == ' ')
			--*length;
	}
}

/* The type that C_TYPE names: an integer, or a struct that the script defines. NULL: nobody knows. */
static const struct type *named_type(const struct sema *sema, const char *c_type)
{
	static const char struct_word[] = "struct ";
	static const struct {
		const char *name;
		const struct type *type;
	} integers[] = {
		{"int", &type_int32},           {"unsigned int", &type_uint32},
		{"long", &type_int64},          {"unsigned long", &type_uint64},
		{"size_t", &type_uint64},       {"loff_t", &type_int64},
		{"u32", &type_uint32},          {"u64", &type_uint64},
		{"unsigned char", &type_uint8},
	};
	const struct c_name *name;

	for (size_t i = 0; i < sizeof(integers) / sizeof(integers[0]); i++)
		if (strcmp(c_type, integers[i].name) == 0)
			return integers[i].type;
	if (strncmp(c_type, struct_word, sizeof(struct_word) - 1) != 0)
		return type_by_name(c_type);
	name = c_names_find(&sema->program->names, C_NAME_STRUCT, c_type + sizeof(struct_word) - 1);
	return name ? name->type : NULL;
}

/* What C_TYPE's LENGTH bytes, an address ("const char *const *"), lead to; NULL: nobody knows. */
static const struct type *pointed_type(struct sema *sema, const char *c_type, size_t length)
{
	const char *name;

	trim(&c_type, &length);
	if (length == 0 || c_type[length - 1] != '*')
		return NULL; /* a typedef of an address */
	length--;
	trim(&c_type, &length);
	if (length && c_type[length - 1] == '*')
		return type_pointer(sema->arena, pointed_type(sema, c_type, length));
	name = arena_copy(sema->arena, c_type, length);
	return name ? named_type(sema, name) : NULL;
}

/* Integers are as wide as the kernel's events have them, whatever the width of the C type. */
static const struct type *type_of_field(struct sema *sema, const struct usdtrap_tracepoint_info *info,
					const struct usdtrap_field *field)
{
	const bool is_argument = strcmp(info->category, "syscalls") == 0 && field != &info->fields[0];

	switch (field->kind) {
	case USDTRAP_FIELD_INTEGER:
		if (strcmp(field->type, "bool") == 0)
			return &type_bool;
		return type_integer(is_argument ? 8 : field->size, field->is_signed);
	case USDTRAP_FIELD_POINTER:
		return type_pointer(sema->arena, pointed_type(sema, field->type, strlen(field->type)));
	case USDTRAP_FIELD_TEXT:
		return type_string(sema->arena, field->size);
	case USDTRAP_FIELD_ARRAY:
		return type_array(sema->arena, type_integer(field->size, field->is_signed), field->count);
	}
	return NULL;
}

static const struct usdtrap_field *find_field(const struct usdtrap_tracepoint_info *info, const char *name)
{
	for (size_t i = 0; i < info->field_count; i++)
		if (strcmp(info->fields[i].name, name) == 0)
			return &info->fields[i];
	return NULL;
}

static void begin_fields(struct sema *sema, struct fields *fields, const struct usdtrap_tracepoint_info *info)
{
	fields->is_begun = true;
	for (size_t i = 0; i < info->field_count; i++) {
		fields->names[fields->count] = info->fields[i].name;
		fields->types[fields->count++] = type_of_field(sema, info, &info->fields[i]);
	}
}

/* Keeps of FIELDS what INFO has as well. */
static void narrow_fields(struct sema *sema, struct fields *fields, const struct usdtrap_tracepoint_info *info)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < fields->count; i++) {
		const struct usdtrap_field *field = find_field(info, fields->names[i]);
		const struct type *type = field ? type_of_field(sema, info, field) : NULL;

		if (type && fields->types[i])
			type = type_promote(sema->arena, fields->types[i], type);
		if (!type)
			continue;
		fields->names[kept] = fields->names[i];
		fields->types[kept++] = type;
	}
	fields->count = kept;
}

static bool matches(const char *pattern, const char *text)
{
	return !pattern || glob_match(pattern, text);
}

static void add_tracepoints(struct sema *sema, struct fields *fields, const struct ast_attach_point *point)
{
	struct usdtrap_tracepoint_info info;

	for (size_t i = 0; i < usdtrap_tracepoint_count(); i++) {
		usdtrap_tracepoint_at(i, &info);
		if (!matches(point->provider, info.category) || !matches(point->name, info.name))
			continue;
		if (fields->is_begun)
			narrow_fields(sema, fields, &info);
		else
			begin_fields(sema, fields, &info);
	}
}

const struct type *sema_args_type(struct sema *sema, struct span span)
{
	const struct type **types = arena_allocate_array(sema->arena, USDTRAP_TRACEPOINT_FIELDS_MAX, sizeof(*types));
	const char **names = arena_allocate_array(sema->arena, USDTRAP_TRACEPOINT_FIELDS_MAX, sizeof(*names));
	const struct ast_attach_point *point;
	struct fields fields = {0};

	for (point = sema->clause->attach_points; point; point = point->next) {
		if (point->type == AST_PROBE_UPROBE) {
			diag_error(sema->diagnostics, span,
				   "the names of a function's arguments are in debug information (DWARF), which "
				   "usdtrap does not read");
			diag_hint(sema->diagnostics, "arg0, arg1 and so on are the arguments by their numbers");
			return &sema_unknown;
		}
		if (point->type == AST_PROBE_TRACEPOINT)
			add_tracepoints(sema, &fields, point);
	}
	if (!types || !names || !fields.is_begun)
		return &sema_unknown; /* it is said elsewhere that there is no such tracepoint */
	if (fields.count == 0) {
		diag_error(sema->diagnostics, span, "These tracepoints have no field in common");
		return &sema_unknown;
	}
	memcpy(types, fields.types, sizeof(fields.types));
	memcpy(names, fields.names, sizeof(fields.names));
	return type_named_tuple(sema->arena, types, names, fields.count);
}

/* Whether CLAUSE is for one tracepoint only. */
static bool is_one(const struct ast_clause *clause)
{
	const struct ast_attach_point *point = clause->attach_points;

	return !point->next && point->provider && point->name && !glob_has_wildcard(point->provider) &&
	       !glob_has_wildcard(point->name);
}

const struct type *sema_args_unknown_field(struct sema *sema, const struct ast_expression *node,
					   const struct type *args)
{
	_cleanup_strbuf_ struct strbuf names = {0};
	const bool is_reporting = sema->is_reporting;

	if (is_one(sema->clause))
		sema_complain(sema, node->field.name_span, "%s has no field '%s'", sema->clause->attach_points->text,
			      node->field.name);
	else
		sema_complain(sema, node->field.name_span, "Not all of these tracepoints have a field '%s'",
			      node->field.name);
	strbuf_add_string(&names, is_one(sema->clause) ? "it has " : "they all have ");
	for (uint32_t i = 0; i < args->element_count; i++)
		strbuf_addf(&names, "%s%s", i ? ", " : "", args->names[i]);
	if (is_reporting)
		diag_hint(sema->diagnostics, "%s", strbuf_text(&names));
	return &sema_unknown;
}
