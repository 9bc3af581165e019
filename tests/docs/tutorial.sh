#!/bin/sh
# SPDX-License-Identifier: MIT
# docs/tutorial.md: every session in it happens as it says.
# shellcheck source=tests/docs/lib.sh
. "${top_srcdir:-.}/tests/docs/lib.sh"
document tutorial.md
