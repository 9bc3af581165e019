/* SPDX-License-Identifier: MIT */
/*
 * Findings, <usdtrap/diagnosis.h>, in words. Each line begins with what it
 * means: fine, or a thing to know, or what keeps the probe silent; and what is
 * not fine says what to do.
 */
#include "cli/why.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <usdtrap/diagnosis.h>

#include "base/error.h"
#include "base/utf8.h"
#include "cli/message.h"
#include "cli/record.h"
#include "cli/verb.h"
#include "cli/wrap.h"

static const struct verb verb = {
	.name = "why",
	.synopsis = "why PROBE -p PID",
	.help = "Why does nothing fire? Tells whether the probe is there and where it lies in\n"
		"the process, what is at that place now, what its semaphore says, who traces,\n"
		"whether this user may, and what is known of such programs; and what to do next.\n"
		"Nothing is touched.\n",
	.examples = "    usdtrap why python:line -p 4242\n"
		    "    usdtrap why -f json php:request__startup -p 4242\n",
	.options = VERB_PID | VERB_FORMAT,
	.failure = EXIT_FAILURE,
};

enum { SITES_SHOWN = 3, TEXT_COLUMN = 7 };

enum mark { MARK_FINE, MARK_NOTE, MARK_WRONG };

struct why {
	bool has_colour;
	size_t width; /* of the lines */
	pid_t pid;
	unsigned wrong;     /* findings that keep the probe silent */
	size_t quiet_sites; /* that were not shown, as they are like the others */
	bool is_json;
	const char *kind;     /* of the finding that is being told */
	bool has_record;      /* something of it was */
	struct record record; /* which is this */
};

static const char *const kinds[] = {
	[USDTRAP_FINDING_PROCESS] = "process",     [USDTRAP_FINDING_ACCESS] = "access",
	[USDTRAP_FINDING_NO_PROBE] = "no_probe",   [USDTRAP_FINDING_PROBE] = "probe",
	[USDTRAP_FINDING_MAPPED] = "mapped",       [USDTRAP_FINDING_UNMAPPED] = "unmapped",
	[USDTRAP_FINDING_REPLACED] = "replaced",   [USDTRAP_FINDING_SITE] = "site",
	[USDTRAP_FINDING_SEMAPHORE] = "semaphore", [USDTRAP_FINDING_RUNTIME] = "runtime",
};

static void end_record(struct why *why)
{
	record_end(&why->record);
	fputs(strbuf_text(&why->record.text), stdout);
	why->has_record = false;
}

/* Of a finding about which two things are to be said there are two records. */
static void begin_record(struct why *why)
{
	if (why->has_record)
		end_record(why);
	record_begin(&why->record);
	record_text(&why->record, "kind", why->kind);
	why->has_record = true;
}

static void print_wrapped(const struct why *why, const char *text, size_t column, size_t indent)
{
	_cleanup_strbuf_ struct strbuf shown = {0};
	_cleanup_strbuf_ struct strbuf lines = {0};

	utf8_add_shown(&shown, text, strlen(text), 0);
	wrap_add(&lines, strbuf_text(&shown), column, indent, why->width);
	puts(strbuf_text(&lines));
}

static void say(struct why *why, enum mark mark, const char *format, ...) __attribute__((format(printf, 3, 4)));

static void say(struct why *why, enum mark mark, const char *format, ...)
{
	static const char *const words[] = {"fine ", "note ", "WRONG"};
	static const char *const marks[] = {"fine", "note", "wrong"};
	static const char *const colours[] = {"\033[32m", "\033[33m", "\033[31m"};
	_cleanup_strbuf_ struct strbuf text = {0};
	va_list arguments;

	why->wrong += mark == MARK_WRONG;
	va_start(arguments, format);
	strbuf_vaddf(&text, format, arguments);
	va_end(arguments);
	if (why->is_json) {
		begin_record(why);
		record_text(&why->record, "mark", marks[mark]);
		record_text(&why->record, "text", strbuf_text(&text));
		return;
	}
	printf("%s%s%s  ", why->has_colour ? colours[mark] : "", words[mark], why->has_colour ? "\033[0m" : "");
	print_wrapped(why, strbuf_text(&text), TEXT_COLUMN, TEXT_COLUMN);
}

static void advise(struct why *why, const char *label, const char *text)
{
	const size_t column = TEXT_COLUMN + strlen(label) + strlen(": ");

	if (why->is_json) {
		record_text(&why->record, label, text);
		return;
	}
	printf("%*s%s: ", TEXT_COLUMN, "", label);
	print_wrapped(why, text, column, column);
}

static void advisef(struct why *why, const char *label, const char *format, ...) __attribute__((format(printf, 3, 4)));

