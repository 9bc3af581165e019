/* SPDX-License-Identifier: MIT */
/*
 * A script from text to its last map: compiled, its clauses bound to probes
 * and timers of a session, run, and its maps printed. The only file of the
 * language that calls a session.
 */
#include "lang/program.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <usdtrap/function.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/strbuf.h"
#include "lang/argument_use.h"
#include "lang/ast.h"
#include "lang/ast_dump.h"
#include "lang/eval.h"
#include "lang/map.h"
#include "lang/parser.h"
#include "lang/probe_filter.h"
#include "lang/program_internal.h"
#include "lang/runtime.h"
#include "lang/sema.h"

/* ---- Compiling --------------------------------------------------------------------------------------------------- */

static struct usdtrap_error *copy_options(struct lang_program *program, const char *text, size_t size,
					  const struct lang_options *options)
{
	/* Of a text that is too large, no more is kept than it takes to say so. */
	size_t kept = size > DIAG_SOURCE_MAX ? 0 : size;

	program->name = strdup(options->name);
	program->text = malloc(kept + 1);
	if (options->command_path)
		program->command_path = strdup(options->command_path);
	if (!program->name || !program->text || (options->command_path && !program->command_path))
		return &error_no_memory;
	if (kept)
		memcpy(program->text, text, kept);
	program->text[kept] = '\0';
	program->pid = options->pid;
	program->mode = options->mode;
	program->is_unsafe = options->is_unsafe;
	program->source = (struct source){.name = program->name, .text = program->text, .size = kept};
	return NULL;
}

/* Parses and resolves. False if there were errors; they are in LIST. */
static bool read_tree(struct lang_program *program, size_t size, const struct lang_options *options,
		      struct diag_list *list)
{
	const struct sema_options sema_options = {
		.parameters = options->parameters,
		.parameter_count = options->parameter_count,
		.named_parameters = {options->named_parameters.items, options->named_parameters.count},
		.is_unsafe = options->is_unsafe,
		.has_process = options->pid || options->command_path,
		.environment = options->environment,
	};
	const struct parser_options parser_options = parser_options_of(options);

	if (size > DIAG_SOURCE_MAX) {
		diag_error_anywhere(list, "%s is larger than %zu MiB", program->name, DIAG_SOURCE_MAX >> 20);
		return false;
	}
	return parser_parse(&program->source, &parser_options, &program->tree, list) &&
	       sema_resolve(&program->tree, &sema_options, list);
}

static struct usdtrap_error *script_error(const struct lang_program *program)
{
	return error_create(USDTRAP_SCRIPT, "%s has errors", program->name);
}

static struct usdtrap_error *compile_tree(struct lang_program *program, size_t size, const struct lang_options *options,
					  const struct diag_style *style, struct strbuf *diagnostics)
{
	struct diag_list list = {.source = &program->source};
	bool is_right = read_tree(program, size, options, &list);
	bool has_failed = program->tree.arena.failed || list.arena.failed;

	/* Help that was asked for is all that is wanted. */
	if (program->tree.options_help)
		strbuf_add_string(diagnostics, program->tree.options_help);
	else
		diag_render(&list, style, diagnostics);
	diag_list_deinit(&list);
	if (has_failed || diagnostics->failed)
		return &error_no_memory;
	return is_right && !program->tree.options_help ? NULL : script_error(program);
}

/* Whether clauses of TYPE are not run in MODE. */
static bool is_other_mode(enum lang_mode mode, enum ast_probe_type type)
{
	if (type == AST_PROBE_BEGIN || type == AST_PROBE_END)
		return false;
	if (type == AST_PROBE_TEST)
		return mode != LANG_TEST;
	if (type == AST_PROBE_BENCH)
		return mode != LANG_BENCH;
	return mode != LANG_TRACE;
}

