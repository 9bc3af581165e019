/* SPDX-License-Identifier: MIT */
/*
 * /proc/PID/status and /proc/PID/stat. proc(5)
 *
 * `status' has a line "Key:\tvalue" per field, and its Name comes escaped, so
 * lines are lines. `stat' has its fields in one line, the second being the
 * program's name as it is, in parentheses: a program may call itself
 * "a) R 1\n(". All later fields are numbers or a letter, so they begin after
 * the *last* closing parenthesis.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "os/procfs.h"
#include "os/procfs_file.h"

/* The value behind KEY (with its colon) if LINE begins with it, else NULL. */
static const char *value_of(const char *line, const char *key)
{
	size_t length = strlen(key);

	if (strncmp(line, key, length) != 0)
		return NULL;
	return line + length + strspn(line + length, " \t");
}

/* Up to three decimal numbers, as Uid and Gid lines have them. Numbers that are missing leave *RET alone. */
static void parse_ids(const char *value, unsigned *ret_real, unsigned *ret_effective, unsigned *ret_saved)
{
	sscanf(value, "%u %u %u", ret_real, ret_effective, ret_saved);
}

static void parse_status_line(const char *line, struct procfs_status *status)
{
	const char *value;

	if ((value = value_of(line, "Name:")))
		snprintf(status->name, sizeof(status->name), "%s", value);
	else if ((value = value_of(line, "State:")))
		status->state = *value ? *value : '?';
	else if ((value = value_of(line, "Tgid:")))
		status->tgid = (pid_t)strtol(value, NULL, 10);
	else if ((value = value_of(line, "NStgid:"))) /* one for each namespace, the innermost last */
		status->namespace_tgid = (pid_t)strtol(strrchr(value, '\t') ? strrchr(value, '\t') : value, NULL, 10);
	else if ((value = value_of(line, "PPid:")))
		status->parent = (pid_t)strtol(value, NULL, 10);
	else if ((value = value_of(line, "TracerPid:")))
		status->tracer = (pid_t)strtol(value, NULL, 10);
	else if ((value = value_of(line, "Uid:")))
		parse_ids(value, &status->uid, &status->effective_uid, &status->saved_uid);
	else if ((value = value_of(line, "Gid:")))
		parse_ids(value, &status->gid, &status->effective_gid, &status->saved_gid);
	else if ((value = value_of(line, "SigPnd:")))
		status->signals_pending = strtoull(value, NULL, 16);
	else if ((value = value_of(line, "ShdPnd:")))
		status->signals_pending_shared = strtoull(value, NULL, 16);
	else if ((value = value_of(line, "SigBlk:")))
		status->signals_blocked = strtoull(value, NULL, 16);
	else if ((value = value_of(line, "SigIgn:")))
		status->signals_ignored = strtoull(value, NULL, 16);
	else if ((value = value_of(line, "SigCgt:")))
		status->signals_caught = strtoull(value, NULL, 16);
	else if ((value = value_of(line, "CapPrm:")))
		status->capabilities_permitted = strtoull(value, NULL, 16);
	else if ((value = value_of(line, "CapEff:")))
		status->capabilities_effective = strtoull(value, NULL, 16);
	else if ((value = value_of(line, "NoNewPrivs:")))
		status->no_new_privileges = (int)strtol(value, NULL, 10);
	else if ((value = value_of(line, "Seccomp:")))
		status->seccomp = (int)strtol(value, NULL, 10);
	else if ((value = value_of(line, "x86_Thread_features:")))
		status->has_shadow_stack = strstr(value, "shstk") != NULL;
	else if ((value = value_of(line, "Threads:")))
		status->threads = (unsigned)strtoul(value, NULL, 10);
}

struct usdtrap_error *procfs_status_read(const char *root, pid_t tid, struct procfs_status *ret)
{
	const struct procfs_file file = {root, tid, 0, "status"};
	_cleanup_strbuf_ struct strbuf text = {0};
	struct procfs_status status = {.state = '?', .no_new_privileges = -1, .seccomp = -1};
	struct usdtrap_error *error = procfs_file_read(&file, &text);
	char *line;
	char *end;

	if (error)
		return error;
	for (line = text.text; (end = strchr(line, '\n')); line = end + 1) {
		*end = '\0';
		parse_status_line(line, &status);
	}
	*ret = status;
	return NULL;
}

struct usdtrap_error *procfs_stat_read(const char *root, pid_t pid, pid_t tid, struct procfs_stat *ret)
{
	enum { STATE = 3, SESSION = 6, FLAGS = 9, PRIORITY = 18, START_TIME = 22, START_STACK = 28, PROCESSOR = 39 };
	enum { PF_EXITING = 0x4, PF_KTHREAD = 0x00200000 }; /* include/linux/sched.h of the kernel, since 2.6.27 */
	const struct procfs_file file = {root, pid, tid, "stat"};
	struct procfs_stat stat = {.state = '?', .processor = -1};
	char text[2048];
	struct usdtrap_error *error = procfs_file_read_short(&file, text, sizeof(text));
	char *field;
	char *rest;
	int number;

	if (error)
		return error;
	rest = strrchr(text, ')');
	if (!rest)
		return error_create(USDTRAP_OS, "%s/%d/task/%d/stat has no program name in it", root, (int)pid,
				    (int)tid);
	rest++;
	for (number = STATE; (field = strsep(&rest, " \n")) && number <= PROCESSOR;) {
		if (!*field)
			continue;
		if (number == STATE) {
			stat.state = *field;
		} else if (number == SESSION) {
			stat.session = (pid_t)strtol(field, NULL, 10);
		} else if (number == FLAGS) {
			stat.is_kernel_thread = strtoul(field, NULL, 10) & PF_KTHREAD;
			stat.is_ending = strtoul(field, NULL, 10) & PF_EXITING;
		} else if (number == PRIORITY) {
			stat.priority = strtol(field, NULL, 10);
		} else if (number == START_TIME) {
			stat.start_time = strtoull(field, NULL, 10);
		} else if (number == START_STACK) {
			stat.start_stack = strtoull(field, NULL, 10);
		} else if (number == PROCESSOR) {
			stat.processor = (int)strtol(field, NULL, 10);
		}
		number++;
	}
	stat.is_ending |= stat.state == 'Z' || stat.state == 'X';
	*ret = stat;
	return NULL;
}
