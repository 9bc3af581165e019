/* SPDX-License-Identifier: MIT */
/*
 * example PID PROVIDER NAME: prints the first argument of each hit, until
 * Ctrl-C or the end of the process. How to build it:
 *
 *	cc -o example example.c $(pkg-config --cflags --libs usdtrap)
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include <usdtrap/usdtrap.h>

static struct usdtrap_session *session;

static void on_interrupt(int signal)
{
	(void)signal;
	usdtrap_interrupt(session); /* safe in a signal handler */
}

static enum usdtrap_action on_hit(const struct usdtrap_hit *hit, void *user)
{
	struct usdtrap_value value;
	struct usdtrap_error *error = usdtrap_hit_argument(hit, 0, &value);

	(void)user;
	printf("%d %s %" PRIu64 "\n", (int)usdtrap_hit_tid(hit), usdtrap_hit_probe(hit)->name,
	       error ? 0 : value.integer);
	usdtrap_error_destroy(error); /* an argument that cannot be read is no reason to stop */
	return USDTRAP_CONTINUE;
}

int main(int argc, char **argv)
{
	struct usdtrap_pattern what = {.provider = argc == 4 ? argv[2] : "", .name = argc == 4 ? argv[3] : ""};
	struct usdtrap_report report = {0};
	pid_t pid = argc == 4 ? atoi(argv[1]) : 0;
	struct usdtrap_error *error = usdtrap_session_create(NULL, &session);

	if (!error) {
		signal(SIGINT, on_interrupt);
		error = usdtrap_add_probe(session, &what, pid, on_hit, NULL, NULL);
	}
	if (!error)
		error = usdtrap_attach(session, pid, USDTRAP_ATTACH_NOW);
	if (!error)
		error = usdtrap_run(session);
	if (!error)
		error = usdtrap_detach(session, &report);
	if (error)
		fprintf(stderr, "%s\n", usdtrap_error_message(error));
	else
		printf("%" PRIu64 " hits\n", report.hits);
	usdtrap_error_destroy(error);
	usdtrap_session_destroy(session); /* leaves first, if that was not done */
	return error != NULL;
}
