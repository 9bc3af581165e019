#!/bin/sh
# SPDX-License-Identifier: MIT
# `usdtrap explain': its transcript says what readelf, /proc and the target's memory say.
. "${top_srcdir:-.}/tests/live/lib.sh"

hits=$targets/hits
guarded=$targets/guarded

# "LOCATION BASE SEMAPHORE" of the probe $2 of file $1 as readelf sees it, hexadecimal without 0x.
note_of() {
	readelf -nW "$1" | awk -v name="$2" '
		$1 == "Name:" { found = $2 == name }
		found && $1 == "Location:" { gsub(/,|0x0*/, ""); print $2, $4, $6 }'
}

# Without a process: the note, byte by byte, and the code.
"$usdtrap" explain "usdt:$guarded:guarded:tick" >file.out 2>file.err || fail "of a file: $(cat file.err)"
[ ! -s file.err ] || fail "of a file: $(cat file.err)"
head -n 1 file.out | grep -qx "usdt:$guarded:guarded:tick" || fail "it does not begin with the probe's name"
grep -qx '      08 00 00 00               name size         8' file.out || fail "the name size is not shown"
grep -qx '      67 75 61 72 64 65 64 00   provider          "guarded"' file.out || fail "the provider is not dissected"
grep -qx '   >  0x[0-9a-f]*  90                        nop' file.out || fail "the nop is not shown"
grep -qxE '   arg0: 8 bytes, unsigned, in (%[a-z0-9]+|-?[0-9]*\(%[a-z0-9]+\))' file.out || fail "the argument is not described"
! grep -q 'PTRACE' file.out || fail "there is no process to take hold of"
if command -v readelf >/dev/null; then
	# shellcheck disable=SC2046 # three words
	set -- $(note_of "$guarded" tick)
	grep -q " location *0x$1: " file.out || fail "location $1 is not told"
	grep -q " base *0x$2: " file.out || fail "base $2 is not told"
	grep -q " semaphore *0x$3: " file.out || fail "semaphore $3 is not told"
fi
# On paper it fits.
! awk 'length > 90 && !/guarded/' file.out | grep . || fail "lines are too long"

# What is wrong, whole.
refused() {
	expected=$1
	shift
	status=0
	"$usdtrap" explain "$@" >said.out 2>said.err || status=$?
	[ "$status" -eq 1 ] || fail "explain $*: status $status"
	[ ! -s said.out ] || fail "explain $*: $(cat said.out)"
	printf '%s\n' "$expected" | same - said.err
}
refused "ERROR: usdtrap explain wants one PROBE
HINT: usdtrap -l FILE lists those of a file, usdtrap -l -p PID 'usdt:*' those of a process"
refused "ERROR: in which file is this probe?
HINT: name the file (FILE:PROVIDER:NAME), or a process with -p or -c" tick
refused "ERROR: usdt:a:b:c:d is not how a probe is written
HINT: a probe is usdt:FILE:PROVIDER:NAME; with -p or -c PROVIDER:NAME will do" usdt:a:b:c:d
refused "ERROR: -p and -c cannot be had together
HINT: -p means a process that runs already, -c starts one" -p 1 -c true tick
refused "ERROR: --hits takes a whole number from 1 to 1000000, not \"0\"" --hits 0 tick
refused "ERROR: usdtrap explain has no option --pauze
HINT: did you mean --pause?" --pauze tick
refused "ERROR: usdtrap explain has no option -z
HINT: usdtrap explain -h shows its options" -z tick
refused "ERROR: $hits: no USDT probe is called hits:tock
HINT: did you mean hits:tick?" "$hits:hits:tock"
"$usdtrap" explain "usdt:$targets/busy:*:*" >said.out 2>said.err && fail "two probes were explained as one"
grep -q '^ERROR: [0-9]* probes are meant, and one is wanted$' said.err || fail "several: $(cat said.err)"
grep -q '^HINT: name one of usdt:.*, usdt:' said.err || fail "several: $(cat said.err)"
if [ -w /dev/full ]; then
	"$usdtrap" explain "usdt:$hits:tick" >/dev/full 2>said.err && fail "a full disk is no error"
	printf '%s\n' 'ERROR: cannot write to standard output: No space left on device' | same - said.err
fi

needs_attach

# Runs it in the background until all is in place.
explains() {
	rm -f explain.out explain.err # of one before, or its words are taken for this one's
	"$usdtrap" explain "$@" -p "$pid" >explain.out 2>explain.err 9>&- &
	tracer=$!
	wait_for explain.out 'Ctrl-C leaves at once'
}

