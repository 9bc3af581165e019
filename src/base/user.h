/* SPDX-License-Identifier: MIT */
/* Names of users. */
#ifndef USDTRAP_BASE_USER_H
#define USDTRAP_BASE_USER_H

#include <sys/types.h>

/*
 * The name of UID, to be freed with free(3); NULL: it has none, or memory ran out. Two files define this. The usual
 * one asks whatever the machine asks (nsswitch.conf(5)), the static program's reads /etc/passwd.
 */
char *user_name(uid_t uid);

#endif
