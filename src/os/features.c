/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <usdtrap/feature.h>

#include "arch/arch.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "os/call_filter.h"
#include "os/connector.h"
#include "os/fanotify.h"
#include "os/kernel_probe.h"
#include "os/procfs.h"

/* Numbers of system calls that the headers of an older C library lack: the same on all machines since Linux 5.1. */
enum { CALL_PIDFD_OPEN = 434, CALL_CLOSE_RANGE = 436 };

/* A child that does nothing, for the requests of ptrace(2) to be tried on. */
struct puppet {
	pid_t pid;
	bool is_traced;
	bool has_seize;
};

typedef enum usdtrap_feature_state (*probe_fn)(const struct puppet *puppet);

static enum usdtrap_feature_state state_of(bool is_there)
{
	return is_there ? USDTRAP_FEATURE_YES : USDTRAP_FEATURE_NO;
}

/* ---- of ptrace(2) ---- */

static void puppet_start(struct puppet *puppet)
{
	int status;

	*puppet = (struct puppet){.pid = fork()};
	if (puppet->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		for (;;)
			pause();
	}
	if (puppet->pid < 0)
		return;
	if (ptrace(PTRACE_SEIZE, puppet->pid, NULL, NULL) == 0)
		puppet->has_seize = puppet->is_traced = ptrace(PTRACE_INTERRUPT, puppet->pid, NULL, NULL) == 0;
	else
		puppet->is_traced = ptrace(PTRACE_ATTACH, puppet->pid, NULL, NULL) == 0;
	if (puppet->is_traced)
		puppet->is_traced = waitpid(puppet->pid, &status, __WALL) == puppet->pid && WIFSTOPPED(status);
}

static void puppet_end(const struct puppet *puppet)
{
	if (puppet->pid <= 0)
		return;
	kill(puppet->pid, SIGKILL);
	while (waitpid(puppet->pid, NULL, __WALL) < 0 && errno == EINTR)
		;
}

static enum usdtrap_feature_state has_seize(const struct puppet *puppet)
{
	return state_of(puppet->has_seize);
}

static enum usdtrap_feature_state has_vector_registers(const struct puppet *puppet)
{
	uint8_t bytes[16384]; /* more than any processor has yet */
	struct iovec vector = {.iov_base = bytes, .iov_len = sizeof(bytes)};

	return state_of(ptrace(PTRACE_GETREGSET, puppet->pid, (void *)(uintptr_t)ARCH_VECTOR_REGISTER_SET, &vector) ==
			0);
}

static enum usdtrap_feature_state has_signal_mask(const struct puppet *puppet)
{
	uint64_t mask;

	return state_of(ptrace(PTRACE_GETSIGMASK, puppet->pid, (void *)sizeof(mask), &mask) == 0);
}

static enum usdtrap_feature_state has_call_information(const struct puppet *puppet)
{
	const int get_syscall_info = 0x420e; /* PTRACE_GET_SYSCALL_INFO, where the headers have it */
	uint8_t information[128];

	return state_of(ptrace(get_syscall_info, puppet->pid, sizeof(information), information) > 0);
}

/* Writing to what the process itself may only read, as a trap is written. */
static enum usdtrap_feature_state has_forced_write(const struct puppet *puppet)
{
	static const char constant = 'c';
	_cleanup_close_ int fd = -1;
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d/mem", (int)puppet->pid);
	fd = open(path, O_RDWR | O_CLOEXEC);
	return state_of(fd >= 0 && pwrite(fd, &constant, 1, (off_t)(uintptr_t)&constant) == 1);
}

/* ---- of other system calls ---- */

static enum usdtrap_feature_state has_kcmp(const struct puppet *puppet)
{
	(void)puppet;
	return state_of(syscall(SYS_kcmp, getpid(), getpid(), KCMP_VM, 0, 0) == 0);
}

static enum usdtrap_feature_state has_process_vm(const struct puppet *puppet)
{
	char byte = 0, other = 0;
	const struct iovec local = {&byte, 1}, remote = {&other, 1};

	(void)puppet;
	return state_of(process_vm_writev(getpid(), &local, 1, &remote, 1, 0) == 1);
}

static enum usdtrap_feature_state has_pidfd(const struct puppet *puppet)
{
	_cleanup_close_ int fd = (int)syscall(CALL_PIDFD_OPEN, getpid(), 0);

	(void)puppet;
	return state_of(fd >= 0);
}

static enum usdtrap_feature_state has_getrandom(const struct puppet *puppet)
{
	const unsigned nonblock = 1; /* GRND_NONBLOCK */
	char byte;

