/* SPDX-License-Identifier: MIT */
/*
 * Hits: a thread that stands at a probe's site, as a callback sees it.
 *
 * A hit and everything reached through it live until the callback returns.
 * Everything is fetched on demand: a callback that only counts costs one stop
 * and nothing else. Code above should never assume that a stopped thread is
 * behind a hit: it may as well be a record of one.
 */
#ifndef USDTRAP_HIT_H
#define USDTRAP_HIT_H

#include <usdtrap/probe.h>

#ifdef __cplusplus
extern "C" {
#endif

struct usdtrap_hit;

enum usdtrap_value_kind {
	USDTRAP_VALUE_SIGNED,   /* `integer', sign-extended from `size' bytes */
	USDTRAP_VALUE_UNSIGNED, /* `integer', zero-extended from `size' bytes */
	USDTRAP_VALUE_FLOAT,    /* `real'; size 2, 4 or 8 */
	USDTRAP_VALUE_MEMORY,   /* an object of `size' bytes (16, 24, 32...) at `address' in the target */
	USDTRAP_VALUE_BYTES,    /* an object of `size' bytes (16 or 32) that lies in registers: copied to `bytes' */
};

enum { USDTRAP_VALUE_BYTES_MAX = 32 };

struct usdtrap_value {
	enum usdtrap_value_kind kind;
	unsigned size; /* bytes in the target */
	union {
		uint64_t integer;
		double real;
		uint64_t address;
		unsigned char bytes[USDTRAP_VALUE_BYTES_MAX]; /* in the target's byte order */
	};
};

/* What a callback tells the session. */
enum usdtrap_action {
	USDTRAP_CONTINUE,
	USDTRAP_STOP,   /* deliver nothing further and let usdtrap_run() return */
	USDTRAP_DISARM, /* put this site's byte back: it is hit no more in this process. All its callbacks must say so
			 */
};

/* The probe that was hit. Lives as long as the session. Never NULL. */
USDTRAP_API const struct usdtrap_probe_info *usdtrap_hit_probe(const struct usdtrap_hit *hit);

/* How many arguments the site that was hit has. */
USDTRAP_API unsigned usdtrap_hit_argument_count(const struct usdtrap_hit *hit);

/*
 * Decodes argument INDEX (from 0) into *RET. Errors, each about this argument
 * alone: BAD_ARGSPEC (the operand cannot be understood or its symbol not
 * resolved), FAULT (it lies in memory that cannot be read), NOT_FOUND (the
 * site has no such argument), GONE.
 */
USDTRAP_API USDTRAP_MUST_USE struct usdtrap_error *usdtrap_hit_argument(const struct usdtrap_hit *hit, unsigned index,
									struct usdtrap_value *ret);

/*
 * Reads SIZE bytes of the target's memory at ADDRESS. All or nothing.
 * Errors: FAULT, GONE. The patched bytes are masked: text reads as it was.
 */
USDTRAP_API USDTRAP_MUST_USE struct usdtrap_error *usdtrap_hit_read(const struct usdtrap_hit *hit, uint64_t address,
								    void *buffer, size_t size);

/*
 * Reads the NUL-ended string at ADDRESS: at most CAPACITY - 1 bytes (CAPACITY
 * at least 1), page by page, so that a string at the end of a mapping
 * survives. BUFFER is always NUL-ended. *RET_LENGTH (may be NULL) is the
 * length without the NUL; *RET_CUT (may be NULL) becomes 1 when the string
 * goes on behind what was read. Errors: FAULT when not even the first byte is
 * readable, GONE; BUFFER is then "".
 */
USDTRAP_API USDTRAP_MUST_USE struct usdtrap_error *usdtrap_hit_read_string(const struct usdtrap_hit *hit,
									   uint64_t address, char *buffer,
									   size_t capacity, size_t *ret_length,
									   int *ret_cut);

/*
 * Writes SIZE bytes into the target's memory at ADDRESS, as far as the target
 * itself may write there. The write is not undone when the session ends.
 * Errors: FAULT (not all of it is writable, or a trap of ours lies in it:
 * nothing is written), GONE.
 */
USDTRAP_API USDTRAP_MUST_USE struct usdtrap_error *usdtrap_hit_write(const struct usdtrap_hit *hit, uint64_t address,
								     const void *bytes, size_t size);

/* Whom a signal is for. */
enum usdtrap_signal_target {
	USDTRAP_SIGNAL_PROCESS, /* the process: any of its threads takes it, kill(2) */
	USDTRAP_SIGNAL_THREAD,  /* the thread that was hit, tgkill(2) */
};

/* Sends SIGNAL. The target gets it after the hit, as if somebody else had sent it. Errors: GONE, PERMISSION,
 * INVALID_USE (no such signal). */
USDTRAP_API USDTRAP_MUST_USE struct usdtrap_error *usdtrap_hit_signal(const struct usdtrap_hit *hit,
								      enum usdtrap_signal_target target, int signal);

/*
 * Whether NAME is a register that usdtrap_hit_register() may be asked for: the
 * processor's name for a general one, "rax", or the same without its letter,
 * "ax"; "ip" and "pc" for where the thread stands.
 */
USDTRAP_API int usdtrap_register_is_known(const char *name);

/* The register NAME of the thread at its hit. Errors: NOT_FOUND (there is no such register), GONE. */
USDTRAP_API USDTRAP_MUST_USE struct usdtrap_error *usdtrap_hit_register(const struct usdtrap_hit *hit, const char *name,
									uint64_t *ret);

/* Process and thread id, as the caller's pid namespace knows them. */
USDTRAP_API pid_t usdtrap_hit_pid(const struct usdtrap_hit *hit);
USDTRAP_API pid_t usdtrap_hit_tid(const struct usdtrap_hit *hit);

/* The thread's name, at most 15 bytes and a NUL; "" when it is gone. Borrowed. proc(5): /proc/PID/comm. */
USDTRAP_API const char *usdtrap_hit_comm(const struct usdtrap_hit *hit);

/* Real user and group id of the process; (uid_t)-1 when it is gone. proc(5): /proc/PID/status. */
USDTRAP_API uid_t usdtrap_hit_uid(const struct usdtrap_hit *hit);
USDTRAP_API gid_t usdtrap_hit_gid(const struct usdtrap_hit *hit);

/* When the stop was seen: nanoseconds of CLOCK_BOOTTIME, read once a hit. */
USDTRAP_API uint64_t usdtrap_hit_time_ns(const struct usdtrap_hit *hit);

/* The processor the thread last ran on, or -1. proc(5): field 39 of /proc/PID/stat. */
USDTRAP_API int usdtrap_hit_cpu(const struct usdtrap_hit *hit);

#ifdef __cplusplus
}
#endif
#endif