/* Whether the filter leaves out a point that is one probe, known by one name. Patterns are filtered match by match. */
static bool is_filtered(const struct lang_program *program, const struct ast_attach_point *point)
{
	bool is_exempt = point->type == AST_PROBE_BEGIN || point->type == AST_PROBE_END;

	return !is_exempt && point->full_name && !probe_filter_accepts(&program->filter, point->full_name);
}

static struct usdtrap_error *bind_clauses(struct lang_program *program)
{
	size_t count = 0;

	for (const struct ast_clause *clause = program->tree.clauses; clause; clause = clause->next) {
		for (const struct ast_attach_point *point = clause->attach_points; point; point = point->next)
			count++;
	}
	program->bindings = calloc(count + 1, sizeof(*program->bindings));
	if (!program->bindings)
		return &error_no_memory;
	for (const struct ast_clause *clause = program->tree.clauses; clause; clause = clause->next) {
		for (const struct ast_attach_point *point = clause->attach_points; point; point = point->next)
			program->bindings[program->binding_count++] = (struct binding){
				.program = program,
				.clause = clause,
				.point = point,
				.event = -1,
				.is_filtered = is_other_mode(program->mode, point->type) || is_filtered(program, point),
			};
	}
	return NULL;
}

static struct usdtrap_error *compile(struct lang_program *program, const char *text, size_t size,
				     const struct lang_options *options, struct strbuf *diagnostics)
{
	const struct diag_style style = {.has_colour = options->colour, .is_quiet = options->no_warnings};
	struct usdtrap_error *error = copy_options(program, text, size, options);

	if (!error)
		error = probe_filter_init(&program->filter, options->probe_filter);
	if (!error)
		error = compile_tree(program, size, options, &style, diagnostics);
	if (!error)
		error = bind_clauses(program);
	if (!error)
		error = program_open_events(program);
	if (!error)
		error = runtime_init(&program->runtime, &program->tree);
	if (error)
		return error;
	program->runtime.format = options->format;
	program->runtime.warns_of_failures = options->warns_of_failures;
	program->runtime.style = style;
	return NULL;
}

struct usdtrap_error *lang_compile(const char *text, size_t size, const struct lang_options *options,
				   struct strbuf *diagnostics, struct lang_program **ret)
{
	struct lang_program *program;
	struct usdtrap_error *error;

	program = calloc(1, sizeof(*program));
	if (!program)
		return &error_no_memory;
	error = compile(program, text, size, options, diagnostics);
	if (error) {
		lang_program_destroy(program);
		return error;
	}
	*ret = program;
	return NULL;
}

void lang_program_destroy(struct lang_program *program)
{
	if (!program)
		return;
	runtime_deinit(&program->runtime);
	ast_program_deinit(&program->tree);
	probe_filter_deinit(&program->filter);
	for (size_t i = 0; i < program->binding_count; i++) {
		if (program->bindings[i].event >= 0)
			close(program->bindings[i].event);
	}
	free(program->bindings);
	free(program->command_path);
	free(program->text);
	free(program->name);
	free(program);
}

void lang_dump_tree(struct lang_program *program, struct strbuf *out)
{
	ast_dump(&program->tree, out);
}

void lang_set_output(struct lang_program *program, const struct lang_output *output)
{
	program->runtime.output = *output;
}

void lang_set_own_pid(struct lang_program *program, pid_t pid)
{
	program->runtime.own_pid = pid;
}

void lang_set_command_pid(struct lang_program *program, pid_t pid)
{
	program->runtime.command_pid = pid;
}

/* ---- What it asks for -------------------------------------------------------------------------------------------- */

static bool has_type(const struct lang_program *program, enum ast_probe_type type)
{
	for (size_t i = 0; i < program->binding_count; i++) {
		if (program->bindings[i].point->type == type && !program->bindings[i].is_filtered)
			return true;
	}
	return false;
}

bool lang_has_probes(const struct lang_program *program)
{
	for (size_t i = 0; i < program->binding_count; i++) {
		if (!program->bindings[i].is_filtered)
			return true;
	}
	return false;
}

