/* SPDX-License-Identifier: MIT */
/*
 * The reasons, each in a /proc that shows nothing else: usdtrap is process 100
 * and wants to trace 42 (cat), which would be allowed but for what the row
 * adds. Later lines of a status file override earlier ones. Where a row needs
 * users that differ from the owner of the files, it uses 54321 and 65432.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/strbuf.h"
#include "os/procfs.h"
#include "os/refusal.h"
#include "support/fake_proc.h"

#define ALICE   "Uid:\t54321\t54321\t54321\t54321\nGid:\t54321\t54321\t54321\t54321\n"
#define BOB     "Uid:\t65432\t65432\t65432\t65432\nGid:\t65432\t65432\t65432\t65432\n"
#define ROOT    "Uid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\n"
#define CAPABLE "CapPrm:\t0000000000080000\nCapEff:\t0000000000080000\n"

#define SUDO "run it as root: sudo usdtrap -p 42"
#define APPARMOR                                                                                    \
	"see what was denied: sudo dmesg | grep 'apparmor=\"DENIED\"'; in a container: docker run " \
	"--security-opt apparmor=unconfined"

struct file {
	const char *name;
	const char *text;
};

static const struct row {
	const char *name;
	const char *self;   /* appended to usdtrap's status */
	const char *target; /* appended to the target's */
	struct file files[4];
	pid_t tid;        /* 0: the process itself */
	int error_number; /* 0: EPERM */
	enum usdtrap_error_code code;
	const char *message;
	const char *hint;
} rows[] = {
	/* What the target is */
	{.name = "usdtrap itself",
	 .target = "Tgid:\t100\n",
	 .code = USDTRAP_INVALID_USE,
	 .message = "cannot trace 42 (cat): it is usdtrap itself, and no process can trace itself"},
	{.name = "a thread's number",
	 .target = "Tgid:\t41\n",
	 .code = USDTRAP_NOT_FOUND,
	 .message = "cannot trace 42 (cat): it is a thread of process 41",
	 .hint = "trace the process: usdtrap -p 41"},
	{.name = "a zombie",
	 .target = "State:\tZ (zombie)\nPPid:\t7\n",
	 .files = {{"7/status", "Name:\tmake\nTgid:\t7\n"}},
	 .code = USDTRAP_NOT_FOUND,
	 .message = "cannot trace 42 (cat): it has ended and waits for its parent, 7 (make), to notice (a zombie)"},
	{.name = "a zombie whose parent is not to be seen",
	 .target = "State:\tZ (zombie)\nPPid:\t7\n",
	 .code = USDTRAP_NOT_FOUND,
	 .message = "cannot trace 42 (cat): it has ended"},
	{.name = "a leader that ended before its threads",
	 .target = "State:\tZ (zombie)\nThreads:\t2\n",
	 .code = USDTRAP_GONE,
	 .message = "the thread or process has ended"},
	{.name = "a thread that ended",
	 .tid = 43,
	 .files = {{"43/status", "Name:\tcat\nTgid:\t42\nState:\tX (dead)\n"}},
	 .code = USDTRAP_GONE,
	 .message = "the thread or process has ended"},
	{.name = "a thread that is no more",
	 .tid = 43,
	 .error_number = ESRCH,
	 .code = USDTRAP_GONE,
	 .message = "the thread or process has ended"},
	{.name = "a thread of the kernel",
	 .target = "Name:\tkworker/0:1-events\n",
	 .files = {{"42/task/42/stat", "42 (kworker/0:1) I 2 0 0 0 -1 69238880 0\n"}},
	 .code = USDTRAP_UNSUPPORTED,
	 .message = "cannot trace 42 (kworker/0:1-events): it is a thread of the kernel and runs no program"},

	/* What forbids everybody */
	{.name = "strace is faster",
	 .target = "TracerPid:\t77\n",
	 .files = {{"77/status", "Name:\tstrace\nTgid:\t77\n"}},
	 .code = USDTRAP_PERMISSION,
	 .message = "cannot trace 42 (cat): 77 (strace) traces it already, and there can be only one",
	 .hint = "end that first: kill -INT 77"},
	{.name = "gdb is faster",
	 .target = "TracerPid:\t77\n",
	 .files = {{"77/status", "Name:\tgdb\nTgid:\t77\n"}},
	 .code = USDTRAP_PERMISSION,
	 .message = "cannot trace 42 (cat): 77 (gdb) traces it already, and there can be only one",
	 .hint = "type \"detach\" in that gdb"},
	{.name = "a thread of usdtrap is faster, and is named as its process",
	 .target = "TracerPid:\t78\n",
	 .files = {{"78/status", "Name:\tusdtrap\nTgid:\t77\n"}},
	 .code = USDTRAP_PERMISSION,
	 .message = "cannot trace 42 (cat): 77 (usdtrap) traces it already, and there can be only one",
	 .hint = "end that first: kill -INT 77"},
	{.name = "a hidden tracer is faster",
	 .target = "TracerPid:\t77\n",
	 .code = USDTRAP_PERMISSION,
	 .message = "cannot trace 42 (cat): process 77 traces it already, and there can be only one"},
	{.name = "one thread is traced already",
	 .tid = 43,
	 .files = {{"43/status", "Name:\tcat\nTgid:\t42\nTracerPid:\t77\n"},
		   {"77/status", "Name:\tstrace\nTgid:\t77\n"}},
	 .code = USDTRAP_PERMISSION,
	 .message = "cannot trace thread 43 of 42 (cat): 77 (strace) traces it already, and there can be only one",
	 .hint = "end that first: kill -INT 77"},
	{.name = "Yama 3, even for root",
	 .self = ROOT CAPABLE,
	 .target = ROOT,
	 .files = {{"sys/kernel/yama/ptrace_scope", "3\n"}},
	 .code = USDTRAP_PERMISSION,
	 .message = "cannot trace 42 (cat): Yama forbids all tracing on this machine until it is restarted "
		    "(kernel.yama.ptrace_scope = 3)",
	 .hint = "set kernel.yama.ptrace_scope to 1 in /etc/sysctl.d, then restart the machine"},

	/* Whose it is */
	{.name = "root of a container, and a process outside of it",
	 .self = ROOT CAPABLE,
	 .target = "Uid:\t65534\t65534\t65534\t65534\n",
	 .files = {{"100/uid_map", "         0     100000      65536\n"}, {"42/ns", "not a folder"}},
	 .code = USDTRAP_PERMISSION,
	 .message = "cannot trace 42 (cat): it is in another user namespace, where usdtrap's capabilities do not count",
	 .hint = "run usdtrap as root outside of this container"},
	{.name = "another user's",
	 .self = ALICE,
	 .target = BOB,
	 .code = USDTRAP_PERMISSION,
	 .message = "cannot trace 42 (cat): it belongs to user 65432, and usdtrap runs as user 54321",
	 .hint = SUDO},
	{.name = "root's",
	 .self = ALICE,
	 .target = ROOT,
	 .code = USDTRAP_PERMISSION,
	 .message = "cannot trace 42 (cat): it belongs to root, and usdtrap runs as user 54321",
	 .hint = SUDO},
	{.name = "another user's, for a root without the capability",
	 .self = ROOT,
	 .target = BOB,
	 .code = USDTRAP_PERMISSION,
	 .message = "cannot trace 42 (cat): it belongs to user 65432, and usdtrap, though root, lacks CAP_SYS_PTRACE",
	 .hint = "give the capability to the container (docker run --cap-add=SYS_PTRACE), or run usdtrap as that user: "
		 "setpriv --reuid=65432 --regid=65432 --clear-groups usdtrap -p 42"},
	{.name = "another user's before Yama",
	 .self = ALICE,
	 .target = BOB,
	 .files = {{"sys/kernel/yama/ptrace_scope", "1\n"}},
	 .code = USDTRAP_PERMISSION,
	 .message = "cannot trace 42 (cat): it belongs to user 65432, and usdtrap runs as user 54321",
	 .hint = SUDO},
	{.name = "a set-user-ID program",
	 .self = ALICE,
	 .target = ALICE "Uid:\t54321\t0\t0\t0\n",
	 .code = USDTRAP_PERMISSION,
	 .message = "cannot trace 42 (cat): it is a set-user-ID program and has the rights of root",
	 .hint = SUDO},
	{.name = "a set-user-ID program that may take its rights back",
	 .self = ALICE,
	 .target = ALICE "Uid:\t54321\t54321\t65432\t54321\n",
	 .code = USDTRAP_PERMISSION,
	 .message = "cannot trace 42 (cat): it is a set-user-ID program and has the rights of user 65432",
	 .hint = SUDO},
	{.name = "a set-group-ID program",
	 .self = ALICE,
	 .target = ALICE "Gid:\t54321\t42\t42\t42\n",
	 .code = USDTRAP_PERMISSION,
	 .message = "cannot trace 42 (cat): it has the rights of group 42, and usdtrap runs as group 54321",
	 .hint = SUDO},
	{.name = "not dumpable: its files are not its own",
	 .self = ALICE,
	 .target = ALICE,
	 .code = USDTRAP_PERMISSION,
	 .message =
		 "cannot trace 42 (cat): it does not want to be looked into: it set PR_SET_DUMPABLE to 0, has changed "
		 "its user, or its program file may not be read",
	 .hint = SUDO},
	{.name = "more capable",
	 .self = "CapPrm:\t0000000000000400\n",
	 .target = "CapPrm:\t0000000000003400\n",
	 .code = USDTRAP_PERMISSION,
	 .message = "cannot trace 42 (cat): it has capabilities that usdtrap lacks: CAP_NET_ADMIN, CAP_NET_RAW",
	 .hint = SUDO},
	{.name = "capable of what has no name yet",
	 .target = "CapPrm:\t8000030000000000\n",
	 .code = USDTRAP_PERMISSION,
	 .message =
		 "cannot trace 42 (cat): it has capabilities that usdtrap lacks: CAP_CHECKPOINT_RESTORE, capability 41, "
		 "capability 63",
	 .hint = SUDO},

	/* What the machine says */
	{.name = "Yama 1",
	 .files = {{"sys/kernel/yama/ptrace_scope", "1\n"}},
	 .code = USDTRAP_PERMISSION,
	 .message = "cannot trace 42 (cat): Yama lets users trace only what they start under the tracer "
		    "(kernel.yama.ptrace_scope = 1)",
	 .hint = "start the program with usdtrap -c CMD, or run it as root (sudo usdtrap -p 42), or allow it until the next "
		 "restart: sudo sysctl kernel.yama.ptrace_scope=0"},
	{.name = "Yama 2",
	 .files = {{"sys/kernel/yama/ptrace_scope", "2\n"}},
	 .code = USDTRAP_PERMISSION,
	 .message = "cannot trace 42 (cat): Yama lets only root trace (kernel.yama.ptrace_scope = 2)",
	 .hint = SUDO},
	{.name = "our own descendant under Yama 1: not Yama",
	 .target = "PPid:\t50\n",
	 .files = {{"50/status", "Name:\tsh\nTgid:\t50\nPPid:\t100\n"},
		   {"sys/kernel/yama/ptrace_scope", "1\n"},
		   {"42/attr/current", "jail (enforce)\n"},
		   {"100/attr/current", "unconfined\n"}},
	 .code = USDTRAP_PERMISSION,
	 .message = "cannot trace 42 (cat): AppArmor confines it by the profile jail, which forbids it",
	 .hint = APPARMOR},
	{.name = "AppArmor confines us",
	 .files = {{"42/attr/current", "docker-default (enforce)\n"},
		   {"100/attr/current", "docker-default (enforce)\n"}},
	 .code = USDTRAP_PERMISSION,
	 .message = "cannot trace 42 (cat): AppArmor confines usdtrap by the profile docker-default, which forbids it",
	 .hint = APPARMOR},
	{.name = "AppArmor, stacked under another module",
	 .files = {{"100/attr/apparmor/current", "a b (enforce)\n"}, {"100/attr/current", "_\n"}},
	 .code = USDTRAP_PERMISSION,
	 .message = "cannot trace 42 (cat): AppArmor confines usdtrap by the profile a b, which forbids it",
	 .hint = APPARMOR},
	{.name = "AppArmor that only complains is no reason",
	 .self = CAPABLE,
	 .files = {{"42/attr/current", "x (complain)\n"}, {"100/attr/current", "unconfined\n"}},
	 .code = USDTRAP_PERMISSION,
	 .message = "cannot trace 42 (cat): Operation not permitted, for a reason that /proc does not show",
	 .hint = "something outside this container may trace it already, or a security module be in the way: sudo dmesg"},

	/* Nothing found */
	{.name = "no reason, no capability",
	 .code = USDTRAP_PERMISSION,
	 .message = "cannot trace 42 (cat): Operation not permitted, for a reason that /proc does not show",
	 .hint = "usdtrap lacks CAP_SYS_PTRACE: sudo usdtrap -p 42, or in a container docker run --cap-add=SYS_PTRACE"},
	{.name = "no reason, root of the first namespace",
	 .self = CAPABLE,
	 .files = {{"100/uid_map", "         0          0 4294967295\n"}, {"42/ns", "not a folder"}},
	 .code = USDTRAP_PERMISSION,
	 .message = "cannot trace 42 (cat): Operation not permitted, for a reason that /proc does not show",
	 .hint = "something outside this container may trace it already, or a security module be in the way: sudo dmesg"},
};

