/* SPDX-License-Identifier: MIT */
#include "lang/lexer.h"

#include <assert.h>
#include <string.h>

#include "base/strbuf.h"
#include "lang/literal.h"

struct word {
	const char *text;
	enum token_kind kind;
};

static const struct word keywords[] = {
	{"break", TOKEN_BREAK},   {"continue", TOKEN_CONTINUE}, {"else", TOKEN_ELSE},     {"for", TOKEN_FOR},
	{"if", TOKEN_IF},         {"import", TOKEN_IMPORT},     {"let", TOKEN_LET},       {"macro", TOKEN_MACRO},
	{"return", TOKEN_RETURN}, {"sizeof", TOKEN_SIZEOF},     {"unroll", TOKEN_UNROLL}, {"while", TOKEN_WHILE},
};

static const struct word classes[] = {
	{"end of file", TOKEN_END},
	{"integer", TOKEN_INTEGER},
	{"string", TOKEN_STRING},
	{"identifier", TOKEN_IDENTIFIER},
	{"variable", TOKEN_VARIABLE},
	{"map", TOKEN_MAP},
	{"positional parameter", TOKEN_PARAMETER},
	{"$#", TOKEN_PARAMETERS},
	{"preprocessor line", TOKEN_PREPROCESSOR},
};

