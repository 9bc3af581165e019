/* SPDX-License-Identifier: MIT */
/*
 * What the stages of sema share. In their order:
 *
 *	sema_macros.c   uses of macros replaced by their bodies
 *	sema_config.c   settings to values
 *	sema_probes.c   attach points taken apart and understood (sema_probe_parts.c)
 *	sema_names.c    words, variables, maps and calls resolved, constants folded (sema_fold.c)
 *	sema_types.c    every type found, by going over the tree until nothing changes, then checked
 *	                (sema_expressions.c; sema_objects.c for what has parts)
 *
 * sema_calls.c with sema_call_types.c, and sema_aggregations.c, have what is
 * particular to functions, for the last two.
 */
#ifndef USDTRAP_LANG_SEMA_INTERNAL_H
#define USDTRAP_LANG_SEMA_INTERNAL_H

#include <usdtrap/error.h>

#include "lang/sema.h"

/* The variables of one block. */
struct sema_scope {
	struct sema_scope *outer;       /* NULL: the clause's own */
	struct ast_variable *variables; /* through next_in_scope */
};

struct sema_option;

struct sema {
	struct ast_program *program;
	struct arena *arena; /* the program's */
	const struct sema_options *options;
	struct diag_list *diagnostics;
	struct ast_clause *clause; /* the one being worked on */
	struct ast_map **map_link; /* where the next new map goes */
	struct sema_scope *scope;
	unsigned loop_depth;
	unsigned dead_depth;              /* types: how many branches that are never taken the walk is in */
	struct sema_option *used_options; /* those of getopt(), so far */
	bool has_changed;                 /* types: something was learned in this round */
	bool is_reporting;                /* types: the last round, in which what is wrong is said */
};

/* A part of an attach point's text, quotes taken off. */
struct sema_probe_part {
	const char *text;
	size_t quoted_end; /* behind the last byte that stood in quotes; 0: none did */
};

#define SEMA_PROBE_PARTS_MAX 8

struct sema_probe_parts {
	struct sema_probe_part parts[SEMA_PROBE_PARTS_MAX];
	size_t count; /* at least 1; greater than SEMA_PROBE_PARTS_MAX while the text is split */
};

/* Fills in POINT, whose type is found: its KIND in full, and what its text was made of. */
void sema_probe_parts(struct sema *sema, struct ast_attach_point *point, const char *kind,
		      const struct sema_probe_parts *parts);

/* False if there was anything wrong: names in a copy that is not whole would be reported for nothing. */
bool sema_macros(struct sema *sema);
void sema_config(struct sema *sema);
void sema_probes(struct sema *sema);
void sema_names(struct sema *sema);
void sema_types(struct sema *sema);

/* Makes a constant of NODE if its operands are constants. Leaves what would divide by zero or overflow. */
void sema_fold(struct ast_expression *node);
/* True if NODE is an integer constant; *RET_NEGATIVE tells its sign. */
bool sema_is_constant(const struct ast_expression *node, bool *ret_negative);
/* True if NODE, resolved and typed, is true or false whatever happens while the script runs; *RET tells which. */
bool sema_is_condition_known(const struct ast_expression *node, bool *ret);
/* Makes NODE the integer constant VALUE, two's complement if IS_NEGATIVE. */
void sema_set_constant(struct ast_expression *node, uint64_t value, bool is_negative);

/* Resolves all names below NODE. */
void sema_name_expression(struct sema *sema, struct ast_expression *node);
/* NAME without the `__builtin_' by which words are meant that a macro of the same name hides. */
const char *sema_plain_name(const char *name);
/* NODE is a variable that is set here: found, or new. */
void sema_name_assigned_variable(struct sema *sema, struct ast_expression *node);
/* Resolves the names in a type as it is written. */
void sema_name_type(struct sema *sema, struct ast_type *type);
/* Resolves the map and the key of USE. WHOLE: the map itself is meant, whether it has keys or not. */
enum sema_map_use { SEMA_MAP_VALUE, SEMA_MAP_WHOLE };
void sema_name_map(struct sema *sema, struct ast_map_use *use, struct span span, enum sema_map_use how);
/* Notes that a map was used with, or without, a key, and complains if it was used differently before. */
void sema_note_key(struct sema *sema, struct ast_map *map, struct span span, bool has_key);
/* Complains about WORD at SPAN if one of the clause's probes does not have it. */
void sema_check_availability(struct sema *sema, const char *word, struct span span);
/* NODE becomes the builtin of INFO; complains if the clause's probes do not have it. */
void sema_name_builtin(struct sema *sema, struct ast_expression *node, const char *name,
		       const struct builtin_info *info, unsigned index);
