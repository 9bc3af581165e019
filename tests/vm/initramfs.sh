#!/bin/sh
# SPDX-License-Identifier: MIT
#
#	initramfs.sh OUT CHECKS
#
# Makes the file system of the virtual machine, as the kernel unpacks it into
# memory: busybox; usdtrap, the targets and the live tests, at the paths they
# have here; Debian's python3.11; and CHECKS, a file that tells init what to
# run. Nothing else: no /etc, no locale.
#
# usdtrap is the static one. What targets and helpers are linked with comes from
# this machine, to where its loader looks.
. "${top_srcdir:-.}/tests/vm/debian.sh"

out=$1
checks=$2
root=$scratch/root

# Files of this machine, to the same places.
add() { # FILE...
	for file in "$@"; do
		mkdir -p "$root$(dirname "$file")"
		[ -e "$root$file" ] || cp -L "$file" "$root$file"
	done
}

# The libraries that programs need, from this machine.
add_libraries() { # FILE...
	for program in "$@"; do
		# shellcheck disable=SC2046 # paths of libraries have no spaces
		add $(ldd "$program" 2>/dev/null | grep -o '/[^ ]*' | sort -u)
	done
}

# The files of a Debian package that match the patterns, kept in the cache from run to run.
add_package() { # PACKAGE PATTERN...
	package=$1
	shift
	version=$(debian_version "$package")
	[ -n "$version" ] || fail "no package $package in Debian's lists"
	deb=$cache/$(echo "${package}_$version" | tr : .).deb
	if [ ! -s "$deb" ]; then
		fetched=$(debian_fetch "$package")
		[ -n "$fetched" ] || fail "$package cannot be downloaded"
		mv "$fetched" "$deb"
	fi
	dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$root" --keep-directory-symlink --wildcards "$@"
}

mkdir -p "$root/dev" "$root/proc" "$root/sys" "$root/tmp" "$root/root" "$root/run" "$root/usr/lib"
for folder in bin lib lib64 sbin; do
	mkdir -p "$root/usr/$folder"
	ln -s usr/$folder "$root/$folder"
done
add_package busybox-static '*/busybox'
add_package python3.11-minimal '*/bin/python3.11'
add_package libpython3.11-minimal '*/lib/python3.11/*'
add_package libpython3.11-stdlib '*/colorsys.py'
add_package libexpat1 '*/libexpat.so*'
add_package zlib1g '*/libz.so*'
add_libraries "$root/usr/bin/python3.11"
# What the tests use and busybox has not.
flock=$(command -v flock)
add "$flock"
add_libraries "$flock"

cd "$top_builddir"
programs=
for file in tests/targets/* tests/live/* tests/live/operands/* tests/vm/*; do
	if [ -f "$file" ] && [ -x "$file" ] && [ "$(head -c 4 "$file" | tail -c 3)" = ELF ]; then
		programs="$programs $PWD/$file"
	fi
done
# shellcheck disable=SC2086 # a list
{
	add $programs
	add_libraries $programs
}
# The C library loads this one when a thread ends by itself; ldd knows nothing of it.
unwinder=$(${CC:-cc} -print-file-name=libgcc_s.so.1 2>/dev/null) || true
case $unwinder in /*) add "$(readlink -f "$unwinder")" ;; esac
cp "${USDTRAP_VM_PROGRAM:-static/usdtrap}" "$root$top_builddir/usdtrap"
cd "$top_srcdir"
for file in configure.ac docs/*.1 tests/live/*.sh tests/targets/*.py tests/vm/inside/*; do
	add "$PWD/$file"
done
cp "$checks" "$root/checks"
ln -s "$top_srcdir/tests/vm/inside/init" "$root/init"
printf 'top_srcdir=%s\ntop_builddir=%s\n' "$top_srcdir" "$top_builddir" >"$root/paths"

(cd "$root" && find . | sort | cpio -o -H newc --quiet) | gzip -1 >"$out"
