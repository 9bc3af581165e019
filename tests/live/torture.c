/* SPDX-License-Identifier: MIT */
/*
 * torture [KILLS [CALLS [SEED]]]: kills usdtrap by SIGKILL while it attaches, traces and leaves, and looks what that
 * does to its targets.
 *
 * KILLS times at a random moment: the front process, the engine, both, or the front's whole process group. And at CALLS
 * system calls of the engine, spread over all that it makes from its start to its end (0: at every one): for that the
 * engine is traced itself. Whatever is left then puts things right: the front, the target's own handler, `usdtrap
 * repair', or the next attach.
 *
 * Several targets live through all of it; each must be alive after each kill, be as its files say after each repair,
 * and end as it would have. Prints what was tried; the exit status is 0 if nothing was harmed and nothing was left
 * behind. Environment: top_builddir.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PATH_SIZE = 4096, ENGINE_THREADS = 16 };

struct target {
	const char *name;
	const char *arguments[4]; /* behind the program */
	const char *program;      /* NULL: tests/targets/NAME */
	const char *pattern;      /* the script's probes, behind "usdt:" and the program */
	const char *begin;        /* what it is told to begin, or NULL */
	const char *last_line;    /* of its output, if it was not harmed; NULL: any */
	char path[PATH_SIZE];
	pid_t pid;
	int input;
};

static struct target targets[] = {
	{.name = "busy", .pattern = ":busy:*", .last_line = "wrong: 0"},
	{.name = "hits", .arguments = {"4000000000000"}, .pattern = ":hits:tick", .begin = "go\n"},
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
};

enum { TARGET_COUNT = sizeof(targets) / sizeof(targets[0]) };

static struct {
	unsigned kills, kills_of[4], at_calls, attaches, repairs, front_repairs;
	unsigned deaths, dirty, wrong_ends, hangs;
	double slowest_repair_ms, sum_repair_ms;
} tally;

static bool follows; /* the next usdtrap does */
static char build[PATH_SIZE];
static char work[] = "/tmp/usdtrap-torture-XXXXXX";

static void fail(const char *what)
{
	fprintf(stderr, "torture: %s: %s\n", what, strerror(errno));
	exit(2);
}

static double now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void sleep_ms(double milliseconds)
{
	const struct timespec duration = {(time_t)(milliseconds / 1000), (long)(milliseconds * 1e6) % 1000000000};

	nanosleep(&duration, NULL);
}

static void path_of(char *path, const char *name, const char *suffix)
{
	snprintf(path, PATH_SIZE, "%s/%s.%s", work, name, suffix);
}

static void send_output_to(const char *name, const char *suffix, int descriptor)
{
	char path[PATH_SIZE];
	int fd;

	path_of(path, name, suffix);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd < 0 || dup2(fd, descriptor) < 0)
		_exit(126);
	close(fd);
}

static bool file_has(const char *name, const char *suffix, const char *word)
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

/* ---- targets ---- */

static void start_target(struct target *target)
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

/* Whether TARGET lives; one that died is counted and started anew. */
static bool is_alive(struct target *target, const char *when)
{
	int status;

	if (waitpid(target->pid, &status, WNOHANG) == 0)
		return true;
	printf("DEATH: %s ended with status %#x, %s\n", target->name, status, when);
	tally.deaths++;
	close(target->input);
	start_target(target);
	return false;
}

static int run(char *const arguments[], const char *name)
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

static void repair(struct target *target, const char *when)
{
	char usdtrap[PATH_SIZE + 16], pristine[PATH_SIZE + 32], pid[16], path[PATH_SIZE], line[256];
	FILE *left;

	snprintf(usdtrap, sizeof(usdtrap), "%s/usdtrap", build);
	snprintf(pristine, sizeof(pristine), "%s/tests/live/pristine", build);
	snprintf(pid, sizeof(pid), "%d", (int)target->pid);
	run((char *[]){usdtrap, (char *)"repair", pid, NULL}, "repair");
	tally.repairs++;
	if (run((char *[]){pristine, pid, NULL}, "pristine") == 0)
		return;
	tally.dirty++;
	path_of(path, "pristine", "out");
	left = fopen(path, "re");
	printf("LEFT BEHIND in %s, %s:\n", target->name, when);
	for (unsigned i = 0; left && i < 5 && fgets(line, sizeof(line), left); i++)
		printf("    %s", line);
	if (left)
		fclose(left);
}