static void add_process(const struct fake_proc *proc, const char *name, const char *status)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	char path[32];

	strbuf_addf(&text, "%sUid:\t%u\t%u\t%u\t%u\nGid:\t%u\t%u\t%u\t%u\nThreads:\t1\n", status, getuid(), getuid(),
		    getuid(), getuid(), getgid(), getgid(), getgid(), getgid());
	snprintf(path, sizeof(path), "%s/status", name);
	fake_proc_file(proc, path, strbuf_text(&text));
}

static void append(const struct fake_proc *proc, const char *name, const char *text)
{
	_cleanup_file_ FILE *file = NULL;
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", proc->root, name);
	file = fopen(path, "a");
	assert_non_null(file);
	fputs(text, file);
}

static int create_tree(void **state)
{
	struct fake_proc *proc = malloc(sizeof(*proc));

	assert_non_null(proc);
	fake_proc_create(proc);
	fake_proc_link(proc, "self", "100");
	add_process(proc, "100", "Name:\tusdtrap\nState:\tR (running)\nTgid:\t100\nPPid:\t1\n");
	add_process(proc, "42", "Name:\tcat\nState:\tS (sleeping)\nTgid:\t42\nPPid:\t1\n");
	fake_proc_file(proc, "42/maps", "");
	fake_proc_file(proc, "42/task/42/stat", "42 (cat) S 1 42 42 34816 42 4194304 0\n");
	*state = proc;
	return 0;
}

