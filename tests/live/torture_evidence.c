/* SPDX-License-Identifier: MIT */
/*
 * What is known of a death: the engine's last system calls, of all its threads; the journal as it was when the engine
 * was killed; and the target's core file, which has the memory and the registers of each of its threads.
 */
#include "live/torture.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <unistd.h>

#include <usdtrap/syscall.h>

enum { CALLS_KEPT = 40, ARGUMENTS = 6, JOURNAL_SIZE = 1 << 14 };

static struct call {
	pid_t tid;
	bool is_entry;
	uint64_t number, arguments[ARGUMENTS];
	int64_t result;
} calls[CALLS_KEPT];
static unsigned long call_count;
static char journal[JOURNAL_SIZE];

void evidence_begin(void)
{
	call_count = 0;
	journal[0] = '\0';
}

void evidence_call(pid_t tid)
{
	struct call *call = &calls[call_count++ % CALLS_KEPT];
	struct __ptrace_syscall_info info = {0};

	*call = (struct call){.tid = tid};
	if (ptrace(PTRACE_GET_SYSCALL_INFO, tid, sizeof(info), &info) <= 0)
		return;
	call->is_entry = info.op == PTRACE_SYSCALL_INFO_ENTRY;
	if (!call->is_entry) {
		call->result = info.exit.rval;
		return;
	}
	call->number = info.entry.nr;
	memcpy(call->arguments, info.entry.args, sizeof(call->arguments));
}

void evidence_killed(const struct target *target)
{
	if (!read_journal(target, journal, sizeof(journal)))
		snprintf(journal, sizeof(journal), "there was none\n");
}

static void print_call(const struct call *call)
{
	const struct usdtrap_syscall *known = usdtrap_syscall_by_number((long)call->number);

	if (!call->is_entry) {
		printf("    %d ... = %ld\n", (int)call->tid, (long)call->result);
		return;
	}
	printf("    %d %s(", (int)call->tid, known ? known->name : "?");
	for (unsigned i = 0; i < ARGUMENTS; i++)
		printf("%s%#lx", i ? ", " : "", (unsigned long)call->arguments[i]);
	puts(")");
}

void evidence_wanted(void)
{
	struct rlimit limit;

	if (chdir(work) != 0 || getrlimit(RLIMIT_CORE, &limit) != 0)
		_exit(126);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_CORE, &limit);
}

void evidence_of_threads(const struct target *target)
{
	char path[PATH_SIZE], line[256];
	struct dirent *entry;
	DIR *folder;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)target->pid);
	folder = opendir(path);
	while (folder && (entry = readdir(folder))) {
		snprintf(path, sizeof(path), "/proc/%d/task/%s/syscall", (int)target->pid, entry->d_name);
		file = fopen(path, "re");
		if (file && fgets(line, sizeof(line), file))
			printf("    thread %s is at: %s", entry->d_name, line);
		if (file)
			fclose(file);
	}
	if (folder)
		closedir(folder);
	printf("journal now:\n%s", read_journal(target, journal, sizeof(journal)) ? journal : "none\n");
}

void evidence_print(const struct target *target)
{
	const unsigned long first = call_count > CALLS_KEPT ? call_count - CALLS_KEPT : 0;
	char from[PATH_SIZE], to[PATH_SIZE];

	for (unsigned long i = first; i < call_count; i++)
		print_call(&calls[i % CALLS_KEPT]);
	printf("journal:\n%s", journal);
	snprintf(from, sizeof(from), "%s/core", work);
	snprintf(to, sizeof(to), "%s/core.%s.%u", work, target->name, tally.deaths);
	if (rename(from, to) == 0)
		printf("core: %s\n", to);
	fflush(stdout);
}