# With a process: every sum is right, every byte is the target's.
start "$guarded"
wait_for target.out '^ready$'
explains guarded:tick
tell show
wait_for target.out '^semaphore 1$'
tell "hit 3"
tracer_ends
[ "$tracer_status" -eq 0 ] || fail "explain ended with $tracer_status: $(cat explain.err)"
untouched "$pid"
grep -o '^[0-9]*\. .*' explain.out | sed "s/[0-9]*\. //; s/$pid/PID/; /^A safety net$/d" >sections
cat >expected <<'END'
The note in the file
Was the file moved after it was linked?
The code in the file
Taking hold of process PID
Where the file is in the process
The code in the process, before
The semaphore
One byte is written
A hit: thread PID
Its arguments
The thread goes on
The byte is written back
The proof
END
same expected sections
# A + B = C and A - B + C - D = E, wherever they stand.
grep -oE '0x[0-9a-f]+( [-+] \(?(0x[0-9a-f]+|[0-9]+)( - 0x[0-9a-f]+\))?)+ = 0x[0-9a-f]+' explain.out >sums
[ "$(wc -l <sums)" -ge 4 ] || fail "too few sums: $(cat sums)"
while read -r sum; do
	[ "$((${sum% = *}))" -eq "$((${sum#* = }))" ] || fail "a sum is wrong: $sum"
done <sums
bias=$(sed -n 's/.* - 0x[0-9a-f]* = 0x\([0-9a-f]*\)$/\1/p' explain.out | head -n 1)
first=$(awk -v file="$guarded" '$6 == file { split($1, range, "-"); print range[1]; exit }' "/proc/$pid/maps")
[ "$((0x$bias))" -eq "$((0x$first))" ] || fail "the load bias is $bias, the file begins at $first"
grep -q "^   0x[0-9a-f]*: 90 -> cc$\|^      0x[0-9a-f]*: 90 -> cc$" explain.out || fail "the byte that was written is not shown"
grep -qx '   >  0x[0-9a-f]*  cc                        int3' explain.out || fail "the trap is not shown"
[ "$(grep -c '^   >  0x[0-9a-f]*  90                        nop$' explain.out)" -eq 3 ] || fail "nop: before twice, after once"
grep -qx '      0x[0-9a-f]*: 0 -> 1   guarded:tick' explain.out || fail "the semaphore's raising is not shown"
grep -qx '      0x[0-9a-f]*: 1 -> 0   guarded:tick' explain.out || fail "the semaphore's lowering is not shown"
grep -qx '   signal 5 (SIGTRAP), si_code 128 (SI_KERNEL: nobody sent it).' explain.out || fail "the signal is not told"
grep -qE '^   arg0  8@(%[a-z0-9]*: [a-z0-9]* 0x0|-?[0-9]+\(%[a-z0-9]*\): .* 8 bytes 00 00 00 00 00 00 00 00); unsigned: 0' explain.out || fail "the argument is not derived"
grep -qx '      equal, every one.' explain.out || fail "there is no proof"
grep -qx '   The process runs on as if nothing had been: 1 thread let go, 1 hit seen.' explain.out || fail "no end"
! awk 'length > 90 && !/guarded/ && !/^   arg/' explain.out | grep . || fail "lines are too long"

# Three hits, by three.
explains guarded:tick --hits 3
tell "hit 5"
tracer_ends
[ "$(grep -c 'nother hit: thread\|A hit: thread' explain.out)" -eq 3 ] || fail "not three hits"
for value in 0 1 2; do
	grep -q "; unsigned: $value\$" explain.out || fail "$value is not among the arguments"
done

# Ctrl-C before any hit leaves at once, and all is put back.
explains guarded:tick
leave
[ "$tracer_status" -eq 0 ] || fail "Ctrl-C: status $tracer_status"
grep -qx '   The process runs on as if nothing had been: 1 thread let go, 0 hits seen.' explain.out || fail "Ctrl-C: no end"
untouched "$pid"

# A reader that goes away ends it.
"$usdtrap" explain guarded:tick -p "$pid" 2>explain.err 9>&- | head -n 3 >head.out
[ "$(wc -l <head.out)" -eq 3 ] || fail "head has not got its lines"
if grep -v "^NOTE: the kernel is older than Linux 3.4" explain.err; then fail "a reader that has seen enough"; fi
untouched "$pid"

# A process that ends half-way.
explains guarded:tick
finish
tracer_ends
[ "$tracer_status" -eq 0 ] || fail "the process ended: status $tracer_status"
grep -qx '   The process has ended without a hit.' explain.out || fail "the process ended: $(tail -n 1 explain.out)"

# A command: from its first instruction on.
"$usdtrap" explain hits:tick -c "$hits 2" </dev/null >explain.out 2>explain.err || fail "of a command: $(cat explain.err)"
grep -q '^   arg0  8@.*; unsigned: 0$' explain.out || fail "of a command: the argument is not told"
grep -qx '         there lies the text "some text of thirty-two letters."' explain.out || fail "the text is not shown"