static void advisef(struct why *why, const char *label, const char *format, ...)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	va_list arguments;

	va_start(arguments, format);
	strbuf_vaddf(&text, format, arguments);
	va_end(arguments);
	advise(why, label, strbuf_text(&text));
}

static void say_problem(struct why *why, const struct usdtrap_error *problem)
{
	say(why, MARK_WRONG, "%s", usdtrap_error_message(problem));
	if (usdtrap_error_hint(problem))
		advise(why, "do", usdtrap_error_hint(problem));
}

static void say_process(struct why *why, const struct usdtrap_finding_process *process)
{
	if (process->state == 'T') {
		say(why, MARK_WRONG, "the process (%s) is stopped: none of its code runs", process->name);
		advisef(why, "do", "kill -CONT %d, if it is meant to run", (int)why->pid);
	} else if (process->state == 'Z') {
		say(why, MARK_WRONG, "the process (%s) has ended", process->name);
	} else {
		say(why, MARK_FINE, "process %d is %s, with %u thread%s", (int)why->pid, process->name,
		    process->threads, process->threads == 1 ? "" : "s");
	}
	if (process->tracer)
		say(why, MARK_NOTE, "process %d (%s) traces it", (int)process->tracer, process->tracer_name);
	else
		say(why, MARK_FINE, "nobody traces it with ptrace");
}

static void say_access(struct why *why, const struct usdtrap_finding_access *access)
{
	char yama[64] = "this kernel has no Yama";

	if (access->problem) {
		say_problem(why, access->problem);
		return;
	}
	if (access->yama >= 0)
		snprintf(yama, sizeof(yama), "Yama's ptrace_scope is %d", access->yama);
	say(why, MARK_FINE, "you may trace it: %s, you %s CAP_SYS_PTRACE%s", yama,
	    access->has_capability ? "have" : "do not need",
	    access->seccomp == 2 ? "; a seccomp filter is on the process, which does not matter for ptrace" : "");
}

static void say_site(struct why *why, const struct usdtrap_finding *finding)
{
	const struct usdtrap_finding_site *site = &finding->site;

	if (!why->is_json && site->index >= SITES_SHOWN && site->state == USDTRAP_BYTE_NOP) {
		why->quiet_sites++;
		return;
	}
	switch (site->state) {
	case USDTRAP_BYTE_NOP:
		say(why, MARK_FINE, "at its site 0x%" PRIx64 " is byte %02x, as in the file: no tracer is there",
		    site->addr, site->byte);
		return;
	case USDTRAP_BYTE_TRAP:
		say(why, MARK_NOTE, "at its site 0x%" PRIx64 " is byte %02x, a trap: a tracer is there", site->addr,
		    site->byte);
		if (site->owner)
			say(why, MARK_NOTE, "process %d (%s) has a probe of the kernel's there, and gets its hits",
			    site->owner, site->owner_name);
		advise(why, "do",
		       "end that tracer first (usdtrap, gdb, bpftrace, perf); if it was killed: usdtrap repair");
		return;
	case USDTRAP_BYTE_OTHER:
		say(why, MARK_WRONG,
		    "at its site 0x%" PRIx64 " is byte %02x, and byte %02x in the file: the code was changed",
		    site->addr, site->byte, site->byte_in_file);
		advise(why, "do", "restart the process; usdtrap writes nothing where it does not know what is there");
		return;
	case USDTRAP_BYTE_UNKNOWN:
		say(why, MARK_NOTE, "what is at its site 0x%" PRIx64 " cannot be read", site->addr);
		return;
	}
}

static void end_sites(struct why *why)
{
	if (why->quiet_sites)
		say(why, MARK_FINE, "likewise at %zu more sites", why->quiet_sites);
	why->quiet_sites = 0;
}

static void say_semaphore(struct why *why, const struct usdtrap_finding_semaphore *semaphore)
{
	if (!semaphore->is_known)
		say(why, MARK_NOTE, "its semaphore 0x%" PRIx64 " cannot be read", semaphore->addr);
	else if (semaphore->value == 0)
		say(why, MARK_FINE,
		    "its semaphore 0x%" PRIx64 " is 0: the program passes it by until a tracer raises that, as usdtrap "
		    "does",
		    semaphore->addr);
	else
		say(why, MARK_NOTE, "its semaphore 0x%" PRIx64 " is %u: that many tracers want it", semaphore->addr,
		    semaphore->value);
}

static void say_runtime(struct why *why, const struct usdtrap_finding_runtime *runtime)
{
	say(why, runtime->is_cause ? MARK_WRONG : MARK_NOTE, "%s: %s", runtime->title, runtime->text);
	advise(why, "do", runtime->next);
	advise(why, "from", runtime->source);
}