static int destroy_tree(void **state)
{
	fake_proc_destroy(*state);
	free(*state);
	return 0;
}

static void assert_error(struct usdtrap_error *error, const char *name, enum usdtrap_error_code code,
			 const char *message, const char *hint)
{
	const char *got_hint;

	if (!error)
		fail_msg("%s: no error", name);
	got_hint = usdtrap_error_hint(error);
	if (strcmp(usdtrap_error_message(error), message) != 0)
		fail_msg("%s: '%s', not '%s'", name, usdtrap_error_message(error), message);
	if (usdtrap_error_code(error) != code)
		fail_msg("%s: code %d, not %d", name, usdtrap_error_code(error), code);
	if (strcmp(got_hint ? got_hint : "none", hint ? hint : "none") != 0)
		fail_msg("%s: hint '%s', not '%s'", name, got_hint ? got_hint : "none", hint ? hint : "none");
	usdtrap_error_destroy(error);
}

static void check_row(const struct row *row)
{
	struct fake_proc *proc;
	void *state;

	create_tree(&state);
	proc = state;
	append(proc, "100/status", row->self ? row->self : "");
	append(proc, "42/status", row->target ? row->target : "");
	for (size_t i = 0; i < sizeof(row->files) / sizeof(row->files[0]) && row->files[i].name; i++)
		fake_proc_file(proc, row->files[i].name, row->files[i].text);
	assert_error(refusal_explain(proc->root, 42, row->tid ? row->tid : 42,
				     row->error_number ? row->error_number : EPERM),
		     row->name, row->code, row->message, row->hint);
	destroy_tree(&state);
}

