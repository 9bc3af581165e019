/* SPDX-License-Identifier: MIT */
/*
 * filtered filter|strict: locks itself in by seccomp(2), says "ready", and hits filtered:tick(number) until standard
 * input ends. With `filter' every system call but a handful ends it, as the filter of a small service does; `strict' is
 * seccomp's strict mode: read, write, exit and sigreturn.
 */
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/sdt.h>
#include <sys/syscall.h>

#include "target.h"

#define ALLOW(number) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (number), 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

static void lock_in(bool is_strict)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		ALLOW(SYS_read),
		ALLOW(SYS_write),
		ALLOW(SYS_poll),
		ALLOW(SYS_rt_sigaction),
		ALLOW(SYS_rt_sigreturn),
		ALLOW(SYS_exit_group),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
	};
	const struct sock_fprog program = {sizeof(filter) / sizeof(filter[0]), filter};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		target_fail("no_new_privs");
	if (is_strict ? prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT)
		      : prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
		target_fail("seccomp");
}

int main(int argc, char **argv)
{
	const bool is_strict = argc > 1 && strcmp(argv[1], "strict") == 0;
	struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
	char byte;

	lock_in(is_strict);
	(void)!write(STDOUT_FILENO, "ready\n", 6);
	if (is_strict) /* it cannot poll: a byte of input, a hit */
		while (read(STDIN_FILENO, &byte, 1) == 1)
			DTRACE_PROBE1(filtered, tick, 0);
	else
		for (unsigned long i = 0; poll(&input, 1, 0) == 0; i++)
			DTRACE_PROBE1(filtered, tick, i);
	(void)!write(STDOUT_FILENO, "done\n", 5);
	syscall(is_strict ? SYS_exit : SYS_exit_group, 0);
	return 0;
}
