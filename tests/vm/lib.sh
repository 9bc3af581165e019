#!/bin/sh
# SPDX-License-Identifier: MIT
#
# What the scripts of `make check-vm' share, sourced by each:
#
#	$vm         the folder of these scripts
#	$cache      what is kept from run to run: kernels, packages' lists. USDTRAP_VM_CACHE, else XDG's
#	$scratch    a folder of the script's own that vanishes with it
#	say WHAT    a line to who waits
#	fail WHAT   ends the script with 1
#	skip WHY    ends it with 77
#	key FILE    a few letters that stand for what the file holds
#
# shellcheck disable=SC2034 # read by who sources this
set -eu
LC_ALL=C
top_srcdir=$(cd "${top_srcdir:-.}" && pwd)
top_builddir=$(cd "${top_builddir:-$top_srcdir}" && pwd)
export LC_ALL top_srcdir top_builddir
vm=$top_srcdir/tests/vm
cache=${USDTRAP_VM_CACHE:-${XDG_CACHE_HOME:-${HOME:-/var/cache}/.cache}/usdtrap/vm}
mkdir -p "$cache"
scratch=$(mktemp -d "${TMPDIR:-/tmp}/usdtrap-vm.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
trap 'exit 143' INT TERM HUP

say() {
	printf 'check-vm: %s\n' "$*" >&2
}

fail() {
	say "$*"
	exit 1
}

skip() {
	say "skipped: $*"
	exit 77
}

key() {
	sha256sum <"$1" | cut -c 1-12
}