static void test_refusal_each_reason_is_told(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_row(&rows[i]);
}

static void test_refusal_nobody_of_that_number(void **state)
{
	struct fake_proc *proc = *state;

	fake_proc_remove(proc, "42");
	assert_error(refusal_explain(proc->root, 42, 42, ESRCH), "none", USDTRAP_NOT_FOUND,
		     "cannot trace 42: no such process", "list processes: ps -e");
}

static void test_refusal_hidden_by_proc(void **state)
{
	struct fake_proc *proc = *state;

	fake_proc_remove(proc, "42");
	assert_error(refusal_explain(proc->root, 42, 42, EPERM), "hidden", USDTRAP_PERMISSION,
		     "cannot trace 42: it belongs to another user, and /proc hides it (hidepid)", SUDO);
}

/* SELinux shows itself by its file system, wherever that is mounted. */

static void mount_selinux(const struct fake_proc *proc, const char *enforce, const char *deny_ptrace)
{
	char mounts[256];

	snprintf(mounts, sizeof(mounts),
		 "proc /proc proc rw 0 0\nodd\nselinuxfs %s/selinux selinuxfs rw,nosuid 0 0\ntmpfs /run tmpfs rw 0 0\n",
		 proc->root);
	fake_proc_file(proc, "100/mounts", mounts);
	fake_proc_file(proc, "selinux/enforce", enforce);
	fake_proc_file(proc, "selinux/booleans/deny_ptrace", deny_ptrace);
	fake_proc_file(proc, "100/attr/current", "user_u:user_r:user_t:s0\n");
}

