/* SPDX-License-Identifier: MIT */
/*
 * Why a probe does not fire, <usdtrap/diagnosis.h>. The questions in the order
 * in which one would ask them: what kind of process is it, and whose; may it be
 * traced; is there such a probe; does the process run that file; what lies at
 * the sites; is the program guarding them; and what else is known of it.
 */
#include <usdtrap/diagnosis.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arch/arch.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/glob.h"
#include "base/strbuf.h"
#include "os/capability.h"
#include "os/kernel_probe.h"
#include "os/memory.h"
#include "os/procfs.h"
#include "os/procfs_file.h"
#include "os/refusal.h"
#include "trace/engine.h"
#include "trace/files.h"
#include "trace/probes.h"
#include "trace/process_files.h"
#include "trace/runtimes.h"

struct diagnosis {
	const struct usdtrap_pattern *pattern;
	pid_t pid;
	pid_t thread; /* one that lives: /proc shows the process through it */
	struct procfs_maps maps;
	int memory_fd; /* -1: it may not be read */
	bool has_probe;
	void (*on_finding)(const struct usdtrap_finding *finding, void *user);
	void *user;
};

static void tell(const struct diagnosis *diagnosis, const struct usdtrap_finding *finding)
{
	diagnosis->on_finding(finding, diagnosis->user);
}

/* ---- the process ---- */

static void tell_process(const struct diagnosis *diagnosis, const struct procfs_status *status)
{
	struct usdtrap_finding finding = {.kind = USDTRAP_FINDING_PROCESS};
	struct usdtrap_finding_process *process = &finding.process;
	struct procfs_status tracer;
	struct usdtrap_error *error;

	snprintf(process->name, sizeof(process->name), "%s", status->name);
	process->state = status->state;
	process->threads = status->threads;
	process->tracer = status->tracer;
	/* A tracer is a thread; people know processes. */
	error = status->tracer ? procfs_status_read(PROCFS_ROOT, status->tracer, &tracer) : NULL;
	if (status->tracer && !error)
		process->tracer = tracer.tgid;
	usdtrap_error_destroy(error);
	if (status->tracer)
		usdtrap_error_destroy(procfs_line(PROCFS_ROOT, process->tracer, "comm", process->tracer_name,
						  sizeof(process->tracer_name)));
	tell(diagnosis, &finding);
}

static int yama_scope(void)
{
	char line[16] = "";

	usdtrap_error_destroy(procfs_line(PROCFS_ROOT, 0, "sys/kernel/yama/ptrace_scope", line, sizeof(line)));
	return *line ? atoi(line) : -1;
}

static void tell_access(struct diagnosis *diagnosis, const struct procfs_status *status)
{
	struct usdtrap_finding finding = {.kind = USDTRAP_FINDING_ACCESS};
	struct procfs_status own = {0};
	/* Opening its memory asks the kernel the very question that PTRACE_SEIZE would. */
	struct usdtrap_error *error = memory_open(diagnosis->thread, &diagnosis->memory_fd), *problem = NULL;

	usdtrap_error_destroy(procfs_status_read(PROCFS_ROOT, getpid(), &own));
	if (error || status->tracer)
		problem = refusal_explain(PROCFS_ROOT, diagnosis->pid, diagnosis->thread, EPERM);
	finding.access = (struct usdtrap_finding_access){
		.yama = yama_scope(),
		.has_capability = capability_is_in(own.capabilities_effective, CAPABILITY_SYS_PTRACE),
		.seccomp = status->seccomp,
		.problem = problem,
	};
	tell(diagnosis, &finding);
	usdtrap_error_destroy(problem);
	usdtrap_error_destroy(error);
}

/* ---- sites ---- */

/* The process's executable mapping of OBJECT, which was found at PATH; NULL if it has none. */
static const struct procfs_mapping *mapping_of(const struct diagnosis *diagnosis, const struct elf_object *object,
					       const char *path)
{
	uint64_t device, inode;

	if (!elf_object_identity(object, &device, &inode))
		return NULL;
	for (size_t i = 0; i < diagnosis->maps.count; i++) {
		const struct procfs_mapping *mapping = &diagnosis->maps.items[i];
		const bool has_path = strcmp(mapping->path, path) == 0;

		if (!mapping->is_executable || mapping->inode == 0)
			continue;
		/* Some file systems show maps another device than stat(2): process_files.c. */
		if (mapping->inode == inode && (mapping->device == device || has_path))
			return mapping;
	}
	return NULL;
}