	(void)puppet;
	return state_of(syscall(SYS_getrandom, &byte, sizeof(byte), nonblock) >= 0 || errno == EAGAIN);
}

static enum usdtrap_feature_state has_close_range(const struct puppet *puppet)
{
	(void)puppet;
	return state_of(syscall(CALL_CLOSE_RANGE, ~0U, ~0U, 0) == 0); /* no descriptor has that number */
}

/* Which uprobes others have laid, perhaps over a trap of ours. Laying them is not what usdtrap needs bpf(2) for. */
static enum usdtrap_feature_state has_uprobe_query(const struct puppet *puppet)
{
	(void)puppet;
	if (kernel_probes_are_told())
		return USDTRAP_FEATURE_YES;
	return errno == EPERM ? USDTRAP_FEATURE_UNKNOWN : USDTRAP_FEATURE_NO;
}

/* The number of the mount that a file lies in. */
static enum usdtrap_feature_state has_mount_numbers(const struct puppet *puppet)
{
	struct statx status;

	(void)puppet;
	return state_of(statx(AT_FDCWD, "/", 0, STATX_MNT_ID, &status) == 0 && (status.stx_mask & STATX_MNT_ID));
}

static enum usdtrap_feature_state has_tai(const struct puppet *puppet)
{
	struct timespec now;

	(void)puppet;
	return state_of(clock_gettime(CLOCK_TAI, &now) == 0);
}

/* Whether a filter can have a tracer asked: --seccomp. */
static enum usdtrap_feature_state has_call_filter(const struct puppet *puppet)
{
	(void)puppet;
	return state_of(call_filter_is_possible());
}

/* An old kernel takes the flag for nothing, and the address for a wish: it maps, but elsewhere. */
static enum usdtrap_feature_state has_fixed_mapping(const struct puppet *puppet)
{
	const int noreplace = 0x100000; /* MAP_FIXED_NOREPLACE, where the headers have it */
	const size_t size = (size_t)sysconf(_SC_PAGESIZE);
	void *taken = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	void *there;

	(void)puppet;
	if (taken == MAP_FAILED)
		return USDTRAP_FEATURE_UNKNOWN;
	there = mmap(taken, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | noreplace, -1, 0);
	munmap(taken, size);
	if (there != MAP_FAILED)
		munmap(there, size);
	return state_of(there == MAP_FAILED);
}

/* The kernel's events of processes that start and end. */
static enum usdtrap_feature_state has_process_events(const struct puppet *puppet)
{
	_cleanup_close_ int connector = -1;
	struct usdtrap_error *error = connector_open(&connector);
	const bool may_not = error && usdtrap_error_code(error) == USDTRAP_PERMISSION;

	(void)puppet;
	usdtrap_error_destroy(error);
	return may_not ? USDTRAP_FEATURE_UNKNOWN : state_of(!error);
}

/* Only whether there can be a group: a mark would hold up whoever starts a program meanwhile. */
static enum usdtrap_feature_state has_exec_events(const struct puppet *puppet)
{
	_cleanup_close_ int group = fanotify_open();

	(void)puppet;
	if (group < 0 && errno == EPERM)
		return USDTRAP_FEATURE_UNKNOWN;
	return state_of(group >= 0);
}

/* ---- of /proc ---- */

static bool is_in_proc(const char *path)
{
	return access(path, F_OK) == 0;
}

static enum usdtrap_feature_state has_map_files(const struct puppet *puppet)
{
	(void)puppet;
	return state_of(is_in_proc("/proc/self/map_files"));
}

static enum usdtrap_feature_state has_children(const struct puppet *puppet)
{
	char path[64];

	(void)puppet;
	snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	return state_of(is_in_proc(path));
}

static enum usdtrap_feature_state has_namespaces(const struct puppet *puppet)
{
	struct procfs_status status;
	struct usdtrap_error *error = procfs_status_read(PROCFS_ROOT, getpid(), &status);

	(void)puppet;
	usdtrap_error_destroy(error);
	return state_of(is_in_proc("/proc/self/ns/pid") && !error && status.namespace_tgid);
}

static enum usdtrap_feature_state has_run_time(const struct puppet *puppet)
{
	(void)puppet;
	return state_of(is_in_proc("/proc/self/schedstat"));
}

static enum usdtrap_feature_state has_call_shown(const struct puppet *puppet)
{
	(void)puppet;
	return state_of(is_in_proc("/proc/self/syscall"));
}

/* ---- all of them ---- */

