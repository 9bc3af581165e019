/* SPDX-License-Identifier: MIT */
/* What is said of probes that nobody has, and of the clauses that wait for them. */
#include <string.h>

#include "base/strbuf.h"
#include "lang/program_internal.h"

/* What POINT is in messages: "usdt /bin/x:p:n", without a name in front and with its kind in full. */
static void add_shown_name(struct strbuf *out, const struct ast_attach_point *point)
{
	size_t label = strcspn(point->text, "=:\"/. ");
	const char *text = point->text + (point->text[label] == '=' ? label + 1 : 0);
	const char *colon = strchr(text, ':');

	strbuf_addf(out, "%s %s", probe_type_name(point->type), colon ? colon + 1 : text);
}

void program_report_missing(struct binding *binding, const struct usdtrap_error *error, struct diag_list *list)
{
	_cleanup_strbuf_ struct strbuf name = {0};
	const struct ast_attach_point *point = binding->point;
	const char *hint = usdtrap_error_hint(error);

	binding->is_missing = true;
	add_shown_name(&name, point);
	switch (binding->program->tree.config.missing_probes) {
	case AST_MISSING_ERROR:
		diag_error(list, point->span, "No matches for %s.", strbuf_text(&name));
		break;
	case AST_MISSING_WARN:
		diag_warning(list, point->span, "No matches for %s. Skipping.", strbuf_text(&name));
		break;
	case AST_MISSING_IGNORE:
		return;
	}
	diag_hint(list, "%s%s%s", usdtrap_error_message(error), hint ? "; " : "", hint ? hint : "");
}

void program_report_waiting(const struct binding *binding, struct diag_list *list)
{
	const struct lang_program *program = binding->program;
	const struct ast_attach_point *point = binding->point;

	if (program->command_path)
		diag_warning(list, point->span, "No matches for %s in %s: waiting for what it loads", point->text,
			     program->command_path);
	else
		diag_warning(list, point->span, "No matches for %s in process %d: waiting for what it loads",
			     point->text, (int)program->pid);
}

/* True if all attach points of CLAUSE are missing. */
static bool is_lost(const struct lang_program *program, const struct ast_clause *clause)
{
	for (size_t i = 0; i < program->binding_count; i++) {
		if (program->bindings[i].clause == clause && !program->bindings[i].is_missing)
			return false;
	}
	return true;
}

void program_report_lost(const struct lang_program *program, struct diag_list *list)
{
	for (const struct ast_clause *clause = program->tree.clauses; clause; clause = clause->next) {
		if (!is_lost(program, clause))
			continue;
		switch (program->tree.config.missing_probes) {
		case AST_MISSING_ERROR:
			diag_error(list, clause->span,
				   "Probe has no valid attach points. If this is expected, set the 'missing_probes' "
				   "config variable to 'warn'.");
			break;
		case AST_MISSING_WARN:
			diag_warning(list, clause->span,
				     "Probe has no valid attach points. It is being removed which may cause issues "
				     "with program behavior.");
			break;
		case AST_MISSING_IGNORE:
			break;
		}
	}
}
