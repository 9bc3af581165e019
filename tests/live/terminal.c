/* SPDX-License-Identifier: MIT */
/*
 * terminal COMMAND [ARGUMENT...] <DIALOGUE
 *
 * Runs COMMAND as the foreground job of a terminal of its own, as an
 * interactive shell would, and does what the lines of DIALOGUE say:
 *
 *	expect TEXT   reads the terminal until TEXT has come
 *	key X         types Ctrl-X
 *	type TEXT     types TEXT and Enter
 *	run COMMAND   runs a shell command beside it, which must succeed
 *	stopped       waits until the job is stopped
 *	continue      continues the job, as fg does
 *	size R C      makes the terminal R rows high and C columns wide
 *	hang up       takes the terminal away
 *	ends STATUS   reads the terminal until the job has ended with STATUS
 *
 * Nothing is read from the terminal but by `expect' and `ends', so a job that
 * writes much must wait otherwise. Whatever was read is on standard output.
 * Status 0: all came as said, within half a minute each.
 *
 *	this process ── leader: owns the terminal, waits for the job
 *	                  └── COMMAND: a process group of its own, in the foreground
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_S 30

struct terminal {
	int master;      /* -1: hung up */
	bool is_dark;    /* nobody will show anything any more */
	int changes;     /* the leader writes there what waitpid(2) said of the job */
	pid_t job;       /* also its process group */
	bool has_ended;  /* the job */
	bool is_stopped; /* the job */
	int status;      /* once it has ended: as a shell would have it */
	char text[1 << 20];
	size_t length;
	size_t seen;        /* what `expect' has gone past */
	struct timespec by; /* when the current line of the dialogue must be done */
};

static void fail(const struct terminal *terminal, const char *what, const char *of)
{
	fwrite(terminal->text, 1, terminal->length, stdout);
	fflush(stdout);
	fprintf(stderr, "terminal: %s %s\n", what, of);
	exit(EXIT_FAILURE);
}

static void check(bool is_right, const char *what)
{
	if (is_right)
		return;
	perror(what);
	exit(EXIT_FAILURE);
}

/* The leader's job, for its signal handler. */
static volatile pid_t led_job;

/* The kernel tells the leader alone that the terminal is gone; a shell passes that on. */
static void pass_hangup(int signal_number)
{
	kill(-led_job, signal_number);
}

/* The leader of the terminal's session. Never returns. */
static void lead(const char *tty_path, int changes, char *argv[])
{
	const struct sigaction on_hangup = {.sa_handler = pass_hangup, .sa_flags = SA_RESTART};
	pid_t job;
	int tty, status;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	check(setsid() >= 0, "setsid");
	tty = open(tty_path, O_RDWR);
	check(tty >= 0, tty_path);
	check(ioctl(tty, TIOCSCTTY, 0) == 0, "TIOCSCTTY");
	signal(SIGTTOU, SIG_IGN);
	job = fork();
	check(job >= 0, "fork");
	if (job == 0) {
		setpgid(0, 0);
		tcsetpgrp(tty, getpid());
		signal(SIGTTOU, SIG_DFL);
		dup2(tty, STDIN_FILENO);
		dup2(tty, STDOUT_FILENO);
		dup2(tty, STDERR_FILENO);
		close(tty);
		close(changes);
		execvp(argv[0], argv);
		perror(argv[0]);
		_exit(127);
	}
	led_job = job;
	sigaction(SIGHUP, &on_hangup, NULL);
	close(tty);
	check(write(changes, &job, sizeof(job)) == sizeof(job), "write");
	do {
		check(waitpid(job, &status, WUNTRACED | WCONTINUED) == job, "waitpid");
		check(write(changes, &status, sizeof(status)) == sizeof(status), "write");
	} while (!WIFEXITED(status) && !WIFSIGNALED(status));
	_exit(0);
}

static void start(struct terminal *terminal, char *argv[])
{
	struct termios mode;
	int changes[2];
	pid_t leader;

	terminal->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	check(terminal->master >= 0 && grantpt(terminal->master) == 0 && unlockpt(terminal->master) == 0,
	      "posix_openpt");
	/* What is typed need not come back, and a line ends as it was written. */
	check(tcgetattr(terminal->master, &mode) == 0, "tcgetattr");
	mode.c_lflag &= ~(tcflag_t)ECHO;
	mode.c_oflag &= ~(tcflag_t)OPOST;
	check(tcsetattr(terminal->master, TCSANOW, &mode) == 0, "tcsetattr");
	check(pipe2(changes, O_CLOEXEC) == 0, "pipe");
	leader = fork();
	check(leader >= 0, "fork");
	if (leader == 0) {
		const char *tty_path = ptsname(terminal->master);

		close(changes[0]);
		close(terminal->master); /* or hanging up would not be possible */
		lead(tty_path, changes[1], argv);
	}
	close(changes[1]);
	terminal->changes = changes[0];
	check(read(terminal->changes, &terminal->job, sizeof(terminal->job)) == sizeof(terminal->job), "start");
}

static void take_change(struct terminal *terminal)
{
	int status;

	if (read(terminal->changes, &status, sizeof(status)) != sizeof(status))
		fail(terminal, "the session's leader", "is gone");
	terminal->is_stopped = WIFSTOPPED(status);
	terminal->has_ended = WIFEXITED(status) || WIFSIGNALED(status);
	if (WIFEXITED(status))
		terminal->status = WEXITSTATUS(status);
	else if (WIFSIGNALED(status))
		terminal->status = 128 + WTERMSIG(status);
}

