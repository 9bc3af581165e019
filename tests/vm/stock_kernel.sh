#!/bin/sh
# SPDX-License-Identifier: MIT
#
#	stock_kernel.sh VERSION
#
# Prints the path of Debian's own kernel of a version (6.12, 6.1, 5.10), unpacked from
# its package into the cache and not installed. Seven to eight megabytes stay.
. "${top_srcdir:-.}/tests/vm/debian.sh"

package=$(debian_kernel "$1")
[ -n "$package" ] || skip "no package of kernel $1 in Debian's lists"
version=$(debian_version "$package")
kernel=$cache/stock-$1-$version.bzImage
if [ ! -s "$kernel" ]; then
	say "unpacking $package $version"
	deb=$(debian_fetch "$package")
	[ -n "$deb" ] || fail "$package cannot be downloaded"
	dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$scratch" --wildcards './boot/vmlinuz-*'
	mv "$scratch"/boot/vmlinuz-* "$kernel"
fi
echo "$kernel"
