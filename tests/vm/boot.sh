#!/bin/sh
# SPDX-License-Identifier: MIT
#
#	boot.sh KERNEL INITRAMFS LOG SECONDS kvm|tcg [PARAMETER]
#
# Boots a kernel in QEMU with two processors, its console in LOG, and ends with
# 0 if init said "VM-EXIT 0" there within SECONDS. QEMU's own status says nothing.
. "${top_srcdir:-.}/tests/vm/lib.sh"

kernel=$1 initramfs=$2 log=$3 seconds=$4 accelerator=$5 parameter=${6-}
case $accelerator in
kvm) set -- -accel kvm -cpu host ;;
tcg) set -- -accel tcg,thread=multi -cpu max ;;
esac
# Without PCI and ACPI a kernel finds a second processor only in a second socket. The bare kernel has neither.
timeout -k 5 "$seconds" qemu-system-x86_64 "$@" -smp 2,sockets=2,cores=1 -m 768 -nodefaults -no-user-config \
	-display none -serial stdio -no-reboot -kernel "$kernel" -initrd "$initramfs" \
	-append "console=ttyS0 quiet panic=-1 $parameter" </dev/null >"$log" 2>&1 &
machine=$!
trap 'kill $machine; rm -rf "$scratch"; exit 143' INT TERM HUP
wait $machine 2>/dev/null || true # which tells of an abort
tr -d '\r' <"$log" | grep -qx 'VM-EXIT 0'
