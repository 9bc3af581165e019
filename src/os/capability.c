/* SPDX-License-Identifier: MIT */
#include "os/capability.h"

/* In the order of their numbers: include/uapi/linux/capability.h of the kernel, which never changes one. */
static const char *const names[] = {
	"CHOWN",
	"DAC_OVERRIDE",
	"DAC_READ_SEARCH",
	"FOWNER",
	"FSETID",
	"KILL",
	"SETGID",
	"SETUID",
	"SETPCAP",
	"LINUX_IMMUTABLE",
	"NET_BIND_SERVICE",
	"NET_BROADCAST",
	"NET_ADMIN",
	"NET_RAW",
	"IPC_LOCK",
	"IPC_OWNER",
	"SYS_MODULE",
	"SYS_RAWIO",
	"SYS_CHROOT",
	"SYS_PTRACE",
	"SYS_PACCT",
	"SYS_ADMIN",
	"SYS_BOOT",
	"SYS_NICE",
	"SYS_RESOURCE",
	"SYS_TIME",
	"SYS_TTY_CONFIG",
	"MKNOD",
	"LEASE",
	"AUDIT_WRITE",
	"AUDIT_CONTROL",
	"SETFCAP",
	"MAC_OVERRIDE",
	"MAC_ADMIN",
	"SYSLOG",
	"WAKE_ALARM",
	"BLOCK_SUSPEND",
	"AUDIT_READ",
	"PERFMON",
	"BPF",
	"CHECKPOINT_RESTORE",
};

void capability_names(uint64_t set, struct strbuf *ret)
{
	const char *separator = "";

	for (size_t i = 0; i < 64; i++) {
		if (!capability_is_in(set, (int)i))
			continue;
		if (i < sizeof(names) / sizeof(names[0]))
			strbuf_addf(ret, "%sCAP_%s", separator, names[i]);
		else
			strbuf_addf(ret, "%scapability %zu", separator, i);
		separator = ", ";
	}
}