/* A screen that has been flooded keeps what is newest. */
static void forget_half(struct terminal *terminal)
{
	const size_t half = sizeof(terminal->text) / 2;

	memmove(terminal->text, terminal->text + half, half);
	terminal->length = half;
	terminal->seen = terminal->seen > half ? terminal->seen - half : 0;
}

/* Reads what the terminal shows. */
static void take_text(struct terminal *terminal)
{
	ssize_t length =
		read(terminal->master, terminal->text + terminal->length, sizeof(terminal->text) - terminal->length);

	if (length <= 0)
		terminal->is_dark = true;
	else
		terminal->length += (size_t)length;
	if (terminal->length == sizeof(terminal->text))
		forget_half(terminal);
}

static int patience_left_ms(const struct terminal *terminal)
{
	struct timespec now;
	long left;

	clock_gettime(CLOCK_MONOTONIC, &now);
	left = (terminal->by.tv_sec - now.tv_sec) * 1000 + (terminal->by.tv_nsec - now.tv_nsec) / 1000000;
	return left > 0 ? (int)left : 0;
}

/* Waits for a change of the job or, if WITH_TEXT, for text. False: neither came, or can come. */
static bool take_next(struct terminal *terminal, bool with_text)
{
	struct pollfd sources[] = {
		{.fd = terminal->has_ended ? -1 : terminal->changes, .events = POLLIN},
		{.fd = with_text && !terminal->is_dark ? terminal->master : -1, .events = POLLIN},
	};

	if ((sources[0].fd < 0 && sources[1].fd < 0) || poll(sources, 2, patience_left_ms(terminal)) <= 0)
		return false;
	if (sources[0].revents)
		take_change(terminal);
	if (sources[1].revents)
		take_text(terminal);
	return true;
}

static void do_expect(struct terminal *terminal, const char *text)
{
	size_t length = strlen(text);
	char *found;

	while (!(found = memmem(terminal->text + terminal->seen, terminal->length - terminal->seen, text, length))) {
		if (!take_next(terminal, true))
			fail(terminal, "never shown:", text);
	}
	terminal->seen = (size_t)(found - terminal->text) + length;
}

static void do_stopped(struct terminal *terminal)
{
	while (!terminal->is_stopped) {
		if (terminal->has_ended || !take_next(terminal, false))
			fail(terminal, "the job", "does not stop");
	}
}

static void do_size(const struct terminal *terminal, const char *argument)
{
	struct winsize size = {0};

	if (sscanf(argument, "%hu %hu", &size.ws_row, &size.ws_col) != 2 ||
	    ioctl(terminal->master, TIOCSWINSZ, &size) != 0)
		fail(terminal, "cannot be made of size", argument);
}

static void do_ends(struct terminal *terminal, const char *status)
{
	char what[64];

	while (!terminal->has_ended) {
		if (!take_next(terminal, true))
			fail(terminal, "the job does not end with", status);
	}
	/* What it has left in the terminal: nobody has that open any more, so there is an end to it. */
	while (terminal->master >= 0 && !terminal->is_dark)
		take_text(terminal);
	if (atoi(status) == terminal->status)
		return;
	snprintf(what, sizeof(what), "the job ended with %d, not", terminal->status);
	fail(terminal, what, status);
}

static void type(struct terminal *terminal, const char *text)
{
	size_t length = strlen(text);

	if (write(terminal->master, text, length) != (ssize_t)length)
		fail(terminal, "cannot type", text);
}

/* The rest of LINE if it begins with WORD. */
static const char *argument_of(const char *line, const char *word)
{
	size_t length = strlen(word);

	if (strncmp(line, word, length) != 0)
		return NULL;
	return line[length] == ' ' ? line + length + 1 : line[length] == '\0' ? line + length : NULL;
}

static void act(struct terminal *terminal, const char *line)
{
	const char *argument;

	clock_gettime(CLOCK_MONOTONIC, &terminal->by);
	terminal->by.tv_sec += PATIENCE_S;
	if ((argument = argument_of(line, "expect"))) {
		do_expect(terminal, argument);
	} else if ((argument = argument_of(line, "key"))) {
		type(terminal, (char[]){(char)(*argument & 0x1f), '\0'});
	} else if ((argument = argument_of(line, "type"))) {
		type(terminal, argument);
		type(terminal, "\n");
	} else if ((argument = argument_of(line, "run"))) {
		if (system(argument) != 0)
			fail(terminal, "failed:", argument);
	} else if (argument_of(line, "stopped")) {
		do_stopped(terminal);
	} else if (argument_of(line, "continue")) {
		kill(-terminal->job, SIGCONT);
	} else if ((argument = argument_of(line, "size"))) {
		do_size(terminal, argument);
	} else if (argument_of(line, "hang up")) {
		close(terminal->master);
		terminal->master = -1;
		terminal->is_dark = true;
	} else if ((argument = argument_of(line, "ends"))) {
		do_ends(terminal, argument);
	} else {
		fail(terminal, "what does that mean:", line);
	}
}

int main(int argc, char *argv[])
{
	static struct terminal terminal;
	char line[4096];

	if (argc < 2) {
		fprintf(stderr, "usage: terminal COMMAND [ARGUMENT...] <DIALOGUE\n");
		return EXIT_FAILURE;
	}
	start(&terminal, argv + 1);
	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = '\0';
		act(&terminal, line);
	}
	fwrite(terminal.text, 1, terminal.length, stdout);
	return EXIT_SUCCESS;
}
