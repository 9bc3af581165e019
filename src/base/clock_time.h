/* SPDX-License-Identifier: MIT */
/* The time of one of the kernel's clocks, clock_gettime(2), as one number. */
#ifndef USDTRAP_BASE_CLOCK_TIME_H
#define USDTRAP_BASE_CLOCK_TIME_H

#include <stdint.h>
#include <time.h>

/* Nanoseconds of CLOCK, which must be one that every supported kernel has. */
uint64_t clock_time_ns(clockid_t clock);

#endif
