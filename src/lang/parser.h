/* SPDX-License-Identifier: MIT */
/* Text to tree: shapes only, nothing is looked up. The grammar stands in parser.c. */
#ifndef USDTRAP_LANG_PARSER_H
#define USDTRAP_LANG_PARSER_H

#include "lang/ast.h"
#include "lang/program.h"

/* All zero: nothing but the text itself is read. */
struct parser_options {
	lang_preprocess *preprocess; /* for #include; NULL: it is refused */
	const char *const *include_directories;
	size_t include_directory_count;
	const char *const *include_files; /* read before the script */
	size_t include_file_count;
	bool may_import; /* `import' reads files, from where the source's name says it lies */
};

/* What of OPTIONS concerns the parser. Borrowed. */
struct parser_options parser_options_of(const struct lang_options *options);

/*
 * Parses SOURCE into PROGRAM, an all-zero one, reporting every syntax error
 * to DIAGNOSTICS (whose source it sets). What is imported is appended to SOURCE's
 * list and lives as long as PROGRAM. True if there was no error; the program is
 * to be ended with ast_program_deinit() in both cases. Running out of memory
 * shows as DIAGNOSTICS->failed or PROGRAM->arena.failed, and false.
 */
bool parser_parse(struct source *source, const struct parser_options *options, struct ast_program *program,
		  struct diag_list *diagnostics);

#endif