/* What there is of FINDING beside its text, for programs. */
static void add_facts(struct record *record, const struct usdtrap_finding *finding)
{
	if (finding->kind >= USDTRAP_FINDING_PROBE && finding->kind <= USDTRAP_FINDING_SEMAPHORE)
		record_text(record, "probe", finding->probe->full_name);
	if (finding->kind == USDTRAP_FINDING_PROCESS) {
		record_text(record, "name", finding->process.name);
		record_number(record, "tracer", finding->process.tracer);
	} else if (finding->kind == USDTRAP_FINDING_MAPPED) {
		record_address(record, "load_bias", finding->mapped.load_bias);
	} else if (finding->kind == USDTRAP_FINDING_SITE) {
		record_address(record, "address", finding->site.addr);
		if (finding->site.state != USDTRAP_BYTE_UNKNOWN)
			record_number(record, "byte", finding->site.byte);
		record_number(record, "byte_in_file", finding->site.byte_in_file);
	} else if (finding->kind == USDTRAP_FINDING_SEMAPHORE) {
		record_address(record, "address", finding->semaphore.addr);
		if (finding->semaphore.is_known)
			record_number(record, "value", finding->semaphore.value);
	}
}

static void tell(struct why *why, const struct usdtrap_finding *finding)
{
	if (finding->kind != USDTRAP_FINDING_SITE)
		end_sites(why);
	switch (finding->kind) {
	case USDTRAP_FINDING_PROCESS:
		say_process(why, &finding->process);
		break;
	case USDTRAP_FINDING_ACCESS:
		say_access(why, &finding->access);
		break;
	case USDTRAP_FINDING_NO_PROBE:
		say_problem(why, finding->problem);
		break;
	case USDTRAP_FINDING_PROBE:
		say(why, MARK_FINE, "%s is there, with %zu site%s", finding->probe->full_name,
		    finding->probe->site_count, finding->probe->site_count == 1 ? "" : "s");
		break;
	case USDTRAP_FINDING_MAPPED:
		say(why, MARK_FINE, "the process runs that file, at load bias 0x%" PRIx64, finding->mapped.load_bias);
		break;
	case USDTRAP_FINDING_UNMAPPED:
		say(why, MARK_WRONG, "the process does not run %s", finding->probe->path);
		advisef(why, "do",
			"usdtrap -l -p %d 'usdt:*' lists the probes of the files it runs; a library may come later",
			(int)why->pid);
		break;
	case USDTRAP_FINDING_REPLACED:
		say(why, MARK_NOTE,
		    "%s was deleted or replaced since the process began: it runs the former file, which "
		    "is what is traced",
		    finding->probe->path);
		break;
	case USDTRAP_FINDING_SITE:
		say_site(why, finding);
		break;
	case USDTRAP_FINDING_SEMAPHORE:
		say_semaphore(why, &finding->semaphore);
		break;
	case USDTRAP_FINDING_RUNTIME:
		say_runtime(why, &finding->runtime);
		break;
	}
}

static void on_finding(const struct usdtrap_finding *finding, void *user)
{
	struct why *why = user;

	why->kind = kinds[finding->kind];
	tell(why, finding);
	if (why->has_record) {
		add_facts(&why->record, finding);
		end_record(why);
	}
}

static void conclude(struct why *why)
{
	if (why->is_json) {
		why->kind = "conclusion";
		begin_record(why);
		record_number(&why->record, "wrong", why->wrong);
		end_record(why);
	} else if (why->wrong)
		printf("\n%u thing%s above must be put right before the probe can be seen to fire.\n", why->wrong,
		       why->wrong == 1 ? "" : "s");
	else
		printf("\nNothing stands in the way: the code at the probe was not reached.\n"
		       "usdtrap discover -p %d shows which probes of the process are.\n",
		       (int)why->pid);
}

int why_run(int argc, char *argv[])
{
	struct why why = {.has_colour = message_wants_colour(), .width = wrap_width()};
	struct verb_options options;
	struct verb_probe probe = {0};
	struct usdtrap_error *error;
	int status;

	if (!verb_parse(&verb, argc, argv, &options, &status))
		return status;
	why.pid = options.pid;
	why.is_json = options.is_json;
	if (options.word_count != 1 || !options.pid)
		error = error_hint(error_create(USDTRAP_INVALID_USE, "usdtrap why wants one PROBE and -p PID"),
				   "usdtrap why python:gc__start -p PID");
	else
		error = verb_probe_parse(options.words[0], &options, &probe);
	if (!error)
		error = usdtrap_diagnose(&probe.pattern, options.pid, on_finding, &why);
	verb_probe_deinit(&probe);
	if (!error) {
		end_sites(&why);
		conclude(&why);
		if (fflush(stdout) != 0)
			error = error_os(errno, "cannot write to standard output");
	}
	record_deinit(&why.record);
	if (!error)
		return EXIT_SUCCESS;
	message_print_error(error);
	return verb.failure;
}
