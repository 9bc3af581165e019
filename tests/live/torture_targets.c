/* SPDX-License-Identifier: MIT */
#include "live/torture.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct target targets[] = {
	{.name = "busy", .pattern = ":busy:*", .last_line = "wrong: 0"},
	{.name = "busy_functions",
	 .file = "busy",
	 .provider = "uprobe",
	 .pattern = ":[bhow][^a]*", /* brief, hit, hot, on_timer, work */
	 .last_line = "wrong: 0",
	 .is_extra = true},
	{.name = "busy_returns",
	 .file = "busy",
	 .provider = "uretprobe",
	 .pattern = ":[bhow][^a]*",
	 .last_line = "wrong: 0",
	 .is_extra = true},
	{.name = "hits", .arguments = {"4000000000000"}, .pattern = ":hits:tick", .begin = "go\n", .is_endless = true},
	{.name = "starved",
	 .file = "hits",
	 .arguments = {"4000000000000"},
	 .pattern = ":hits:tick",
	 .begin = "go\n",
	 .is_endless = true,
	 .is_starved = true,
	 .is_extra = true},
	{.name = "sleepers", .pattern = ":sleepers:*"},
	{.name = "python",
	 .program = "/usr/bin/python3.11",
	 .arguments = {"-c", "import select, sys\n"
			     "def f(n): return n and f(n - 1)\n"
			     "print('ready', flush=True)\n"
			     "while not select.select([sys.stdin], [], [], 0)[0]: f(20)\n"
			     "print('right')"},
	 .pattern = ":function__entry",
	 .last_line = "right"},
	{.name = "displaced", .arguments = {"0"}, .provider = "uprobe", .pattern = ":first_[a-eg-z]*", .begin = "go\n"},
	{.name = "returns",
	 .arguments = {"8", "0"},
	 .provider = "uretprobe",
	 .pattern = ":[fit]*",
	 .begin = "go\n",
	 .last_line = "wrong: 0"},
};

const unsigned target_count = sizeof(targets) / sizeof(targets[0]);

struct tally tally;
char build[PATH_SIZE];
char work[] = "/tmp/usdtrap-torture-XXXXXX";

_Noreturn void fail(const char *what)
{
	fprintf(stderr, "torture: %s: %s\n", what, strerror(errno));
	exit(2);
}

double now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

void sleep_ms(double milliseconds)
{
	const struct timespec duration = {(time_t)(milliseconds / 1000), (long)(milliseconds * 1e6) % 1000000000};

	nanosleep(&duration, NULL);
}

void path_of(char *path, const char *name, const char *suffix)
{
	snprintf(path, PATH_SIZE, "%s/%s.%s", work, name, suffix);
}

void send_output_to(const char *name, const char *suffix, int descriptor)
{
	char path[PATH_SIZE];
	int fd;

	path_of(path, name, suffix);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd < 0 || dup2(fd, descriptor) < 0)
		_exit(126);
	close(fd);
}

bool file_has(const char *name, const char *suffix, const char *word)
{
	char path[PATH_SIZE], text[1 << 16];
	ssize_t length;
	int fd;

	path_of(path, name, suffix);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	length = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[length > 0 ? length : 0] = '\0';
	return strstr(text, word);
}

/* Prints up to LINES lines of a file, those with BUT_NOT left out. Returns how many these are. */
static unsigned show(const char *name, const char *suffix, unsigned lines, const char *but_not)
{
	char path[PATH_SIZE], line[512];
	unsigned count = 0;
	FILE *file;

	path_of(path, name, suffix);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file)) {
		if (but_not && strstr(line, but_not))
			continue;
		if (count++ < lines)
			printf("    %s.%s: %s", name, suffix, line);
	}
	if (file)
		fclose(file);
	return count;
}

/* ---- targets ---- */

