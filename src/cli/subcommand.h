/* SPDX-License-Identifier: MIT */
/*
 * Words that, standing first on the command line, say what usdtrap should do.
 * `usdtrap list ...' is the subcommand; a script of that name is `./list'.
 */
#ifndef USDTRAP_CLI_SUBCOMMAND_H
#define USDTRAP_CLI_SUBCOMMAND_H

struct subcommand {
	const char *name;
	const char *synopsis;               /* for the help: the name and what may follow */
	const char *help;                   /* one line */
	const char *option;                 /* the option that it is a word for, or NULL: */
	int (*run)(int argc, char *argv[]); /* what it does; ARGV[0] is its name. Returns the exit status */
};

/* Ends with a row without a name. */
extern const struct subcommand subcommands[];

/* The row of WORD, or NULL. */
const struct subcommand *subcommand_find(const char *word);
/* The subcommand whose name WORD was probably meant to be, or NULL. */
const struct subcommand *subcommand_nearest(const char *word);

#endif
