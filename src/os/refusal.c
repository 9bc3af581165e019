/* SPDX-License-Identifier: MIT */
/*
 * Why a process cannot be traced.
 *
 * ptrace(2) says EPERM for a dozen different reasons. Most leave traces in
 * /proc, so the reason is found by asking for each in turn, on a ladder whose
 * order makes the first answer the true one:
 *
 *	what the target is     ended, ourselves, a thread, a zombie, the kernel's
 *	what forbids everybody old kernel, seccomp, another tracer, Yama 3
 *	whose it is            user namespace, user, set-user-ID, dumpable, capabilities
 *	what the machine says  Yama 1 and 2, SELinux, AppArmor
 *	nothing found          said so, with what is left to try
 *
 * The middle part follows the kernel's own checks, __ptrace_may_access() in
 * kernel/ptrace.c and cap_ptrace_access_check() in security/commoncap.c:
 * real user and group must equal all three of the target's, the target must be
 * dumpable, and its permitted capabilities a part of ours; CAP_SYS_PTRACE, in
 * the target's user namespace, replaces each of these. ptrace(2), "Ptrace access
 * mode checking", tells the same.
 *
 * Not seen from here: a tracer outside our pid namespace, Landlock, and
 * security modules that leave no mark in /proc.
 */
#include "os/refusal.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/strbuf.h"
#include "base/user.h"
#include "os/capability.h"
#include "os/procfs.h"
#include "os/procfs_file.h"
#include "os/ptrace.h"
#include "os/security_module.h"

/* What is asked, and what is known from the start. */
struct refusal {
	const char *root;
	pid_t pid;
	pid_t tid;
	int error_number;
	pid_t self_pid;
	struct procfs_status self;
	struct procfs_status process; /* of PID */
	struct procfs_status thread;  /* of TID */
	char who[128];                /* "42 (cat)", "thread 43 of 42 (cat)" */
};

static struct usdtrap_error *refuse(const struct refusal *refusal, enum usdtrap_error_code code, const char *format,
				    ...) __attribute__((format(printf, 3, 4), warn_unused_result));

/* "cannot trace WHO: REASON" */
static struct usdtrap_error *refuse(const struct refusal *refusal, enum usdtrap_error_code code, const char *format,
				    ...)
{
	_cleanup_strbuf_ struct strbuf reason = {0};
	va_list arguments;

	va_start(arguments, format);
	strbuf_vaddf(&reason, format, arguments);
	va_end(arguments);
	return error_create(code, "cannot trace %s: %s", refusal->who, strbuf_text(&reason));
}

/* "root", "user ada", "user 1000". */
static const char *name_user(uid_t uid, char *buffer, size_t size)
{
	_cleanup_free_ char *name = uid == 0 ? NULL : user_name(uid);

	if (uid == 0)
		snprintf(buffer, size, "root");
	else if (name)
		snprintf(buffer, size, "user %s", name);
	else
		snprintf(buffer, size, "user %u", uid);
	return buffer;
}

/* The hint of everything that root may do and others may not. */
static struct usdtrap_error *hint_root(const struct refusal *refusal, struct usdtrap_error *error)
{
	return error_hint(error, "run it as root: sudo usdtrap -p %d", (int)refusal->pid);
}

static bool has_ptrace_capability(const struct refusal *refusal)
{
	return capability_is_in(refusal->self.capabilities_effective, CAPABILITY_SYS_PTRACE);
}

/* What the target is */

static struct usdtrap_error *cause_is_usdtrap(const struct refusal *refusal)
{
	if (refusal->process.tgid != refusal->self_pid)
		return NULL;
	return refuse(refusal, USDTRAP_INVALID_USE, "it is usdtrap itself, and no process can trace itself");
}

static struct usdtrap_error *cause_is_thread(const struct refusal *refusal)
{
	struct usdtrap_error *error;

	if (refusal->process.tgid == refusal->pid)
		return NULL;
	error = refuse(refusal, USDTRAP_NOT_FOUND, "it is a thread of process %d", (int)refusal->process.tgid);
	return error_hint(error, "trace the process: usdtrap -p %d", (int)refusal->process.tgid);
}

