/* SPDX-License-Identifier: MIT */
/* libusdtrap: trace USDT probes of running programs with ptrace(2) alone. Start reading at session.h. */
#ifndef USDTRAP_H
#define USDTRAP_H

#include <usdtrap/diagnosis.h>
#include <usdtrap/error.h>
#include <usdtrap/feature.h>
#include <usdtrap/function.h>
#include <usdtrap/hit.h>
#include <usdtrap/inspect.h>
#include <usdtrap/instruction.h>
#include <usdtrap/launch.h>
#include <usdtrap/probe.h>
#include <usdtrap/process.h>
#include <usdtrap/session.h>
#include <usdtrap/stack.h>
#include <usdtrap/step.h>
#include <usdtrap/syscall.h>
#include <usdtrap/tracepoint.h>

#endif
