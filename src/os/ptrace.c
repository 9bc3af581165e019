/* SPDX-License-Identifier: MIT */
#include "os/ptrace.h"

#include <assert.h>
#include <elf.h>
#include <errno.h>
#include <limits.h>
#include <linux/audit.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"

/* Size of the kernel's signal sets (not of the C library's sigset_t), which the two signal mask requests ask for. */
#define KERNEL_SIGNAL_SET_SIZE ((void *)sizeof(uint64_t))

/*
 * Options can only be changed while a tracee is stopped, yet every tracee must
 * report its children from the first moment on: so they travel with the seize.
 * Never among them: PTRACE_O_EXITKILL, which would let a target die with us.
 */
#define SEIZE_OPTIONS \
	(PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXEC)

/* One request. WHAT is the verb phrase of the message, as in "cannot WHAT thread 42: ...". */
static struct usdtrap_error *request(int number, pid_t tid, void *address, void *data, const char *what)
{
	if (ptrace(number, tid, address, data) >= 0)
		return NULL;
	if (errno == ESRCH)
		return &error_gone;
	return error_os(errno, "cannot %s thread %d", what, (int)tid);
}

int ptrace_probe(void)
{
	/* Beyond PID_MAX_LIMIT of every kernel: whoever looks for the thread says ESRCH, a filter does not look. */
	if (ptrace(PTRACE_ATTACH, INT_MAX, NULL, NULL) < 0 && errno != ESRCH)
		return errno;
	return 0;
}

/*
 * Whether a request failed with ERROR_NUMBER because the kernel is older than
 * Linux 3.4, which brought PTRACE_SEIZE and what belongs to it. What it does
 * not know is EIO; but before that it says ESRCH where the thread is not traced
 * or not stopped, as to one that is gone.
 */
static bool is_unknown(int error_number)
{
	unsigned major, minor;
	struct utsname system;

	if (error_number != ESRCH)
		return error_number == EIO;
	return uname(&system) == 0 && sscanf(system.release, "%u.%u", &major, &minor) == 2 &&
	       (major < 3 || (major == 3 && minor < 4));
}

static uintptr_t options_wanted(unsigned wants)
{
	return SEIZE_OPTIONS | (wants & PTRACE_WANTS_END ? PTRACE_O_TRACEEXIT : 0) |
	       (wants & PTRACE_WANTS_FILTERED ? PTRACE_O_TRACESECCOMP : 0);
}

struct usdtrap_error *ptrace_seize(pid_t tid, unsigned wants, bool *ret_is_attached)
{
	*ret_is_attached = false;
	if (ptrace(PTRACE_SEIZE, tid, NULL, (void *)options_wanted(wants)) == 0)
		return NULL;
	if (!is_unknown(errno))
		return errno == ESRCH ? &error_gone : error_os(errno, "cannot seize thread %d", (int)tid);
	*ret_is_attached = true;
	return request(PTRACE_ATTACH, tid, NULL, NULL, "attach to");
}

struct usdtrap_error *ptrace_set_options(pid_t tid, unsigned wants)
{
	return request(PTRACE_SETOPTIONS, tid, NULL, (void *)options_wanted(wants), "set the options of");
}

struct usdtrap_error *ptrace_continue(pid_t tid, int signal)
{
	return request(PTRACE_CONT, tid, NULL, (void *)(intptr_t)signal, "resume");
}

struct usdtrap_error *ptrace_continue_to_system_call(pid_t tid, int signal)
{
	return request(PTRACE_SYSCALL, tid, NULL, (void *)(intptr_t)signal, "resume");
}

struct usdtrap_error *ptrace_listen(pid_t tid)
{
	return request(PTRACE_LISTEN, tid, NULL, NULL, "leave stopped");
}

struct usdtrap_error *ptrace_interrupt(pid_t tid)
{
	if (ptrace(PTRACE_INTERRUPT, tid, NULL, NULL) == 0)
		return NULL;
	/* It was attached: translate() knows this signal again. */
	if (is_unknown(errno) && syscall(SYS_tkill, tid, SIGSTOP) == 0)
		return NULL;
	return errno == ESRCH ? &error_gone : error_os(errno, "cannot interrupt thread %d", (int)tid);
}

struct usdtrap_error *ptrace_detach(pid_t tid, int signal)
{
	return request(PTRACE_DETACH, tid, NULL, (void *)(intptr_t)signal, "detach from");
}

/*
 * Register sets travel by PTRACE_GETREGSET, which every architecture has and
 * which costs 0.1 us more than x86's own PTRACE_GETREGS (measured; a stop costs
 * 10 us). The kernel fills at most the space it is given and says how much that was.
 */
