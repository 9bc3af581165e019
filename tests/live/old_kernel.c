/* SPDX-License-Identifier: MIT */
/*
 * old_kernel ARGUMENT...: runs usdtrap as on an old kernel, for the live tests
 * a second time (make check-old): a filter of seccomp(2) gives the answers of a
 * kernel that does not know the newer system calls and requests of ptrace(2).
 *
 *	OLD_KERNEL=3.4   every call is ENOSYS that Linux 3.4 lacks, and every
 *	                 request of ptrace(2) is EIO that came later; nor is there,
 *	                 since it can be switched off there: process_vm_*, fanotify,
 *	                 inotify, perf_event_open, a seccomp filter, the connector;
 *	                 and vector registers have no upper halves, as in a virtual
 *	                 machine without XSAVE
 *	OLD_KERNEL=3.3   the same, and PTRACE_SEIZE, INTERRUPT and LISTEN as well
 *	OLD_KERNEL=unwritable  pwrite(2) is EIO, with which usdtrap writes to
 *	                 /proc/PID/mem and nothing else: as on a new kernel with
 *	                 proc_mem.force_override=never
 *	OLD_KERNEL=none  no ptrace(2) at all: EPERM, as the filters of some
 *	                 containers answer
 *
 * A filter cannot be taken off and is handed down: the programs of -c run under
 * it, too. What it cannot play is what an old kernel shows or hides in /proc,
 * and how its old calls behaved. What is run is OLD_KERNEL_USDTRAP (a path, or a
 * name in PATH) or, by default, ../../usdtrap beside this program.
 */
#include <elf.h>
#include <errno.h>
#include <limits.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
	FIRST_CALL_AFTER_3_4 = 312, /* kcmp: <asm/unistd_64.h> */
	SEIZE = 0x4206,             /* the first that came with 3.4: <linux/ptrace.h> */
	PEEKSIGINFO = 0x4209,       /* the first that came later */
};

#define LOAD(field)  BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define ANSWER(what) BPF_STMT(BPF_RET | BPF_K, what)
#define FAIL(number) ANSWER(SECCOMP_RET_ERRNO | (number))
/* What the next statement is only run for. */
#define IF_EQUAL(value)     BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1)
#define IF_AT_LEAST(value)  BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, value, 0, 1)
#define UNLESS_EQUAL(value) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 1, 0)
/* What so many statements behind it are only run for. */
#define ONLY_FOR(value, count) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, count)

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "old_kernel: %s: %s\n", what, strerror(errno));
	exit(125);
}

static void install(const struct sock_fprog *filter)
{
	/* Root need not promise never to gain rights, and its programs may then be set-user-ID. */
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, filter) == 0)
		return;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, filter) < 0)
		die("seccomp");
}

static void forbid_writing(void)
{
	struct sock_filter statements[] = {
		LOAD(arch),
		UNLESS_EQUAL(AUDIT_ARCH_X86_64),
		ANSWER(SECCOMP_RET_ALLOW),
		LOAD(nr),
		IF_EQUAL(SYS_pwrite64),
		FAIL(EIO),
		ANSWER(SECCOMP_RET_ALLOW),
	};

	install(&(struct sock_fprog){sizeof(statements) / sizeof(statements[0]), statements});
}

static void become_old(unsigned first_request_missing, unsigned error_number)
{
	struct sock_filter statements[] = {
		LOAD(arch),
		UNLESS_EQUAL(AUDIT_ARCH_X86_64),
		ANSWER(SECCOMP_RET_ALLOW),
		LOAD(nr),
		IF_AT_LEAST(FIRST_CALL_AFTER_3_4),
		FAIL(ENOSYS),
		IF_EQUAL(SYS_process_vm_readv),
		FAIL(ENOSYS),
		IF_EQUAL(SYS_process_vm_writev),
		FAIL(ENOSYS),
		IF_EQUAL(SYS_fanotify_init),
		FAIL(ENOSYS),
		IF_EQUAL(SYS_fanotify_mark),
		FAIL(ENOSYS),
		IF_EQUAL(SYS_inotify_init1),
		FAIL(ENOSYS),
		IF_EQUAL(SYS_perf_event_open),
		FAIL(ENOSYS),
		ONLY_FOR(SYS_prctl, 4),
		LOAD(args[0]),
		IF_EQUAL(PR_SET_SECCOMP),
		FAIL(EINVAL),
		ANSWER(SECCOMP_RET_ALLOW),
		ONLY_FOR(SYS_socket, 7),
		LOAD(args[0]),
		UNLESS_EQUAL(AF_NETLINK),
		ANSWER(SECCOMP_RET_ALLOW),
		LOAD(args[2]),
		IF_EQUAL(NETLINK_CONNECTOR),
		FAIL(EPROTONOSUPPORT),
		ANSWER(SECCOMP_RET_ALLOW),
		UNLESS_EQUAL(SYS_ptrace),
		ANSWER(SECCOMP_RET_ALLOW),
		LOAD(args[0]),
		IF_AT_LEAST(first_request_missing),
		FAIL(error_number),
		UNLESS_EQUAL(PTRACE_GETREGSET),
		ANSWER(SECCOMP_RET_ALLOW),
		LOAD(args[2]),
		IF_EQUAL(NT_X86_XSTATE),
		FAIL(ENODEV),
		ANSWER(SECCOMP_RET_ALLOW),
	};

	install(&(struct sock_fprog){sizeof(statements) / sizeof(statements[0]), statements});
}

int main(int argc, char **argv)
{
	const char *release = getenv("OLD_KERNEL"), *program = getenv("OLD_KERNEL_USDTRAP");
	char path[PATH_MAX + sizeof("/../../usdtrap")];
	ssize_t length;
	char *slash;

	(void)argc;
	if (!program) {
		length = readlink("/proc/self/exe", path, PATH_MAX);
		if (length < 0)
			die("/proc/self/exe");
		path[length] = '\0';
		slash = strrchr(path, '/');
		strcpy(slash, "/../../usdtrap");
		program = path;
	}
	if (release && strcmp(release, "unwritable") == 0)
		forbid_writing();
	else if (release && strcmp(release, "none") == 0)
		become_old(0, EPERM);
	else
		become_old(release && strcmp(release, "3.3") == 0 ? SEIZE : PEEKSIGINFO, EIO);
	execvp(program, argv);
	die(program);
}