bool lang_needs_process(const struct lang_program *program)
{
	for (size_t i = 0; i < program->binding_count; i++) {
		if (probe_type_has_thread(program->bindings[i].point->type) && !program->bindings[i].is_filtered)
			return true;
	}
	return false;
}

bool lang_needs_shell(const struct lang_program *program)
{
	return program->tree.runs_commands;
}

bool lang_needs_run(const struct lang_program *program)
{
	return lang_needs_process(program) || has_type(program, AST_PROBE_INTERVAL) ||
	       has_type(program, AST_PROBE_SELF);
}

static int accepts_name(const char *full_name, const void *user)
{
	return probe_filter_accepts(user, full_name);
}

/*
 * `*' and no target mean every file that the process maps: of one yet to be
 * started the program and what it loads. In one that runs `*' may mean files
 * that are yet to come; without a target a probe should be there, and for the
 * whole machine as well, of whose files none is looked into later.
 */
static struct usdtrap_pattern pattern_of(const struct lang_program *program, const struct ast_attach_point *point)
{
	bool is_star = point->target && strcmp(point->target, "*") == 0;
	bool is_any = !point->target || !point->target[0] || is_star;

	return (struct usdtrap_pattern){
		.target = is_any ? program->command_path : point->target,
		.provider = point->provider,
		.name = point->name,
		.any_file = (is_star && program->pid) || (is_any && program->command_path),
		.accepts = program->filter.is_set ? accepts_name : NULL,
		.user = &program->filter,
	};
}

void lang_each_point(const struct lang_program *program, void (*on_point)(const struct lang_point *point, void *user),
		     void *user)
{
	for (size_t i = 0; i < program->binding_count; i++) {
		const struct ast_attach_point *point = program->bindings[i].point;
		struct lang_point shown = {
			.type = probe_type_name(point->type),
			.full_name = point->full_name,
			.pattern = pattern_of(program, point),
			.text = point->text,
		};

		if (point->is_demangled)
			shown.pattern.provider = "cpp";
		if (!program->bindings[i].is_filtered)
			on_point(&shown, user);
	}
}

void lang_each_probe_type(void (*on_type)(const char *name, const char *alias, bool is_supported, void *user),
			  void *user)
{
	const struct probe_type_info *info;

	for (size_t i = 0; (info = probe_type_at(i)); i++)
		on_type(info->name, info->alias, !info->refusal, user);
}

/* Whether an attach point of TYPE stands for as many probes as its name matches. */
static bool is_matched_by_name(enum ast_probe_type type)
{
	return type == AST_PROBE_USDT || type == AST_PROBE_UPROBE || type == AST_PROBE_URETPROBE ||
	       type == AST_PROBE_TRACEPOINT;
}

size_t lang_probe_count(const struct lang_program *program)
{
	size_t count = 0;

	for (size_t i = 0; i < program->binding_count; i++) {
		const struct binding *binding = &program->bindings[i];

		if (binding->is_filtered)
			continue;
		if (binding->probe)
			count += usdtrap_probe_count(binding->probe);
		else if (binding->tracepoint)
			count += usdtrap_tracepoint_match_count(binding->tracepoint);
		else if (!is_matched_by_name(binding->point->type))
			count++;
	}
	return count;
}

/* ---- Running ----------------------------------------------------------------------------------------------------- */

static enum usdtrap_action run_binding(const struct binding *binding, const struct usdtrap_hit *hit)
{
	struct lang_program *program = binding->program;

	if (!program->is_ending)
		program->is_ending = eval_clause(&program->runtime, binding->clause, binding->point, hit);
	return program->is_ending ? USDTRAP_STOP : USDTRAP_CONTINUE;
}

enum usdtrap_action program_on_hit(const struct usdtrap_hit *hit, void *user)
{
	return run_binding(user, hit);
}

static enum usdtrap_action on_tick(void *user)
{
	return run_binding(user, NULL);
}

