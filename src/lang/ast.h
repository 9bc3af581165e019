/* SPDX-License-Identifier: MIT */
/*
 * The tree of a script.
 *
 * The parser builds it, with a span on every node; sema resolves it in place:
 * every expression gets its static type, every variable and map its slot,
 * every call its function and checked arguments, every format is parsed, every
 * attach point understood. What sema has passed, evaluation need not doubt.
 * Comments marked [sema] tell what is only set by then; shapes that only the
 * parser makes, and sema removes, are marked [parser].
 *
 * Example: `usdt:/bin/x:p:n /pid == $1/ { @a[comm, arg0] = count() }' becomes
 * a clause with one attach point (USDT, target /bin/x, provider p, name n), a
 * predicate BINARY(EQUAL, BUILTIN pid, INTEGER 42), and a body of one
 * EXPRESSION statement: AGGREGATE into map slot 0 by COUNT, its key a TUPLE of
 * (BUILTIN comm, BUILTIN arg0), the map's key type (string[16],int64) and its
 * value type count_t.
 *
 * All of it lives in the program's arena; formats are freed by
 * ast_program_deinit().
 */
#ifndef USDTRAP_LANG_AST_H
#define USDTRAP_LANG_AST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"
#include "lang/builtin.h"
#include "lang/c_names.h"
#include "lang/probe_type.h"
#include "lang/type.h"

/* How many maps a script, and how many variables a clause may have. */
#define AST_NAMES_MAX 1000

/* How deep trees may be, so that walking them needs no more stack than there is. */
#define AST_DEPTH_MAX 400

struct ast_expression;
struct ast_statement;
struct format; /* lang/format.h */

/* Bytes that may contain anything; a NUL follows that is not counted. */
struct ast_text {
	const char *bytes;
	size_t length;
};

/* ---- What is declared by use ------------------------------------------------------------------------------------ */

/* How a variable came to be. */
enum ast_declaration {
	AST_ASSIGNED, /* by its first assignment */
	AST_DECLARED, /* by let */
	AST_LOOPED,   /* by for */
};

/* A scratch variable, $name. Variables of one name in separate blocks, or of separate expansions, are separate. */
struct ast_variable {
	struct ast_variable *next;          /* of the same clause */
	struct ast_variable *next_in_scope; /* of the same block */
	const char *name;                   /* with its $ */
	unsigned expansion;                 /* as in struct ast_expression */
	enum ast_declaration declaration;
	struct span span;        /* where it is first assigned or declared */
	unsigned slot;           /* its place in the clause's frame, from 0 */
	bool is_declared_type;   /* `let $x: type': the type is given */
	bool is_assigned;        /* ever */
	bool is_counted;         /* by ++, -- or OP= */
	bool is_early;           /* [sema] read before it is assigned, and that was said */
	const struct type *type; /* [sema] */
};

/* What `let @name = KIND(limit)' says. */
enum ast_map_kind {
	AST_MAP_UNDECLARED, /* as hash */
	AST_MAP_HASH,
	AST_MAP_LRU_HASH, /* a new key of a full map takes the place of the one used longest ago */
	AST_MAP_PERCPU_HASH,
	AST_MAP_PERCPU_LRU_HASH,
};

/* A map, @name. */
struct ast_map {
	struct ast_map *next;
	const char *name; /* with its @ */
	struct span span; /* where it first occurs */
	unsigned slot;    /* from 0, below the program's map_count */
	bool is_assigned; /* ever */
	bool is_counted;  /* by ++, -- or OP= */
	bool is_scalar;   /* used without a key */
	bool is_keyed;    /* used with a key; never both */
	enum ast_map_kind kind;
	uint64_t limit;                /* of keys, as declared; 0: the configuration's max_map_keys */
	const struct type *key_type;   /* [sema] NULL: no key; a tuple for several keys */
	const struct type *value_type; /* [sema] */
};

/* ---- Expressions ------------------------------------------------------------------------------------------------ */

