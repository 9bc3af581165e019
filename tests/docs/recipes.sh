#!/bin/sh
# SPDX-License-Identifier: MIT
# docs/recipes.md: every session in it happens as it says, where its program is installed.
# shellcheck source=tests/docs/lib.sh
. "${top_srcdir:-.}/tests/docs/lib.sh"
document recipes.md
