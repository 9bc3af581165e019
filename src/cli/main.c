/* SPDX-License-Identifier: MIT */
/*
 * The usdtrap command, and a map of the whole program. Each folder uses those
 * above it only: docs/floors.md.
 *
 * include/usdtrap/: the library's interface, which lang/ and cli/ use as anybody may
 *     session                       processes traced, probes armed, all put back; start reading here
 *     probe, function, hit          what a file offers; what a callback sees
 *     process, feature              facts about processes; what the kernel has
 *     repair                        undoing what a killed session left
 *     step, instruction             every step, for who shows them; code as text
 *     inspect                       what a process has mapped, what its threads do
 *     diagnosis                     what keeps a probe from firing
 *     launch, error                 a program that waits to be traced; what went wrong
 *     stack                         which calls led there; what addresses are called
 *     syscall, tracepoint           system calls; the kernel's tracepoints that ptrace can show
 * src/base/: what every floor needs
 *     arena, strbuf, cleanup        memory freed at once, text that grows, scope guards
 *     cursor                        reading bytes that may lie
 *     diag                          errors in a script, with the line underlined
 *     error                         errors of everything else
 *     glob, nearest                 wildcards; the name that was probably meant
 *     user, user_alone              names of users; the same for the static program
 *     json_string                   text as JSON has it
 *     utf8                          text of others, so that it can be shown
 *     clock_time                    the time, as one number
 *     thread                        threads that hear no signal
 * src/arch/: what is true of one processor only
 *     arch                          the questions that a processor answers, and how to add one
 *     x86_64                        its trap, its nops, its calls; the table of answers
 *     x86_64_call                   how its functions are called, and return
 *     x86_64_decode                 how long an instruction is, and where its parts lie
 *     x86_64_displace               one instruction, executed elsewhere
 *     x86_64_emulate                one instruction, acted out
 *     x86_64_operand                its operands, as compilers write them into notes
 *     net                           the handler (x86_64_net.S) by which a target outlives its tracer
 *     x86_64_cave                   a system call that a borrowed thread makes, and comes back from
 *     x86_64_registers              its registers, by all their names
 *     x86_64_show                   the same for people, with flags, floating point and vectors
 *     x86_64_frame                  what walking its stacks needs
 *     x86_64_syscalls               its system calls, all of them (generated)
 *     insn, flow                    instructions as text; which of them put a value where it is
 *     insn_alone                    the static program's capstone, which knows one processor
 * src/elf/: files, and nothing but files
 *     object, handle                one ELF file, opened
 *     notes, stapsdt                notes; those that are probes
 *     symtab, slot                  symbols by name; the slots that point to them
 *     function, demangle            all functions; C++ names
 *     debug, minidebug              the file that a stripped one's are in, which is separate, or packed in it
 *     demangle_library, demangle_alone
 *                                   who can read these; the static program has him inside
 *     cfi, cfi_program, cfi_expression, pointer
 *                                   from a function to its caller: call frame information
 *     foreign                       what a file is that is no ELF file
 * src/argspec/: where a probe's arguments are
 *     argspec, parse, format        text to specs, and back to text
 *     eval                          spec and registers to a value, at each hit
 * src/os/: one process, as the kernel shows it
 *     ptrace, memory                stops and registers; its memory, kept open
 *     poke                          writing to it where /proc is not for that
 *     procfs, procfs_file           what /proc tells, and how it is read
 *     procfs_maps, procfs_status    its mappings; its state
 *     waiting                       for a stop of one of thousands
 *     cgroup                        control groups
 *     features                      what this kernel has of all that is used if it is there
 *     affinity                      the tracing thread follows its busiest tracee...
 *     background                    ...and makes it room, where it would be taken elsewhere
 *     gate, fanotify                who is asked before others start a program, and holds nobody up
 *     connector, mountinfo          births, programs and ends, as the kernel tells of them; what is mounted
 *     launch, call_filter           a program that waits at the door; one that stops at some of its calls only
 *     privileged                    rights that a program would lose
 *     kernel_probe                  uprobes that other tools have laid
 *     runtime_folder                where records that outlive a process are kept
 *     refusal, capability, security_module
 *                                   why a process cannot be traced
 * src/trace/: the engine
 *     session, session_wishes       the public functions, and the two threads behind them; what it is asked for
 *     engine                        the loop: next stop, what it means, who answers
 *     attach, settle                taking hold of a process without stopping it; forks in flight
 *     descendants                   and of those that it made before
 *     attached                      the same where the kernel is older than 3.4
 *     family, sharing               births and exec; which processes run in the same memory
 *     machine                       all processes that there are, and that come up
 *     scout, scout_gate, scout_starts, scout_marks, scout_poll
 *                                   who hears of those that come up, and never waits for the engine
 *     start, recorded               what a command was started with; a moment of a thread, kept
 *     tracee, space                 threads; address spaces and what was changed in them
 *     site, semaphore               a trap byte and its undo; a counter and its undo
 *     room, room_map                unused executable bytes, for code that the target is to run; more of them
 *     net, net_table                a handler that lets a target outlive us; what it knows
 *     mask                          the signal mask that a trap changes
 *     lender, borrow                a thread of the target that puts it in, and comes back by itself
 *     catalog, mapped, mapped_file  what is wanted; where it lies in a process
 *     loader, rereading             libraries that come later: told by the loader, or looked for
 *     recipe                        runtimes whose probes need more than a trap
 *     restart                       system calls that ended because of us are entered again
 *     hit, hit_register             what a callback may ask
 *     displaced                     how a thread goes on where a trap covers an instruction that counts
 *     returns                       where functions return to, and which call a return belongs to
 *     frames, go_stacks             the calls whose return is awaited, and stacks that Go moves meanwhile
 *     process_facts                 what anybody may ask of any process
 *     observe, observe_arguments    what the engine does, told to who wants to know
 *     instruction, inspect, inspect_symbols, inspect_threads, snapshot
 *                                   code around a site, as text; looking into a process; registers and stacks
 *     diagnose, runtimes            why a probe does not fire; what is known of programs, as data
 *     verify                        whether the traps are still there
 *     late                          who has a trap of ours to report, or is not back from a call for us
 *     leave                         everything back, nobody disturbed
 *     journal, repair               what is changed, written down first; undoing it when its tracer was killed
 *     leftover                      the same where no journal tells of it, by the net's own table
 *     list, arguments               a file's probes, without a process
 *     files, process_files          from what a pattern says to files
 *     library, library_cache        from libNAME to a file
 *     probes                        a file's notes, by name
 *     functions, list_functions     a file's functions, by name; listing them
 *     events, calls, life           what is no place in a file: system calls; births, programs, ends, signals
 *     samples, watchpoints          threads that run, every so often; accesses to memory
 *     stacks, unwind                the calls that led to a hit; how they are found
 *     modules, jit_map              what an address belongs to; code made while the program ran
 *     tracepoint                    tracepoints and their fields, described
 * src/lang/: scripts
 *     program, program_missing, program_signal, program_trial, program_watch
 *                                   a script from text to last map: what cli/ sees of it; missing probes; --test
 *     lexer, literal                text to tokens
 *     operators, parser, parser_definition, parser_statement, parser_expression
 *     parser_primary, parser_type
 *                                   tokens to tree
 *     import                        the files that a script is made of
 *     c_parser, c_specifiers, c_record, c_constant
 *                                   declarations of C
 *     c_layout, c_names             where members lie; what was declared
 *     c_directive, c_macro, c_header
 *                                   lines that begin with #
 *     ast, ast_walk, ast_dump, type, builtin, probe_type, probe_filter
 *                                   the tree, its static types, words and kinds of probes
 *     builtin_refusal               words that are not to be had
 *     sema, sema_types              meaning; types, in rounds until nothing changes
 *     sema_macros, sema_names, sema_getopt, sema_probes, sema_probe_parts, sema_config
 *                                   macros; names; options; attach points; settings
 *     sema_expressions, sema_objects, sema_args, sema_calls, sema_call_types, sema_aggregations, sema_fold
 *                                   each kind of expression; constants
 *     argument_use                  which arguments a clause asks for
 *     eval, eval_loop, eval_store, eval_operator, eval_object, eval_args, eval_call, eval_builtin
 *                                   the tree, walked at each hit
 *     function_map, function_memory, function_name, function_network, function_output
 *     function_process, function_stack, function_system, function_text, signal_names
 *                                   the functions
 *     runtime, runtime_warning, scratch, value, flat
 *                                   what lives while a script runs
 *     map, map_element, map_select, aggregate, histogram, series
 *                                   maps and what they keep
 *     print, print_map, print_folded, print_series, print_stack, json
 *                                   how they look
 *     format, format_render         printf and its kin
 *     layout, layout_pieces         scripts printed as people would write them
 *     clock                         time as scripts see it
 * src/cli/: the command
 *     main                          where it begins, and this map
 *     options, subcommand           the command line
 *     usage, info, message          what is said of it, of this system, and of what goes wrong
 *     list, list_functions, list_usdt, list_kernel, pattern
 *                                   -l: which probes there are
 *     format                        --fmt: a script in the usual layout
 *     filter                        the C preprocessor, as a process
 *     script, command               what -e or a FILE says; what -c runs
 *     repair                        what a killed usdtrap left
 *     run, front, engine_process    tracing, by two processes
 *     link, watch                   what they tell each other; who listens
 *     output                        the queue between the engine and a slow reader
 *     task, runner                  what waits for its turn in it; who runs commands
 *     verb, traced                  subcommands that trace: their options; their two processes
 *     explain, explain_text, explain_code, explain_html
 *                                   every step, in words and as a page
 *     flame, flame_tree, flame_html
 *                                   where a program spends its time, as a picture
 *     why                           what keeps a probe from firing
 *     reach, expect, top, tally     which probes are reached; how often
 *     inspect, inspect_code, inspect_memory, inspect_registers, inspect_threads
 *                                   looking into a process
 *     record, wrap, progress        a line of -f json; lines of text for people; how far attaching is
 *
 * Exit status: 0 when all was done, also when Ctrl-C, SIGTERM or SIGHUP ended
 * it and when the reader of the output went away; 1 for a wrong command line,
 * a wrong script, a process that cannot be traced, output that could not be
 * written, an engine that died; N when the script said exit(N). What a program
 * started with -c returns makes no difference.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "cli/format.h"
#include "cli/info.h"
#include "cli/list.h"
#include "cli/message.h"
#include "cli/options.h"
#include "cli/run.h"
#include "cli/subcommand.h"
#include "cli/usage.h"
#include "config.h"

/*
 * A standard stream that was closed by whoever started us is the descriptor
 * of the next file opened, which would then get what was meant for the stream.
 * Open something harmless there that fails as a closed one does: reading from
 * standard output and error, writing to standard input.
 */
