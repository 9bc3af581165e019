/* SPDX-License-Identifier: MIT */
/*
 * breeder [CHILDREN [HITS [ALIVE]]]: forks CHILDREN children (1000), ALIVE of
 * them (4) at a time; each hits breeder:child(number) HITS times (3) and exits
 * with a status of its own. Each tenth starts a thread, and each twentieth this
 * program anew, to hit there. Prints how many hits that was, and how many
 * children ended otherwise; on standard error how many were forked a second.
 */
#include <stdint.h>
#include <sys/sdt.h>
#include <sys/wait.h>
#include <time.h>

#include "target.h"

static unsigned long hits_each;
static char **own_words;

static __attribute__((noinline)) void hit(unsigned long number)
{
	for (unsigned long i = 0; i < hits_each; i++)
		DTRACE_PROBE1(breeder, child, number);
}

static void *body(void *argument)
{
	hit((unsigned long)argument);
	return NULL;
}

static int status_of(unsigned long number)
{
	return (int)(number % 101);
}

static _Noreturn void live(unsigned long number)
{
	char words[2][32];

	if (number % 20 == 0) {
		snprintf(words[0], sizeof(words[0]), "%lu", number);
		snprintf(words[1], sizeof(words[1]), "%lu", hits_each);
		execl("/proc/self/exe", own_words[0], "child", words[0], words[1], (char *)NULL);
		_exit(124);
	}
	if (number % 10 == 0)
		target_join(target_start(body, (void *)number));
	else
		hit(number);
	_exit(status_of(number));
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* The children that live, by where their pid stands. */
static struct {
	pid_t pid;
	unsigned long number;
} children[1024];

static unsigned long wrong;

static void reap_one(unsigned long alive)
{
	int status;
	pid_t pid = wait(&status);

	for (unsigned long i = 0; i < alive; i++)
		if (children[i].pid == pid) {
			if (status != status_of(children[i].number) << 8) {
				printf("child %lu ended with %#x\n", children[i].number, status);
				wrong++;
			}
			children[i].pid = 0;
			return;
		}
	wrong++;
}

static unsigned long free_place(unsigned long alive)
{
	for (;;) {
		for (unsigned long i = 0; i < alive; i++)
			if (children[i].pid == 0)
				return i;
		reap_one(alive);
	}
}

int main(int argc, char **argv)
{
	unsigned long count = target_number(argc, argv, 1, 1000), alive = target_number(argc, argv, 3, 4);
	uint64_t elapsed;

	own_words = argv;
	if (argc == 4 && strcmp(argv[1], "child") == 0) {
		hits_each = target_number(argc, argv, 3, 0);
		hit(target_number(argc, argv, 2, 0));
		return status_of(target_number(argc, argv, 2, 0));
	}
	hits_each = target_number(argc, argv, 2, 3);
	if (alive > sizeof(children) / sizeof(children[0]))
		alive = sizeof(children) / sizeof(children[0]);
	target_ready();
	elapsed = now_ns();
	for (unsigned long i = 0; i < count; i++) {
		unsigned long place = free_place(alive);
		pid_t pid = fork();

		if (pid < 0)
			target_fail("fork");
		if (pid == 0)
			live(i);
		children[place].pid = pid;
		children[place].number = i;
	}
	for (unsigned long i = 0; i < alive; i++)
		while (children[i].pid)
			reap_one(alive);
	elapsed = now_ns() - elapsed;
	printf("@hits: %lu\nchildren that ended wrong: %lu\n", count * hits_each, wrong);
	if (count)
		fprintf(stderr, "%lu forks a second\n", (unsigned long)(count * 1000000000 / (elapsed | 1)));
	return 0;
}
