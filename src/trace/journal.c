/* SPDX-License-Identifier: MIT */
#include "trace/journal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/strbuf.h"
#include "os/memory.h"
#include "os/procfs.h"
#include "os/runtime_folder.h"
#include "trace/room.h"
#include "trace/site.h"
#include "trace/space.h"

enum {
	NAME_SIZE = 64,
	LINE_SIZE = 160,
	JOURNAL_MAX = 64 << 20, /* a file that is longer is none of ours */
};

struct journal {
	int fd;
	int folder_fd;
	char name[NAME_SIZE];
};

/* ---- writing ---- */

static struct usdtrap_error *append(struct journal *journal, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static struct usdtrap_error *append(struct journal *journal, const char *format, ...)
{
	char line[2 * LINE_SIZE];
	va_list arguments;
	ssize_t written;
	int length;

	va_start(arguments, format);
	length = vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	do
		written = write(journal->fd, line, (size_t)length);
	while (written < 0 && errno == EINTR);
	if (written == length)
		return NULL;
	return error_os(written < 0 ? errno : ENOSPC, "cannot keep a record of what is changed, so it is not changed");
}

static bool read_boot(char *buffer, size_t size)
{
	struct usdtrap_error *error = procfs_line(PROCFS_ROOT, 0, "sys/kernel/random/boot_id", buffer, size);

	usdtrap_error_destroy(error);
	return !error;
}

/* The pid namespace of whoever reads this /proc: what its pids mean. */
static uint64_t read_namespace(void)
{
	struct stat status;

	return stat(PROCFS_ROOT "/self/ns/pid", &status) == 0 ? status.st_ino : 0;
}

static struct usdtrap_error *write_head(struct journal *journal, const struct journal_head *head)
{
	char boot[64];

	if (!read_boot(boot, sizeof(boot)))
		boot[0] = '\0';
	return append(journal,
		      "usdtrap 1\nboot %s\nnamespace %" PRIu64 "\nprocess %d %" PRIu64 " %" PRIu64 "\ntracer %d\n",
		      boot, read_namespace(), (int)head->pid, head->start_time, head->start_stack, (int)head->tracer);
}

static void destroy(struct journal *journal)
{
	if (journal->fd >= 0)
		close(journal->fd); /* and with it goes the lock */
	if (journal->folder_fd >= 0)
		close(journal->folder_fd);
	free(journal);
}

/* What is there under the name speaks of a program that the process ran before, unless somebody still writes it. */
static struct usdtrap_error *make_way(const struct journal *journal)
{
	_cleanup_close_ int fd = openat(journal->folder_fd, journal->name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0)
		return error_create(USDTRAP_UNSUPPORTED, "another usdtrap still keeps the journal %s", journal->name);
	unlinkat(journal->folder_fd, journal->name, 0);
	return NULL;
}

struct usdtrap_error *journal_create(const struct space *space, struct journal **ret)
{
	struct journal_head head = {.pid = space->pid, .tracer = getpid()};
	struct journal *journal;
	struct procfs_stat stat;
	struct usdtrap_error *error = procfs_stat_read(PROCFS_ROOT, space->pid, space->pid, &stat);

	if (error)
		return error;
	head.start_time = stat.start_time;
	error = procfs_stat_read(PROCFS_ROOT, space->anchor, space->anchor, &stat);
	if (error)
		return error;
	head.start_stack = stat.start_stack;
	journal = calloc(1, sizeof(*journal));
	if (!journal)
		return &error_no_memory;
	journal->fd = -1;
	journal->folder_fd = -1;
	snprintf(journal->name, sizeof(journal->name), "%d-%" PRIu64, (int)head.pid, head.start_time);
	error = runtime_folder_open(&journal->folder_fd);
	if (!error) {
		error = make_way(journal);
	}
	if (!error) {
		journal->fd = openat(journal->folder_fd, journal->name,
				     O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);
		if (journal->fd < 0 || flock(journal->fd, LOCK_EX | LOCK_NB) < 0)
			error = error_os(errno, "cannot make the file %s", journal->name);
	}
	if (!error)
		error = write_head(journal, &head);
	if (error) {
		destroy(journal);
		return error;
	}
	*ret = journal;
	return NULL;
}

struct usdtrap_error *journal_adopt(struct journal *journal)
{
	return append(journal, "tracer %d\n", (int)getpid());
}

void journal_remove(struct journal *journal)
{
	if (!journal)
		return;
	unlinkat(journal->folder_fd, journal->name, 0);
	destroy(journal);
}

void journal_leave(struct journal *journal)
{
	if (journal)
		destroy(journal);
}

struct usdtrap_error *journal_site(struct journal *journal, const struct space *space, const struct site *site)
{
	char bytes[2 * ARCH_TRAP_SIZE + 1] = "";
	char behind[24] = "displaced";

	if (!journal)
		return NULL;
	for (size_t i = 0; i < space->arch->trap_size; i++)
		snprintf(bytes + 2 * i, 3, "%02x", site->original[i]);
	if (!site->is_displacing)
		snprintf(behind, sizeof(behind), "%zu", site->skip);
	return append(journal, "site %" PRIx64 " %s %s\n", site->addr, bytes, behind);
}

struct usdtrap_error *journal_raise(struct journal *journal, uint64_t addr, uint16_t from)
{
	return journal ? append(journal, "raise %" PRIx64 " %u\n", addr, from) : NULL;
}

struct usdtrap_error *journal_raised(struct journal *journal, uint64_t addr)
{
	return journal ? append(journal, "raised %" PRIx64 "\n", addr) : NULL;
}

struct usdtrap_error *journal_lower(struct journal *journal, uint64_t addr, uint16_t from)
{
	return journal ? append(journal, "lower %" PRIx64 " %u\n", addr, from) : NULL;
}

struct usdtrap_error *journal_room(struct journal *journal, uint64_t addr, size_t size)
{
	return journal ? append(journal, "room %" PRIx64 " %zu\n", addr, size) : NULL;
}

struct usdtrap_error *journal_net(struct journal *journal, uint64_t head_addr)
{
	return journal ? append(journal, "net %" PRIx64 "\n", head_addr) : NULL;
}

struct usdtrap_error *journal_watch(struct journal *journal)
{
	return journal ? append(journal, "watch\n") : NULL;
}

struct usdtrap_error *journal_attach(struct journal *journal)
{
	return journal ? append(journal, "attach\n") : NULL;
}

struct usdtrap_error *journal_stopped(struct journal *journal, bool is_stopped)
{
	return journal ? append(journal, is_stopped ? "stopped\n" : "continued\n") : NULL;
}

struct usdtrap_error *journal_forget_site(struct journal *journal, uint64_t addr)
{
	return journal ? append(journal, "forget site %" PRIx64 "\n", addr) : NULL;
}

struct usdtrap_error *journal_forget_semaphore(struct journal *journal, uint64_t addr)
{
	return journal ? append(journal, "forget semaphore %" PRIx64 "\n", addr) : NULL;
}

/* ---- reading ---- */

bool journal_parse_head(const char *text, struct journal_head *ret)
{
	char boot[64], boot_now[64];
	uint64_t namespace;
	int pid, tracer, length = 0;

	if (sscanf(text, "usdtrap 1\nboot %63s\nnamespace %" SCNu64 "\nprocess %d %" SCNu64 " %" SCNu64 "\ntracer %d%n",
		   boot, &namespace, &pid, &ret->start_time, &ret->start_stack, &tracer, &length) != 6 ||
	    text[length] != '\n')
		return false;
	ret->pid = pid;
	ret->tracer = tracer;
	for (const char *next = strstr(text + length, "\ntracer "); next; next = strstr(next + 1, "\ntracer "))
		ret->tracer = (pid_t)strtol(next + strlen("\ntracer "), NULL, 10);
	return pid > 0 && read_boot(boot_now, sizeof(boot_now)) && strcmp(boot, boot_now) == 0 &&
	       namespace == read_namespace();
}

/* "90" to its byte; false for anything but as many digits as SIZE bytes have. */
static bool parse_bytes(const char *text, uint8_t *bytes, size_t size)
{
	unsigned byte;

	if (strlen(text) != 2 * size)
		return false;
	for (size_t i = 0; i < size; i++) {
		if (sscanf(text + 2 * i, "%2x", &byte) != 1)
			return false;
		bytes[i] = (uint8_t)byte;
	}
	return true;
}

static struct usdtrap_error *load_site(const char *line, struct space *space)
{
	char bytes[2 * ARCH_TRAP_SIZE + 1], behind[24];
	struct site *site;
	uint64_t addr;

	if (sscanf(line, "site %" SCNx64 " %8s %23s", &addr, bytes, behind) != 3 || space_site(space, addr))
		return NULL;
	site = calloc(1, sizeof(*site));
	if (!site)
		return &error_no_memory;
	site->addr = addr;
	site->state = SITE_ARMED;
	site->original_size = space->arch->trap_size;
	site->is_displacing = strcmp(behind, "displaced") == 0;
	site->skip = site->is_displacing ? 0 : strtoul(behind, NULL, 10);
	if (!parse_bytes(bytes, site->original, space->arch->trap_size)) {
		free(site);
		return NULL;
	}
	space_add_site(space, site);
	return NULL;
}

/* The semaphore at ADDR, added if it is new. NULL: no memory. */
static struct semaphore *semaphore_at(struct space *space, uint64_t addr)
{
	struct semaphore *semaphore;

	HASH_FIND(hh, space->semaphores, &addr, sizeof(addr), semaphore);
	if (semaphore)
		return semaphore;
	semaphore = calloc(1, sizeof(*semaphore));
	if (!semaphore)
		return NULL;
	semaphore->addr = addr;
	HASH_ADD(hh, space->semaphores, addr, sizeof(semaphore->addr), semaphore);
	return semaphore;
}

/*
 * "raise" and "lower" were written just before: the writer may have been
 * killed on either side of the change, and the counter tells on which.
 */
static struct usdtrap_error *load_semaphore(const char *line, struct space *space)
{
	struct semaphore *semaphore;
	struct usdtrap_error *error;
	char word[8];
	uint64_t addr;
	unsigned from = 0;
	uint16_t now;
	int fields = sscanf(line, "%7s %" SCNx64 " %u", word, &addr, &from);

	if (fields < 2)
		return NULL;
	semaphore = semaphore_at(space, addr);
	if (!semaphore)
		return &error_no_memory;
	error = memory_read(space->memory_fd, addr, &now, sizeof(now));
	if (error) {
		semaphore->is_raised = false;
		return error_catch(error, USDTRAP_FAULT) ? NULL : error;
	}
	if (strcmp(word, "raise") == 0)
		semaphore->is_raised = now == from + 1;
	else if (strcmp(word, "raised") == 0)
		semaphore->is_raised = true;
	else
		semaphore->is_raised = semaphore->is_raised && now == from;
	return NULL;
}

static void load_forgotten(const char *line, struct space *space)
{
	struct semaphore *semaphore;
	struct site *site;
	uint64_t addr;

	if (sscanf(line, "forget site %" SCNx64, &addr) == 1) {
		site = space_site(space, addr);
		if (site)
			space_forget_site(space, site);
	} else if (sscanf(line, "forget semaphore %" SCNx64, &addr) == 1) {
		HASH_FIND(hh, space->semaphores, &addr, sizeof(addr), semaphore);
		if (semaphore)
			space_forget_semaphore(space, semaphore);
	}
}

static bool begins_with(const char *line, const char *word)
{
	return strncmp(line, word, strlen(word)) == 0;
}

struct usdtrap_error *journal_load(const char *text, struct space *space)
{
	struct usdtrap_error *error = NULL;
	char line[LINE_SIZE];
	size_t length, size;
	uint64_t addr;

	for (; *text && !error; text += length + 1) {
		length = strcspn(text, "\n");
		if (!text[length]) /* its writer got no further, and did not do what stands there */
			break;
		snprintf(line, sizeof(line), "%.*s", (int)length, text);
		if (begins_with(line, "site "))
			error = load_site(line, space);
		else if (begins_with(line, "raise") || begins_with(line, "lower"))
			error = load_semaphore(line, space);
		else if (sscanf(line, "room %" SCNx64 " %zu", &addr, &size) == 2)
			error = room_adopt(space, addr, size);
		else if (sscanf(line, "net %" SCNx64, &addr) == 1)
			net_adopt(space, addr);
		else if (strcmp(line, "watch") == 0)
			space->is_watched = true;
		else if (strcmp(line, "attach") == 0)
			space->is_attached = true;
		else if (strcmp(line, "stopped") == 0 || strcmp(line, "continued") == 0)
			space->is_stopped = strcmp(line, "stopped") == 0;
		else if (begins_with(line, "forget "))
			load_forgotten(line, space);
	}
	return error;
}

/* Reads all of FD, whose owner must be OWNER. */
static char *read_text(int fd, uid_t owner)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	struct stat status;
	ssize_t got;
	char *room;

	if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) || status.st_uid != owner ||
	    status.st_size > JOURNAL_MAX)
		return NULL;
	do {
		room = strbuf_reserve(&text, 4096);
		got = room ? read(fd, room, 4096) : -1;
		if (got > 0)
			text.length += (size_t)got;
	} while (got > 0);
	if (got < 0)
		return NULL;
	strbuf_add_char(&text, '\0');
	return strbuf_take(&text);
}

