/* SPDX-License-Identifier: MIT */
/* The bodies of struct, union and enum. */
#include <string.h>

#include "base/strbuf.h"
#include "lang/c_layout.h"
#include "lang/c_parser.h"

/* ---- Tags -------------------------------------------------------------------------------------------------------- */

/* The type of a tag, or of a struct without one: named only, until it gets a body. */
static struct type *new_record_type(struct parser *parser, const char *keyword, const char *tag)
{
	struct type *type = arena_allocate(parser->arena, sizeof(*type));
	struct type_record *record = arena_allocate(parser->arena, sizeof(*record));

	if (!type || !record)
		return NULL;
	*record = (struct type_record){
		.name = tag ? arena_printf(parser->arena, "%s %s", keyword, tag) : keyword,
		.is_union = keyword[0] == 'u',
	};
	*type = (struct type){.kind = TYPE_STRUCT, .record = record};
	return record->name ? type : NULL;
}

static struct type *find_record_type(struct parser *parser, const char *keyword, const char *tag)
{
	enum c_name_kind kind = keyword[0] == 'u' ? C_NAME_UNION : C_NAME_STRUCT;
	struct c_name *name;

	if (!tag)
		return new_record_type(parser, keyword, NULL);
	name = c_names_obtain(parser->names, parser->arena, kind, tag);
	if (name && !name->type)
		name->type = new_record_type(parser, keyword, tag);
	return name ? name->type : NULL;
}

/* ---- Members ----------------------------------------------------------------------------------------------------- */

/* A member, before it is known where it lies: `packed' may stand behind the body. */
struct pending {
	struct c_layout_member layout;
	const char *name; /* NULL: a struct without a name, or a bit-field that only takes room */
	const struct type *type;
	bool is_bit_field;
	uint32_t width;
};

struct body {
	struct pending *members;
	uint32_t count;
	uint32_t capacity;
};

static bool add_pending(struct parser *parser, struct body *body, const struct pending *member)
{
	if (body->count == body->capacity) {
		uint32_t capacity = body->capacity ? body->capacity * 2 : 8;
		struct pending *members = arena_allocate_array(parser->arena, capacity, sizeof(*members));

		if (!members)
			return false;
		if (body->count)
			memcpy(members, body->members, body->count * sizeof(*members));
		body->members = members;
		body->capacity = capacity;
	}
	body->members[body->count++] = *member;
	return true;
}

static struct c_layout_member layout_of(const struct c_type *type, const struct c_attributes *attributes, bool has_name)
{
	return (struct c_layout_member){
		.size = type->type->size,
		.alignment = c_alignment(type),
		.asked = attributes->alignment,
		.is_packed = attributes->is_packed,
		.has_name = has_name,
	};
}

/* Is a bit-field of WIDTH bits possible? */
static bool check_width(struct parser *parser, const struct c_declarator *declarator, uint64_t width, struct span span)
{
	const struct type *type = declarator->type.type;
	uint32_t bits = type->kind == TYPE_BOOL ? 1 : type->size * 8;

	if ((type->kind != TYPE_INTEGER && type->kind != TYPE_BOOL) || type->is_real)
		diag_error(parser->diagnostics, span, "a bit-field must be of an integer type");
	else if (width > bits)
		diag_error(parser->diagnostics, span, "the bit-field is wider than its type: %lld bits of %u",
			   (long long)width, bits);
	else if (width == 0 && declarator->name)
		diag_error(parser->diagnostics, span, "a bit-field of no bits cannot have a name");
	else
		return true;
	return false;
}

/* : width, behind what DECLARATOR declares. The colon is the current token. */
static bool parse_bit_field(struct parser *parser, struct body *body, const struct c_declarator *declarator,
			    struct c_attributes *attributes)
{
	uint32_t start = parser->token.span.start;
	struct c_number width;

