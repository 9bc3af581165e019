/* SPDX-License-Identifier: MIT */
#include "argspec/argspec.h"

#include "base/strbuf.h"

void argspec_format(const struct arch *arch, const struct argspec *spec, struct strbuf *out)
{
	if (spec->reason) {
		strbuf_add(out, spec->text, spec->text_length);
		return;
	}
	if (spec->has_size)
		strbuf_addf(out, "%s%u%s@", spec->is_signed ? "-" : "", spec->size, spec->is_float ? "f" : "");
	arch->operand_format(&spec->operand, out);
}