/* What the process that HEAD speaks of is now. OWNER may write into it anyway, or is root. */
static enum journal_state look_at_process(const struct journal_head *head, uid_t owner)
{
	struct procfs_status status;
	struct procfs_stat stat;
	struct usdtrap_error *error = procfs_stat_read(PROCFS_ROOT, head->pid, head->pid, &stat);

	if (!error)
		error = procfs_status_read(PROCFS_ROOT, head->pid, &status);
	usdtrap_error_destroy(error);
	if (error || stat.start_time != head->start_time)
		return JOURNAL_VOID;
	if (owner != 0 && (status.uid != owner || status.effective_uid != owner || status.saved_uid != owner))
		return JOURNAL_VOID;
	if (stat.state == 'Z' || stat.start_stack == 0) /* its leader has ended: the other threads may know */
		return JOURNAL_STALE;
	return stat.start_stack == head->start_stack ? JOURNAL_STALE : JOURNAL_VOID;
}

struct search {
	pid_t pid; /* 0: any */
	void (*visit)(struct journal_visit *visit, void *user);
	void *user;
};

static void look_at(int folder_fd, const char *name, uid_t owner, const struct search *search)
{
	struct journal journal = {.folder_fd = folder_fd};
	struct journal_visit visit = {.state = JOURNAL_LIVE};
	_cleanup_free_ char *text = NULL;

	journal.fd = openat(folder_fd, name, O_RDWR | O_APPEND | O_NOFOLLOW | O_CLOEXEC);
	if (journal.fd < 0)
		return;
	visit.text = "";
	snprintf(journal.name, sizeof(journal.name), "%s", name);
	if (flock(journal.fd, LOCK_EX | LOCK_NB) == 0)
		visit.state = JOURNAL_STALE;
	text = read_text(journal.fd, owner);
	if (!text || !journal_parse_head(text, &visit.head)) {
		close(journal.fd);
		return;
	}
	if (visit.state == JOURNAL_STALE)
		visit.state = look_at_process(&visit.head, owner);
	visit.text = text;
	visit.journal = malloc(sizeof(journal));
	journal.folder_fd = fcntl(folder_fd, F_DUPFD_CLOEXEC, 0);
	if (!visit.journal || journal.folder_fd < 0) {
		close(journal.fd);
		free(visit.journal);
		return;
	}
	*visit.journal = journal;
	search->visit(&visit, search->user);
	if (visit.journal && visit.state == JOURNAL_VOID)
		journal_remove(visit.journal);
	else
		journal_leave(visit.journal);
}

static void look_into(int folder_fd, uid_t owner, void *user)
{
	const struct search *search = user;
	int listed_fd = dup(folder_fd);
	DIR *folder = listed_fd >= 0 ? fdopendir(listed_fd) : NULL;
	const struct dirent *entry;

	if (!folder)
		return;
	while ((entry = readdir(folder))) {
		char *end;
		long pid = strtol(entry->d_name, &end, 10);

		if (pid <= 0 || *end != '-' || (search->pid && pid != search->pid))
			continue;
		look_at(folder_fd, entry->d_name, owner, search);
	}
	closedir(folder);
}

void journal_each(pid_t pid, void (*visit)(struct journal_visit *visit, void *user), void *user)
{
	struct search search = {pid, visit, user};

	runtime_folder_each(look_into, &search);
}
