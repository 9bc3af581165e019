/* SPDX-License-Identifier: MIT */
/* config = { name = value; ... } */
#include <string.h>
#include <strings.h>

#include "base/nearest.h"
#include "lang/literal.h"
#include "lang/sema_internal.h"

/* Settings that this program follows, and those that only mean something to BPF or to features not here yet. */
enum setting {
	SETTING_MAX_STRLEN,
	SETTING_MAX_MAP_KEYS,
	SETTING_MISSING_PROBES,
	SETTING_PRINT_MAPS_ON_EXIT,
	SETTING_STR_TRUNC_TRAILER,
	SETTING_IGNORED,
};

static const struct {
	const char *name;
	enum setting setting;
} settings[] = {
	{"cache_user_symbols", SETTING_IGNORED},
	{"cpp_demangle", SETTING_IGNORED},
	{"lazy_symbolication", SETTING_IGNORED},
	{"license", SETTING_IGNORED},
	{"log_size", SETTING_IGNORED},
	{"max_bpf_progs", SETTING_IGNORED},
	{"max_cat_bytes", SETTING_IGNORED},
	{"max_map_keys", SETTING_MAX_MAP_KEYS},
	{"max_probes", SETTING_IGNORED},
	{"max_strlen", SETTING_MAX_STRLEN},
	{"missing_probes", SETTING_MISSING_PROBES},
	{"on_stack_limit", SETTING_IGNORED},
	{"perf_rb_pages", SETTING_IGNORED},
	{"print_maps_on_exit", SETTING_PRINT_MAPS_ON_EXIT},
	{"show_debug_info", SETTING_IGNORED},
	{"stack_mode", SETTING_IGNORED},
	{"str_trunc_trailer", SETTING_STR_TRUNC_TRAILER},
	{"unstable_addr", SETTING_IGNORED},
	{"unstable_import", SETTING_IGNORED},
	{"unstable_import_statement", SETTING_IGNORED},
	{"unstable_map_decl", SETTING_IGNORED},
	{"unstable_tseries", SETTING_IGNORED},
	{"unstable_typeinfo", SETTING_IGNORED},
	{"use_blazesym", SETTING_IGNORED},
};

#define PREFIX "BPFTRACE_"

static bool read_number(struct sema *sema, const struct ast_setting *setting, uint64_t min, uint64_t max, uint64_t *ret)
{
	uint64_t value;

	if (literal_integer(setting->value, strlen(setting->value), &value) != LITERAL_OK || value < min ||
	    value > max) {
		diag_error(sema->diagnostics, setting->span, "%s: expecting a number from %llu to %llu", setting->name,
			   (unsigned long long)min, (unsigned long long)max);
		return false;
	}
	*ret = value;
	return true;
}

static void read_bool(struct sema *sema, const struct ast_setting *setting, bool *ret)
{
	if (strcasecmp(setting->value, "true") == 0 || strcmp(setting->value, "1") == 0)
		*ret = true;
	else if (strcasecmp(setting->value, "false") == 0 || strcmp(setting->value, "0") == 0)
		*ret = false;
	else
		diag_error(sema->diagnostics, setting->span, "%s: expecting true or false", setting->name);
}

static void read_missing(struct sema *sema, const struct ast_setting *setting, enum ast_missing *ret)
{
	static const char *const names[] = {
		[AST_MISSING_ERROR] = "error", [AST_MISSING_WARN] = "warn", [AST_MISSING_IGNORE] = "ignore"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcasecmp(setting->value, names[i]) == 0) {
			*ret = (enum ast_missing)i;
			return;
		}
	}
	diag_error(sema->diagnostics, setting->span, "%s: expecting error, warn or ignore", setting->name);
}

static void apply(struct sema *sema, const struct ast_setting *given, enum setting setting)
{
	struct ast_config *config = &sema->program->config;
	uint64_t number;

	switch (setting) {
	case SETTING_MAX_STRLEN:
		if (read_number(sema, given, 1, TYPE_STRING_MAX, &number))
			config->max_strlen = (uint32_t)number;
		break;
	case SETTING_MAX_MAP_KEYS:
		if (read_number(sema, given, 1, UINT32_MAX, &number))
			config->max_map_keys = number;
		break;
	case SETTING_MISSING_PROBES:
		read_missing(sema, given, &config->missing_probes);
		break;
	case SETTING_PRINT_MAPS_ON_EXIT:
		read_bool(sema, given, &config->print_maps_on_exit);
		break;
	case SETTING_STR_TRUNC_TRAILER:
		config->str_trunc_trailer = given->value;
		break;
	case SETTING_IGNORED:
		break;
	}
}

static void resolve_setting(struct sema *sema, const struct ast_setting *given)
{
	struct nearest search = {.wanted = given->name, .distance = NEAREST_START};

	/* Names may be those of the environment: BPFTRACE_MAX_STRLEN. */
	if (strncasecmp(search.wanted, PREFIX, strlen(PREFIX)) == 0)
		search.wanted += strlen(PREFIX);
	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		if (strcasecmp(search.wanted, settings[i].name) == 0) {
			apply(sema, given, settings[i].setting);
			return;
		}
		nearest_offer(&search, settings[i].name);
	}
	diag_error(sema->diagnostics, given->span, "%s: not a known configuration option", given->name);
	if (search.best)
		diag_hint(sema->diagnostics, "did you mean %s?", search.best);
}

void sema_config(struct sema *sema)
{
	sema->program->config = (struct ast_config){
		.max_strlen = 1024,
		.max_map_keys = 4096,
		.print_maps_on_exit = true,
		.str_trunc_trailer = "..",
	};
	for (const struct ast_setting *setting = sema->program->settings; setting; setting = setting->next)
		resolve_setting(sema, setting);
}