enum usdtrap_action lang_run_begin(struct lang_program *program)
{
	runtime_start_clock(&program->runtime);
	for (size_t i = 0; i < program->binding_count; i++) {
		const struct binding *binding = &program->bindings[i];

		if (binding->point->type == AST_PROBE_BEGIN && run_binding(binding, NULL) == USDTRAP_STOP)
			return USDTRAP_STOP;
	}
	return USDTRAP_CONTINUE;
}

static int compare_names(const void *a, const void *b)
{
	const struct map *const *left = a, *const *right = b;

	return strcmp((*left)->name, (*right)->name);
}

static void print_maps(struct lang_program *program)
{
	struct runtime *runtime = &program->runtime;
	size_t count = program->tree.map_count;
	_cleanup_free_ struct map **sorted = calloc(count + 1, sizeof(*sorted));

	if (!sorted)
		return;
	for (size_t i = 0; i < count; i++)
		sorted[i] = &runtime->maps[i];
	qsort(sorted, count, sizeof(*sorted), compare_names);
	for (size_t i = 0; i < count; i++) {
		scratch_reset(&runtime->scratch);
		runtime_print_map(runtime, sorted[i], 0, 1, false);
	}
}

/* An exit() in an end clause ends that clause alone. */
void lang_run_end(struct lang_program *program)
{
	struct runtime *runtime = &program->runtime;

	for (size_t i = 0; i < program->binding_count; i++) {
		const struct binding *binding = &program->bindings[i];

		if (binding->point->type == AST_PROBE_END)
			eval_clause(runtime, binding->clause, binding->point, NULL);
	}
	if (runtime->format == LANG_TEXT) {
		strbuf_add_string(&runtime->text, "\n\n");
		runtime_flush(runtime);
	}
	if (program->tree.config.print_maps_on_exit)
		print_maps(program);
}

int lang_exit_status(const struct lang_program *program)
{
	return program->runtime.exit_status;
}

/* ---- Attaching --------------------------------------------------------------------------------------------------- */

/* Reports that BINDING's probe could not be added. Takes ERROR over; lack of memory is handed back. */
static struct usdtrap_error *report_refusal(struct binding *binding, struct usdtrap_error *error,
					    struct diag_list *list)
{
	const struct ast_attach_point *point = binding->point;

	if (usdtrap_error_code(error) == USDTRAP_NO_MEMORY)
		return error;
	if (usdtrap_error_code(error) == USDTRAP_NOT_FOUND) {
		program_report_missing(binding, error, list);
	} else {
		diag_error(list, point->span, "%s: %s", point->text, usdtrap_error_message(error));
		if (usdtrap_error_hint(error))
			diag_hint(list, "%s", usdtrap_error_hint(error));
	}
	usdtrap_error_destroy(error);
	return NULL;
}

/* True if PATTERN means probes, all of which the filter leaves out. */
static bool has_only_filtered(const struct lang_program *program, struct usdtrap_pattern pattern)
{
	const struct usdtrap_list_callbacks nobody = {0};
	struct usdtrap_error *error;

	if (!pattern.accepts)
		return false;
	pattern.accepts = NULL;
	error = usdtrap_list(&pattern, program->pid, &nobody);
	usdtrap_error_destroy(error);
	return !error;
}

static struct usdtrap_error *add_usdt(struct binding *binding, struct usdtrap_session *session, struct diag_list *list)
{
	const struct lang_program *program = binding->program;
	const struct usdtrap_pattern pattern = pattern_of(program, binding->point);
	struct usdtrap_error *error =
		usdtrap_add_probe(session, &pattern, program->pid, program_on_hit, binding, &binding->probe);

	if (error && usdtrap_error_code(error) == USDTRAP_NOT_FOUND && has_only_filtered(program, pattern)) {
		usdtrap_error_destroy(error);
		binding->is_filtered = true;
		return NULL;
	}
	if (!error && usdtrap_probe_count(binding->probe) == 0 && !has_only_filtered(program, pattern))
		program_report_waiting(binding, list);
	return error ? report_refusal(binding, error, list) : NULL;
}

