/* SPDX-License-Identifier: MIT */
/* What the two common security modules say about two processes, read from /proc/PID/attr and what is mounted. */
#ifndef USDTRAP_OS_SECURITY_MODULE_H
#define USDTRAP_OS_SECURITY_MODULE_H

#include <stdbool.h>
#include <sys/types.h>

enum { SECURITY_LABEL_SIZE = 256 };

struct security_selinux {
	bool is_enforcing;
	bool denies_all;                  /* the boolean deny_ptrace is on */
	char self[SECURITY_LABEL_SIZE];   /* "user:role:type:level" */
	char target[SECURITY_LABEL_SIZE]; /* "": not shown to us */
};
/* False: no SELinux here. */
bool security_module_selinux(const char *root, pid_t self, pid_t target, struct security_selinux *ret);

struct security_apparmor {
	bool confines_self; /* by a profile that is enforced, not one that complains */
	bool confines_target;
	char self[SECURITY_LABEL_SIZE]; /* the profile's name */
	char target[SECURITY_LABEL_SIZE];
};
/* False: no AppArmor here. */
bool security_module_apparmor(const char *root, pid_t self, pid_t target, struct security_apparmor *ret);

#endif
