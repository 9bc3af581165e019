/* SPDX-License-Identifier: MIT */
/*
 * floor follow|same|free N [siginfo] [registers] [string]: the least that a hit
 * can cost a tracer that uses ptrace(2), in nanoseconds a hit.
 *
 * A child hits a probe N times. Its nop is a trap, and the parent does nothing but
 * waitpid(2) and PTRACE_CONT: what usdtrap adds to that is its own. With
 *	same	both run on one processor, the child's affinity being changed, too
 *	follow	the parent moves its own affinity to where the child last ran, looked at every 64 stops
 *	free	the scheduler decides
 * and what a tracer must or may do beside, to see what of it costs how much:
 *	siginfo	PTRACE_GETSIGINFO: a SIGTRAP that somebody sent is no hit
 *	registers	PTRACE_GETREGSET
 *	string	32 bytes of the child's memory, read from /proc/PID/mem
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct work {
	bool reads_siginfo;
	bool reads_registers;
	bool reads_string;
	bool follows;
};

extern const char floor_site[];

static const char text[32] = "some text of thirty-two letters";

static _Noreturn void fail(const char *what)
{
	fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static __attribute__((noinline)) void hit(unsigned long count)
{
	for (unsigned long i = 0; i < count; i++)
		__asm__ volatile("floor_site: nop" : : "r"(i), "r"(text));
}

static void move_to(pid_t pid, int processor)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(processor, &set);
	sched_setaffinity(pid, sizeof(set), &set);
}

/* Field 39 of /proc/PID/stat, by a descriptor that stays open. */
static int last_processor(int stat)
{
	char line[1024];
	ssize_t size = pread(stat, line, sizeof(line) - 1, 0);
	char *at;

	if (size <= 0)
		return -1;
	line[size] = '\0';
	at = strrchr(line, ')');
	for (int field = 2; at != NULL && field < 39; field++)
		at = strchr(at + 1, ' ');
	return at != NULL ? (int)strtol(at, NULL, 10) : -1;
}

static void look(pid_t child, int memory, const struct work *work)
{
	struct user_regs_struct registers;
	struct iovec vector = {&registers, sizeof(registers)};
	siginfo_t info;
	char buffer[sizeof(text)];

	if (work->reads_siginfo && (ptrace(PTRACE_GETSIGINFO, child, NULL, &info) != 0 || info.si_code != SI_KERNEL))
		fail("PTRACE_GETSIGINFO");
	if (work->reads_registers && ptrace(PTRACE_GETREGSET, child, NT_PRSTATUS, &vector) != 0)
		fail("PTRACE_GETREGSET");
	if (work->reads_string && pread(memory, buffer, sizeof(buffer), (off_t)(uintptr_t)text) < 0)
		fail("pread");
}

/* Serves stops until the child has ended; returns how many traps there were. */
static unsigned long serve(pid_t child, int memory, const struct work *work)
{
	unsigned long stops = 0;
	char path[64];
	int status, stat, here = -1, there;

	snprintf(path, sizeof(path), "/proc/%d/stat", child);
	stat = open(path, O_RDONLY | O_CLOEXEC);
	while (waitpid(-1, &status, __WALL) == child) {
		if (!WIFSTOPPED(status))
			break;
		stops++;
		if (work->follows && stops % 64 == 1 && (there = last_processor(stat)) != here) {
			move_to(0, there);
			here = there;
		}
		look(child, memory, work);
		if (ptrace(PTRACE_CONT, child, NULL, NULL) != 0)
			fail("PTRACE_CONT");
	}
	close(stat);
	return stops;
}

/* Writes one byte over the site in the child, which runs this very program at the same addresses. */
static int arm(pid_t child)
{
	char path[64];
	int memory;

	snprintf(path, sizeof(path), "/proc/%d/mem", child);
	memory = open(path, O_RDWR | O_CLOEXEC);
	if (memory < 0 || pwrite(memory, "\xcc", 1, (off_t)(uintptr_t)floor_site) != 1)
		fail(path);
	return memory;
}

static bool has(int argc, char **argv, const char *word)
{
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], word) == 0)
			return true;
	return false;
}

int main(int argc, char **argv)
{
	struct work work = {
		.reads_siginfo = has(argc, argv, "siginfo"),
		.reads_registers = has(argc, argv, "registers"),
		.reads_string = has(argc, argv, "string"),
		.follows = has(argc, argv, "follow"),
	};
	unsigned long count = argc > 2 ? strtoul(argv[2], NULL, 10) : 100000, stops;
	int go[2], took[2], memory;
	uint64_t elapsed = 0;
	pid_t child;
	char byte;

	if (pipe(go) != 0 || pipe(took) != 0)
		fail("pipe");
	if (has(argc, argv, "same"))
		move_to(0, sched_getcpu());
	child = fork();
	if (child < 0)
		fail("fork");
	if (child == 0) {
		if (read(go[0], &byte, 1) != 1)
			_exit(1);
		elapsed = now_ns();
		hit(count);
		elapsed = now_ns() - elapsed;
		_exit(write(took[1], &elapsed, sizeof(elapsed)) != sizeof(elapsed));
	}
	if (ptrace(PTRACE_SEIZE, child, NULL, NULL) != 0)
		fail("PTRACE_SEIZE");
	memory = arm(child);
	if (write(go[1], "", 1) != 1)
		fail("write");
	stops = serve(child, memory, &work);
	if (read(took[0], &elapsed, sizeof(elapsed)) != sizeof(elapsed) || stops != count)
		fail("not every hit was seen");
	printf("%lu\n", (unsigned long)(elapsed / count));
	return 0;
}
