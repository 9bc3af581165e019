/* SPDX-License-Identifier: MIT */
/*
 * decode FILE PROGRAM [ARGUMENT...]: runs PROGRAM and prints what the probes of
 * FILE, itself or a library, pass, a line for each hit: the probe's name, then
 * for each argument kind, size and value, or ?{why not}. The programs are those
 * of generate.py, which print the same about themselves. Exits 77 where nothing
 * may be traced.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <usdtrap/usdtrap.h>

enum { MAX_OBJECT = 4096 };

static void print_bytes(const unsigned char *bytes, unsigned size)
{
	printf(" b%u=", size);
	for (unsigned i = 0; i < size; i++)
		printf("%02x", bytes[i]);
}

static struct usdtrap_error *print_memory(const struct usdtrap_hit *hit, const struct usdtrap_value *value)
{
	unsigned char bytes[MAX_OBJECT];
	unsigned size = value->size < MAX_OBJECT ? value->size : MAX_OBJECT;
	struct usdtrap_error *error = usdtrap_hit_read(hit, value->address, bytes, size);

	if (!error)
		print_bytes(bytes, size);
	return error;
}

static struct usdtrap_error *print_argument(const struct usdtrap_hit *hit, unsigned index)
{
	struct usdtrap_value value;
	struct usdtrap_error *error = usdtrap_hit_argument(hit, index, &value);

	if (error)
		return error;
	switch (value.kind) {
	case USDTRAP_VALUE_SIGNED:
		printf(" s%u=%" PRId64, value.size, (int64_t)value.integer);
		return NULL;
	case USDTRAP_VALUE_UNSIGNED:
		printf(" u%u=%" PRIu64, value.size, value.integer);
		return NULL;
	case USDTRAP_VALUE_FLOAT:
		printf(" f%u=%a", value.size, value.real);
		return NULL;
	case USDTRAP_VALUE_MEMORY:
		return print_memory(hit, &value);
	case USDTRAP_VALUE_BYTES:
		print_bytes(value.bytes, value.size);
		return NULL;
	}
	abort();
}

static enum usdtrap_action on_hit(const struct usdtrap_hit *hit, void *user)
{
	(void)user;
	printf("%s", usdtrap_hit_probe(hit)->name);
	for (unsigned i = 0; i < usdtrap_hit_argument_count(hit); i++) {
		struct usdtrap_error *error = print_argument(hit, i);

		if (error)
			printf(" ?{%s}", usdtrap_error_message(error));
		usdtrap_error_destroy(error);
	}
	putchar('\n');
	return USDTRAP_CONTINUE;
}

static void on_notice(enum usdtrap_notice notice, const char *text, void *user)
{
	(void)user;
	if (notice == USDTRAP_NOTICE_WARNING)
		fprintf(stderr, "warning: %s\n", text);
}

static void on_end(pid_t pid, int status, void *user)
{
	(void)pid;
	*(int *)user = status;
}

static struct usdtrap_error *trace(struct usdtrap_session *session, struct usdtrap_launch *launch)
{
	struct usdtrap_error *error;

	error = usdtrap_attach(session, usdtrap_launch_pid(launch), USDTRAP_ATTACH_AT_EXEC);
	if (error)
		return error;
	usdtrap_launch_release(launch);
	error = usdtrap_run(session);
	if (!error)
		error = usdtrap_launch_result(launch);
	if (!error)
		error = usdtrap_detach(session, NULL);
	return error;
}

int main(int argc, char *argv[])
{
	int status = -1, result = 0;
	const struct usdtrap_pattern pattern = {.target = argv[1], .provider = "truth"};
	const struct usdtrap_options options = {
		.on_notice = on_notice, .on_exit = on_end, .user = &status, .no_net = 1};
	struct usdtrap_session *session = NULL;
	struct usdtrap_launch *launch = NULL;
	struct usdtrap_error *error;

	if (argc < 3)
		return 2;
	error = usdtrap_session_create(&options, &session);
	if (!error)
		error = usdtrap_add_probe(session, &pattern, 0, on_hit, NULL, NULL);
	if (!error)
		error = usdtrap_launch_create(argv + 2, 0, &launch);
	if (!error)
		error = trace(session, launch);
	if (error) {
		fprintf(stderr, "%s\n", usdtrap_error_message(error));
		result = usdtrap_error_code(error) == USDTRAP_PERMISSION ? 77 : 1;
	} else if (status) {
		fprintf(stderr, "the program ended with wait status 0x%x\n", (unsigned)status);
		result = 1;
	}
	usdtrap_error_destroy(error);
	usdtrap_session_destroy(session);
	usdtrap_launch_destroy(launch);
	return result;
}
