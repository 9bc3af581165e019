/* SPDX-License-Identifier: MIT */
/*
 * traps [N]: a child sends SIGTRAP N times (300) in each of three ways, by
 * kill, tgkill and sigqueue, into a loop that does nothing but hit
 * traps:tick(number). The next one is sent when the handler has taken the last,
 * since signals of one kind do not queue.
 *
 * A tgkill that falls into the microsecond in which the thread executes the
 * very trap a tracer planted is merged with that trap by the kernel, which
 * keeps one SIGTRAP pending a thread. What got no answer within 50 ms is sent
 * again, and told; on a busy machine both may then arrive.
 */
#include <signal.h>
#include <sys/mman.h>
#include <sys/sdt.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "target.h"

enum { BY_KILL, BY_TGKILL, BY_SIGQUEUE, WAYS };

struct shared {
	atomic_ulong taken[WAYS];
	atomic_ulong strange; /* SIGTRAPs that nobody sent */
	atomic_ulong resent[WAYS];
	atomic_bool is_over;
};

static struct shared *shared;

static void on_trap(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)context;
	if (info->si_code == SI_USER)
		atomic_fetch_add(&shared->taken[BY_KILL], 1);
	else if (info->si_code == SI_TKILL)
		atomic_fetch_add(&shared->taken[BY_TGKILL], 1);
	else if (info->si_code == SI_QUEUE && info->si_value.sival_int == 4711)
		atomic_fetch_add(&shared->taken[BY_SIGQUEUE], 1);
	else
		atomic_fetch_add(&shared->strange, 1);
}

static int send_one(pid_t pid, int way)
{
	if (way == BY_KILL)
		return kill(pid, SIGTRAP);
	if (way == BY_TGKILL)
		return (int)syscall(SYS_tgkill, pid, pid, SIGTRAP);
	return sigqueue(pid, SIGTRAP, (union sigval){.sival_int = 4711});
}

/* Runs in the child. */
static _Noreturn void send_all(pid_t pid, unsigned long count, int go)
{
	char byte;

	if (read(go, &byte, 1) != 1)
		_exit(1);
	for (unsigned long i = 0; i < WAYS * count; i++) {
		int way = (int)(i % WAYS);
		unsigned long before = atomic_load(&shared->taken[way]);

		if (send_one(pid, way) != 0)
			_exit(1);
		for (unsigned waited = 0; atomic_load(&shared->taken[way]) == before; waited++) {
			if (waited < 300) {
				usleep(100);
				continue;
			}
			atomic_fetch_add(&shared->resent[way], 1);
			if (send_one(pid, way) != 0)
				_exit(1);
			waited = 0;
		}
	}
	atomic_store(&shared->is_over, true);
	_exit(0);
}

int main(int argc, char **argv)
{
	struct sigaction action = {.sa_sigaction = on_trap, .sa_flags = SA_SIGINFO | SA_RESTART};
	unsigned long count = target_number(argc, argv, 1, 300), hits = 0;
	int go[2], status;
	pid_t child;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED || sigaction(SIGTRAP, &action, NULL) != 0 || pipe(go) != 0)
		target_fail("setup");
	child = fork();
	if (child < 0)
		target_fail("fork");
	if (child == 0)
		send_all(getppid(), count, go[0]);
	target_ready();
	if (write(go[1], "", 1) != 1)
		target_fail("write");
	while (!atomic_load_explicit(&shared->is_over, memory_order_relaxed)) {
		DTRACE_PROBE1(traps, tick, hits);
		hits++;
	}
	while (waitpid(child, &status, 0) != child)
		continue;
	printf("@hits: %lu\n", hits);
	for (int way = 0; way < WAYS; way++) {
		static const char *const names[] = {"kill", "tgkill", "sigqueue"};

		printf("%s: sent %lu, again %lu, taken %lu\n", names[way], count, atomic_load(&shared->resent[way]),
		       atomic_load(&shared->taken[way]));
	}
	printf("strange %lu, sender ended with %d\n", atomic_load(&shared->strange), status);
	return 0;
}
