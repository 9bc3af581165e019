/* SPDX-License-Identifier: MIT */
/* For the static program only, which loads no libraries: what was linked in is what there is. */
#include "elf/demangle.h"

demangle_fn demangle_find(void)
{
	return NULL;
}
