#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs every fuzz entry over its corpus: tests/fuzz/fuzz_SUBJECT over tests/fuzz/corpus/SUBJECT. FUZZ_PROGRAMS names them.
set -eu
: "${top_srcdir:?}" "${top_builddir:?}"

for program in $FUZZ_PROGRAMS; do
	subject=${program##*/fuzz_}
	printf '%s: ' "$subject"
	"$top_builddir/$program" "$top_srcdir/tests/fuzz/corpus/$subject"
done