static struct usdtrap_function_pattern function_pattern_of(const struct lang_program *program,
							   const struct ast_attach_point *point)
{
	const struct usdtrap_pattern file = pattern_of(program, point);

	return (struct usdtrap_function_pattern){
		.target = file.target,
		.name = point->name,
		.is_demangled = point->is_demangled,
		.offset = point->offset,
		.address = point->address,
		.at_return = point->type == AST_PROBE_URETPROBE,
		.any_file = file.any_file,
		.any_size = program->is_unsafe,
		.accepts = file.accepts,
		.user = file.user,
	};
}

static struct usdtrap_error *add_function(struct binding *binding, struct usdtrap_session *session,
					  struct diag_list *list)
{
	const struct lang_program *program = binding->program;
	const struct usdtrap_function_pattern pattern = function_pattern_of(program, binding->point);
	struct usdtrap_error *error =
		usdtrap_add_function(session, &pattern, program->pid, program_on_hit, binding, &binding->probe);

	if (!error && usdtrap_probe_count(binding->probe) == 0)
		program_report_waiting(binding, list);
	return error ? report_refusal(binding, error, list) : NULL;
}

static struct usdtrap_error *add_interval(struct binding *binding, struct usdtrap_session *session,
					  struct diag_list *list)
{
	struct usdtrap_error *error = usdtrap_add_timer(session, binding->point->period_ns, on_tick, binding);

	return error ? report_refusal(binding, error, list) : NULL;
}

static struct usdtrap_error *add_signal(struct binding *binding, struct usdtrap_session *session,
					struct diag_list *list)
{
	struct usdtrap_error *error = usdtrap_add_event(session, binding->event, on_tick, binding);

	return error ? report_refusal(binding, error, list) : NULL;
}

static struct usdtrap_error *add_tracepoint(struct binding *binding, struct usdtrap_session *session,
					    struct diag_list *list)
{
	const struct usdtrap_pattern pattern = pattern_of(binding->program, binding->point);
	struct usdtrap_error *error =
		usdtrap_add_tracepoint(session, &pattern, program_on_hit, binding, &binding->tracepoint);

	return error ? report_refusal(binding, error, list) : NULL;
}

static struct usdtrap_error *add_profile(struct binding *binding, struct usdtrap_session *session,
					 struct diag_list *list)
{
	struct usdtrap_error *error = usdtrap_add_profile(session, binding->point->period_ns, program_on_hit, binding);

	return error ? report_refusal(binding, error, list) : NULL;
}

static struct usdtrap_error *add_watchpoint(struct binding *binding, struct usdtrap_session *session,
					    struct diag_list *list)
{
	struct usdtrap_error *error = program_add_watchpoint(binding, session);

	return error ? report_refusal(binding, error, list) : NULL;
}

static struct usdtrap_error *add_one(struct binding *binding, struct usdtrap_session *session, struct diag_list *list)
{
	if (binding->is_filtered)
		return NULL;
	switch (binding->point->type) {
	case AST_PROBE_BEGIN:
	case AST_PROBE_END:
		return NULL;
	case AST_PROBE_INTERVAL:
		return add_interval(binding, session, list);
	case AST_PROBE_USDT:
		return add_usdt(binding, session, list);
	case AST_PROBE_UPROBE:
	case AST_PROBE_URETPROBE:
		return add_function(binding, session, list);
	case AST_PROBE_PROFILE:
		return add_profile(binding, session, list);
	case AST_PROBE_TRACEPOINT:
		return add_tracepoint(binding, session, list);
	case AST_PROBE_WATCHPOINT:
		return add_watchpoint(binding, session, list);
	case AST_PROBE_SELF:
		return add_signal(binding, session, list);
	case AST_PROBE_TEST:
	case AST_PROBE_BENCH:
		return NULL;
	}
	abort();
}