/* Who has a uprobe at SITE, if the kernel tells. */
static void find_owner(const struct diagnosis *diagnosis, struct usdtrap_finding_site *site)
{
	_cleanup_free_ struct kernel_probe *probes = NULL;
	struct usdtrap_error *error;
	size_t count;

	error = kernel_probes_read(&probes, &count);
	usdtrap_error_destroy(error);
	for (size_t i = 0; i < count && !site->owner; i++)
		if (kernel_probe_addr(&probes[i], &diagnosis->maps) == site->addr) {
			site->owner = (int)probes[i].owner;
			snprintf(site->owner_name, sizeof(site->owner_name), "%s", probes[i].owner_name);
		}
}

static void tell_site(const struct diagnosis *diagnosis, const struct elf_object *object,
		      const struct usdtrap_probe_info *probe, size_t index, uint64_t load_bias)
{
	const struct arch *arch = arch_find((uint16_t)probe->machine, probe->address_bits);
	struct usdtrap_finding finding = {.kind = USDTRAP_FINDING_SITE, .probe = probe};
	struct usdtrap_finding_site *site = &finding.site;
	struct usdtrap_error *error;

	*site = (struct usdtrap_finding_site){
		.index = index,
		.addr = probe->sites[index].vaddr + load_bias,
		.state = USDTRAP_BYTE_UNKNOWN,
	};
	error = elf_object_read(object, probe->sites[index].vaddr, &site->byte_in_file, 1);
	if (!error && diagnosis->memory_fd >= 0)
		error = memory_read(diagnosis->memory_fd, site->addr, &site->byte, 1);
	if (!error && diagnosis->memory_fd >= 0) {
		if (site->byte == site->byte_in_file)
			site->state = USDTRAP_BYTE_NOP;
		else if (arch && arch->trap_size == 1 && site->byte == arch->trap[0])
			site->state = USDTRAP_BYTE_TRAP;
		else
			site->state = USDTRAP_BYTE_OTHER;
	}
	usdtrap_error_destroy(error);
	if (site->state == USDTRAP_BYTE_TRAP)
		find_owner(diagnosis, site);
	tell(diagnosis, &finding);
}

/* Whether a site before INDEX has the same semaphore. */
static bool is_told(const struct usdtrap_probe_info *probe, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (probe->sites[i].semaphore_vaddr == probe->sites[index].semaphore_vaddr)
			return true;
	return false;
}

static void tell_semaphore(const struct diagnosis *diagnosis, const struct usdtrap_probe_info *probe, size_t index,
			   uint64_t load_bias)
{
	struct usdtrap_finding finding = {.kind = USDTRAP_FINDING_SEMAPHORE, .probe = probe};
	struct usdtrap_error *error = NULL;
	uint16_t value = 0;

	if (!probe->sites[index].semaphore_vaddr || is_told(probe, index))
		return;
	finding.semaphore.addr = probe->sites[index].semaphore_vaddr + load_bias;
	if (diagnosis->memory_fd >= 0) {
		error = memory_read(diagnosis->memory_fd, finding.semaphore.addr, &value, sizeof(value));
		finding.semaphore.is_known = !error;
		finding.semaphore.value = value;
	}
	usdtrap_error_destroy(error);
	tell(diagnosis, &finding);
}

static bool has_base(const struct elf_object *object)
{
	struct elf_section section;

	return elf_object_section(object, ".stapsdt.base", 0, &section);
}

static void tell_probe(struct diagnosis *diagnosis, const struct elf_object *object,
		       const struct usdtrap_probe_info *probe)
{
	struct usdtrap_finding finding = {.kind = USDTRAP_FINDING_PROBE, .probe = probe};
	const struct procfs_mapping *mapping;

	diagnosis->has_probe = true;
	tell(diagnosis, &finding);
	mapping = mapping_of(diagnosis, object, probe->path);
	finding.kind = USDTRAP_FINDING_UNMAPPED;
	if (!mapping || !mapped_load_bias(object, mapping, &finding.mapped.load_bias)) {
		tell(diagnosis, &finding);
		return;
	}
	finding.kind = USDTRAP_FINDING_REPLACED;
	if (mapping->is_deleted)
		tell(diagnosis, &finding);
	finding.kind = USDTRAP_FINDING_MAPPED;
	finding.mapped.start = mapping->start;
	finding.mapped.end = mapping->end;
	finding.mapped.has_base = has_base(object);
	tell(diagnosis, &finding);
	for (size_t i = 0; i < probe->site_count; i++)
		tell_site(diagnosis, object, probe, i, finding.mapped.load_bias);
	for (size_t i = 0; i < probe->site_count; i++)
		tell_semaphore(diagnosis, probe, i, finding.mapped.load_bias);
}