static struct usdtrap_error *get_register_set(pid_t tid, uintptr_t type, void *buffer, size_t size, size_t *ret_size)
{
	struct iovec vector = {.iov_base = buffer, .iov_len = size};
	struct usdtrap_error *error = request(PTRACE_GETREGSET, tid, (void *)type, &vector, "read the registers of");

	if (!error)
		*ret_size = vector.iov_len;
	return error;
}

struct usdtrap_error *ptrace_get_registers(pid_t tid, struct arch_registers *ret)
{
	size_t size;

	return get_register_set(tid, NT_PRSTATUS, ret->bytes, sizeof(ret->bytes), &size);
}

struct usdtrap_error *ptrace_set_registers(pid_t tid, const struct arch_registers *registers)
{
	struct iovec vector = {.iov_base = (void *)registers->bytes, .iov_len = sizeof(registers->bytes)};

	return request(PTRACE_SETREGSET, tid, (void *)(uintptr_t)NT_PRSTATUS, &vector, "change the registers of");
}

struct usdtrap_error *ptrace_get_vector_registers(pid_t tid, struct arch_vector_registers *ret)
{
	struct usdtrap_error *error =
		get_register_set(tid, ARCH_VECTOR_REGISTER_SET, ret->bytes, sizeof(ret->bytes), &ret->size);

	/* ENODEV: a processor without XSAVE; EINVAL: another architecture. Both have the older, shorter set. */
	if (!error || usdtrap_error_code(error) != USDTRAP_OS)
		return error;
	usdtrap_error_destroy(error);
	return get_register_set(tid, NT_PRFPREG, ret->bytes, sizeof(ret->bytes), &ret->size);
}

struct usdtrap_error *ptrace_get_siginfo(pid_t tid, siginfo_t *ret)
{
	return request(PTRACE_GETSIGINFO, tid, NULL, ret, "read the signal of");
}

struct usdtrap_error *ptrace_set_siginfo(pid_t tid, const siginfo_t *info)
{
	siginfo_t copy = *info;

	return request(PTRACE_SETSIGINFO, tid, NULL, &copy, "set the signal of");
}

struct usdtrap_error *ptrace_get_event_message(pid_t tid, unsigned long *ret)
{
	return request(PTRACE_GETEVENTMSG, tid, NULL, ret, "read the event message of");
}

struct usdtrap_error *ptrace_peek_user(pid_t tid, size_t offset, uint64_t *ret)
{
	long word;

	errno = 0; /* the word itself may be -1 */
	word = ptrace(PTRACE_PEEKUSER, tid, (void *)offset, NULL);
	if (errno == ESRCH)
		return &error_gone;
	if (errno)
		return error_os(errno, "cannot read the debug registers of thread %d", (int)tid);
	*ret = (uint64_t)word;
	return NULL;
}

struct usdtrap_error *ptrace_poke_user(pid_t tid, size_t offset, uint64_t value)
{
	return request(PTRACE_POKEUSER, tid, (void *)offset, (void *)(uintptr_t)value, "change the debug registers of");
}

bool ptrace_is_standing(pid_t tid)
{
	siginfo_t info = {0};
	unsigned long message;

	if (waitid(P_PID, (id_t)tid, &info, WSTOPPED | WNOWAIT | WNOHANG | __WALL | __WNOTHREAD) == 0 &&
	    info.si_pid == tid && info.si_status == (SIGTRAP | PTRACE_EVENT_EXEC << 8))
		return false;
	return ptrace(PTRACE_GETEVENTMSG, tid, NULL, &message) == 0; /* which changes nothing, and is always there */
}

bool ptrace_await_standing(pid_t tid, unsigned timeout_ms)
{
	const struct timespec interval = {.tv_nsec = 50000};
	const unsigned interval_looks = 20; /* a millisecond's */

	for (unsigned looks = 0; looks / interval_looks <= timeout_ms; looks++) {
		if (ptrace_is_standing(tid))
			return true;
		nanosleep(&interval, NULL);
	}
	return false;
}

static struct usdtrap_error *word_error(int error_number)
{
	return error_number == ESRCH ? &error_gone : &error_fault;
}

struct usdtrap_error *ptrace_peek_text(pid_t tid, uint64_t address, uint64_t *ret)
{
	long word;

	errno = 0; /* the word itself may be -1 */
	word = ptrace(PTRACE_PEEKTEXT, tid, (void *)(uintptr_t)address, NULL);
	if (errno)
		return word_error(errno);
	*ret = (uint64_t)word;
	return NULL;
}

