#!/bin/sh
# SPDX-License-Identifier: MIT
# usdtrap inspect PID regs all: flags, segments, floating point and vectors, as the program put them there, and as
# gdb(1) shows them; the program finds them unchanged.
. "${top_srcdir:-.}/tests/live/lib.sh"
needs_attach
inspect() {
	"$usdtrap" inspect "$pid" "$@" >said.out 2>said.err || fail "inspect $*: $(cat said.err)"
	[ ! -s said.err ] || fail "inspect $* complains: $(cat said.err)"
}
says() { # PATTERN of a line
	grep -qE "^  $1\$" said.out || fail "no line matches $1: $(cat said.out)"
}

target registers
wait_until_still

# Without "all": what a debugger shows first. The flags are those that the program had at its call.
inspect regs
says 'r12      0x1212121212121212  1302123111085380114'
says 'r15      0x1515151515151515  1519143629599610133'
says 'eflags   0x247               \[ CF PF ZF IF \]'
says 'cs       0x33                51'
says 'fs_base  0x[0-9a-f]+ +anonymous memory'
says 'orig_rax 0x0                 0'
! grep -q '^  [xyz]mm' said.out || fail "vectors, unasked: $(cat said.out)"
[ "$(grep -c '^  ' said.out)" -eq 27 ] || fail "not 27 registers: $(cat said.out)"

# With it: the numbers whole, and what their lowest part is as a floating point number.
inspect regs all
says 'st0      3\.14159265358979324  raw 0x4000c90fdaa22168c235'
says 'mxcsr    0x1f80              \[ IM DM ZM OM UM PM \]'
low=1f1e1d1c1b1a1918_1716151413121110
if grep -q '^  xmm1 ' said.out; then
	says "xmm1     0x${low}  double 1.84632e-197  float 1.84362e-27"
else
	says "[yz]mm1     0xe0e1e2e3e4e5e6e7_e8e9eaebecedeeef_${low}  double 1.84632e-197  float 1.84362e-27"
fi
cp said.out both.out
inspect regs "$pid" all
same both.out said.out
inspect -f json regs all
grep -qE "\"[xyz]mm15\": \"0x[0-9a-f]*fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0\"" said.out ||
	fail "the last vector: $(cat said.out)"
grep -q '"eflags": "0x247"' said.out || fail "no flags: $(cat said.out)"

# What gdb shows of each register that both know.
if command -v gdb >/dev/null; then
	gdb -batch -nx -ex 'set debuginfod enabled off' -ex 'info registers' -ex 'info registers mxcsr fctrl fstat fop' \
		-p "$pid" >gdb.out 2>gdb.err || true
	inspect regs all
	# Not rax, the kernel's own remark, which is another one the second time; nor k0 to k7, which gdb before 14
	# looks for where only some processors have them.
	awk '$1 !~ /^(rax|k[0-7])$/ && $2 ~ /^0x/ { print $1, $2, $3 == "[" ? $0 : "" }' gdb.out | sed 's/\(0x[0-9a-f]* \).*\[/\1[/' |
		sort -u >expected
	grep -q '^eflags 0x247 \[ CF PF ZF IF \]$' expected || fail "gdb says: $(cat gdb.out gdb.err)"
	awk '$2 ~ /^0x/ { print $1, $2, $3 == "[" ? $0 : "" }' said.out | sed 's/\(0x[0-9a-f]* \).*\[/\1[/' | sort -u >actual
	awk 'NR == FNR { known[$1] = 1; next } known[$1]' expected actual | same expected -
fi

# What cannot be.
refuses() {
	cat >expected
	status=0
	"$usdtrap" inspect "$pid" "$@" >said.out 2>said.err || status=$?
	[ "$status" -eq 1 ] || fail "inspect $*: status $status"
	same expected said.err
}
refuses regs 1 2 <<EOT
ERROR: one thread, or none, is wanted, not "2" too
EOT
refuses regs al <<EOT
ERROR: the id of a thread is wanted, not "al"
EOT

go
finish
printf 'ready\nkept\n' | same - target.out