enum ast_expression_kind {
	AST_INTEGER,     /* integer; its type is the smallest that holds it */
	AST_BOOL,        /* integer is 0 or 1 */
	AST_STRING,      /* text, escapes undone */
	AST_PARAMETER,   /* [parser] $1: sema makes it AST_INTEGER or AST_STRING */
	AST_PARAMETERS,  /* [parser] $#: sema makes it AST_INTEGER */
	AST_IDENTIFIER,  /* [parser] a bare word: sema makes it AST_BUILTIN, AST_BOOL or a call without arguments */
	AST_SIZEOF,      /* [parser] size_of: sema makes it AST_INTEGER */
	AST_OFFSETOF,    /* [parser] offset_of: likewise */
	AST_BUILTIN,     /* builtin */
	AST_VARIABLE,    /* variable */
	AST_MAP,         /* map: the value at its key; type is type_of_read() of the map's */
	AST_UNARY,       /* unary */
	AST_BINARY,      /* binary */
	AST_LOGICAL,     /* binary with AND or OR: the right side only if needed; yields bool */
	AST_CONDITIONAL, /* conditional */
	AST_INCREMENT,   /* increment */
	AST_ASSIGN,      /* assign */
	AST_AGGREGATE,   /* [sema] aggregate: an assignment of count() and its like */
	AST_CAST,        /* cast */
	AST_TUPLE,       /* tuple; with names, a record */
	AST_FIELD, /* field: an element of a tuple or record, a member of a struct or of what a pointer points to */
	AST_INDEX, /* index: of a string (the byte there; int8), an array, a pointer */
	AST_DEREFERENCE, /* dereference: *pointer */
	AST_ADDRESS,     /* address: &place, of what lies in the target */
	AST_CALL,        /* call */
	AST_BLOCK_VALUE, /* block: { statements; value }, and what a macro's use becomes */
};

enum ast_unary {
	AST_NEGATE,     /* - */
	AST_NOT,        /* !: bool */
	AST_COMPLEMENT, /* ~ */
};

enum ast_binary {
	AST_ADD,
	AST_SUBTRACT,
	AST_MULTIPLY,
	AST_DIVIDE, /* by zero: 1 and a warning, as modulo */
	AST_MODULO,
	AST_SHIFT_LEFT,
	AST_SHIFT_RIGHT,
	AST_BIT_AND,
	AST_BIT_OR,
	AST_BIT_XOR,
	AST_EQUAL, /* the comparisons yield bool */
	AST_NOT_EQUAL,
	AST_LESS,
	AST_LESS_EQUAL,
	AST_GREATER,
	AST_GREATER_EQUAL,
	AST_AND, /* these two in AST_LOGICAL only */
	AST_OR,
};

/* @name or @name[key]. */
struct ast_map_use {
	const char *name;           /* with its @ */
	struct ast_map *map;        /* [sema] */
	struct ast_expression *key; /* NULL: none; a tuple for several keys. [sema] its type may be narrower than
				       the map's key type: integers are widened, strings are shorter */
};

/* * or [length] behind a type that depends on an expression. */
struct ast_type_suffix {
	struct ast_type_suffix *next; /* the next further out */
	bool is_pointer;              /* else an array */
	uint64_t length;
};

/* A type as it is written. */
struct ast_type {
	struct span span;
	const struct type *type; /* what it is; [sema] if there is an operand or is_open, which need types first */
	struct ast_expression *operand;   /* typeof(expression), never evaluated; else NULL */
	struct ast_type_suffix *suffixes; /* behind typeof(expression) */
	bool is_open; /* ends with []: `type' is the element's, the cast's operand decides how many */
};