/* NODE, config.name, becomes the setting's value. */
void sema_name_setting(struct sema *sema, struct ast_expression *node);
/* getopt() becomes a constant. Then: what the command line has beside the options that were asked for is wrong. */
void sema_name_getopt(struct sema *sema, struct ast_expression *node);
void sema_check_options(struct sema *sema);
/* $N as bytes; "" if there are fewer parameters. */
struct ast_text sema_parameter(const struct sema *sema, unsigned number);

/* The call's function and the form of its arguments, which get their names here as well. */
void sema_name_call(struct sema *sema, struct ast_expression *node);
void sema_name_arguments(struct sema *sema, struct ast_expression *node);
/* Complains, with USAGE as the hint, unless the call has MIN to MAX arguments. */
bool sema_check_count(struct sema *sema, const struct ast_expression *node, size_t min, size_t max, const char *usage);
/* Reports ERROR, message and hint, at SPAN, and destroys it. */
void sema_report_error(struct sema *sema, struct span span, struct usdtrap_error *error);
/* The value of the call's ARGUMENTth argument, which must be a constant and not negative. */
bool sema_read_constant(struct sema *sema, const struct ast_expression *node, size_t argument, uint64_t *ret);
/* NODE = name(arguments), an assignment whose value calls an aggregation, becomes AST_AGGREGATE. */
void sema_name_aggregation(struct sema *sema, struct ast_expression *node, const struct aggregation_info *info);

/* The type of what could not be typed, because something in it is wrong or not known yet: nothing follows from it. */
extern const struct type sema_unknown;

/* The type of NODE, found or found again. */
const struct type *sema_type(struct sema *sema, struct ast_expression *node);
/* Types all statements from FIRST on. */
void sema_type_block(struct sema *sema, struct ast_statement *first);
/* The same for one kind of node each (sema_objects.c). */
const struct type *sema_address_type(struct sema *sema, struct ast_expression *node);
const struct type *sema_cast_type(struct sema *sema, struct ast_expression *node);
const struct type *sema_dereference_type(struct sema *sema, struct ast_expression *node);
const struct type *sema_field_type(struct sema *sema, struct ast_expression *node);
const struct type *sema_index_type(struct sema *sema, struct ast_expression *node);
const struct type *sema_offsetof_type(struct sema *sema, struct ast_expression *node);
const struct type *sema_sizeof_type(struct sema *sema, struct ast_expression *node);
/* Casts *SLOT, which has its type, to TYPE if the names of a record have another order there. */
void sema_reorder(struct sema *sema, struct ast_expression **slot, const struct type *type);
/* Makes of *SLOT its address if it is an array of no length, the last member of a struct in the target. */
void sema_decay(struct sema *sema, struct ast_expression **slot);
/* The type of `args' at SPAN in the clause that is worked on (sema_args.c). */
const struct type *sema_args_type(struct sema *sema, struct span span);
/* NODE asks ARGS, the type of that, for a field that it has not. Complains. */
const struct type *sema_args_unknown_field(struct sema *sema, const struct ast_expression *node,
					   const struct type *args);
/* What TYPE, as it is written, is; sema_unknown if that is not known yet, or never. */
const struct type *sema_written_type(struct sema *sema, struct ast_type *type);
/* What calls and aggregations yield. Both report arguments of wrong types. */
const struct type *sema_call_type(struct sema *sema, struct ast_expression *node);
const struct type *sema_aggregation_type(struct sema *sema, struct ast_expression *node);

/*
 * Learning. TYPE is stored in a variable or a map, or used as a map's key, at
 * SPAN: widen what is known, or complain that it does not fit.
 */
void sema_learn_variable(struct sema *sema, struct ast_variable *variable, const struct type *type, struct span span);
void sema_learn_map(struct sema *sema, struct ast_map *map, const struct type *type, struct span span);
/* The same for values that expressions yield, among which are no aggregations. */
void sema_learn_value(struct sema *sema, struct ast_map *map, const struct type *type, struct span span);
void sema_type_key(struct sema *sema, struct ast_map *map, const struct type *key, struct span span);
/* Types the key of USE, if it has one, and learns from it. */
void sema_type_use(struct sema *sema, struct ast_map_use *use);
/* Complains unless TYPE can be true or false. */
void sema_check_condition(struct sema *sema, const struct type *type, struct span span);

/* Reports, in the round that reports; %s and the like as ever. Returns sema_unknown. */
const struct type *sema_complain(struct sema *sema, struct span span, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* The same for warnings. */
void sema_warn(struct sema *sema, struct span span, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* TYPE's name, in the arena. */
const char *sema_type_name(struct sema *sema, const struct type *type);

#endif