static const struct {
	const char *name, *since, *without;
	probe_fn probe;
	bool needs_puppet;
} rows[] = {
	{"PTRACE_SEIZE", "3.4", "attaching stops each thread for a moment, and a stopped process wakes up 50 ms late",
	 has_seize, true},
	{"PTRACE_GETREGSET of vector registers", "2.6.34",
	 "arguments in the upper halves of vector registers cannot be read (a virtual machine may hide them)",
	 has_vector_registers, true},
	{"PTRACE_GETSIGMASK", "3.11", "threads that block SIGTRAP are borrowed once more to get their mask back",
	 has_signal_mask, true},
	{"PTRACE_GET_SYSCALL_INFO", "5.3", "entry and exit of a system call are told apart by the registers",
	 has_call_information, true},
	{"/proc/PID/mem written to", "2.6.39",
	 "bytes are written by PTRACE_POKETEXT, for which a thread is stopped for a moment", has_forced_write, true},
	{"/proc/PID/syscall", "2.6.27",
	 "any thread may be borrowed for the safety net, also one in a call that then "
	 "returns EINTR to it",
	 has_call_shown, false},
	{"/proc/PID/schedstat", "2.6.9", "attaching to a process that forks all the time takes 20 ms longer",
	 has_run_time, false},
	{"/proc/PID/map_files", "3.3", "a library that was deleted while it is mapped cannot be traced", has_map_files,
	 false},
	{"/proc/PID/task/TID/children", "3.5", "children are found by looking at all processes", has_children, false},
	{"/proc/PID/ns/pid, NSpid", "4.1", "processes of another container are not told from one's own", has_namespaces,
	 false},
	{"kcmp(2)", "3.5", "that a child runs in the target's memory is found out by how it was made", has_kcmp, false},
	{"process_vm_writev(2)", "3.2", "write_user() looks up first what may be written to", has_process_vm, false},
	{"pidfd_open(2)", "5.3", "the end of a process is noticed up to 100 ms late", has_pidfd, false},
	{"getrandom(2)", "3.17", "rand comes from /dev/urandom or, without that, from the clock", has_getrandom, false},
	{"fanotify(7) of programs that start", "5.0", "programs that start are noticed after they have begun",
	 has_exec_events, false},
	{"process events of the connector", "2.6.15", "without fanotify(7), new processes are looked for in /proc",
	 has_process_events, false},
	{"seccomp(2) filters that ask a tracer", "4.8",
	 "--seccomp is refused: system calls stop the program at each of them", has_call_filter, false},
	{"MAP_FIXED_NOREPLACE", "4.17", "room that a program maps for usdtrap is only asked for near its code",
	 has_fixed_mapping, false},
	{"statx(2) of mounts", "5.8",
	 "a file system that another one hides may be passed over, and its programs be noticed after they have begun",
	 has_mount_numbers, false},
	{"bpf(2), asked for uprobes of others", "4.18", "who takes the hits of a probe by a uprobe is not told",
	 has_uprobe_query, false},
	{"close_range(2)", "5.9", "the descriptors that system() closes are closed one by one", has_close_range, false},
	{"CLOCK_TAI", "3.10", "nsecs(tai) is the time of day", has_tai, false},
};

/* What is missed by who knows other tools, or these calls. */
static const struct usdtrap_unused_feature not_needed[] = {
	{"uprobes, ftrace, perf_event_open(2)", "probes are traps that usdtrap sets itself"},
	{"process_vm_readv(2)", "memory is read from /proc/PID/mem, which shows all that the call shows"},
	{"PTRACE_PEEKSIGINFO", "signals are seen as they come, and those that wait in /proc/PID/status"},
	{"PTRACE_O_EXITKILL", "the target is not to die with usdtrap"},
	{"memfd_create(2)", "nothing is handed to a target in a file"},
	{"membarrier(2)", "a trap is one byte, which every processor sees before or after"},
	{"inotify(7)", "new libraries are seen at the loader's own hook, and in /proc/PID/maps"},
	{"openat2(2)", "a file is opened through /proc/PID, and compared with what is mapped"},
	{NULL, NULL},
};

size_t usdtrap_probe_features(struct usdtrap_feature *ret, size_t capacity)
{
	const size_t count = sizeof(rows) / sizeof(rows[0]);
	struct puppet puppet;

	puppet_start(&puppet);
	for (size_t i = 0; i < count && i < capacity; i++) {
		ret[i] =
			(struct usdtrap_feature){rows[i].name, rows[i].since, rows[i].without, USDTRAP_FEATURE_UNKNOWN};
		if (puppet.is_traced || !rows[i].needs_puppet)
			ret[i].state = rows[i].probe(&puppet);
	}
	puppet_end(&puppet);
	return count;
}

const struct usdtrap_unused_feature *usdtrap_features_not_needed(void)
{
	return not_needed;
}