static void test_refusal_selinux_denies_all(void **state)
{
	struct fake_proc *proc = *state;

	mount_selinux(proc, "1", "1 1\n");
	assert_error(refusal_explain(proc->root, 42, 42, EPERM), "deny_ptrace", USDTRAP_PERMISSION,
		     "cannot trace 42 (cat): SELinux denies tracing to everybody (boolean deny_ptrace)",
		     "allow it until the next restart: sudo setsebool deny_ptrace 0");
}

static void test_refusal_selinux_policy(void **state)
{
	struct fake_proc *proc = *state;

	mount_selinux(proc, "1", "0 0\n");
	assert_error(
		refusal_explain(proc->root, 42, 42, EPERM), "hidden context", USDTRAP_PERMISSION,
		"cannot trace 42 (cat): nothing but SELinux is in the way: usdtrap runs as user_u:user_r:user_t:s0, the "
		"process as something that is not shown",
		"see what was denied: sudo ausearch -m avc -ts recent");
	fake_proc_file(proc, "42/attr/current", "system_u:system_r:init_t:s0\n");
	assert_error(
		refusal_explain(proc->root, 42, 42, EPERM), "context", USDTRAP_PERMISSION,
		"cannot trace 42 (cat): nothing but SELinux is in the way: usdtrap runs as user_u:user_r:user_t:s0, the "
		"process as system_u:system_r:init_t:s0",
		"see what was denied: sudo ausearch -m avc -ts recent");
}

static void test_refusal_selinux_permissive_is_no_reason(void **state)
{
	struct fake_proc *proc = *state;

	mount_selinux(proc, "0", "1 1\n");
	assert_error(
		refusal_explain(proc->root, 42, 42, EPERM), "permissive", USDTRAP_PERMISSION,
		"cannot trace 42 (cat): Operation not permitted, for a reason that /proc does not show",
		"usdtrap lacks CAP_SYS_PTRACE: sudo usdtrap -p 42, or in a container docker run --cap-add=SYS_PTRACE");
}

/* A real filter, in a child that lives under it. */

/* Makes ptrace(2) fail with ERROR_NUMBER from now on. */
static bool forbid_ptrace(unsigned error_number)
{
	struct sock_filter instructions[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ptrace, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error_number),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {
		.len = sizeof(instructions) / sizeof(instructions[0]),
		.filter = instructions,
	};

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
}

static void test_refusal_seccomp_filter_is_found_before_users(void **state)
{
	enum { EXPLAINED = 0, OTHERWISE = 1, NO_SECCOMP = 2 };
	static const char message[] =
		"cannot trace 42 (cat): a seccomp filter denies usdtrap the system call ptrace(2): Function not implemented";
	struct fake_proc *proc = *state;
	struct usdtrap_error *error;
	int status;
	pid_t child;

	append(proc, "42/status", BOB);
	child = fork();
	if (child == 0) {
		if (!forbid_ptrace(ENOSYS))
			_exit(NO_SECCOMP);
		error = refusal_explain(proc->root, 42, 42, ENOSYS);
		_exit(strcmp(usdtrap_error_message(error), message) == 0 ? EXPLAINED : OTHERWISE);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == NO_SECCOMP)
		skip();
	assert_int_equal(WEXITSTATUS(status), EXPLAINED);
}

#define TREE_TEST(function) cmocka_unit_test_setup_teardown(function, create_tree, destroy_tree)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refusal_each_reason_is_told),
		TREE_TEST(test_refusal_nobody_of_that_number),
		TREE_TEST(test_refusal_hidden_by_proc),
		TREE_TEST(test_refusal_selinux_denies_all),
		TREE_TEST(test_refusal_selinux_policy),
		TREE_TEST(test_refusal_selinux_permissive_is_no_reason),
		TREE_TEST(test_refusal_seccomp_filter_is_found_before_users),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