static struct usdtrap_error *cause_has_ended(const struct refusal *refusal)
{
	struct procfs_status parent;
	struct usdtrap_error *error;

	if (!strchr("ZX", refusal->thread.state))
		return NULL;
	/* One thread of several that ended is not the end of the process. */
	if (refusal->tid != refusal->pid || refusal->process.threads > 1)
		return &error_gone;
	error = procfs_status_read(refusal->root, refusal->process.parent, &parent);
	if (error) {
		usdtrap_error_destroy(error);
		return refuse(refusal, USDTRAP_NOT_FOUND, "it has ended");
	}
	return refuse(refusal, USDTRAP_NOT_FOUND,
		      "it has ended and waits for its parent, %d (%s), to notice (a zombie)",
		      (int)refusal->process.parent, parent.name);
}

static struct usdtrap_error *cause_is_kernel_thread(const struct refusal *refusal)
{
	struct procfs_stat stat;
	struct usdtrap_error *error = procfs_stat_read(refusal->root, refusal->pid, refusal->tid, &stat);

	if (error) {
		usdtrap_error_destroy(error);
		return NULL;
	}
	if (!stat.is_kernel_thread)
		return NULL;
	return refuse(refusal, USDTRAP_UNSUPPORTED, "it is a thread of the kernel and runs no program");
}

/* What forbids everybody */

static struct usdtrap_error *cause_seccomp(const struct refusal *refusal)
{
	int error_number = ptrace_probe();
	struct usdtrap_error *error;

	if (!error_number)
		return NULL;
	error = refuse(refusal, USDTRAP_PERMISSION, "a seccomp filter denies usdtrap the system call ptrace(2): %s",
		       strerror(error_number));
	return error_hint(error, "in a container: docker run --security-opt seccomp=unconfined; in a systemd unit: "
				 "SystemCallFilter=@debug");
}

static struct usdtrap_error *cause_other_tracer(const struct refusal *refusal)
{
	const pid_t tracer = refusal->thread.tracer;
	struct procfs_status status;
	struct usdtrap_error *error;

	if (!tracer)
		return NULL;
	error = procfs_status_read(refusal->root, tracer, &status);
	if (error) {
		usdtrap_error_destroy(error);
		return refuse(refusal, USDTRAP_PERMISSION, "process %d traces it already, and there can be only one",
			      (int)tracer);
	}
	error = refuse(refusal, USDTRAP_PERMISSION, "%d (%s) traces it already, and there can be only one",
		       (int)status.tgid, status.name);
	if (strcmp(status.name, "gdb") == 0)
		return error_hint(error, "type \"detach\" in that gdb");
	return error_hint(error, "end that first: kill -INT %d", (int)status.tgid);
}

/* The value of kernel.yama.ptrace_scope, 0 where there is no Yama. */
static int yama_scope(const struct refusal *refusal)
{
	char line[16];
	struct usdtrap_error *error = procfs_line(refusal->root, 0, "sys/kernel/yama/ptrace_scope", line, sizeof(line));

	if (!error)
		return atoi(line);
	usdtrap_error_destroy(error);
	return 0;
}

static struct usdtrap_error *cause_yama_forbids_all(const struct refusal *refusal)
{
	struct usdtrap_error *error;

	if (yama_scope(refusal) < 3)
		return NULL;
	error = refuse(refusal, USDTRAP_PERMISSION,
		       "Yama forbids all tracing on this machine until it is restarted (kernel.yama.ptrace_scope = 3)");
	return error_hint(error, "set kernel.yama.ptrace_scope to 1 in /etc/sysctl.d, then restart the machine");
}

/* Whose it is */

/*
 * CAP_SYS_PTRACE counts in our own user namespace and those below. With it, the
 * target's ns/user can be read wherever it counts; and it counts everywhere
 * for a process of the first namespace, whose uid_map maps all ids to themselves.
 */
static struct usdtrap_error *cause_user_namespace(const struct refusal *refusal)
{
	_cleanup_free_ char *namespace = NULL;
	unsigned inside = 1;
	unsigned outside = 1;
	unsigned count = 0;
	struct usdtrap_error *error;
	char line[64];

