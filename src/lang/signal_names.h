/* SPDX-License-Identifier: MIT */
/* Signals by name. The numbers are those of the machine this runs on, which are the target's too. */
#ifndef USDTRAP_LANG_SIGNAL_NAMES_H
#define USDTRAP_LANG_SIGNAL_NAMES_H

/* "SIGINT" for 2; NULL if NUMBER has no name. Real-time signals have none: who uses them gives them a meaning. */
const char *signal_names_of(int number);

/* The number of NAME, with or without its "SIG"; 0 if there is none. */
int signal_names_find(const char *name);

#endif