struct ast_call {
	const char *name; /* as written */
	struct span name_span;
	struct ast_expression **arguments; /* what is evaluated; see enum function */
	size_t argument_count;
	bool is_discarded;               /* nobody uses the result: a delete() that fails warns */
	enum function function;          /* [sema] from here on */
	struct ast_map *map;             /* functions of maps: which; else NULL */
	struct ast_expression *key;      /* functions of maps: at which key; NULL: none given */
	uint64_t top;                    /* print(@m, top): the last so many; 0: all */
	uint64_t divisor;                /* print(@m, top, div): at least 1 */
	enum type_stack_mode stack_mode; /* ustack, kstack */
	uint32_t frames;                 /* ustack: at most so many */
	struct format *format;           /* printf and its like; owned by the program */
};

struct ast_expression {
	enum ast_expression_kind kind;
	struct span span;
	unsigned depth;          /* of the tree below: at least 1, at most AST_DEPTH_MAX */
	unsigned expansion;      /* [parser] VARIABLE: which use of a macro it belongs to; 0: none, the script itself */
	const struct type *type; /* [sema] never NULL then */
	union {
		uint64_t integer; /* two's complement when type is signed */
		struct ast_text text;
		unsigned parameter; /* $1 is 1 */
		const char *name;   /* IDENTIFIER; [parser] VARIABLE, with its $ */
		struct {
			struct ast_type *type;          /* sizeof(int32), or */
			struct ast_expression *operand; /* sizeof(expression), which is never evaluated */
		} size_of;
		struct {
			struct ast_type *type;          /* offsetof(struct s, a.b), or */
			struct ast_expression *operand; /* offsetof(expression, a.b); never evaluated */
			const char **path;              /* a, b */
			size_t path_length;
		} offset_of;
		struct {
			enum builtin builtin;
			unsigned index; /* argN */
		} builtin;
		struct ast_variable *variable;
		struct ast_map_use map;
		struct {
			enum ast_unary operation;
			struct ast_expression *operand;
		} unary;
		struct {
			enum ast_binary operation;
			struct span operation_span;
			/*
			 * [sema] The type both sides are taken to before the operator works on them: integers
			 * int64 or uint64, which decides the sign of a comparison, a division and a shift;
			 * else STRING, BUFFER, TUPLE, BOOL, POINTER, ARRAY or STRUCT, the same on both sides but for
			 * sizes. Where an integer is added to a pointer it is the pointer's type.
			 */
			const struct type *operand_type;
			struct ast_expression *left;
			struct ast_expression *right;
		} binary;
		struct {
			struct ast_expression *condition;
			struct ast_expression *yes; /* NULL: `a ?: b', the condition's own value */
			struct ast_expression *no;
		} conditional;
		struct {
			struct ast_expression *target; /* AST_VARIABLE, or AST_MAP of an integer */
			bool is_prefix;                /* the value is the new one */
			bool is_decrement;
		} increment;
		struct {
			struct ast_expression *target; /* AST_VARIABLE or AST_MAP */
			struct ast_expression *value;
			bool is_compound; /* target = target OPERATION value, the target's key evaluated once */
			enum ast_binary operation;       /* if is_compound */
			const struct type *operand_type; /* [sema] if is_compound: as in `binary' */
		} assign;
		struct {
			struct ast_map_use target;
			enum aggregation aggregation;
			struct ast_expression *value; /* NULL for count(); its type gives the sign */
			struct type_buckets buckets;  /* hist, lhist: as in the map's type */
			struct type_series series;    /* tseries: likewise */
			struct span call_span;        /* name(arguments) alone */
		} aggregate;
		struct {
			struct ast_type
				*target; /* what is written in front; NULL: sema put the cast there, and its type */
			struct ast_expression *operand;
		} cast;
		struct {
			struct ast_expression **elements;
			const char **names; /* of a record; else NULL */
			size_t count;
		} tuple;
		struct {
			struct ast_expression *operand;
			const char *name; /* NULL: an element by its number */
			struct span name_span;
			unsigned index;          /* of tuples; [sema] of records */
			bool is_through_pointer; /* [sema] operand is a pointer to the struct, else the struct itself */
			struct type_field member; /* [sema] of structs */
		} field;
		struct {
			struct ast_expression *operand; /* a pointer */
		} dereference;
		struct {
			struct ast_expression
				*operand; /* DEREFERENCE, or a FIELD or INDEX of what lies in the target */
		} address;
		struct {
			struct ast_expression *operand;
			struct ast_expression *index;
		} index;
		struct ast_call call;
		struct {
			struct ast_statement *statements; /* first of a list, may be NULL */
			struct ast_expression *value;     /* NULL: none, in a macro's use that is a statement */
			const char *macro;                /* the name of the macro, or NULL */
			struct span use_span;             /* of a macro: where it is used */
		} block;
	};
};