	parser_advance(parser);
	if (!c_parse_constant(parser, &width) || !c_parse_attributes(parser, attributes) ||
	    !check_width(parser, declarator, width.value, parser_span_since(parser, start)))
		return false;
	return add_pending(parser, body,
			   &(struct pending){
				   .layout = layout_of(&declarator->type, attributes, declarator->name != NULL),
				   .name = declarator->name,
				   .type = declarator->type.type,
				   .is_bit_field = true,
				   .width = (uint32_t)width.value,
			   });
}

static bool add_member(struct parser *parser, struct body *body, const struct c_declarator *declarator,
		       const struct c_attributes *attributes, struct span span)
{
	const struct type *type = declarator->type.type;
	_cleanup_strbuf_ struct strbuf name = {};

	if (type_is_complete(type))
		return add_pending(parser, body,
				   &(struct pending){
					   .layout = layout_of(&declarator->type, attributes, true),
					   .name = declarator->name,
					   .type = type,
				   });
	type_add_name(&name, type);
	diag_error(parser->diagnostics, span, "field has incomplete type '%s'", strbuf_text(&name));
	return false;
}

/* [declarator] [: width], one of a member declaration's list. */
static bool parse_member(struct parser *parser, struct body *body, const struct c_specifiers *specifiers)
{
	struct c_attributes attributes = specifiers->attributes;
	struct c_declarator declarator = {.type = specifiers->type};
	uint32_t start = parser->token.span.start;

	if (!parser_at(parser, TOKEN_COLON)) {
		if (!c_parse_declarator(parser, specifiers, &declarator))
			return false;
		if (!declarator.name) {
			parser_unexpected(parser, "the name of a field");
			return false;
		}
	}
	if (parser_at(parser, TOKEN_COLON))
		return parse_bit_field(parser, body, &declarator, &attributes);
	return c_parse_attributes(parser, &attributes) &&
	       add_member(parser, body, &declarator, &attributes, parser_span_since(parser, start));
}

/* specifiers [member {, member}] ; */
static bool parse_members(struct parser *parser, struct body *body)
{
	uint32_t start = parser->token.span.start;
	struct c_specifiers specifiers;

	if (!c_parse_specifiers(parser, &specifiers))
		return false;
	if (parser_accept(parser, TOKEN_SEMICOLON)) {
		/* struct { int x; }; has members for the outer one; struct s { int x; }; only defines s. */
		return !specifiers.is_anonymous ||
		       add_member(parser, body, &(struct c_declarator){.type = specifiers.type}, &specifiers.attributes,
				  parser_span_since(parser, start));
	}
	do {
		if (!parse_member(parser, body, &specifiers))
			return false;
	} while (parser_accept(parser, TOKEN_COMMA));
	return parser_expect(parser, TOKEN_SEMICOLON);
}

/* { members }. The brace is the current token. */
static bool parse_body(struct parser *parser, struct body *body)
{
	if (!parser_enter(parser))
		return false;
	parser_advance(parser);
	while (!parser_at(parser, TOKEN_RIGHT_BRACE)) {
		if (parser_accept(parser, TOKEN_SEMICOLON))
			continue;
		if (c_at_word(parser, "_Static_assert") || c_at_word(parser, "static_assert")) {
			parser_advance(parser);
			if (!c_skip_brackets(parser))
				return false;
			continue;
		}
		if (!parse_members(parser, body))
			return false;
	}
	parser_advance(parser);
	parser_leave(parser);
	return true;
}