static void occupy_standard_streams(void)
{
	for (int descriptor = STDIN_FILENO; descriptor <= STDERR_FILENO; descriptor++) {
		if (fcntl(descriptor, F_GETFD) < 0 && errno == EBADF)
			open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY);
	}
}

/* Prints by PRINT to standard output, where a full disk or a closed stream is an error as elsewhere. */
static int show(void (*print)(FILE *out))
{
	/* All in one piece, so that whatever goes wrong shows at its end. */
	setvbuf(stdout, NULL, _IOFBF, 64 * 1024);
	print(stdout);
	if (fflush(stdout) == 0 && !ferror(stdout))
		return EXIT_SUCCESS;
	message_print_error(error_os(errno, "cannot write to standard output"));
	return EXIT_FAILURE;
}

static void version_print(FILE *out)
{
	fprintf(out, "usdtrap v%s\n", PACKAGE_VERSION);
}

/* Settings of the environment that are wrong would otherwise pass for right. */
static void check_environment(const struct options *options)
{
	const char *colour = getenv("BPFTRACE_COLOR");

	if (colour && strcmp(colour, "auto") != 0 && strcmp(colour, "always") != 0 && strcmp(colour, "never") != 0 &&
	    !options->no_warnings)
		message_print(MESSAGE_WARNING,
			      "BPFTRACE_COLOR is '%s', and only 'auto', 'always' and 'never' mean something", colour);
}