struct usdtrap_error *ptrace_poke_text(pid_t tid, uint64_t address, uint64_t value)
{
	if (ptrace(PTRACE_POKETEXT, tid, (void *)(uintptr_t)address, (void *)(uintptr_t)value) == 0)
		return NULL;
	return word_error(errno);
}

/* The kernel's struct ptrace_syscall_info, which C libraries call by different names or lack: <linux/ptrace.h>, 5.3. */
struct call_info {
	uint8_t operation;
	uint8_t padding[3];
	uint32_t audit_arch;
	uint64_t pc;
	uint64_t stack_pointer;
	uint64_t words[8]; /* entry: number, arguments; exit: result, whether it is an error */
};

struct usdtrap_error *ptrace_get_call(pid_t tid, struct ptrace_call *ret)
{
	enum { ENTRY = 1, EXIT = 2, FILTERED = 3 }; /* the first and the last tell the same */
	const int get_syscall_info = 0x420e;
	struct call_info info;
	long size = ptrace(get_syscall_info, tid, sizeof(info), &info);

	if (size < 0 && errno == ESRCH)
		return &error_gone;
	if (size < (long)offsetof(struct call_info, words) || info.operation < ENTRY || info.operation > FILTERED)
		return error_create(USDTRAP_UNSUPPORTED, "the kernel does not tell what a system call stop is about");
	ret->is_entry = info.operation != EXIT;
	ret->is_compatible = !(info.audit_arch & __AUDIT_ARCH_64BIT);
	if (ret->is_entry) {
		ret->call.number = (long)info.words[0];
		memcpy(ret->call.arguments, &info.words[1], sizeof(ret->call.arguments));
		ret->call.result = -ENOSYS;
	} else {
		ret->call.result = (int64_t)info.words[0];
	}
	return NULL;
}

struct usdtrap_error *ptrace_get_signal_mask(pid_t tid, uint64_t *ret)
{
	struct usdtrap_error *error =
		request(PTRACE_GETSIGMASK, tid, KERNEL_SIGNAL_SET_SIZE, ret, "read the signal mask of");

	if (!error || usdtrap_error_errno(error) != EIO)
		return error;
	usdtrap_error_destroy(error);
	return error_create(USDTRAP_UNSUPPORTED, "the kernel does not tell signal masks by ptrace(2)");
}

struct usdtrap_error *ptrace_set_signal_mask(pid_t tid, uint64_t mask)
{
	return request(PTRACE_SETSIGMASK, tid, KERNEL_SIGNAL_SET_SIZE, &mask, "change the signal mask of");
}

/* A status of PTRACE_EVENT_STOP with SIGNAL. */
static int event_stop_status(int signal)
{
	return (PTRACE_EVENT_STOP << 16) | (signal << 8) | 0x7f;
}

/*
 * The stop STATUS of TID, in the terms of PTRACE_SEIZE. A thread that was
 * attached reports a group stop by the signal alone, of which it then has
 * nothing to tell; and we can only interrupt it by a SIGSTOP, which is to be
 * seen by nobody.
 */
static int translate(pid_t tid, int status)
{
	siginfo_t info;

	if (!WIFSTOPPED(status) || status >> 16)
		return status;
	switch (WSTOPSIG(status)) {
	case SIGSTOP:
	case SIGTSTP:
	case SIGTTIN:
	case SIGTTOU:
		break;
	default:
		return status;
	}
	if (ptrace(PTRACE_GETSIGINFO, tid, NULL, &info) < 0)
		return errno == EINVAL ? event_stop_status(WSTOPSIG(status)) : status;
	if (info.si_signo == SIGSTOP && info.si_code == SI_TKILL && info.si_pid == getpid())
		return event_stop_status(SIGTRAP);
	return status;
}

/* What waitid(2) tells of a stop, as waitpid(2) would. */
static int stop_status(const siginfo_t *info)
{
	return (info->si_status << 8) | 0x7f;
}

static enum ptrace_wait_result wait_for_next(idtype_t whose, pid_t id, bool block, pid_t *ret_tid, int *ret_status)
{
	const int how = __WALL | __WNOTHREAD | (block ? 0 : WNOHANG);
	siginfo_t info = {0};
	pid_t tid;