/* Lays the members of BODY out as fields of TYPE, which then is complete. */
static bool lay_out(struct parser *parser, struct type *type, const struct body *body,
		    const struct c_attributes *attributes, struct span span)
{
	struct type_field *fields = arena_allocate_array(parser->arena, body->count + 1, sizeof(*fields));
	struct c_layout layout = {
		.is_union = type->record->is_union,
		.is_packed = attributes->is_packed,
		.limit = parser->pack_limit,
	};
	uint32_t count = 0;
	uint64_t size;

	if (!fields)
		return false;
	for (uint32_t i = 0; i < body->count; i++) {
		const struct pending *member = &body->members[i];
		struct type_field field = {.name = member->name, .type = member->type};

		if (member->is_bit_field) {
			uint64_t offset = c_layout_add_bits(&layout, &member->layout, member->width);

			field.offset = (uint32_t)(offset / 8);
			field.bit_offset = offset % 8;
			field.bit_width = (uint8_t)member->width;
		} else {
			field.offset = (uint32_t)c_layout_add(&layout, &member->layout);
		}
		if (layout.size_bits / 8 > TYPE_SIZE_MAX)
			break;
		if (!member->is_bit_field || member->name)
			fields[count++] = field;
	}
	size = c_layout_finish(&layout, attributes->alignment, &type->record->alignment);
	if (size > TYPE_SIZE_MAX) {
		diag_error(parser->diagnostics, span, "the struct is too large: more than %u bytes", TYPE_SIZE_MAX);
		return false;
	}
	type->record->fields = fields;
	type->record->field_count = count;
	type->record->is_complete = true;
	type->size = (uint32_t)size;
	return true;
}

/* { members } attributes, the body of TYPE. */
static bool define(struct parser *parser, struct type *type, uint32_t start, struct c_attributes *attributes)
{
	struct body body = {};

	if (!parse_body(parser, &body) || !c_parse_attributes(parser, attributes))
		return false;
	if (!type->record->is_complete)
		return lay_out(parser, type, &body, attributes, parser_span_since(parser, start));
	/* A header that is read twice says the same again. */
	if (parser->is_header)
		return true;
	diag_error(parser->diagnostics, parser_span_since(parser, start), "redefinition of '%s'", type->record->name);
	return false;
}

bool c_parse_record(struct parser *parser, struct c_specifiers *ret)
{
	const char *keyword = c_at_word(parser, "union") ? "union" : "struct";
	uint32_t start = parser->token.span.start;
	/* What stands here is about the struct, not about what is declared with it. */
	struct c_attributes attributes = {};
	const char *tag = NULL;
	struct type *type;

	parser_advance(parser);
	if (!c_parse_attributes(parser, &attributes))
		return false;
	if (parser_at(parser, TOKEN_IDENTIFIER)) {
		tag = parser->token.text;
		parser_advance(parser);
	}
	if (!c_parse_attributes(parser, &attributes))
		return false;
	if (!tag && !parser_at(parser, TOKEN_LEFT_BRACE)) {
		parser_unexpected(parser, "{ or a name");
		return false;
	}
	type = find_record_type(parser, keyword, tag);
	if (!type)
		return false;
	ret->type = (struct c_type){type, 0};
	ret->is_anonymous = !tag;
	return !parser_at(parser, TOKEN_LEFT_BRACE) || define(parser, type, start, &attributes);
}

/* ---- Enums ------------------------------------------------------------------------------------------------------- */

struct enum_body {
	struct type_enumerator *first;
	struct type_enumerator **link;
	int64_t smallest;
	uint64_t largest; /* of those that are not negative */
};

static bool parse_enumerator(struct parser *parser, struct enum_body *body, struct c_number *next)
{
	struct type_enumerator *enumerator = arena_allocate(parser->arena, sizeof(*enumerator));
	struct c_attributes ignored = {};

	if (!enumerator)
		return false;
	if (!parser_at(parser, TOKEN_IDENTIFIER)) {
		parser_unexpected(parser, "the name of an enumerator");
		return false;
	}
	enumerator->name = parser->token.text;
	parser_advance(parser);
	if (!c_parse_attributes(parser, &ignored))
		return false;
	if (parser_accept(parser, TOKEN_ASSIGN) && !c_parse_constant(parser, next))
		return false;
	enumerator->value = next->value;
	if (!next->is_unsigned && (int64_t)next->value < body->smallest)
		body->smallest = (int64_t)next->value;
	if ((next->is_unsigned || (int64_t)next->value >= 0) && next->value > body->largest)
		body->largest = next->value;
	next->value++;
	*body->link = enumerator;
	body->link = (struct type_enumerator **)&enumerator->next;
	return true;
}

