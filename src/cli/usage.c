/* SPDX-License-Identifier: MIT */
#include "cli/usage.h"

#include <string.h>

#include "base/strbuf.h"
#include "cli/options.h"
#include "cli/subcommand.h"

#define SYNOPSIS                                            \
	"USAGE:\n"                                          \
	"    usdtrap [options] FILE [parameters]\n"         \
	"    usdtrap [options] -e 'PROGRAM' [parameters]\n" \
	"    usdtrap -l [PATTERN]\n"

const char usage_synopsis[] = SYNOPSIS "    usdtrap -h shows all options\n";

const char usage_list[] = "USAGE:\n"
			  "    usdtrap list [PATTERN...] [-p PID | -c 'COMMAND']\n"
			  "    usdtrap list -h shows how it is used\n";

const char usage_welcome[] = "usdtrap traces running programs in bpftrace's language, by ptrace alone.\n"
			     "\n" SYNOPSIS "    usdtrap -h shows all options\n"
			     "\n"
			     "FIVE TO TRY:\n"
			     "  Which probes does a program have?\n"
			     "    usdtrap -l 'usdt:/usr/bin/python3:*'\n"
			     "  Where are those of a running process, and what do they tell?\n"
			     "    usdtrap -lv 'usdt:*' -p PID\n"
			     "  Count all that fire there, until Ctrl-C:\n"
			     "    usdtrap -p PID -e 'usdt:* { @[probe] = count(); }'\n"
			     "  Print an argument, in a program of your own from its start:\n"
			     "    usdtrap -c 'python3 -c pass' -e 'usdt:*:audit { print(str(arg0)); }'\n"
			     "  What does a function return? A histogram:\n"
			     "    usdtrap -p PID -e 'uretprobe:libc:read { @bytes = hist(retval); }'\n";

/* Where the explanations begin, counted in characters. */
#define HELP_COLUMN 32

static void print_row(const struct option_row *row, FILE *out)
{
	_cleanup_strbuf_ struct strbuf names = {0};

	if (row->letter)
		strbuf_addf(&names, "-%c%s", row->letter, row->name ? ", " : "");
	else
		strbuf_add_string(&names, "    ");
	if (row->name)
		strbuf_addf(&names, "--%s", row->name);
	if (row->argument)
		strbuf_addf(&names, " %s", row->argument);
	fprintf(out, "    %-*s %s\n", HELP_COLUMN - 5, strbuf_text(&names), row->help);
}

/* What is too long for its column gets a line of its own. */
static void print_subcommand(const struct subcommand *row, FILE *out)
{
	if (strlen(row->synopsis) < HELP_COLUMN - 4)
		fprintf(out, "    %-*s%s\n", HELP_COLUMN - 4, row->synopsis, row->help);
	else
		fprintf(out, "    %s\n%*s%s\n", row->synopsis, HELP_COLUMN, "", row->help);
}

void usage_print(FILE *out)
{
	fputs("usdtrap traces running programs in bpftrace's language, by ptrace alone.\n"
	      "It needs the ptrace system call alone: no BPF, no debugger, no root for your own\n"
	      "processes.\n\n" SYNOPSIS "    usdtrap COMMAND ...\n\nCOMMANDS:\n",
	      out);
	for (const struct subcommand *row = subcommands; row->name; row++)
		print_subcommand(row, out);
	fputs("\nusdtrap COMMAND -h shows what COMMAND takes, with examples.\n", out);
	for (size_t i = 0; i < OPTION_GROUP_COUNT; i++) {
		const struct option_group *group = &option_groups[i];

		if (!group->heading)
			continue;
		fprintf(out, "\n%s:\n", group->heading);
		for (const struct option_row *row = group->rows; row->letter || row->name; row++)
			print_row(row, out);
	}
	fputs("\n"
	      "A FILE of - is standard input. Words behind the FILE or -e 'PROGRAM' are the\n"
	      "script's $1, $2...; behind -- they may look like options. A first word that is a\n"
	      "command's name is the command: a script of that name is ./list.\n"
	      "\n"
	      "PATTERN is usdt:FILE:PROVIDER:NAME, any part with wildcards, and PROVIDER may be\n"
	      "left out. FILE is a path, a program in PATH, or libNAME. With -p, usdt:NAME is\n"
	      "looked for in the program and all its libraries.\n"
	      "\n"
	      "ENVIRONMENT:\n"
	      "    BPFTRACE_NAME               a setting of config = { name = ... }, and wins\n"
	      "    BPFTRACE_COLOR              colours in messages: 'auto', 'always', 'never'\n"
	      "    NO_COLOR                    if not empty: as 'never'\n"
	      "\n"
	      "EXIT STATUS:\n"
	      "    0 done; 1 something failed; N after exit(N)\n",
	      out);
}
