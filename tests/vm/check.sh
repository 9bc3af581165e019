#!/bin/sh
# SPDX-License-Identifier: MIT
#
# usdtrap on old kernels and on one that has no BPF, each booted in QEMU:
#
#	make check-vm
#
#	bare   Linux 6.1 as small as can be: no BPF, no uprobes, no ftrace, no sockets, see bare.config
#	6.1    Debian 12's own kernel
#	5.10   Debian 11's
#	6.12   Debian 13's, with a parameter that forbids whoever traces to write to /proc/PID/mem what its owner may not
#
# Nothing is installed, and no root is needed. Kernels are made once, into a
# cache: the bare one is built, Debian's are unpacked from their packages. What
# is run on each is in the file checks; all of it is run by tests/vm/inside/init,
# the first process there. The end is a table. A run that cannot be says why and
# ends with 77.
#
#	USDTRAP_VM_CACHE     the cache; else $XDG_CACHE_HOME/usdtrap/vm
#	USDTRAP_VM_KERNELS   which kernels: "bare 6.1 5.10 6.12"
#	USDTRAP_VM_CHECKS    another list of checks than the file checks
#	USDTRAP_VM_ACCEL     kvm or tcg, instead of trying
#
# Seen from here: debian.sh gets packages, bare_kernel.sh and stock_kernel.sh make
# kernels, initramfs.sh makes the file system, boot.sh boots.
. "${top_srcdir:-.}/tests/vm/debian.sh"

checks=${USDTRAP_VM_CHECKS:-$vm/checks}
# An emulated machine is given this long for its checks, all of them side by side; on a machine with nothing else to do they
# need a tenth of it.
limit=1200

[ "$(uname -m)" = x86_64 ] || skip 'only x86-64 machines are emulated'
command -v qemu-system-x86_64 >/dev/null || skip 'qemu-system-x86_64 is missing (Debian: qemu-system-x86)'
for program in apt-get cpio dpkg-deb; do
	command -v $program >/dev/null || skip "$program is missing, by which kernels are taken from Debian's packages"
done
[ -x "$top_builddir/static/usdtrap" ] || skip 'there is no static/usdtrap: make static says why'
debian_ready || skip "this machine has no lists of Debian's packages that could be asked"

began=$(date +%s)
kernels=
for name in ${USDTRAP_VM_KERNELS:-bare 6.1 5.10 6.12}; do
	status=0
	case $name in
	bare) kernel=$("$vm/bare_kernel.sh") || status=$? ;;
	*) kernel=$("$vm/stock_kernel.sh" "$name") || status=$? ;;
	esac
	case $status in
	0)
		kernels="$kernels $name"
		ln -s "$kernel" "$scratch/$name"
		;;
	77) ;; # why is said
	*) fail "no kernel $name" ;;
	esac
done
[ -n "$kernels" ] || skip 'there is no kernel to boot'
initramfs=$scratch/initramfs
"$vm/initramfs.sh" "$initramfs" "$checks"

# That /dev/kvm can be opened does not mean that a guest gets anywhere: it has to have said so.
accelerator=${USDTRAP_VM_ACCEL:-tcg}
if [ -z "${USDTRAP_VM_ACCEL-}" ] && [ -w /dev/kvm ] &&
	"$vm/boot.sh" "$scratch/${kernels##* }" "$initramfs" "$scratch/console" 10 kvm vm_boots=1; then
	accelerator=kvm
fi

# All at once: most of the time a guest waits for something, and the others use the processors.
results=$scratch/results
for name in $kernels; do
	say "booting $name ($accelerator)"
	parameter=
	[ "$name" != 6.12 ] || parameter=proc_mem.force_override=never
	"$vm/boot.sh" "$scratch/$name" "$initramfs" "$cache/console-$name.log" $limit "$accelerator" $parameter &
	machines="${machines-} $!"
done
trap 'kill $machines; exit 143' INT TERM HUP
# shellcheck disable=SC2086 # a list
wait $machines || true # the consoles tell

for name in $kernels; do
	console=$cache/console-$name.log
	tr -d '\r' <"$console" >"$scratch/console"
	if ! grep -q '^VM-EXIT' "$scratch/console"; then
		say "kernel $name did not get to its end; the last of $console:"
		tail -n 30 "$scratch/console" >&2
		echo "$name end failed -" >>"$results"
	elif ! grep -qx 'VM-EXIT 0' "$scratch/console"; then
		say "on kernel $name:"
		grep -v '^VM-CHECK .* \(passed\|skipped\)' "$scratch/console" >&2 || true
	fi
	sed -n "s/^VM-START \([0-9.]*\).*/$name boot passed \1/p; s/^VM-CHECK /$name /p" "$scratch/console" >>"$results"
done

echo
awk -v kernels="$kernels" -f "$vm/table.awk" "$results"
echo "$(($(date +%s) - began)) s in all, $accelerator; consoles are in $cache"
! grep -q ' failed ' "$results"