/* Longer ones first: the first that fits is taken. */
static const struct word punctuation[] = {
	{"<<=", TOKEN_SHIFT_LEFT_ASSIGN},
	{">>=", TOKEN_SHIFT_RIGHT_ASSIGN},
	{"..", TOKEN_RANGE},
	{"->", TOKEN_ARROW},
	{"+=", TOKEN_ADD_ASSIGN},
	{"-=", TOKEN_SUBTRACT_ASSIGN},
	{"*=", TOKEN_MULTIPLY_ASSIGN},
	{"/=", TOKEN_DIVIDE_ASSIGN},
	{"%=", TOKEN_MODULO_ASSIGN},
	{"&=", TOKEN_AND_ASSIGN},
	{"|=", TOKEN_OR_ASSIGN},
	{"^=", TOKEN_XOR_ASSIGN},
	{"++", TOKEN_INCREMENT},
	{"--", TOKEN_DECREMENT},
	{"&&", TOKEN_AND},
	{"||", TOKEN_OR},
	{"==", TOKEN_EQUAL},
	{"!=", TOKEN_NOT_EQUAL},
	{"<=", TOKEN_LESS_EQUAL},
	{">=", TOKEN_GREATER_EQUAL},
	{"<<", TOKEN_SHIFT_LEFT},
	{">>", TOKEN_SHIFT_RIGHT},
	{"{", TOKEN_LEFT_BRACE},
	{"}", TOKEN_RIGHT_BRACE},
	{"(", TOKEN_LEFT_PAREN},
	{")", TOKEN_RIGHT_PAREN},
	{"[", TOKEN_LEFT_BRACKET},
	{"]", TOKEN_RIGHT_BRACKET},
	{";", TOKEN_SEMICOLON},
	{",", TOKEN_COMMA},
	{":", TOKEN_COLON},
	{"?", TOKEN_QUESTION},
	{".", TOKEN_DOT},
	{"=", TOKEN_ASSIGN},
	{"+", TOKEN_PLUS},
	{"-", TOKEN_MINUS},
	{"*", TOKEN_STAR},
	{"/", TOKEN_SLASH},
	{"%", TOKEN_PERCENT},
	{"&", TOKEN_AMPERSAND},
	{"|", TOKEN_PIPE},
	{"^", TOKEN_CARET},
	{"~", TOKEN_TILDE},
	{"!", TOKEN_BANG},
	{"<", TOKEN_LESS},
	{">", TOKEN_GREATER},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

void lexer_init(struct lexer *lexer, const struct source *source, struct arena *arena, struct diag_list *diagnostics)
{
	*lexer =
		(struct lexer){.source = source, .arena = arena, .diagnostics = diagnostics, .last_end = source->start};
	/* "#!" in the first line names the interpreter. */
	if (source->size >= 2 && memcmp(source->text, "#!", 2) == 0) {
		while (lexer->position < source->size && source->text[lexer->position] != '\n')
			lexer->position++;
	}
}

static const char *find_kind(const struct word *words, size_t count, enum token_kind kind)
{
	for (size_t i = 0; i < count; i++) {
		if (words[i].kind == kind)
			return words[i].text;
	}
	return NULL;
}

const char *lexer_token_name(enum token_kind kind)
{
	const char *name = find_kind(classes, COUNT(classes), kind);

	if (!name)
		name = find_kind(keywords, COUNT(keywords), kind);
	if (!name)
		name = find_kind(punctuation, COUNT(punctuation), kind);
	assert(name);
	return name;
}

/* ---- Characters ------------------------------------------------------------------------------------------------- */

/* The character AHEAD of the position; -1 behind the end. */
static int peek(const struct lexer *lexer, uint32_t ahead)
{
	uint64_t position = (uint64_t)lexer->position + ahead;

	return position < lexer->source->size ? (unsigned char)lexer->source->text[position] : -1;
}

static bool is_blank(int character)
{
	return character == ' ' || character == '\t' || character == '\n' || character == '\r' || character == '\v' ||
	       character == '\f';
}

static bool is_digit(int character)
{
	return character >= '0' && character <= '9';
}

static bool is_word_start(int character)
{
	return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') || character == '_';
}

static bool is_word(int character)
{
	return is_word_start(character) || is_digit(character);
}

static int hex_value(int character)
{
	if (is_digit(character))
		return character - '0';
	if (character >= 'a' && character <= 'f')
		return character - 'a' + 10;
	if (character >= 'A' && character <= 'F')
		return character - 'A' + 10;
	return -1;
}

#define report(lexer, span, ...)                                               \
	do {                                                                   \
		if ((lexer)->diagnostics)                                      \
			diag_error((lexer)->diagnostics, (span), __VA_ARGS__); \
	} while (0)

/* The span from START, a position, to the current one. */
static struct span span_from(const struct lexer *lexer, uint32_t start)
{
	return (struct span){lexer->source->start + start, lexer->source->start + lexer->position};
}

/* The position where TOKEN begins. */
static uint32_t start_of(const struct lexer *lexer, const struct token *token)
{
	return token->span.start - lexer->source->start;
}

static void skip_comment(struct lexer *lexer)
{
	uint32_t start = lexer->position;
	bool is_block = peek(lexer, 1) == '*';

	lexer->position += 2;
	for (;;) {
		int character = peek(lexer, 0);

		if (character < 0) {
			if (is_block)
				report(lexer,
				       ((struct span){lexer->source->start + start, lexer->source->start + start + 2}),
				       "unterminated comment");
			return;
		}
		if (!is_block && character == '\n')
			return;
		lexer->position++;
		if (is_block && character == '*' && peek(lexer, 0) == '/') {
			lexer->position++;
			return;
		}
	}
}

static void skip_blanks(struct lexer *lexer)
{
	for (;;) {
		if (is_blank(peek(lexer, 0)))
			lexer->position++;
		else if (peek(lexer, 0) == '/' && (peek(lexer, 1) == '/' || peek(lexer, 1) == '*'))
			skip_comment(lexer);
		else
			return;
	}
}

static void take_text(struct lexer *lexer, struct token *token)
{
	uint32_t start = start_of(lexer, token);

	token->length = lexer->position - start;
	token->text = arena_copy(lexer->arena, lexer->source->text + start, token->length);
}

/* ---- Literals --------------------------------------------------------------------------------------------------- */

/* The rest of a number with a fraction or an exponent, of which no use is made. False: it is an integer. */
static bool skip_fraction(struct lexer *lexer)
{
	uint32_t start = lexer->position;

	while (peek(lexer, 0) == '.' || is_word(peek(lexer, 0)) ||
	       ((peek(lexer, 0) == '+' || peek(lexer, 0) == '-') &&
		strchr("eEpP", lexer->source->text[lexer->position - 1])))
		lexer->position++;
	return lexer->position > start;
}

/* A number, with whatever letters and digits stand behind it. */
static void read_number(struct lexer *lexer, struct token *token)
{
	const char *text = lexer->source->text + lexer->position;
	int shown;

	while (is_word(peek(lexer, 0)))
		lexer->position++;
	token->kind = TOKEN_INTEGER;
	if (lexer->is_c && skip_fraction(lexer)) {
		token->span = span_from(lexer, start_of(lexer, token));
		return;
	}
	token->span = span_from(lexer, start_of(lexer, token));
	token->is_unsigned = lexer->is_c && memchr(text, 'u', token->span.end - token->span.start);
	token->is_unsigned |= lexer->is_c && memchr(text, 'U', token->span.end - token->span.start);
	shown = (int)(token->span.end - token->span.start);
	if (shown > 40)
		shown = 40;
	switch (literal_integer(text, token->span.end - token->span.start, &token->integer)) {
	case LITERAL_OK:
		break;
	case LITERAL_BAD:
		report(lexer, token->span, "invalid integer literal: %.*s", shown, text);
		break;
	case LITERAL_TOO_LARGE:
		report(lexer, token->span, "integer literal is too large: %.*s (the maximum is 18446744073709551615)",
		       shown, text);
		break;
	}
}

/* \x and two hex digits, or \ and up to three octal ones. The backslash is already read. */
static bool read_byte_escape(struct lexer *lexer, char *ret)
{
	unsigned value = 0;
	unsigned digits = 0;

	if (peek(lexer, 0) == 'x') {
		lexer->position++;
		while (digits < 2 && hex_value(peek(lexer, 0)) >= 0) {
			value = value * 16 + (unsigned)hex_value(peek(lexer, 0));
			lexer->position++;
			digits++;
		}
	} else {
		while (digits < 3 && peek(lexer, 0) >= '0' && peek(lexer, 0) <= '7') {
			value = value * 8 + (unsigned)hex_value(peek(lexer, 0));
			lexer->position++;
			digits++;
		}
	}
	*ret = (char)value;
	return digits > 0 && value <= 255;
}

static void read_escape(struct lexer *lexer, struct strbuf *text)
{
	static const char names[] = "ntrabfv\\\"'?";
	static const char bytes[] = "\n\t\r\a\b\f\v\\\"'?";
	uint32_t start = lexer->position++;
	int character = peek(lexer, 0);
	const char *name = character > 0 ? strchr(names, character) : NULL;
	char byte;

	if (name) {
		lexer->position++;
		strbuf_add_char(text, bytes[name - names]);
		return;
	}
	if (read_byte_escape(lexer, &byte)) {
		strbuf_add_char(text, byte);
		return;
	}
	if (lexer->position == start + 1 && character >= 0 && character != '\n')
		lexer->position++;
	report(lexer, span_from(lexer, start), "invalid escape sequence in a string");
	if (lexer->diagnostics)
		diag_hint(lexer->diagnostics, "known are \\n \\t \\r \\\\ \\\" \\0 to \\377 and \\x00 to \\xff");
}

static void read_string(struct lexer *lexer, struct token *token)
{
	_cleanup_strbuf_ struct strbuf text = {};

	token->kind = TOKEN_STRING;
	lexer->position++;
	for (;;) {
		int character = peek(lexer, 0);

		if (character < 0 || character == '\n') {
			report(lexer, span_from(lexer, start_of(lexer, token)), "unterminated string");
			break;
		}
		if (character == '"') {
			lexer->position++;
			break;
		}
		if (character == '\\') {
			read_escape(lexer, &text);
			continue;
		}
		strbuf_add_char(&text, (char)character);
		lexer->position++;
	}
	lexer->arena->failed |= text.failed;
	token->length = text.length;
	token->text = arena_copy(lexer->arena, strbuf_text(&text), text.length);
}

/* 'c': its number. */
static void read_character(struct lexer *lexer, struct token *token)
{
	_cleanup_strbuf_ struct strbuf text = {};

	token->kind = TOKEN_INTEGER;
	lexer->position++;
	while (peek(lexer, 0) >= 0 && peek(lexer, 0) != '\n' && peek(lexer, 0) != '\'') {
		if (peek(lexer, 0) == '\\') {
			read_escape(lexer, &text);
			continue;
		}
		strbuf_add_char(&text, (char)peek(lexer, 0));
		lexer->position++;
	}
	if (peek(lexer, 0) == '\'')
		lexer->position++;
	else
		report(lexer, span_from(lexer, token->span.start), "unterminated character");
	lexer->arena->failed |= text.failed;
	if (text.length)
		token->integer = (uint64_t)(int64_t)(signed char)text.text[0];
}

/* ---- Words and signs -------------------------------------------------------------------------------------------- */

static void read_word(struct lexer *lexer, struct token *token)
{
	while (is_word(peek(lexer, 0)))
		lexer->position++;
	take_text(lexer, token);
	token->kind = TOKEN_IDENTIFIER;
	for (size_t i = 0; token->text && !lexer->is_c && i < COUNT(keywords); i++) {
		if (strcmp(token->text, keywords[i].text) == 0)
			token->kind = keywords[i].kind;
	}
}

/* $name, $1 or $#. False if nothing of the kind follows the $. */
static bool read_dollar(struct lexer *lexer, struct token *token)
{
	int next = peek(lexer, 1);

	if (next == '#') {
		lexer->position += 2;
		token->kind = TOKEN_PARAMETERS;
		return true;
	}
	if (is_digit(next)) {
		uint64_t number = 0;

		lexer->position++;
		while (is_digit(peek(lexer, 0))) {
			if (number <= UINT16_MAX)
				number = number * 10 + (uint64_t)(peek(lexer, 0) - '0');
			lexer->position++;
		}
		token->kind = TOKEN_PARAMETER;
		token->integer = number;
		if (number == 0 || number > UINT16_MAX) {
			report(lexer, span_from(lexer, start_of(lexer, token)),
			       "positional parameters are numbered from $1 to $65535");
			token->integer = 1;
		}
		return true;
	}
	if (!is_word_start(next))
		return false;
	lexer->position++;
	while (is_word(peek(lexer, 0)))
		lexer->position++;
	token->kind = TOKEN_VARIABLE;
	take_text(lexer, token);
	return true;
}

static void read_map(struct lexer *lexer, struct token *token)
{
	lexer->position++;
	if (is_word_start(peek(lexer, 0))) {
		while (is_word(peek(lexer, 0)))
			lexer->position++;
	}
	token->kind = TOKEN_MAP;
	take_text(lexer, token);
}

static bool is_at_line_start(const struct lexer *lexer)
{
	uint32_t i = lexer->position;

	while (i > 0 && (lexer->source->text[i - 1] == ' ' || lexer->source->text[i - 1] == '\t'))
		i--;
	return i == 0 || lexer->source->text[i - 1] == '\n';
}

static void read_preprocessor(struct lexer *lexer, struct token *token)
{
	/* A backslash at the end of the line goes on with the next one, as in C. */
	while (peek(lexer, 0) >= 0 && peek(lexer, 0) != '\n')
		lexer->position += peek(lexer, 0) == '\\' && peek(lexer, 1) == '\n' ? 2 : 1;
	token->kind = TOKEN_PREPROCESSOR;
	take_text(lexer, token);
}

static bool read_punctuation(struct lexer *lexer, struct token *token)
{
	for (size_t i = 0; i < COUNT(punctuation); i++) {
		const char *text = punctuation[i].text;
		uint32_t length = 0;

		while (text[length] && peek(lexer, length) == (unsigned char)text[length])
			length++;
		if (!text[length]) {
			lexer->position += length;
			token->kind = punctuation[i].kind;
			return true;
		}
	}
	return false;
}

/* Skips a run of bytes that begin no token and reports it once. */
static void skip_invalid(struct lexer *lexer)
{
	uint32_t start = lexer->position;
	int character = peek(lexer, 0);

	do
		lexer->position++;
	while (peek(lexer, 0) >= 0x80 || (peek(lexer, 0) >= 0 && peek(lexer, 0) < ' ' && !is_blank(peek(lexer, 0))));
	if (character > ' ' && character < 0x7f)
		report(lexer, span_from(lexer, start), "invalid character '%c'", character);
	else
		report(lexer, span_from(lexer, start), "invalid character '\\x%02x'", (unsigned)character);
}

/* One token at the position, which is not at a blank. False if there is none. */
static bool read_token(struct lexer *lexer, struct token *token)
{
	int character = peek(lexer, 0);

	if (is_word_start(character)) {
		read_word(lexer, token);
		return true;
	}
	if (is_digit(character)) {
		read_number(lexer, token);
		return true;
	}
	switch (character) {
	case '"':
		read_string(lexer, token);
		return true;
	case '\'':
		if (!lexer->is_c)
			return false;
		read_character(lexer, token);
		return true;
	case '@':
		read_map(lexer, token);
		return true;
	case '$':
		return read_dollar(lexer, token);
	case '#':
		if (!is_at_line_start(lexer))
			return false;
		read_preprocessor(lexer, token);
		return true;
	default:
		return read_punctuation(lexer, token);
	}
}

void lexer_next(struct lexer *lexer, struct token *ret)
{
	for (;;) {
		skip_blanks(lexer);
		*ret = (struct token){.span = span_from(lexer, lexer->position)};
		if (peek(lexer, 0) < 0) {
			ret->kind = TOKEN_END;
			ret->span = (struct span){lexer->last_end, lexer->last_end};
			return;
		}
		if (read_token(lexer, ret)) {
			ret->span.end = lexer->source->start + lexer->position;
			lexer->last_end = ret->span.end;
			return;
		}
		skip_invalid(lexer);
	}
}

/* ---- Attach points ---------------------------------------------------------------------------------------------- */

static bool is_path_character(int character)
{
	return is_word(character) || character >= 0x80 || (character > 0 && strchr("-./#+*@%~$[]!", character));
}

/* Is the slash at the position a part of a path, as its surroundings tell? */
static bool is_path_slash(const struct lexer *lexer, bool is_part_start, bool is_path)
{
	uint32_t ahead = 0;

	if (is_part_start || is_path)
		return true;
	while (is_path_character(peek(lexer, ahead)))
		ahead++;
	return peek(lexer, ahead) == ':';
}

/* A quoted piece. What is missing at its end is said by whoever takes the attach point apart. */
static void skip_quoted(struct lexer *lexer)
{
	lexer->position++;
	while (peek(lexer, 0) >= 0 && peek(lexer, 0) != '\n') {
		int character = peek(lexer, 0);

		lexer->position += character == '\\' && peek(lexer, 1) >= 0 && peek(lexer, 1) != '\n' ? 2 : 1;
		if (character == '"')
			return;
	}
}

void lexer_go_back(struct lexer *lexer, const struct token *token)
{
	lexer->position = start_of(lexer, token);
}

const char *lexer_text_at(const struct lexer *lexer, struct span span)
{
	return lexer->source->text + (span.start - lexer->source->start);
}

struct span lexer_attach_point(struct lexer *lexer)
{
	uint32_t start;
	bool is_part_start = true;
	bool is_path = false; /* this part began with a slash */

	skip_blanks(lexer);
	start = lexer->position;
	for (;;) {
		int character = peek(lexer, 0);

		if (character < 0 || is_blank(character) || character == ',' || character == '{' || character == '}')
			break;
		if (character == '"') {
			skip_quoted(lexer);
			is_part_start = false;
			continue;
		}
		if (character == '/') {
			if (lexer->position == start || !is_path_slash(lexer, is_part_start, is_path))
				break;
			is_path = is_path || is_part_start;
		}
		is_part_start = character == ':';
		if (is_part_start)
			is_path = false;
		lexer->position++;
	}
	if (lexer->position > start)
		lexer->last_end = lexer->source->start + lexer->position;
	return span_from(lexer, start);
}