/* The type gcc gives an enum: unsigned unless something is negative, int wide unless that is too small. */
static uint32_t enum_size(const struct enum_body *body, bool is_packed)
{
	bool is_signed = body->smallest < 0;
	uint32_t size = is_packed ? 1 : 4;

	while (size < 8) {
		uint64_t most = UINT64_MAX >> (64 - 8 * size + is_signed);

		if (body->largest <= most && (!is_signed || body->smallest >= -(int64_t)most - 1))
			break;
		size *= 2;
	}
	return size;
}

/* Gives all enumerators, whose enum is TYPE, their names. */
static bool name_enumerators(struct parser *parser, const struct enum_body *body, struct type *type)
{
	for (const struct type_enumerator *enumerator = body->first; enumerator; enumerator = enumerator->next) {
		struct c_name *name = c_names_obtain(parser->names, parser->arena, C_NAME_ENUMERATOR, enumerator->name);

		if (!name)
			return false;
		name->type = type;
		name->value = enumerator->value;
	}
	return true;
}

static bool parse_enum_body(struct parser *parser, struct type *type, const char *name, struct c_attributes *attributes)
{
	struct enum_body body = {.link = &body.first};
	struct type_enum *enumeration = arena_allocate(parser->arena, sizeof(*enumeration));
	struct c_number next = {};

	if (!enumeration)
		return false;
	parser_advance(parser);
	while (!parser_at(parser, TOKEN_RIGHT_BRACE)) {
		if (!parse_enumerator(parser, &body, &next))
			return false;
		if (!parser_accept(parser, TOKEN_COMMA) && !parser_at(parser, TOKEN_RIGHT_BRACE)) {
			parser_unexpected(parser, ", or }");
			return false;
		}
	}
	parser_advance(parser);
	if (!c_parse_attributes(parser, attributes))
		return false;
	*enumeration = (struct type_enum){.name = name, .first = body.first};
	type->size = enum_size(&body, attributes->is_packed);
	type->is_signed = body.smallest < 0;
	type->enumeration = enumeration;
	return name_enumerators(parser, &body, type);
}

bool c_parse_enum(struct parser *parser, struct c_specifiers *ret)
{
	struct c_attributes attributes = {};
	struct span start = parser->token.span;
	const char *text = "enum";
	struct c_name *name = NULL;
	struct type *type = NULL;

	parser_advance(parser);
	if (!c_parse_attributes(parser, &attributes))
		return false;
	if (parser_at(parser, TOKEN_IDENTIFIER)) {
		name = c_names_obtain(parser->names, parser->arena, C_NAME_ENUM, parser->token.text);
		text = arena_printf(parser->arena, "enum %s", parser->token.text ? parser->token.text : "");
		parser_advance(parser);
		type = name ? name->type : NULL;
	} else if (!parser_at(parser, TOKEN_LEFT_BRACE)) {
		parser_unexpected(parser, "{ or a name");
		return false;
	}
	if (!type) {
		type = arena_allocate(parser->arena, sizeof(*type));
		if (!type || !text)
			return false;
		*type = (struct type){.kind = TYPE_INTEGER, .size = 4};
	}
	if (name)
		name->type = type;
	ret->type = (struct c_type){type, 0};
	if (!parser_at(parser, TOKEN_LEFT_BRACE))
		return true;
	if (type->enumeration && !parser->is_header) {
		diag_error(parser->diagnostics, parser_span_since(parser, start.start), "redefinition of '%s'", text);
		return false;
	}
	return parse_enum_body(parser, type, text, &attributes);
}