	if (!has_ptrace_capability(refusal))
		return NULL;
	error = procfs_line(refusal->root, refusal->self_pid, "uid_map", line, sizeof(line));
	if (error || sscanf(line, "%u %u %u", &inside, &outside, &count) != 3 ||
	    (inside == 0 && outside == 0 && count == UINT32_MAX)) {
		usdtrap_error_destroy(error);
		return NULL;
	}
	error = procfs_link(refusal->root, refusal->pid, "ns/user", &namespace);
	if (!error)
		return NULL;
	usdtrap_error_destroy(error);
	error = refuse(refusal, USDTRAP_PERMISSION,
		       "it is in another user namespace, where usdtrap's capabilities do not count");
	return error_hint(error, "run usdtrap as root outside of this container");
}

static struct usdtrap_error *cause_other_user(const struct refusal *refusal)
{
	const struct procfs_status *self = &refusal->self;
	const struct procfs_status *target = &refusal->process;
	struct usdtrap_error *error;
	char target_name[64];
	char self_name[64];

	if (target->uid == self->uid || has_ptrace_capability(refusal))
		return NULL;
	name_user(target->uid, target_name, sizeof(target_name));
	if (self->uid == 0) {
		error = refuse(refusal, USDTRAP_PERMISSION,
			       "it belongs to %s, and usdtrap, though root, lacks CAP_SYS_PTRACE", target_name);
		return error_hint(
			error,
			"give the capability to the container (docker run --cap-add=SYS_PTRACE), or run usdtrap "
			"as that user: setpriv --reuid=%u --regid=%u --clear-groups usdtrap -p %d",
			target->uid, target->gid, (int)refusal->pid);
	}
	name_user(self->uid, self_name, sizeof(self_name));
	error = refuse(refusal, USDTRAP_PERMISSION, "it belongs to %s, and usdtrap runs as %s", target_name, self_name);
	return hint_root(refusal, error);
}

static struct usdtrap_error *cause_set_id_program(const struct refusal *refusal)
{
	const struct procfs_status *self = &refusal->self;
	const struct procfs_status *target = &refusal->process;
	struct usdtrap_error *error;
	char name[64];

	if (has_ptrace_capability(refusal))
		return NULL;
	if (target->effective_uid != self->uid || target->saved_uid != self->uid) {
		name_user(target->effective_uid != self->uid ? target->effective_uid : target->saved_uid, name,
			  sizeof(name));
		error = refuse(refusal, USDTRAP_PERMISSION, "it is a set-user-ID program and has the rights of %s",
			       name);
		return hint_root(refusal, error);
	}
	if (target->gid != self->gid || target->effective_gid != self->gid || target->saved_gid != self->gid) {
		error = refuse(
			refusal, USDTRAP_PERMISSION, "it has the rights of group %u, and usdtrap runs as group %u",
			target->effective_gid != self->gid ? target->effective_gid : target->saved_gid, self->gid);
		return hint_root(refusal, error);
	}
	return NULL;
}

/* The files of a process that is not dumpable belong to root, whoever runs it: prctl(2), PR_SET_DUMPABLE. */
static struct usdtrap_error *cause_not_dumpable(const struct refusal *refusal)
{
	const struct procfs_file file = {refusal->root, refusal->pid, 0, "maps"};
	char path[PROCFS_FILE_PATH_MAX];
	struct usdtrap_error *error;
	struct stat about;

	procfs_file_path(&file, path);
	if (has_ptrace_capability(refusal) || stat(path, &about) || about.st_uid == refusal->process.effective_uid)
		return NULL;
	error = refuse(refusal, USDTRAP_PERMISSION,
		       "it does not want to be looked into: it set PR_SET_DUMPABLE to 0, has changed its user, or its "
		       "program file may not be read");
	return hint_root(refusal, error);
}

static struct usdtrap_error *cause_more_capable(const struct refusal *refusal)
{
	const uint64_t missing = refusal->process.capabilities_permitted & ~refusal->self.capabilities_permitted;
	_cleanup_strbuf_ struct strbuf names = {0};
	struct usdtrap_error *error;