static struct usdtrap_error *add_all(struct lang_program *program, struct usdtrap_session *session,
				     struct diag_list *list)
{
	for (size_t i = 0; i < program->binding_count; i++) {
		struct usdtrap_error *error = add_one(&program->bindings[i], session, list);

		if (error)
			return error;
	}
	return NULL;
}

/* True if nothing is left to wait for: no probe was found, or the filter left it out. */
static bool has_lost_all(const struct lang_program *program)
{
	for (size_t i = 0; i < program->binding_count; i++) {
		const struct binding *binding = &program->bindings[i];

		if (!binding->is_filtered &&
		    (!is_matched_by_name(binding->point->type) || binding->probe || binding->tracepoint))
			return false;
	}
	return program->binding_count > 0;
}

/* ---- Arguments that no site has ---------------------------------------------------------------------------------- */

/* Counts the arguments of sites only as far as a clause needs to know. */
struct argument_check {
	const struct lang_program *program;
	const struct ast_clause *clause;
	struct diag_list *list;
	bool has_probes;
	size_t most;                 /* arguments of one site, as far as counted */
	struct usdtrap_error *error; /* the first problem with counting */
};

static void count_site(struct argument_check *check, const struct usdtrap_probe_info *probe, size_t site)
{
	struct usdtrap_argument_info *arguments;
	size_t count;

	check->error = usdtrap_arguments_describe(probe, site, &arguments, &count);
	if (check->error)
		return;
	free(arguments);
	if (count > check->most)
		check->most = count;
}

/* Goes through the sites of the clause's probes until one has more than INDEX arguments. */
static void count_arguments(struct argument_check *check, unsigned index)
{
	const struct lang_program *program = check->program;

	for (size_t i = 0; i < program->binding_count; i++) {
		const struct usdtrap_probe *probe = program->bindings[i].probe;

		if (program->bindings[i].clause != check->clause || !probe)
			continue;
		for (size_t j = 0; j < usdtrap_probe_count(probe); j++) {
			const struct usdtrap_probe_info *info = usdtrap_probe_info(probe, j);

			/* How many arguments a function has, nobody knows. */
			if (info->kind != USDTRAP_PROBE_USDT)
				return;
			check->has_probes = true;
			for (size_t site = 0; site < info->site_count; site++) {
				if (check->most > index || check->error)
					return;
				count_site(check, info, site);
			}
		}
	}
}

static void check_argument(const struct ast_expression *argument, void *user)
{
	struct argument_check *check = user;
	unsigned index = argument->builtin.index;

	count_arguments(check, index);
	/* A pattern may match nothing yet: then nothing is known. */
	if (check->error || !check->has_probes || check->most > index)
		return;
	diag_error(check->list, argument->span, "arg%u does not exist: no site of these probes has more than %zu %s",
		   index, check->most, check->most == 1 ? "argument" : "arguments");
}

static struct usdtrap_error *check_arguments(const struct lang_program *program, struct diag_list *list)
{
	for (const struct ast_clause *clause = program->tree.clauses; clause; clause = clause->next) {
		struct argument_check check = {.program = program, .clause = clause, .list = list};

		argument_use_each(clause, check_argument, &check);
		if (check.error)
			return check.error;
	}
	return NULL;
}

struct usdtrap_error *lang_add_probes(struct lang_program *program, struct usdtrap_session *session,
				      struct strbuf *diagnostics)
{
	struct diag_list list = {.source = &program->source};
	struct usdtrap_error *error = add_all(program, session, &list);

	if (!error)
		program_report_lost(program, &list);
	if (!error)
		error = check_arguments(program, &list);
	if (!error && !list.error_count && has_lost_all(program))
		diag_error_anywhere(&list, "No probes to attach");
	diag_render(&list, &program->runtime.style, diagnostics);
	if (!error && list.arena.failed)
		error = &error_no_memory;
	else if (!error && list.error_count)
		error = script_error(program);
	diag_list_deinit(&list);
	return error;
}
