/* SPDX-License-Identifier: MIT */
/*
 * What this kernel has of all that usdtrap uses if it is there: asked at run
 * time, never guessed from a version number. Nothing here is needed; who uses
 * a feature tries it, and has another way where it is missing. This is for
 * telling (usdtrap --info), and says what each lack means for the user.
 */
#ifndef USDTRAP_FEATURE_H
#define USDTRAP_FEATURE_H

#include <stddef.h>

#include <usdtrap/error.h>

#ifdef __cplusplus
extern "C" {
#endif

enum usdtrap_feature_state {
	USDTRAP_FEATURE_NO,
	USDTRAP_FEATURE_YES,
	USDTRAP_FEATURE_UNKNOWN, /* this user may not ask */
};

/* All texts are constant. */
struct usdtrap_feature {
	const char *name;
	const char *since;   /* the version of Linux that brought it, as "3.4" */
	const char *without; /* what its lack means: the rest of a sentence that begins with "without it" */
	enum usdtrap_feature_state state;
};

/*
 * Asks for all features, which takes a few milliseconds, and writes the first
 * CAPACITY of them to RET. Returns how many there are. Makes a process for it,
 * which is traced for a moment and has ended afterwards: not while another
 * thread waits for any child.
 */
USDTRAP_API size_t usdtrap_probe_features(struct usdtrap_feature *ret, size_t capacity);

/* A feature of kernels that usdtrap does not use, and why, or what it does instead. Both texts are constant. */
struct usdtrap_unused_feature {
	const char *name;
	const char *instead;
};

/* All of these, for who compares; the last has no name. */
USDTRAP_API const struct usdtrap_unused_feature *usdtrap_features_not_needed(void);

#ifdef __cplusplus
}
#endif
#endif
