/* SPDX-License-Identifier: MIT */
/*
 * events PID | -c CATEGORY NAME [old] [filtered] [-- PROGRAM ARGUMENT...]: prints the
 * tracepoints that match in one process, or in a program that it starts, one a
 * line with all fields, until the process ends or SIGINT. `old': without
 * PTRACE_GET_SYSCALL_INFO. `filtered': the program stops at these calls only.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <usdtrap/usdtrap.h>

static struct usdtrap_session *session;

static void on_signal(int signal)
{
	(void)signal;
	usdtrap_interrupt(session);
}

static void print_value(const struct usdtrap_hit *hit, unsigned index, unsigned element)
{
	struct usdtrap_value value;
	struct usdtrap_error *error = usdtrap_hit_field(hit, index, element, &value);

	if (error) {
		printf("%s", usdtrap_error_message(error));
		usdtrap_error_destroy(error);
	} else if (usdtrap_hit_tracepoint(hit)->fields[index].kind == USDTRAP_FIELD_POINTER) {
		printf("0x%" PRIx64, value.integer);
	} else if (value.kind == USDTRAP_VALUE_SIGNED) {
		printf("%" PRId64, (int64_t)value.integer);
	} else {
		printf("%" PRIu64, value.integer);
	}
}

static enum usdtrap_action on_hit(const struct usdtrap_hit *hit, void *user)
{
	const struct usdtrap_tracepoint_info *tracepoint = usdtrap_hit_tracepoint(hit);

	(void)user;
	printf("%s", usdtrap_hit_probe(hit)->full_name);
	for (unsigned i = 0; i < tracepoint->field_count; i++) {
		const struct usdtrap_field *field = &tracepoint->fields[i];

		printf(" %s=", field->name);
		if (field->kind == USDTRAP_FIELD_TEXT)
			printf("%s", usdtrap_hit_field_text(hit, i));
		else
			for (unsigned k = 0; k < field->count; k++) {
				printf(k ? "," : "");
				print_value(hit, i, k);
			}
	}
	printf("\n");
	return USDTRAP_CONTINUE;
}

static void on_notice(enum usdtrap_notice notice, const char *text, void *user)
{
	(void)notice;
	(void)user;
	fprintf(stderr, "%s\n", text);
}

static void check(struct usdtrap_error *error)
{
	if (!error)
		return;
	fprintf(stderr, "error: %s\n", usdtrap_error_message(error));
	usdtrap_error_destroy(error);
	exit(1);
}

int main(int argc, char **argv)
{
	struct usdtrap_options options = {.on_notice = on_notice};
	struct usdtrap_launch *launch = NULL;
	struct usdtrap_pattern pattern;
	uint16_t calls[USDTRAP_CALLS_MAX];
	int command = 0;
	pid_t pid;

	if (argc < 4)
		return 2;
	for (int i = 4; i < argc && !command; i++) {
		if (strcmp(argv[i], "old") == 0)
			options.no_call_info = 1;
		if (strcmp(argv[i], "filtered") == 0)
			options.filtered = 1;
		if (strcmp(argv[i], "--") == 0)
			command = i + 1;
	}
	if (command)
		check(usdtrap_launch_create(argv + command, 0, &launch));
	pid = launch ? usdtrap_launch_pid(launch) : (pid_t)strtol(argv[1], NULL, 10);
	check(usdtrap_session_create(&options, &session));
	signal(SIGINT, on_signal);
	pattern = (struct usdtrap_pattern){.provider = argv[2], .name = argv[3]};
	check(usdtrap_add_tracepoint(session, &pattern, on_hit, NULL, NULL));
	check(usdtrap_attach(session, pid, launch ? USDTRAP_ATTACH_AT_EXEC : USDTRAP_ATTACH_NOW));
	fprintf(stderr, "Attached\n");
	if (launch && options.filtered)
		usdtrap_launch_filter(launch, calls, usdtrap_session_calls(session, calls));
	if (launch)
		usdtrap_launch_release(launch);
	check(usdtrap_run(session));
	check(usdtrap_detach(session, NULL));
	usdtrap_session_destroy(session);
	usdtrap_launch_destroy(launch);
	return 0;
}