	if (!missing || has_ptrace_capability(refusal))
		return NULL;
	capability_names(missing, &names);
	error = refuse(refusal, USDTRAP_PERMISSION, "it has capabilities that usdtrap lacks: %s", strbuf_text(&names));
	return hint_root(refusal, error);
}

/* What the machine says */

/* Whether the target descends from us: Yama 1 allows that. */
static bool is_descendant(const struct refusal *refusal)
{
	struct procfs_status status = refusal->process;
	int generations = 0;
	struct usdtrap_error *error = NULL;

	/* Bounded, since parents may change while they are followed. */
	while (status.parent > 0 && generations++ < 1000 && !error) {
		if (status.parent == refusal->self_pid)
			return true;
		error = procfs_status_read(refusal->root, status.parent, &status);
	}
	usdtrap_error_destroy(error);
	return false;
}

static struct usdtrap_error *cause_yama(const struct refusal *refusal)
{
	int scope = yama_scope(refusal);
	struct usdtrap_error *error;

	if (scope < 1 || has_ptrace_capability(refusal))
		return NULL;
	if (scope == 2) {
		error = refuse(refusal, USDTRAP_PERMISSION, "Yama lets only root trace (kernel.yama.ptrace_scope = 2)");
		return hint_root(refusal, error);
	}
	if (is_descendant(refusal))
		return NULL;
	error = refuse(refusal, USDTRAP_PERMISSION,
		       "Yama lets users trace only what they start under the tracer (kernel.yama.ptrace_scope = 1)");
	return error_hint(error,
			  "start the program with usdtrap -c CMD, or run it as root (sudo usdtrap -p %d), or allow it "
			  "until the next restart: sudo sysctl kernel.yama.ptrace_scope=0",
			  (int)refusal->pid);
}

static struct usdtrap_error *cause_selinux(const struct refusal *refusal)
{
	struct security_selinux selinux;
	struct usdtrap_error *error;

	if (!security_module_selinux(refusal->root, refusal->self_pid, refusal->pid, &selinux) || !selinux.is_enforcing)
		return NULL;
	if (selinux.denies_all) {
		error = refuse(refusal, USDTRAP_PERMISSION,
			       "SELinux denies tracing to everybody (boolean deny_ptrace)");
		return error_hint(error, "allow it until the next restart: sudo setsebool deny_ptrace 0");
	}
	error = refuse(refusal, USDTRAP_PERMISSION,
		       "nothing but SELinux is in the way: usdtrap runs as %s, the process as %s", selinux.self,
		       selinux.target[0] ? selinux.target : "something that is not shown");
	return error_hint(error, "see what was denied: sudo ausearch -m avc -ts recent");
}

static struct usdtrap_error *cause_apparmor(const struct refusal *refusal)
{
	struct security_apparmor apparmor;
	struct usdtrap_error *error;

	if (!security_module_apparmor(refusal->root, refusal->self_pid, refusal->pid, &apparmor))
		return NULL;
	if (apparmor.confines_self)
		error = refuse(refusal, USDTRAP_PERMISSION,
			       "AppArmor confines usdtrap by the profile %s, which forbids it", apparmor.self);
	else if (apparmor.confines_target)
		error = refuse(refusal, USDTRAP_PERMISSION, "AppArmor confines it by the profile %s, which forbids it",
			       apparmor.target);
	else
		return NULL;
	return error_hint(error,
			  "see what was denied: sudo dmesg | grep 'apparmor=\"DENIED\"'; in a container: docker run "
			  "--security-opt apparmor=unconfined");
}

/* Nothing found */

static struct usdtrap_error *cause_unknown(const struct refusal *refusal)
{
	struct usdtrap_error *error = refuse(refusal, USDTRAP_PERMISSION, "%s, for a reason that /proc does not show",
					     strerror(refusal->error_number));

	if (has_ptrace_capability(refusal))
		return error_hint(error,
				  "something outside this container may trace it already, or a security module be in "
				  "the way: sudo dmesg");
	return error_hint(error,
			  "usdtrap lacks CAP_SYS_PTRACE: sudo usdtrap -p %d, or in a container docker run "
			  "--cap-add=SYS_PTRACE",
			  (int)refusal->pid);
}

