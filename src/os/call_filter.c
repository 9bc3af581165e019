/* SPDX-License-Identifier: MIT */
#include "os/call_filter.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/utsname.h>

#include "arch/arch.h"

/*
 * The program, for two ranges of numbers, [a, b] and [c, d]:
 *
 *	load the architecture; another one: allow
 *	load the number
 *	less than a? allow
 *	at most b? trace
 *	less than c? allow
 *	at most d? trace
 *	allow
 *
 * Numbers of other conventions under the same architecture (x32) have a high
 * bit set and are larger than all.
 */
size_t call_filter_make(const uint16_t *numbers, size_t count, struct sock_filter filter[CALL_FILTER_SIZE_MAX])
{
	const struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	const struct sock_filter stop = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE);
	struct sock_filter *at = filter;

	*at++ = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch));
	*at++ = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, arch_native()->audit_architecture, 1, 0);
	*at++ = allow;
	*at++ = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
	for (size_t first = 0, last; first < count; first = last + 1) {
		for (last = first; last + 1 < count && numbers[last + 1] == numbers[last] + 1;)
			last++;
		*at++ = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, numbers[first], 1, 0);
		*at++ = allow;
		*at++ = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, numbers[last], 1, 0);
		*at++ = stop;
	}
	*at++ = allow;
	return (size_t)(at - filter);
}

bool call_filter_is_possible(void)
{
	struct utsname system;
	unsigned major, minor;

	if (uname(&system) < 0 || sscanf(system.release, "%u.%u", &major, &minor) != 2 || major < 4 ||
	    (major == 4 && minor < 8))
		return false;
	/* It can be left out when a kernel is built: that is EINVAL. No filter at all is a bad address, where it is
	 * not. */
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL, 0, 0) < 0 && errno == EFAULT;
}

int call_filter_install(struct sock_filter *filter, size_t size)
{
	const struct sock_fprog program = {.len = (unsigned short)size, .filter = filter};

	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0)
		return 0;
	if (errno != EACCES)
		return errno;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) < 0)
		return errno;
	return 0;
}