static void tell_probes(struct diagnosis *diagnosis, const struct files *files)
{
	for (size_t i = 0; i < files->count; i++) {
		struct elf_object *object;
		struct probes *probes;
		struct usdtrap_error *error = files_open(&files->items[i], &object);

		if (error) {
			usdtrap_error_destroy(error);
			continue;
		}
		error = probes_load(object, files->items[i].path, NULL, NULL, &probes);
		if (!error) {
			for (size_t j = 0; j < probes->count; j++)
				if (probes_match(diagnosis->pattern, &probes->items[j]))
					tell_probe(diagnosis, object, &probes->items[j]);
			probes_destroy(probes);
		}
		usdtrap_error_destroy(error);
		elf_object_destroy(object);
	}
}

static void tell_no_probe(const struct diagnosis *diagnosis)
{
	const struct usdtrap_list_callbacks nobody = {0};
	struct usdtrap_finding finding = {.kind = USDTRAP_FINDING_NO_PROBE};
	struct usdtrap_error *error = usdtrap_list(diagnosis->pattern, diagnosis->pid, &nobody);

	if (!error)
		return;
	finding.problem = error;
	tell(diagnosis, &finding);
	usdtrap_error_destroy(error);
}

/* ---- runtimes ---- */

/* Whether one of the NUL-ended strings of file NAME of the process begins with PREFIX, and goes on with NEXT. */
static bool has_string(const struct diagnosis *diagnosis, const char *name, const char *prefix, size_t length,
		       char next)
{
	const struct procfs_file file = {.root = PROCFS_ROOT, .pid = diagnosis->pid, .name = name};
	_cleanup_strbuf_ struct strbuf strings = {0};
	struct usdtrap_error *error = procfs_file_read(&file, &strings);
	bool is_found = false;

	/* What may not be read is taken for right: better silent than wrong. */
	if (error) {
		usdtrap_error_destroy(error);
		return true;
	}
	for (size_t i = 0; i < strings.length && !is_found; i += strlen(strings.text + i) + 1)
		is_found = strncmp(strings.text + i, prefix, length) == 0 && strings.text[i + length] == next;
	return is_found;
}

static bool has_any_argument(const struct diagnosis *diagnosis, const char *arguments)
{
	while (*arguments) {
		size_t length = strcspn(arguments, " ");

		if (has_string(diagnosis, "cmdline", arguments, length, '\0'))
			return true;
		arguments += length + strspn(arguments + length, " ");
	}
	return false;
}

/* What the conditions of rows ask of one file. */
struct file_facts {
	const char *path;
	bool has_probes;
	bool has_match; /* one that was asked for */
	bool has_base;
};

static bool is_named(const char *wildcard, const char *asked)
{
	/* What was asked for may have wildcards itself, or be anything. */
	return !asked || !*asked || glob_match(wildcard, asked) || glob_match(asked, wildcard);
}

static bool applies(const struct diagnosis *diagnosis, const struct runtime *row, const struct file_facts *facts)
{
	if (!glob_match(row->file, facts->path) || !is_named(row->provider, diagnosis->pattern->provider) ||
	    !is_named(row->name, diagnosis->pattern->name) ||
	    (row->is_everywhere && !(diagnosis->pattern->provider && *diagnosis->pattern->provider)))
		return false;
	switch (row->condition) {
	case RUNTIME_ALWAYS:
		return facts->has_match;
	case RUNTIME_NO_PROBES:
		return !facts->has_probes && !diagnosis->has_probe;
	case RUNTIME_NO_SUCH_PROBE:
		return facts->has_probes && !facts->has_match && !diagnosis->has_probe;
	case RUNTIME_NO_BASE:
		return facts->has_match && !facts->has_base;
	case RUNTIME_ENVIRONMENT:
		return facts->has_match && !has_string(diagnosis, "environ", row->value, strlen(row->value), '=');
	case RUNTIME_ARGUMENTS:
		return facts->has_match && !has_any_argument(diagnosis, row->value);
	}
	return false;
}