static int perform(const struct options *options)
{
	switch (options->task) {
	case OPTIONS_HELP:
		return show(usage_print);
	case OPTIONS_VERSION:
		return show(version_print);
	case OPTIONS_INFO:
		return show(info_print);
	case OPTIONS_LIST:
		return list_run(options);
	case OPTIONS_FORMAT:
		return format_run(options);
	case OPTIONS_RUN:
		return run_script(options);
	}
	return EXIT_FAILURE;
}

/* usdtrap help WORD. */
static int help_with(const char *word)
{
	const struct subcommand *subcommand = subcommand_find(word), *nearest = subcommand_nearest(word);
	char name[16], option[] = "-h";
	char *words[] = {name, option, NULL};
	struct usdtrap_error *error;

	snprintf(name, sizeof(name), "%s", word);
	if (subcommand && subcommand->run)
		return subcommand->run(2, words);
	if (subcommand)
		return strcmp(word, "list") == 0 ? list_help() : show(usage_print);
	error = error_create(USDTRAP_INVALID_USE, "usdtrap has no command called %s", word);
	if (nearest)
		error = error_hint(error, "did you mean usdtrap help %s?", nearest->name);
	message_print_error(error);
	return EXIT_FAILURE;
}

/* The command line ARGV, whose first word was perhaps that of SUBCOMMAND, or NULL. */
static int obey(int argc, char *argv[], const struct subcommand *subcommand)
{
	const bool is_list = subcommand && strcmp(subcommand->name, "list") == 0;
	struct options options;
	struct usdtrap_error *error = options_parse(argc, argv, &options);
	int status;

	if (error) {
		message_print_error(error);
		message_print_text(is_list ? usage_list : usage_synopsis);
		return EXIT_FAILURE;
	}
	if (is_list && options.task == OPTIONS_HELP) {
		status = list_help();
	} else {
		check_environment(&options);
		status = perform(&options);
	}
	options_deinit(&options);
	return status;
}

int main(int argc, char *argv[])
{
	const struct subcommand *subcommand = argc > 1 ? subcommand_find(argv[1]) : NULL;
	char option[16];

	occupy_standard_streams();
	if (argc <= 1) {
		message_print_text(usage_welcome);
		return EXIT_FAILURE;
	}
	if (subcommand && subcommand->run)
		return subcommand->run(argc - 1, argv + 1);
	if (subcommand && strcmp(subcommand->name, "help") == 0 && argc > 2 && argv[2][0] != '-')
		return help_with(argv[2]);
	if (subcommand) {
		snprintf(option, sizeof(option), "%s", subcommand->option);
		argv[1] = option;
	}
	return obey(argc, argv, subcommand);
}
