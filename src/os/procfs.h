/* SPDX-License-Identifier: MIT */
/*
 * What /proc tells about a process without stopping it. proc(5) throughout.
 *
 * Every function takes the file system's root as its first parameter
 * ("/proc"), so that tests can bring states this machine does not have.
 * GONE means the process or thread has ended.
 */
#ifndef USDTRAP_OS_PROCFS_H
#define USDTRAP_OS_PROCFS_H

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <usdtrap/error.h>

#define PROCFS_ROOT "/proc"

/* One line of /proc/PID/maps. */
struct procfs_mapping {
	uint64_t start;
	uint64_t end;
	uint64_t offset; /* in the file */
	uint64_t device; /* as makedev(3) composes it */
	uint64_t inode;
	bool is_readable;
	bool is_writable;
	bool is_executable;
	bool is_shared;
	bool is_deleted;  /* the path ended in " (deleted)", which `path' has no more */
	const char *path; /* octal escapes undone; "" if anonymous; in procfs_maps' memory */
};

struct procfs_maps {
	struct procfs_mapping *items;
	size_t count;
	char *text; /* what the paths point into */
};

/* Parses one line (changed in place, NUL-ended, no newline). False: not a maps line. For fuzzing, too. */
bool procfs_parse_mapping(char *line, struct procfs_mapping *ret);
/* The mappings that thread TID of process PID sees: /proc/PID/task/TID/maps (a dead leader's own file is empty). */
struct usdtrap_error *procfs_maps_read(const char *root, pid_t pid, pid_t tid,
				       struct procfs_maps *ret) USDTRAP_MUST_USE;
void procfs_maps_deinit(struct procfs_maps *maps);
/* The mapping that ADDRESS lies in; NULL: none. */
const struct procfs_mapping *procfs_mapping_at(const struct procfs_maps *maps, uint64_t address);
/*
 * Opens for reading the file that PID has mapped as MAPPING, whichever way leads
 * to it: by the process's own root; by our own, as maps shows the files of a
 * process in a chroot(2); by the mapping itself, which also leads to a file that
 * was deleted, but only root; by the program, which is open to whoever may trace
 * the process. What is found there must have the mapping's inode. -1: none does.
 */
int procfs_mapping_open(const char *root, pid_t pid, const struct procfs_mapping *mapping);

/* All processes that can be seen: *RET is allocated. */
struct usdtrap_error *procfs_processes(const char *root, pid_t **ret, size_t *ret_count) USDTRAP_MUST_USE;
/* The threads of PID: *RET is allocated. */
struct usdtrap_error *procfs_threads(const char *root, pid_t pid, pid_t **ret, size_t *ret_count) USDTRAP_MUST_USE;
/* The children of PID's threads: task/TID/children, or a scan of PPid where the kernel lacks it. */
struct usdtrap_error *procfs_children(const char *root, pid_t pid, pid_t **ret, size_t *ret_count) USDTRAP_MUST_USE;

/* Some fields of /proc/PID/status. */
struct procfs_status {
	char name[64];
	char state; /* 'R' running, 'S' sleeping, 'T' stopped, 't' tracing stop, 'Z' zombie, ... */
	pid_t tgid;
	pid_t namespace_tgid; /* the same as the process's own pid namespace has it; 0: the kernel does not tell */
	pid_t parent;
	pid_t tracer; /* 0: none */
	uid_t uid, effective_uid, saved_uid;
	gid_t gid, effective_gid, saved_gid;
	uint64_t signals_pending; /* of the thread; bit N-1 is signal N */
	uint64_t signals_pending_shared;
	uint64_t signals_blocked;
	bool has_shadow_stack; /* x86: return addresses are kept a second time (Linux 6.6) */
	uint64_t signals_ignored;
	uint64_t signals_caught;
	uint64_t capabilities_permitted;
	uint64_t capabilities_effective;
	int no_new_privileges; /* -1: the kernel does not tell */
	int seccomp;           /* 0 off, 1 strict, 2 filter, -1 the kernel does not tell */
	unsigned threads;
};
/* TID may be any thread or process. */
struct usdtrap_error *procfs_status_read(const char *root, pid_t tid, struct procfs_status *ret) USDTRAP_MUST_USE;

/* Some fields of /proc/PID/task/TID/stat. */
struct procfs_stat {
	char state;            /* field 3 */
	pid_t session;         /* field 6: of the process that began it; 0: one of another pid namespace */
	bool is_kernel_thread; /* PF_KTHREAD in field 9 */
	bool is_ending;        /* likewise PF_EXITING; or a zombie */
	long priority;         /* field 18: the kernel's less 100 */
	uint64_t start_time;   /* field 22, clock ticks after boot */
	uint64_t start_stack;  /* field 28, an address; 0: the program has ended, or it may not be looked into */
	int processor;         /* field 39, where it last ran; -1: unknown */
};
struct usdtrap_error *procfs_stat_read(const char *root, pid_t pid, pid_t tid,
				       struct procfs_stat *ret) USDTRAP_MUST_USE;

/* The target of a symbolic link such as exe, root, ns/user; *RET is allocated. */
struct usdtrap_error *procfs_link(const char *root, pid_t pid, const char *name, char **ret) USDTRAP_MUST_USE;
/* The first line of a small file such as comm, attr/current, or sys/kernel/yama/ptrace_scope (PID 0: root itself). */
struct usdtrap_error *procfs_line(const char *root, pid_t pid, const char *name, char *buffer,
				  size_t size) USDTRAP_MUST_USE;

/* The number of the system call that thread TID sleeps in. False: it sleeps in none, or the kernel does not tell. */
bool procfs_system_call(const char *root, pid_t tid, long *ret);
/* A system call that a thread sleeps in. */
struct procfs_call {
	long number;
	uint64_t arguments[6];
	uint64_t stack_pointer, pc;
};
/* The whole of it. False likewise. */
bool procfs_call_read(const char *root, pid_t tid, struct procfs_call *ret);
/* Where the stack of thread TID, which does not run, ends. False: it runs, or the kernel does not tell. */
bool procfs_stack_pointer(const char *root, pid_t tid, uint64_t *ret);
/* Where thread TID, which does not run, goes on: in a system call behind the instruction of that name. False likewise.
 */
bool procfs_pc(const char *root, pid_t tid, uint64_t *ret);
/*
 * What the kernel told PID's program at its start: the auxiliary vector's entry TYPE (AT_ENTRY, AT_BASE, ...:
 * getauxval(3)), of a 64-bit program. False: there is none, or it cannot be read.
 */
bool procfs_auxiliary_value(const char *root, pid_t pid, uint64_t type, uint64_t *ret);

/* What the kernel told the program that TID runs at its start, /proc/PID/auxv: ends with AT_NULL; *RET is allocated. */
struct usdtrap_error *procfs_auxiliary(const char *root, pid_t tid, Elf64_auxv_t **ret) USDTRAP_MUST_USE;

#endif
