#!/bin/sh
# SPDX-License-Identifier: MIT
# What the bare kernel is for: it has no BPF, nothing that could plant a uprobe, and none of the calls that usdtrap has
# another way for. On a kernel that has BPF there is nothing to prove, and the test is skipped.
set -eu
answers=$("${top_builddir:-.}/tests/vm/answers")
echo "$answers"
case $answers in
*'bpf ENOSYS'*) ;;
*)
	echo 'skipped: this kernel has BPF'
	exit 77
	;;
esac
for name in fanotify_init io_uring_setup kcmp membarrier memfd_create process_vm_readv rseq socket; do
	echo "$answers" | grep -qx "$name ENOSYS" || { echo "failed: it has $name" && exit 1; }
done
if grep -E 'tracefs|debugfs|bpf' /proc/filesystems; then
	echo 'failed: it has these file systems'
	exit 1
fi
for path in /sys/kernel/tracing /sys/kernel/debug /sys/fs/bpf /sys/bus/event_source/devices/uprobe; do
	[ ! -e $path ] || { echo "failed: it has $path" && exit 1; }
done