/* Whoever becomes this gets a processor of its own, of which HOG takes nearly all. */
static void starve(void)
{
	const pid_t target = getpid();
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(0, &one);
	if (sched_setaffinity(0, sizeof(one), &one) != 0)
		_exit(126);
	if (fork() == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		while (getppid() == target)
			for (volatile unsigned i = 0; i < 1000000; i++)
				;
		_exit(0);
	}
	(void)!nice(19);
}

void start_target(struct target *target)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		fail("pipe");
	target->pid = fork();
	if (target->pid < 0)
		fail("fork");
	if (target->pid == 0) {
		char *arguments[8] = {target->path};

		for (size_t i = 0; target->arguments[i]; i++)
			arguments[i + 1] = (char *)target->arguments[i];
		evidence_wanted();
		if (target->is_starved)
			starve();
		dup2(ends[0], STDIN_FILENO);
		send_output_to(target->name, "out", STDOUT_FILENO);
		send_output_to(target->name, "err", STDERR_FILENO);
		execv(target->path, arguments);
		_exit(127);
	}
	close(ends[0]);
	target->input = ends[1];
	for (unsigned tries = 0; !file_has(target->name, "out", "ready"); tries++) {
		if (tries > 1000)
			fail("a target does not start");
		sleep_ms(10);
	}
	if (target->begin && write(target->input, target->begin, strlen(target->begin)) < 0)
		fail("write");
}

void bury(struct target *target, int status, const char *when)
{
	printf("DEATH: %s ended with status %#x, %s\n", target->name, status, when);
	show("trace", "err", 5, NULL);
	show(target->name, "err", 5, NULL);
	tally.deaths++;
	evidence_print(target);
	close(target->input);
	start_target(target);
}

bool is_alive(struct target *target, const char *when)
{
	int status;

	if (waitpid(target->pid, &status, WNOHANG) == 0)
		return true;
	bury(target, status, when);
	return false;
}

int run(char *const arguments[], const char *name)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		send_output_to(name, "out", STDOUT_FILENO);
		send_output_to(name, "err", STDERR_FILENO);
		execv(arguments[0], arguments);
		_exit(127);
	}
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

void repair(struct target *target, const char *when)
{
	char usdtrap[PATH_SIZE + 16], pristine[PATH_SIZE + 32], pid[16];
	unsigned left;

	snprintf(usdtrap, sizeof(usdtrap), "%s/usdtrap", build);
	snprintf(pristine, sizeof(pristine), "%s/tests/live/pristine", build);
	snprintf(pid, sizeof(pid), "%d", (int)target->pid);
	run((char *[]){usdtrap, (char *)"repair", pid, NULL}, "repair");
	tally.repairs++;
	if (run((char *[]){pristine, pid, NULL}, "pristine") == 0)
		return;
	/* Where a thread stands in it our code stays, and harms nobody: bytes that are 00 in the file. */
	left = show("pristine", "out", 0, target->provider ? "00 in the file" : NULL);
	if (left == 0)
		return;
	tally.bytes_left += left;
	printf("LEFT BEHIND in %s, %s: %u bytes\n", target->name, when, left);
	evidence_of_threads(target);
	show("pristine", "out", 5, NULL);
	show("repair", "err", 5, NULL);
	show("trace", "err", 5, NULL);
}

void finish_target(struct target *target)
{
	int status;

	close(target->input);
	for (unsigned tries = 0; waitpid(target->pid, &status, WNOHANG) == 0; tries++) {
		if (tries > 1000) {
			printf("HANG: %s does not end\n", target->name);
			tally.hangs++;
			kill(target->pid, SIGKILL);
			waitpid(target->pid, &status, 0);
			return;
		}
		sleep_ms(10);
	}
	if (!target->is_endless &&
	    (status != 0 || (target->last_line && !file_has(target->name, "out", target->last_line)))) {
		printf("WRONG END: %s ended with status %#x\n", target->name, status);
		tally.wrong_ends++;
	}
}

/* ---- usdtrap ---- */