/* ---- Statements ------------------------------------------------------------------------------------------------- */

enum ast_statement_kind {
	AST_EXPRESSION, /* expression */
	AST_LET,        /* let: also without a value, which is then 0 or "" */
	AST_IF,         /* condition */
	AST_WHILE,      /* loop */
	AST_UNROLL,     /* unroll */
	AST_FOR,        /* for_loop */
	AST_BLOCK,      /* block */
	AST_BREAK,
	AST_CONTINUE,
	AST_RETURN, /* returned: ends the clause */
};

struct ast_statement {
	struct ast_statement *next; /* in the same block */
	enum ast_statement_kind kind;
	struct span span;
	union {
		struct {
			struct ast_expression *value;
			bool is_discard; /* `_ = value': that nobody uses it is no oversight */
			bool is_last; /* [parser] no semicolon followed: the value of its block, where one is wanted */
		} expression;
		struct {
			const char *name; /* with its $ */
			struct span name_span;
			unsigned expansion;            /* [parser] as in struct ast_expression */
			struct ast_type *type;         /* NULL: none given */
			struct ast_variable *variable; /* [sema] */
			struct ast_expression *value;  /* NULL: none */
		} let;
		struct {
			struct ast_expression *condition;
			struct ast_statement *yes; /* first of a list, may be NULL */
			struct ast_statement *no;  /* first of a list, may be NULL */
		} condition;
		struct {
			struct ast_expression *condition;
			struct ast_statement *body;
		} loop;
		struct {
			struct ast_expression *count_expression;
			uint64_t count; /* [sema] 1 to 100 */
			struct ast_statement *body;
		} unroll;
		struct {
			const char *name; /* with its $ */
			struct span name_span;
			unsigned expansion;            /* [parser] as in struct ast_expression */
			struct ast_variable *variable; /* [sema] a number, or (key, value) */
			struct ast_map_use map;        /* whose keys; its name is NULL in a loop over a range */
			struct span map_span;
			struct ast_expression *start; /* of the range, both evaluated once */
			struct ast_expression *end;   /* the first that is not in it any more */
			const struct type *row;       /* [sema] over a map: the variable's type */
			struct ast_statement *body;
		} for_loop;
		struct ast_statement *block;
		struct ast_expression *returned; /* NULL: nothing */
	};
};

/* ---- Clauses ---------------------------------------------------------------------------------------------------- */

/* What a watchpoint watches for. */
enum {
	AST_WATCH_READ = 1,
	AST_WATCH_WRITE = 2,
	AST_WATCH_EXECUTE = 4,
};

/* One probe of a clause's list. */
struct ast_attach_point {
	struct ast_attach_point *next;
	struct span span;
	const char *text;         /* as written; [sema] parameters put in */
	enum ast_probe_type type; /* [sema] from here on */
	const char *full_name;    /* what `probe' yields: begin, interval:s:1, the name in name=usdt:...; NULL: the hit
				     knows */
	uint64_t period_ns;       /* interval, profile: at least 1000 */
	const char *target;       /* usdt, uprobe, uretprobe, watchpoint: as in struct usdtrap_pattern; NULL: every file
				     the process maps; "*": and those that it will map */
	const char *provider;     /* usdt: NULL or a pattern; tracepoint: the category, NULL or a pattern */
	const char *name;         /* usdt, tracepoint: NULL or a pattern. uprobe, uretprobe: a function, which may be
				     a pattern; NULL: `address' is meant. test, bench: the name */
	uint64_t offset;          /* uprobe, watchpoint with a name: from the function's or symbol's start */
	uint64_t address;         /* uprobe without a name: in the file (before any load bias); watchpoint without one:
				     in memory */
	bool is_demangled;        /* uprobe, uretprobe, cpp:"ns::f": the name is that of C++, not of the symbol */
	unsigned length;          /* watchpoint: 1, 2, 4 or 8 bytes */
	unsigned watch;           /* watchpoint: AST_WATCH_* */
	unsigned watched_argument; /* watchpoint: `name' is a function, whose argument of this number less one is the
				      address, at each call; 0: `name' is a symbol, or NULL */
	int signal;                /* self: the signal's number */
	bool is_refused;           /* [sema] there is no such kind of probe, which was said; no type then */
};

