#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Prints the path of the bare kernel, which it builds if the cache has none:
# from Debian's linux-source-6.1, `make tinyconfig' and bare.config on top.
#
# Some four minutes on two cores and 1.5 GB in the cache while it lasts; 1.2 MB
# stay. The name holds the package's version and what bare.config says, so that
# a new version of either is built anew.
. "${top_srcdir:-.}/tests/vm/debian.sh"

package=linux-source-6.1
version=$(debian_version $package)
[ -n "$version" ] || skip "no package $package in Debian's lists"
kernel=$cache/bare-$version-$(key "$vm/bare.config").bzImage
if [ -s "$kernel" ]; then
	echo "$kernel"
	exit
fi

for program in bc bison cc flex make xz; do
	command -v $program >/dev/null || skip "$program is missing, which building a kernel needs"
done

say "building the bare kernel from $package $version: some minutes, once"
# Not in the usual scratch folder, which may be memory.
rm -rf "$scratch"
scratch=$(mktemp -d "$cache/build.XXXXXX")
deb=$(debian_fetch $package)
[ -n "$deb" ] || fail "$package cannot be downloaded"
dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$scratch" --wildcards '*.tar.xz'
rm "$deb"
tar -x -C "$scratch" --strip-components=1 -f "$scratch/usr/src/$package.tar.xz"
rm -r "$scratch/usr/src"

cd "$scratch" || exit
log=$cache/bare.log
{
	make tinyconfig
	scripts/kconfig/merge_config.sh -m .config "$vm/bare.config"
	make olddefconfig
} >"$log" 2>&1 || fail "the kernel cannot be configured: see $log"
# A line that another one takes back is not what this kernel is said to be.
sed -n 's/^\(CONFIG_[A-Z0-9_]*\)=.*/\1/p; s/^# \(CONFIG_[A-Z0-9_]*\) is not set$/\1/p' "$vm/bare.config" | while read -r option; do
	wanted=$(grep "^$option=" "$vm/bare.config" || true)
	[ "$wanted" = "$(grep "^$option=" .config || true)" ] || fail "$option of bare.config does not take effect"
done
nice make -j"$(nproc)" bzImage >>"$log" 2>&1 || fail "the kernel cannot be built: see the end of $log"
cp arch/x86/boot/bzImage "$kernel.new"
mv "$kernel.new" "$kernel"
echo "$kernel"
