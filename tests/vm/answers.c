/* SPDX-License-Identifier: MIT */
/*
 * Prints how this kernel answers system calls that it may not have, asked in a
 * way that changes nothing: "NAME ERROR", or "NAME ok".
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static const struct call {
	const char *name;
	long number;
	long arguments[3];
} calls[] = {
	{"bpf", SYS_bpf, {-1, 0, 0}},
	{"fanotify_init", SYS_fanotify_init, {-1, 0, 0}},
	{"io_uring_setup", SYS_io_uring_setup, {0, 0, 0}},
	{"kcmp", SYS_kcmp, {0, 0, 0}},
	{"membarrier", SYS_membarrier, {-1, 0, 0}},
	{"memfd_create", SYS_memfd_create, {0, 0, 0}},
	{"process_vm_readv", SYS_process_vm_readv, {0, 0, 0}},
	{"rseq", SYS_rseq, {0, 0, 0}},
	{"seccomp", SYS_seccomp, {-1, 0, 0}},
	{"socket", SYS_socket, {-1, 0, 0}},
};

int main(void)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		const long *argument = calls[i].arguments;
		long result = syscall(calls[i].number, argument[0], argument[1], argument[2], 0, 0, 0);

		printf("%s %s\n", calls[i].name, result < 0 ? strerrorname_np(errno) : "ok");
	}
	return 0;
}
