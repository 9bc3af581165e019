/* SPDX-License-Identifier: MIT */
/* A library with probes: see libprobe.c. */
#ifndef LIBPROBE_H
#define LIBPROBE_H

/* Hits libprobe:work with NUMBER. */
void libprobe_work(int number);

#endif