static void script_of(const struct target *target, const char *action, const char *other_clauses, char *script,
		      size_t size)
{
	snprintf(script, size, "%s:%s%s { %s } %s", target->provider ? target->provider : "usdt", target->path,
		 target->pattern, action, other_clauses);
}

_Noreturn void become_usdtrap(const struct target *target, const char *action, const char *other_clauses, bool follows)
{
	char usdtrap[PATH_SIZE + 16], script[2 * PATH_SIZE], pid[16];

	snprintf(usdtrap, sizeof(usdtrap), "%s/usdtrap", build);
	script_of(target, action, other_clauses, script, sizeof(script));
	snprintf(pid, sizeof(pid), "%d", (int)target->pid);
	setpgid(0, 0);
	send_output_to("trace", "out", STDOUT_FILENO);
	send_output_to("trace", "err", STDERR_FILENO);
	execv(usdtrap,
	      (char *[]){usdtrap, (char *)"-e", script, (char *)"-p", pid, follows ? (char *)"--follow" : NULL, NULL});
	_exit(127);
}

/* The front's child, or 0 while there is none. */
pid_t engine_of(pid_t front)
{
	char path[64], text[32] = "";
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)front, (int)front);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	(void)!read(fd, text, sizeof(text) - 1);
	close(fd);
	return (pid_t)strtol(text, NULL, 10);
}

bool is_gone(pid_t pid)
{
	char path[64], text[512] = "";
	const char *state;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return true;
	(void)!read(fd, text, sizeof(text) - 1);
	close(fd);
	state = strrchr(text, ')');
	return state && strchr("ZX", state[2]);
}

bool read_journal(const struct target *target, char *text, size_t size)
{
	const char *folder_path = geteuid() == 0 ? "/run/usdtrap" : work;
	char path[PATH_SIZE + 300], prefix[32];
	struct dirent *entry;
	ssize_t length = -1;
	DIR *folder;
	int fd;

	snprintf(path, sizeof(path), "%s%s", folder_path, geteuid() == 0 ? "" : "/usdtrap");
	folder = opendir(path);
	snprintf(prefix, sizeof(prefix), "%d-", (int)target->pid);
	while (folder && length < 0 && (entry = readdir(folder))) {
		if (strncmp(entry->d_name, prefix, strlen(prefix)) != 0)
			continue;
		fd = openat(dirfd(folder), entry->d_name, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			continue;
		length = read(fd, text, size - 1);
		close(fd);
	}
	if (folder)
		closedir(folder);
	text[length > 0 ? length : 0] = '\0';
	return length >= 0;
}

uint64_t journal_says(const struct target *target, const char *word, pid_t tracer)
{
	char text[1 << 14], line_start[32];
	const char *line = text;

	if (!read_journal(target, text, sizeof(text)))
		return 0;
	snprintf(line_start, sizeof(line_start), "\ntracer %d\n", (int)tracer);
	if (tracer)
		line = strstr(text, line_start);
	snprintf(line_start, sizeof(line_start), "\n%s ", word);
	line = line ? strstr(line, line_start) : NULL;
	return line ? strtoull(line + strlen(line_start), NULL, 16) : 0;
}

bool has_trap(const struct target *target, uint64_t addr)
{
	unsigned char byte = 0;
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/mem", (int)target->pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	(void)!pread(fd, &byte, 1, (off_t)addr);
	close(fd);
	return byte == 0xcc;
}

void await_end(pid_t front, pid_t engine)
{
	double start = now_ms();
	int status;

	while (waitpid(front, &status, WNOHANG) == 0 || (engine && !is_gone(engine))) {
		if (now_ms() - start > 20000) {
			printf("HANG: usdtrap %d (engine %d) does not end\n", (int)front, (int)engine);
			tally.hangs++;
			kill(front, SIGKILL);
			if (engine)
				kill(engine, SIGKILL);
			start = now_ms();
		}
		sleep_ms(1);
	}
}
