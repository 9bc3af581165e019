/* SPDX-License-Identifier: MIT */
/*
 * Why does a probe not fire? What can be found out about a probe in a process
 * without touching it: nobody is stopped or attached to, nothing is written.
 * Facts only; what to say of them is up to whoever asks.
 */
#ifndef USDTRAP_DIAGNOSIS_H
#define USDTRAP_DIAGNOSIS_H

#include <usdtrap/probe.h>

#ifdef __cplusplus
extern "C" {
#endif

/* In the order in which they are told. The member of the union that a kind fills in stands behind it. */
enum usdtrap_finding_kind {
	USDTRAP_FINDING_PROCESS,   /* `process' */
	USDTRAP_FINDING_ACCESS,    /* `access': whether this program may trace it */
	USDTRAP_FINDING_NO_PROBE,  /* `problem': no file has such a probe */
	USDTRAP_FINDING_PROBE,     /* a file has `probe' */
	USDTRAP_FINDING_MAPPED,    /* `mapped': the process runs that very file */
	USDTRAP_FINDING_UNMAPPED,  /* it does not run that file */
	USDTRAP_FINDING_REPLACED,  /* the file was deleted or replaced since: what it runs is the former one */
	USDTRAP_FINDING_SITE,      /* `site': what lies at one of the probe's sites now */
	USDTRAP_FINDING_SEMAPHORE, /* `semaphore': of such a site, once each */
	USDTRAP_FINDING_RUNTIME,   /* `runtime': what is known of such programs and applies here */
};

struct usdtrap_finding_process {
	char name[64];
	char state; /* proc(5): 'R' running, 'S' sleeping, 'T' stopped, 'Z' ended, ... */
	unsigned threads;
	pid_t tracer;         /* whoever traces it with ptrace(2); 0: nobody */
	char tracer_name[64]; /* "" if it cannot be known */
};

struct usdtrap_finding_access {
	int yama;                            /* ptrace_scope, 0 to 3; -1: this kernel has no Yama */
	int has_capability;                  /* this program has CAP_SYS_PTRACE */
	int seccomp;                         /* of the process: 0 none, 1 strict, 2 filter; -1 unknown */
	const struct usdtrap_error *problem; /* NULL: it may be traced. Else why not, with the cure as hint. Borrowed */
};

struct usdtrap_finding_mapped {
	uint64_t start, end; /* of the executable mapping */
	uint64_t load_bias;
	int has_base; /* the file has its section .stapsdt.base, see <usdtrap/step.h> */
};

enum usdtrap_byte_state {
	USDTRAP_BYTE_NOP,     /* what the file has: nobody traces the site */
	USDTRAP_BYTE_TRAP,    /* a breakpoint: a tracer is there */
	USDTRAP_BYTE_OTHER,   /* something else: the process has changed its code */
	USDTRAP_BYTE_UNKNOWN, /* it cannot be read */
};

struct usdtrap_finding_site {
	size_t index; /* in probe->sites */
	uint64_t addr;
	enum usdtrap_byte_state state;
	unsigned char byte, byte_in_file;
	int owner;           /* at a trap: the process that has a probe of the kernel's there; 0: none is known */
	char owner_name[32]; /* its name */
};

struct usdtrap_finding_semaphore {
	uint64_t addr;
	int is_known; /* `value' could be read */
	unsigned value;
};

/* One thing that is known of a kind of program. All static. */
struct usdtrap_finding_runtime {
	const char *title;  /* "CPython 3.12 to 3.14" */
	const char *text;   /* what one should know, one sentence or two */
	const char *next;   /* what to do */
	const char *source; /* where that is from */
	int is_cause;       /* 1: enough by itself to keep the probe silent */
};

struct usdtrap_finding {
	enum usdtrap_finding_kind kind;
	const struct usdtrap_probe_info *probe; /* from PROBE to SEMAPHORE. Borrowed for the call */
	union {
		struct usdtrap_finding_process process;
		struct usdtrap_finding_access access;
		const struct usdtrap_error *problem;
		struct usdtrap_finding_mapped mapped;
		struct usdtrap_finding_site site;
		struct usdtrap_finding_semaphore semaphore;
		struct usdtrap_finding_runtime runtime;
	};
};

/*
 * Calls ON_FINDING for all that can be found about the probes that PATTERN
 * means in process PID: of a process that may not be looked into, what it is
 * and why it may not. Errors: NOT_FOUND (no such process), GONE, OS, NO_MEMORY.
 */
USDTRAP_API USDTRAP_MUST_USE struct usdtrap_error *usdtrap_diagnose(
	const struct usdtrap_pattern *pattern, pid_t pid,
	void (*on_finding)(const struct usdtrap_finding *finding, void *user), void *user);

#ifdef __cplusplus
}
#endif
#endif