static void read_facts(const struct diagnosis *diagnosis, const struct files_item *item, struct file_facts *ret)
{
	struct elf_object *object;
	struct probes *probes;
	struct usdtrap_error *error = files_open(item, &object);

	*ret = (struct file_facts){.path = item->path, .has_base = true};
	if (error) {
		usdtrap_error_destroy(error);
		return;
	}
	error = probes_load(object, item->path, NULL, NULL, &probes);
	if (!error) {
		ret->has_probes = true;
		ret->has_base = has_base(object);
		for (size_t i = 0; i < probes->count; i++)
			ret->has_match |= probes_match(diagnosis->pattern, &probes->items[i]);
		probes_destroy(probes);
	}
	usdtrap_error_destroy(error);
	elf_object_destroy(object);
}

/* A wildcard for any file is about one that was asked for; all other rows name files that the process runs. */
static void tell_runtimes(const struct diagnosis *diagnosis, const struct files *files)
{
	for (const struct runtime *row = runtimes; row->file; row++)
		for (size_t i = 0; i < files->count; i++) {
			struct usdtrap_finding finding = {.kind = USDTRAP_FINDING_RUNTIME, .runtime = row->fact};
			struct file_facts facts;

			if (!glob_match(row->file, files->items[i].path))
				continue;
			read_facts(diagnosis, &files->items[i], &facts);
			if (!applies(diagnosis, row, &facts))
				continue;
			tell(diagnosis, &finding);
			break; /* once is enough */
		}
}

/* ---- all of it ---- */

static struct usdtrap_error *find_thread(struct diagnosis *diagnosis)
{
	_cleanup_free_ pid_t *threads = NULL;
	struct usdtrap_error *error;
	size_t count;

	error = procfs_threads(PROCFS_ROOT, diagnosis->pid, &threads, &count);
	for (size_t i = 0; !error && i < count; i++) {
		diagnosis->thread = threads[i];
		error = procfs_maps_read(PROCFS_ROOT, diagnosis->pid, threads[i], &diagnosis->maps);
		if (error_catch(error, USDTRAP_GONE))
			error = NULL;
		else if (!error && diagnosis->maps.count > 0)
			return NULL;
		procfs_maps_deinit(&diagnosis->maps);
		diagnosis->maps = (struct procfs_maps){0};
	}
	return error ? error : &error_gone;
}

static void examine(struct diagnosis *diagnosis, const struct procfs_status *status)
{
	struct files named = {0}, mapped = {0};
	struct usdtrap_error *error;

	tell_process(diagnosis, status);
	tell_access(diagnosis, status);
	error = files_find(diagnosis->pattern->target, diagnosis->pid, &named);
	if (!error) {
		tell_probes(diagnosis, &named);
		files_deinit(&named);
	}
	usdtrap_error_destroy(error);
	if (!diagnosis->has_probe)
		tell_no_probe(diagnosis);
	error = files_find(NULL, diagnosis->pid, &mapped);
	if (!error) {
		tell_runtimes(diagnosis, &mapped);
		files_deinit(&mapped);
	}
	usdtrap_error_destroy(error);
}

struct usdtrap_error *usdtrap_diagnose(const struct usdtrap_pattern *pattern, pid_t pid,
				       void (*on_finding)(const struct usdtrap_finding *finding, void *user),
				       void *user)
{
	struct diagnosis diagnosis = {
		.pattern = pattern,
		.pid = pid,
		.memory_fd = -1,
		.on_finding = on_finding,
		.user = user,
	};
	struct procfs_status status;
	struct usdtrap_error *error = procfs_status_read(PROCFS_ROOT, pid, &status);

	if (!error)
		error = find_thread(&diagnosis);
	if (error_catch(error, USDTRAP_GONE)) {
		error = refusal_unseen(PROCFS_ROOT, pid);
		return error ? error : error_create(USDTRAP_NOT_FOUND, "no process %d", (int)pid);
	}
	if (error_catch(error, USDTRAP_PERMISSION)) { /* only its own user and root may see what it has mapped */
		tell_process(&diagnosis, &status);
		tell_access(&diagnosis, &status);
		error = NULL;
	} else if (!error) {
		examine(&diagnosis, &status);
	}
	if (diagnosis.memory_fd >= 0)
		close(diagnosis.memory_fd);
	procfs_maps_deinit(&diagnosis.maps);
	return error;
}