# Operands in memory, and who wrote them: as the compiler's own listing has it.
cat >memory.c <<'END'
#include <sys/sdt.h>
#include <stdio.h>
__attribute__((noinline)) int give(int x);
__attribute__((noinline)) int give(int x)
{
	__asm__ volatile("" ::: "memory");
	return x + 1;
}
int main(int argc, char **argv)
{
	volatile int local = -2;
	volatile unsigned char small = 200;
	(void)argv;
	__asm__ volatile("movl %1, %%ebx\n"
			 "990: nop\n" ::"m"(local), "r"(give(argc)) : "rbx");
	STAP_PROBE3(memory, sum, local, small, 7);
	return 0;
}
END
if ${CC:-cc} -O0 -o memory memory.c >build.log 2>&1; then
	"$usdtrap" explain memory:sum -c ./memory </dev/null >explain.out 2>explain.err || fail "memory: $(cat explain.err)"
	grep -qE '^   arg0  -4@-?[0-9]*\(%rbp\): rbp 0x[0-9a-f]* - [0-9]* = 0x[0-9a-f]*; 4 bytes fe ff ff ff; signed: -2$' explain.out ||
		grep -qE '^   arg0  -4@%[a-z]*: [a-z]* 0xfffffffe; signed: -2$' explain.out || fail "local: $(grep arg0 explain.out)"
	# A function: found by its symbol; what the trap stands in for is executed all the same.
	"$usdtrap" explain uprobe:give -c ./memory --html page.html </dev/null >explain.out 2>explain.err ||
		fail "a function: $(cat explain.err)"
	grep -qx '1\. The function in the file' explain.out || fail "a function: $(cat explain.out)"
	grep -qE '^ +0x[0-9a-f]+: (f3|55) -> cc$' explain.out || fail "a function's byte: $(cat explain.out)"
	grep -qE '^   >  0x[0-9a-f]+  cc +int3$' explain.out || fail "a function's trap is not shown"
	grep -q 'instruction that counts' explain.out || fail "how it goes on is not told"
	# Its argument, by the calling convention, and the instruction of the caller that put it there.
	grep -qE '^   arg0  %rdi: rdi 0x1; unsigned: 1$' explain.out || fail "its argument: $(grep arg0 explain.out)"
	grep -A1 '^   arg0' explain.out | grep -qE '^         put there by   mov[a-z]* .*, %edi   at 0x[0-9a-f]+$' ||
		fail "who put it there: $(grep -A1 arg0 explain.out)"
	# Its return: entered, where it returns to, what it returned; and nothing of the engine's own traps.
	"$usdtrap" explain uretprobe:give -c ./memory --html page.html </dev/null >explain.out 2>explain.err ||
		fail "a return: $(cat explain.err)"
	sed -n 's/^[0-9]*\. //p' explain.out | sed 's/thread [0-9][0-9]*/thread N/; s/process [0-9][0-9]*/process N/' |
		head -n 11 >titles # it may end before the byte can be written back
	cat >expected <<'END'
The function in the file
Taking hold of process N
A safety net
Where the file is in the process
The code in the process, before
One byte is written
The function is entered: thread N
The thread goes on
A hit: thread N
What it returned
The thread goes on
END
	same expected titles
	grep -qE '^   retval  %rax: rax 0x2; unsigned: 2$' explain.out || fail "what it returned: $(grep retval explain.out)"
	slot=$(sed -n 's/^      rsp \(0x[0-9a-f]*\): 0x[0-9a-f]*$/\1/p' explain.out)
	pushed=$(sed -n 's/^      rsp 0x[0-9a-f]*: \(0x[0-9a-f]*\)$/\1/p' explain.out)
	grep -qE "^      0x[0-9a-f]+ - 1 = $pushed\$" explain.out || fail "it did not return to $pushed"
	rsp=$(sed -n 's/.* rsp \(0x[0-9a-f]*\) .*/\1/p' explain.out)
	[ $((rsp)) -eq $((slot + 8)) ] || fail "it returned with rsp $rsp, and was entered with $slot"
	[ "$(grep -c '<section>' page.html)" -eq "$(grep -c '^[0-9]*\. ' explain.out)" ] || fail "the page of a return"
	"$usdtrap" explain uprobe:./memory:give >explain.out 2>explain.err || fail "a function's file: $(cat explain.err)"
	"$usdtrap" explain uprobe:./memory:gave >explain.out 2>explain.err && fail "there is no such function"
	grep -q '^ERROR: .*gave' explain.err || fail "no such function: $(cat explain.err)"
	"$usdtrap" explain uprobe:give -p 1 >explain.out 2>explain.err && fail "in which file?"
	printf 'ERROR: in which file is the function give?\nHINT: name the file: uprobe:FILE:give\n' | same - explain.err
	"$usdtrap" explain memory:sum -c ./memory </dev/null >explain.out 2>explain.err || fail "memory: $(cat explain.err)"
	grep -qx "   arg2  -4@[$]7: the constant 7; signed: 7" explain.out || fail "constant: $(grep arg2 explain.out)"
	# A command may load it at any time: that there is none is known at its end.
	"$usdtrap" explain memory:smu -c ./memory </dev/null >explain.out 2>explain.err && fail "there is no such probe"
	printf '%s\n' 'ERROR: no file that was run has a probe memory:smu' \
		"HINT: usdtrap cover -c './memory' shows those that there are" | same - explain.err
fi
