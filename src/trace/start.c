/* SPDX-License-Identifier: MIT */
#include "trace/start.h"

#include <elf.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <usdtrap/syscall.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/strbuf.h"
#include "os/memory.h"
#include "os/procfs.h"
#include "os/procfs_file.h"

/* Where things are said to lie that were put together here, not read: no process has anything there. */
enum { MADE_UP_WORDS = 0x100, MADE_UP_PATH = 0x10000000, MADE_UP_STRINGS = 0x20000000 };

static long number_of(const char *name)
{
	const struct usdtrap_syscall *call = usdtrap_syscall_by_kernel_name(name);

	return call ? (long)call->number : -1;
}

long start_execve_number(void)
{
	return number_of("execve");
}

long start_execveat_number(void)
{
	return number_of("execveat");
}

bool start_is_exec(const struct procfs_call *call)
{
	return call->number == start_execve_number() || call->number == start_execveat_number();
}

static bool opens_a_file(const struct procfs_call *call)
{
	static const char *const names[] = {"open", "openat", "openat2"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (call->number == number_of(names[i]))
			return true;
	return start_is_exec(call);
}

/* *RET_IS_RUNNING is set if it is in none that is known. */
static bool is_in_such_a_call(pid_t tid, struct procfs_call *ret, bool *ret_is_running)
{
	if (procfs_call_read(PROCFS_ROOT, tid, ret))
		return opens_a_file(ret);
	*ret_is_running = true;
	return false;
}

bool start_find_call(pid_t pid, unsigned patience_us, pid_t *ret_tid, struct procfs_call *ret)
{
	/*
	 * Who asks is not asleep at once: until then the kernel calls it running. Most often it is so within
	 * microseconds; but the gate may have taken its processor.
	 */
	enum { EAGER_LOOKS = 20, INTERVAL_US = 50 };
	const struct timespec interval = {.tv_nsec = INTERVAL_US * 1000};
	struct usdtrap_error *error;
	pid_t *threads;
	size_t count;
	bool is_found, is_running;

	for (unsigned look = 0; look < EAGER_LOOKS + patience_us / INTERVAL_US; look++) {
		*ret_tid = pid;
		is_running = false;
		if (is_in_such_a_call(pid, ret, &is_running))
			return true;
		error = procfs_threads(PROCFS_ROOT, pid, &threads, &count);
		if (error) {
			usdtrap_error_destroy(error);
			return false;
		}
		is_found = false;
		for (size_t i = 0; i < count && !is_found; i++) {
			*ret_tid = threads[i];
			is_found = threads[i] != pid && is_in_such_a_call(threads[i], ret, &is_running);
		}
		free(threads);
		if (is_found)
			return true;
		if (!is_running) /* it opens in some other way: a 32-bit program's */
			return false;
		if (look < EAGER_LOOKS)
			sched_yield();
		else
			nanosleep(&interval, NULL);
	}
	return false;
}

static unsigned path_argument(long number)
{
	return number == start_execveat_number() ? 1 : 0;
}

uint64_t start_path_addr(const struct procfs_call *call)
{
	return call->arguments[path_argument(call->number)];
}

bool start_read(pid_t pid, pid_t tid, const struct procfs_call *call, struct start *ret)
{
	const unsigned path = path_argument(call->number);
	struct start start = {.number = call->number};
	struct procfs_call after;
	struct usdtrap_error *error;
	int memory_fd;

	memcpy(start.arguments, call->arguments, sizeof(start.arguments));
	if (!recorded_identify(&start.recorded, pid, tid))
		return false;
	error = memory_open(tid, &memory_fd);
	if (error) {
		usdtrap_error_destroy(error);
		return false;
	}
	/* The arrays first: recorded.c finds them fastest. What cannot be read is not there: the call will fail. */
	recorded_keep_strings(&start.recorded, memory_fd, call->arguments[path + 1]);
	recorded_keep_string(&start.recorded, memory_fd, call->arguments[path]);
	recorded_keep_strings(&start.recorded, memory_fd, call->arguments[path + 2]);
	close(memory_fd);
	if (procfs_call_read(PROCFS_ROOT, tid, &after) && memcmp(&after, call, sizeof(after)) == 0) {
		*ret = start;
		return true;
	}
	start_deinit(&start);
	return false;
}

/*
 * Where the path is that was given to the call: the kernel left it on the new
 * program's stack (getauxval(3), AT_EXECFN). 64-bit programs alone.
 */
static bool find_path(pid_t pid, uint64_t *ret_addr, int *ret_memory_fd)
{
	struct usdtrap_error *error;
	uint64_t entry_size;

	if (!procfs_auxiliary_value(PROCFS_ROOT, pid, AT_PHENT, &entry_size) || entry_size != sizeof(Elf64_Phdr) ||
	    !procfs_auxiliary_value(PROCFS_ROOT, pid, AT_EXECFN, ret_addr))
		return false;
	error = memory_open(pid, ret_memory_fd);
	usdtrap_error_destroy(error);
	return !error;
}

bool start_read_path(pid_t pid, char *buffer, size_t size)
{
	struct usdtrap_error *error;
	uint64_t path_addr;
	int memory_fd;
	size_t got;

	if (!find_path(pid, &path_addr, &memory_fd))
		return false;
	error = memory_read_some(memory_fd, path_addr, buffer, size, &got);
	close(memory_fd);
	usdtrap_error_destroy(error);
	return !error && memchr(buffer, '\0', got);
}

static bool keep_path(pid_t pid, struct start *start)
{
	uint64_t path_addr;
	int memory_fd;
	bool is_kept;

	if (!find_path(pid, &path_addr, &memory_fd))
		return false;
	is_kept = recorded_keep_string(&start->recorded, memory_fd, path_addr);
	close(memory_fd);
	start->arguments[0] = path_addr;
	return is_kept;
}

bool start_read_late(pid_t pid, struct start *ret)
{
	const struct procfs_file file = {.root = PROCFS_ROOT, .pid = pid, .name = "cmdline"};
	_cleanup_strbuf_ struct strbuf line = {0};
	struct start start = {.number = start_execve_number()};
	struct usdtrap_error *error = procfs_file_read(&file, &line);
	uint64_t word = MADE_UP_STRINGS, last = 0;
	bool is_kept = !error && line.length > 0 && recorded_identify(&start.recorded, pid, pid);
	size_t words = 0;

	usdtrap_error_destroy(error);
	for (size_t at = 0; is_kept && at < line.length; at += strlen(line.text + at) + 1, words++) {
		word = MADE_UP_STRINGS + at;
		is_kept = recorded_put(&start.recorded, MADE_UP_WORDS + words * sizeof(word), &word, sizeof(word));
	}
	is_kept = is_kept && recorded_put(&start.recorded, MADE_UP_WORDS + words * sizeof(word), &last, sizeof(last)) &&
		  recorded_put(&start.recorded, MADE_UP_STRINGS, line.text, line.length + 1);
	start.arguments[1] = MADE_UP_WORDS;
	if (is_kept && !keep_path(pid, &start)) { /* its first word is often the same */
		start.arguments[0] = MADE_UP_PATH;
		is_kept = recorded_put(&start.recorded, MADE_UP_PATH, line.text, strlen(line.text) + 1);
	}
	if (is_kept)
		*ret = start;
	else
		start_deinit(&start);
	return is_kept;
}

void start_deinit(struct start *start)
{
	recorded_deinit(&start->recorded);
}