	if (waitid(whose, (id_t)id, &info, WEXITED | WSTOPPED | WNOWAIT | how) < 0) {
		if (errno == EINTR)
			return PTRACE_WAIT_INTERRUPTED;
		assert(errno == ECHILD);
		return PTRACE_WAIT_NOBODY;
	}
	if (info.si_pid == 0)
		return PTRACE_WAIT_NOTHING;
	*ret_tid = info.si_pid;
	if (info.si_code == CLD_TRAPPED && info.si_status == SIGTRAP) {
		*ret_status = stop_status(&info);
		return PTRACE_WAIT_STATUS;
	}
	tid = waitpid(info.si_pid, ret_status, __WALL | __WNOTHREAD | WNOHANG);
	if (tid <= 0)
		return PTRACE_WAIT_INTERRUPTED; /* it was killed in between: its end will be told */
	*ret_status = translate(tid, *ret_status);
	return PTRACE_WAIT_STATUS;
}

enum ptrace_wait_result ptrace_wait(bool block, pid_t *ret_tid, int *ret_status)
{
	return wait_for_next(P_ALL, 0, block, ret_tid, ret_status);
}

enum ptrace_wait_result ptrace_wait_of(pid_t tid, pid_t *ret_tid, int *ret_status)
{
	return wait_for_next(P_PID, tid, false, ret_tid, ret_status);
}

bool ptrace_wait_for(pid_t tid, unsigned timeout_ms, int *ret_status)
{
	const struct timespec interval = {.tv_nsec = 50000};
	const unsigned interval_looks = 20; /* a millisecond's */
	enum ptrace_wait_result result;
	unsigned looks = 0;
	pid_t stopped;

	/* Nearly always it reports within microseconds, once it gets the processor. */
	while ((result = wait_for_next(P_PID, tid, false, &stopped, ret_status)) == PTRACE_WAIT_NOTHING ||
	       result == PTRACE_WAIT_INTERRUPTED) {
		if (looks++ < interval_looks)
			sched_yield();
		else if (looks / interval_looks > timeout_ms)
			return false;
		else
			nanosleep(&interval, NULL);
	}
	return result == PTRACE_WAIT_STATUS;
}

/*
 * PTRACE_EVENT_STOP stands for two things that only the signal tells apart:
 * the four stopping signals mean a group stop, SIGTRAP anything else.
 */
static struct ptrace_stop classify_event_stop(int signal)
{
	switch (signal) {
	case SIGSTOP:
	case SIGTSTP:
	case SIGTTIN:
	case SIGTTOU:
		return (struct ptrace_stop){PTRACE_STOP_GROUP, signal};
	default:
		return (struct ptrace_stop){PTRACE_STOP_EVENT_STOP, signal};
	}
}

/* The layout of a stop's status, ptrace(2): event << 16 | signal << 8 | 0x7f. */
struct ptrace_stop ptrace_classify(int status)
{
	int signal = WSTOPSIG(status);

	if (WIFEXITED(status))
		return (struct ptrace_stop){PTRACE_STOP_EXITED, WEXITSTATUS(status)};
	if (WIFSIGNALED(status))
		return (struct ptrace_stop){PTRACE_STOP_KILLED, WTERMSIG(status)};
	if (!WIFSTOPPED(status))
		return (struct ptrace_stop){PTRACE_STOP_OTHER, 0};

	switch (status >> 16) {
	case 0:
		if (signal == (SIGTRAP | 0x80))
			return (struct ptrace_stop){PTRACE_STOP_SYSTEM_CALL, SIGTRAP};
		return (struct ptrace_stop){PTRACE_STOP_SIGNAL, signal};
	case PTRACE_EVENT_STOP:
		return classify_event_stop(signal);
	case PTRACE_EVENT_FORK:
		return (struct ptrace_stop){PTRACE_STOP_FORK, signal};
	case PTRACE_EVENT_VFORK:
		return (struct ptrace_stop){PTRACE_STOP_VFORK, signal};
	case PTRACE_EVENT_CLONE:
		return (struct ptrace_stop){PTRACE_STOP_CLONE, signal};
	case PTRACE_EVENT_EXEC:
		return (struct ptrace_stop){PTRACE_STOP_EXEC, signal};
	case PTRACE_EVENT_EXIT:
		return (struct ptrace_stop){PTRACE_STOP_END, signal};
	case PTRACE_EVENT_SECCOMP:
		return (struct ptrace_stop){PTRACE_STOP_FILTERED, signal};
	default:
		return (struct ptrace_stop){PTRACE_STOP_OTHER, signal};
	}
}

bool ptrace_is_event_stop(int status)
{
	const enum ptrace_stop_kind kind = ptrace_classify(status).kind;

	return kind == PTRACE_STOP_EVENT_STOP || kind == PTRACE_STOP_GROUP;
}