static void finish_target(struct target *target)
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
	/* `hits' has not nearly done what it was to do: its input's end does not end it. */
	if (strcmp(target->name, "hits") != 0 &&
	    (status != 0 || (target->last_line && !file_has(target->name, "out", target->last_line)))) {
		printf("WRONG END: %s ended with status %#x\n", target->name, status);
		tally.wrong_ends++;
	}
}

/* ---- usdtrap ---- */

static void script_of(const struct target *target, const char *action, const char *other_clauses, char *script,
		      size_t size)
{
	snprintf(script, size, "usdt:%s%s { %s } %s", target->path, target->pattern, action, other_clauses);
}

static _Noreturn void become_usdtrap(const struct target *target, const char *action, const char *other_clauses)
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
static pid_t engine_of(pid_t front)
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

static bool is_gone(pid_t pid)
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

/* An address where usdtrap has said that it puts a trap in TARGET, from its journal; 0: it has not. */
static uint64_t first_site(const struct target *target)
{
	const char *folder_path = geteuid() == 0 ? "/run/usdtrap" : work;
	char path[PATH_SIZE + 300], text[1 << 14], prefix[32];
	struct dirent *entry;
	const char *line;
	uint64_t addr = 0;
	DIR *folder;
	int fd;

	snprintf(path, sizeof(path), "%s%s", folder_path, geteuid() == 0 ? "" : "/usdtrap");
	folder = opendir(path);
	snprintf(prefix, sizeof(prefix), "%d-", (int)target->pid);
	while (folder && !addr && (entry = readdir(folder))) {
		if (strncmp(entry->d_name, prefix, strlen(prefix)) != 0)
			continue;
		fd = openat(dirfd(folder), entry->d_name, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			continue;
		text[0] = '\0';
		{
			ssize_t length = read(fd, text, sizeof(text) - 1);

			text[length > 0 ? length : 0] = '\0';
		}
		close(fd);
		line = strstr(text, "\nsite ");
		if (line)
			addr = strtoull(line + strlen("\nsite "), NULL, 16);
	}
	if (folder)
		closedir(folder);
	return addr;
}

static bool has_trap(const struct target *target, uint64_t addr)
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

/* How long it takes until the trap at ADDR is gone, by whoever is left. */
static void time_repair(const struct target *target, uint64_t addr)
{
	const double start = now_ms();
	double taken;

	while (has_trap(target, addr)) {
		if (now_ms() - start > 5000)
			break;
		sleep_ms(0.2);
	}
	taken = now_ms() - start;
	tally.front_repairs++;
	tally.sum_repair_ms += taken;
	if (taken > tally.slowest_repair_ms)
		tally.slowest_repair_ms = taken;
}

static void await_end(pid_t front, pid_t engine)
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

/* ---- kills at random moments ---- */

enum victim { FRONT, ENGINE, BOTH, GROUP };
static const char *const victim_names[] = {"front", "engine", "both", "group"};
enum moment { ATTACHING, TRACING, LEAVING };
static const char *const moment_names[] = {"attaching", "tracing", "leaving"};

static double random_ms(double most)
{
	return most * (double)rand() / RAND_MAX;
}

static void reach(enum moment moment, pid_t front)
{
	const double start = now_ms();

	if (moment == ATTACHING) {
		sleep_ms(random_ms(60));
		return;
	}
	while (!file_has("trace", "err", "Attached") && now_ms() - start < 5000 && !is_gone(front))
		sleep_ms(1);
	if (moment == LEAVING)
		kill(front, SIGINT);
	sleep_ms(random_ms(moment == LEAVING ? 15 : 30));
}

static void kill_once(struct target *target)
{
	const enum victim victim = (enum victim)(rand() % 4);
	const enum moment moment = (enum moment)(rand() % 3);
	char when[128];
	pid_t front, engine;
	uint64_t addr;

	follows = rand() % 3 == 0;
	front = fork();
	if (front == 0)
		become_usdtrap(target, "@ = count();", "");
	tally.attaches++;
	reach(moment, front);
	engine = engine_of(front);
	if (!engine) { /* not yet, or just now */
		kill(front, SIGSTOP);
		sleep_ms(1);
		engine = engine_of(front);
	}
	addr = first_site(target);
	if (victim == BOTH || victim == GROUP) /* so that it repairs nothing meanwhile */
		kill(front, SIGSTOP);
	if (victim != FRONT && engine)
		kill(engine, SIGKILL);
	if (victim == GROUP)
		kill(-front, SIGKILL);
	if (victim != ENGINE || !engine)
		kill(front, SIGKILL);
	else
		kill(front, SIGCONT);
	tally.kills++;
	tally.kills_of[victim]++;
	if (victim == ENGINE && engine && addr && has_trap(target, addr))
		time_repair(target, addr);
	await_end(front, engine);
	snprintf(when, sizeof(when), "%s killed while %s (kill %u)", victim_names[victim], moment_names[moment],
		 tally.kills);
	/* What is left of both meets the target for a while, or the next attach. */
	if (is_alive(target, when) && (victim == BOTH || victim == GROUP) && rand() % 2)
		return;
	sleep_ms(random_ms(10));
	if (is_alive(target, when))
		repair(target, when);
}

/* ---- kills at system calls ---- */

/* Runs usdtrap on TARGET, itself traced, and kills the engine at its call number WANTED (0: never). Returns how many it
 * made. */
static unsigned long kill_at_call(struct target *target, unsigned long wanted)
{
	const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL;
	unsigned long calls = 0;
	pid_t front, engine = 0, tid, threads[ENGINE_THREADS] = {0};
	bool enters[ENGINE_THREADS];
	unsigned thread_count = 0;
	double last = now_ms();
	int status;

	memset(enters, true, sizeof(enters));
	follows = false;
	front = fork();
	if (front == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		become_usdtrap(target, "@ = count(); @n++; if (@n > 20) { exit(); }", "interval:ms:100 { exit(); }");
	}
	waitpid(front, &status, 0);
	ptrace(PTRACE_SETOPTIONS, front, NULL, (void *)options);
	ptrace(PTRACE_CONT, front, NULL, NULL);
	for (;;) {
		unsigned index = 0;
		int signal_number = 0;
		unsigned long child;
		bool is_engine;

		/* The targets are children, too: only who is traced is waited for, one after the other. */
		tid = waitpid(-1, &status, __WALL | WNOHANG);
		if (tid == 0) {
			if (now_ms() - last > 10000) {
				printf("HANG: usdtrap %d (engine %d), to be killed at call %lu, after %lu\n",
				       (int)front, (int)engine, wanted, calls);
				tally.hangs++;
				if (getenv("TORTURE_STAYS"))
					pause();
				kill(engine, SIGKILL);
				kill(front, SIGKILL);
				last = now_ms();
			}
			sleep_ms(0.05);
			continue;
		}
		last = now_ms();
		if (tid < 0)
			break;
		for (struct target *other = targets; other < targets + TARGET_COUNT; other++)
			if (tid == other->pid) {
				printf("DEATH: %s ended with status %#x, engine killed at call %lu\n", other->name,
				       status, wanted);
				tally.deaths++;
				close(other->input);
				start_target(other);
				tid = 0;
			}
		if (tid == 0)
			continue;
		if (WIFEXITED(status) || WIFSIGNALED(status)) {
			if (tid == front)
				break;
			continue;
		}
		while (index < thread_count && threads[index] != tid)
			index++;
		is_engine = index < thread_count;
		if (status >> 8 == (SIGTRAP | (PTRACE_EVENT_FORK << 8)) ||
		    status >> 8 == (SIGTRAP | (PTRACE_EVENT_CLONE << 8))) {
			ptrace(PTRACE_GETEVENTMSG, tid, NULL, &child);
			if (status >> 16 == PTRACE_EVENT_FORK && tid == front && !engine)
				engine = (pid_t)child;
			if ((tid == front && (pid_t)child == engine) || is_engine)
				if (thread_count < ENGINE_THREADS)
					threads[thread_count++] = (pid_t)child;
		} else if (WSTOPSIG(status) == (SIGTRAP | 0x80)) {
			if (is_engine && enters[index] && ++calls == wanted) {
				kill(engine, SIGKILL);
				tally.at_calls++;
			}
			if (is_engine)
				enters[index] = !enters[index];
		} else if (WSTOPSIG(status) != SIGSTOP && WSTOPSIG(status) != SIGTRAP) {
			signal_number = WSTOPSIG(status);
		}
		ptrace(is_engine || tid == engine ? PTRACE_SYSCALL : PTRACE_CONT, tid, NULL,
		       (void *)(long)signal_number);
	}
	while (engine && !is_gone(engine))
		sleep_ms(1);
	return calls;
}

static void kill_at_calls(struct target *target, unsigned wanted)
{
	const unsigned long total = kill_at_call(target, 0);
	const unsigned long step = wanted && wanted < total ? total / wanted : 1;
	char when[64];

	printf("%s: the engine makes %lu system calls; killed at every %lu%s\n", target->name, total, step,
	       step == 1 ? "st" : "th");
	fflush(stdout);
	for (unsigned long call = 1 + (unsigned long)rand() % step; call <= total; call += step) {
		kill_at_call(target, call);
		snprintf(when, sizeof(when), "engine killed at call %lu of %lu", call, total);
		if (is_alive(target, when))
			repair(target, when);
	}
}

static unsigned long argument(int argc, char **argv, int index, unsigned long fallback)
{
	return argc > index ? strtoul(argv[index], NULL, 10) : fallback;
}

static void say_tally(unsigned seed)
{
	printf("seed %u\n"
	       "kills at random moments      %6u (front %u, engine %u, both %u, group %u)\n"
	       "kills at a system call       %6u\n"
	       "attaches                     %6u\n"
	       "repairs by the command       %6u\n",
	       seed, tally.kills, tally.kills_of[FRONT], tally.kills_of[ENGINE], tally.kills_of[BOTH],
	       tally.kills_of[GROUP], tally.at_calls, tally.attaches, tally.repairs);
	if (tally.front_repairs)
		printf("repairs after the engine     %6u (trap gone after %.1f ms, %.1f ms at most)\n",
		       tally.front_repairs, tally.sum_repair_ms / tally.front_repairs, tally.slowest_repair_ms);
	printf("deaths of targets            %6u\n"
	       "wrong ends of targets        %6u\n"
	       "targets with something left  %6u\n"
	       "hangs                        %6u\n",
	       tally.deaths, tally.wrong_ends, tally.dirty, tally.hangs);
}

int main(int argc, char **argv)
{
	const unsigned long kills = argument(argc, argv, 1, 1000);
	const unsigned calls = (unsigned)argument(argc, argv, 2, 0);
	const unsigned seed = (unsigned)argument(argc, argv, 3, (unsigned long)time(NULL));
	const char *top = getenv("top_builddir");
	unsigned used = 0;
	char command[PATH_SIZE];

	if (!realpath(top ? top : ".", build) || !mkdtemp(work))
		fail("mkdtemp");
	setenv("XDG_RUNTIME_DIR", work, 1);
	srand(seed);
	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < TARGET_COUNT; i++) {
		struct target *target = &targets[i];

		snprintf(target->path, sizeof(target->path), "%.4000s/tests/targets/%s", build, target->name);
		if (target->program)
			snprintf(target->path, sizeof(target->path), "%s", target->program);
		if (access(target->path, X_OK) != 0)
			continue; /* Python is not everywhere */
		start_target(target);
		used++;
	}
	for (unsigned long i = 0; i < kills; i++)
		kill_once(&targets[(unsigned)rand() % used]);
	for (unsigned i = 0; i < used && (kills == 0 || argc <= 2 || calls > 0); i++)
		kill_at_calls(&targets[i], calls);
	for (unsigned i = 0; i < used; i++) {
		repair(&targets[i], "at the end");
		if (strcmp(targets[i].name, "hits") == 0)
			kill(targets[i].pid, SIGTERM);
		finish_target(&targets[i]);
	}
	say_tally(seed);
	snprintf(command, sizeof(command), "rm -rf %s", work);
	(void)!system(command);
	return tally.deaths || tally.wrong_ends || tally.dirty || tally.hangs;
}