struct ast_clause {
	struct ast_clause *next;
	struct span span; /* of its attach points */
	struct ast_attach_point *attach_points;
	struct ast_expression *predicate; /* NULL: none; its type is a number or a pointer */
	struct ast_statement *body;       /* first of a list, may be NULL */
	struct ast_variable *variables;
	unsigned variable_count; /* the size of its frame in slots */
};

/* What a macro takes. */
enum ast_macro_parameter_kind {
	AST_PARAMETER_EXPRESSION, /* name: any expression, evaluated wherever it stands in the body */
	AST_PARAMETER_VARIABLE,   /* $name: a variable; also an expression, if the body does not assign to it */
	AST_PARAMETER_MAP,        /* @name: a map, without a key */
};

struct ast_macro_parameter {
	enum ast_macro_parameter_kind kind;
	const char *name; /* with its $ or @ */
	struct span span;
};

/* macro name(parameters) { body }. Its uses are replaced by copies of the body before names are resolved. */
struct ast_macro {
	struct ast_macro *next;
	const char *name;
	struct span name_span;
	struct ast_macro_parameter *parameters;
	size_t parameter_count;
	struct ast_statement *body;   /* first of a list, may be NULL */
	struct ast_expression *value; /* what a use yields; NULL: nothing, it is a statement */
	struct span span;             /* of the body, braces included */
};

/* `let @name = kind(limit)' at the top of a script. */
struct ast_map_declaration {
	struct ast_map_declaration *next;
	struct span span;
	const char *name; /* with its @ */
	struct span name_span;
	const char *kind;
	struct span kind_span;
	struct ast_expression *limit;
};

/* `name = value' in a config block. */
struct ast_setting {
	struct ast_setting *next;
	struct span span;
	const char *name;
	const char *value; /* a word, a number or a string's text */
};

/* What happens when a probe is not found. */
enum ast_missing {
	AST_MISSING_ERROR,
	AST_MISSING_WARN,
	AST_MISSING_IGNORE,
};

/* [sema] What config blocks and the environment set. */
struct ast_config {
	uint64_t max_strlen;           /* 1024: capacity of str() without a length, NUL included */
	uint64_t max_map_keys;         /* 4096 */
	uint64_t max_cat_bytes;        /* 10240 */
	uint64_t max_probes;           /* 1024: probes that one script may attach */
	bool print_maps_on_exit;       /* true */
	bool cpp_demangle;             /* true */
	const char *str_trunc_trailer; /* ".." */
	enum ast_missing missing_probes;
	enum type_stack_mode stack_mode;
};

struct ast_program {
	struct arena arena;
	const struct source *source;
	struct c_names names; /* what C declarations named; filled by the parser */
	struct ast_setting *settings;
	struct ast_config config;
	struct ast_map_declaration *map_declarations;
	struct ast_macro *macros;
	const char *options_help; /* [sema] what `-- --help' asked for: which options the script has; or NULL */
	struct ast_clause *clauses;
	struct ast_map *maps;
	unsigned map_count;
	bool runs_commands; /* [sema] there is a system() */
	/* Formats to free: grown by sema. */
	struct format **formats;
	size_t format_count;
};

void ast_program_deinit(struct ast_program *program);

#endif