typedef struct usdtrap_error *(*refusal_cause_fn)(const struct refusal *refusal);

static const refusal_cause_fn ladder[] = {
	cause_is_usdtrap, cause_is_thread,      cause_has_ended,        cause_is_kernel_thread,
	cause_seccomp,    cause_other_tracer,   cause_yama_forbids_all, cause_user_namespace,
	cause_other_user, cause_set_id_program, cause_not_dumpable,     cause_more_capable,
	cause_yama,       cause_selinux,        cause_apparmor,         cause_unknown,
};

/* Fills in what is known. GONE: the target has ended, or cannot be seen. */
static struct usdtrap_error *refusal_init(struct refusal *refusal)
{
	_cleanup_free_ char *self = NULL;
	struct usdtrap_error *error = procfs_link(refusal->root, 0, "self", &self);

	if (error)
		return error;
	refusal->self_pid = (pid_t)strtol(self, NULL, 10);
	error = procfs_status_read(refusal->root, refusal->self_pid, &refusal->self);
	if (!error)
		error = procfs_status_read(refusal->root, refusal->pid, &refusal->process);
	if (!error)
		error = procfs_status_read(refusal->root, refusal->tid, &refusal->thread);
	if (error)
		return error;

	if (refusal->tid == refusal->pid)
		snprintf(refusal->who, sizeof(refusal->who), "%d (%s)", (int)refusal->pid, refusal->process.name);
	else
		snprintf(refusal->who, sizeof(refusal->who), "thread %d of %d (%s)", (int)refusal->tid,
			 (int)refusal->pid, refusal->process.name);
	return NULL;
}

struct usdtrap_error *refusal_unseen(const char *root, pid_t pid)
{
	_cleanup_free_ char *self = NULL;
	struct procfs_stat stat;
	struct usdtrap_error *error = procfs_link(root, 0, "self", &self);

	if (error) {
		usdtrap_error_destroy(error);
		error = error_create(USDTRAP_UNSUPPORTED,
				     "/proc is not mounted here, and nothing else tells of processes");
		return error_hint(error,
				  "mount it: mount -t proc proc /proc; or, from outside of a chroot: mount --bind "
				  "/proc ROOT/proc");
	}
	if (pid == 0)
		return NULL;
	error = procfs_stat_read(root, pid, pid, &stat);
	if (!error)
		return NULL;
	usdtrap_error_destroy(error);
	if (kill(pid, 0) < 0 && errno == ESRCH)
		return error_hint(error_create(USDTRAP_NOT_FOUND, "no process %d", (int)pid), "list processes: ps -e");
	error = error_create(USDTRAP_PERMISSION,
			     "cannot see process %d: it belongs to another user, and /proc hides it (hidepid)",
			     (int)pid);
	return error_hint(error, "run it as root: sudo usdtrap -p %d", (int)pid);
}

/* The target is not in /proc: it has ended, never was, or /proc shows us our own processes only. */
static struct usdtrap_error *explain_unseen(const struct refusal *refusal)
{
	struct usdtrap_error *error;

	if (refusal->tid != refusal->pid)
		return &error_gone;
	if (refusal->error_number == ESRCH) {
		error = error_create(USDTRAP_NOT_FOUND, "cannot trace %d: no such process", (int)refusal->pid);
		return error_hint(error, "list processes: ps -e");
	}
	error = error_create(USDTRAP_PERMISSION,
			     "cannot trace %d: it belongs to another user, and /proc hides it (hidepid)",
			     (int)refusal->pid);
	return hint_root(refusal, error);
}

struct usdtrap_error *refusal_explain(const char *root, pid_t pid, pid_t tid, int error_number)
{
	struct refusal refusal = {.root = root, .pid = pid, .tid = tid, .error_number = error_number};
	struct usdtrap_error *error = refusal_init(&refusal);
	size_t i;

	if (error_catch(error, USDTRAP_GONE))
		return explain_unseen(&refusal);
	for (i = 0; !error; i++)
		error = ladder[i](&refusal);
	return error;
}
