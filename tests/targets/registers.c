/* SPDX-License-Identifier: MIT */
/*
 * registers: sleeps in read(2) with values of its own in its registers, and
 * says afterwards whether they were still there: byte I of vector register N
 * is N * 16 + I, that of its upper half the complement; r12 to r15 are marked;
 * the flags are those of stc behind xor; st0 is pi.
 */
#include <stdint.h>

#include "target.h"

enum { COUNT = 16, WIDTH = 32 };

static uint8_t marks[COUNT][WIDTH], kept[COUNT][WIDTH];
static char line[64];

#define EACH(X)     X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15)
#define LOAD_XMM(n) "movdqu 32*" #n "(%[marks]), %%xmm" #n "\n\t"
#define LOAD_YMM(n) "vmovdqu 32*" #n "(%[marks]), %%ymm" #n "\n\t"
#define KEEP_XMM(n) "movdqu %%xmm" #n ", 32*" #n "(%[kept])\n\t"
#define KEEP_YMM(n) "vmovdqu %%ymm" #n ", 32*" #n "(%[kept])\n\t"

/* r11 is where the processor keeps the flags during the call, rcx the place to return to. */
#define SLEEP                                   \
	"fldpi\n\t"                             \
	"movabs $0x1212121212121212, %%r12\n\t" \
	"movabs $0x1313131313131313, %%r13\n\t" \
	"movabs $0x1414141414141414, %%r14\n\t" \
	"movabs $0x1515151515151515, %%r15\n\t" \
	"xor %%edi, %%edi\n\t"                  \
	"mov %[line], %%rsi\n\t"                \
	"mov $64, %%edx\n\t"                    \
	"xor %%eax, %%eax\n\t"                  \
	"stc\n\t"                               \
	"syscall\n\t"                           \
	"fstp %%st(0)\n\t"
#define OPERANDS                                                                                                  \
	::[marks] "r"(marks), [kept] "r"(kept),                                                                   \
		[line] "r"(line)                                                                                  \
	    : "rax", "rcx", "rdx", "rdi", "rsi", "r11", "r12", "r13", "r14", "r15", "memory", "cc", "st", "xmm0", \
	      "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12",  \
	      "xmm13", "xmm14", "xmm15"

int main(void)
{
	const bool is_wide = __builtin_cpu_supports("avx");

	for (unsigned n = 0; n < COUNT; n++) {
		for (unsigned i = 0; i < WIDTH / 2; i++) {
			marks[n][i] = (uint8_t)(n * 16 + i);
			marks[n][i + 16] = is_wide ? (uint8_t)~marks[n][i] : 0;
		}
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	puts("ready");
	if (is_wide)
		__asm__ volatile(EACH(LOAD_YMM) SLEEP EACH(KEEP_YMM) "vzeroupper" OPERANDS);
	else
		__asm__ volatile(EACH(LOAD_XMM) SLEEP EACH(KEEP_XMM) OPERANDS);
	puts(memcmp(marks, kept, sizeof(marks)) == 0 ? "kept" : "lost");
	return 0;
}
