/* SPDX-License-Identifier: MIT */
/*
 * Instructions under a trap: each is executed where it lies, then as its copy
 * elsewhere, then acted out, and everything is compared: registers, flags,
 * vector registers, memory, the signal it ends with. Cases made by hand for
 * each kind of encoding, and thousands from the functions of installed
 * libraries.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <capstone/capstone.h>
#include <cmocka.h>

#include "arch/x86_64.h"
#include "elf/function.h"
#include "elf/object.h"
#include "support/installed.h"
#include "support/puppet.h"

static const struct arch *const arch = &arch_x86_64;

enum {
	STACK = PUPPET_DATA + PUPPET_DATA_SIZE / 2,
};

/* ---- States ------------------------------------------------------------------------------------------------------ */

/* The same numbers in every run: a failure can be repeated. */
static uint64_t next_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

/* Registers hold numbers of all sizes, and now and then an address that can be read or jumped to. */
static uint64_t random_value(uint64_t *seed)
{
	uint64_t number = next_random(seed);

	switch (number % 5) {
	case 0:
		return number >> 3;
	case 1:
		return (number >> 8) & 0xff;
	case 2:
		return (uint64_t)(int64_t)(int32_t)(number >> 16);
	case 3:
		return PUPPET_DATA + ((number >> 8) % PUPPET_DATA_SIZE & ~UINT64_C(15));
	default:
		return PUPPET_CODE + ((number >> 8) % 512);
	}
}

static void random_state(struct puppet_state *state, const struct puppet_state *vectors, uint64_t *seed)
{
	const uint64_t status_flags = 0x8d5; /* CF PF AF ZF SF OF */

	memset(&state->registers, 0, sizeof(state->registers));
	for (unsigned i = 0; i < 16; i++)
		x86_64_slot_set(&state->registers, x86_64_slot_of(i), random_value(seed));
	x86_64_slot_set(&state->registers, X86_64_CS, 0x33); /* <asm/segment.h>: __USER_CS, __USER_DS */
	x86_64_slot_set(&state->registers, X86_64_SS, 0x2b);
	x86_64_slot_set(&state->registers, X86_64_ORIG_RAX, UINT64_MAX); /* not in a system call */
	x86_64_slot_set(&state->registers, X86_64_RSP, STACK);
	x86_64_slot_set(&state->registers, X86_64_EFLAGS, 0x202 | (next_random(seed) & status_flags));
	x86_64_slot_set(&state->registers, X86_64_FS_BASE, PUPPET_DATA + 0x1000);
	for (size_t i = 0; i < sizeof(state->data); i += 8) {
		uint64_t word = random_value(seed);

		memcpy(state->data + i, &word, 8);
	}
	memcpy(state->vectors, vectors->vectors, vectors->vectors_size);
	state->vectors_size = vectors->vectors_size;
	for (size_t i = 160; i < 160 + 256; i++) /* the xmm registers: Intel SDM volume 1, "XSAVE" */
		state->vectors[i] = (unsigned char)next_random(seed);
}

/* Lets the memory operand of an instruction, if it has one, be somewhere that can be read and written. */
static void aim_operand(struct x86_64_insn *insn, uint8_t *bytes, struct puppet_state *state, uint64_t *seed)
{
	int64_t displacement = x86_64_signed_at(bytes, insn->displacement_at, insn->displacement_size);
	uint64_t wanted = PUPPET_DATA + PUPPET_DATA_SIZE / 4 + (next_random(seed) % 4096 & ~UINT64_C(63));
	unsigned base = insn->modrm & 7, index = 4;

	if (!insn->modrm_at || insn->modrm >> 6 == 3)
		return;
	if (insn->is_pc_relative) {
		int32_t distance = (int32_t)(wanted - (PUPPET_START + insn->length));

		memcpy(bytes + insn->displacement_at, &distance, sizeof(distance));
		return;
	}
	if (base == 4) {
		base = insn->sib & 7;
		index = ((insn->sib >> 3) & 7) | (insn->rex & X86_64_REX_X ? 8 : 0);
	}
	base |= insn->rex & X86_64_REX_B ? 8 : 0;
	if (index != 4)
		x86_64_slot_set(&state->registers, x86_64_slot_of(index), next_random(seed) % 64);
	if (base != 4 && base != index)
		x86_64_slot_set(&state->registers, x86_64_slot_of(base), wanted - (uint64_t)displacement);
}

/* ---- One instruction --------------------------------------------------------------------------------------------- */

struct bench {
	struct puppet puppet;
	struct puppet_state vectors; /* as the puppet was born with */
	struct puppet_state before, original, copied, acted;
	uint64_t seed;
	unsigned long compared, acted_out, refused;
};

static bool read_word(uint64_t address, uint64_t *ret, void *user)
{
	const struct puppet_state *state = user;

	if (address < PUPPET_DATA || address > PUPPET_DATA + PUPPET_DATA_SIZE - 8)
		return false;
	memcpy(ret, state->data + (address - PUPPET_DATA), 8);
	return true;
}

static bool write_word(uint64_t address, uint64_t value, void *user)
{
	struct puppet_state *state = user;

	if (address < PUPPET_DATA || address > PUPPET_DATA + PUPPET_DATA_SIZE - 8)
		return false;
	memcpy(state->data + (address - PUPPET_DATA), &value, 8);
	return true;
}

static void print_bytes(const char *what, const uint8_t *bytes, size_t size)
{
	print_error("%s:", what);
	for (size_t i = 0; i < size; i++)
		print_error(" %02x", bytes[i]);
	print_error("\n");
}

static bool is_same_state(const struct puppet_state *a, const struct puppet_state *b, bool has_run)
{
	bool is_same = true;

	for (unsigned i = 0; i < X86_64_SLOTS; i++) {
		uint64_t left = x86_64_slot_get(&a->registers, (enum x86_64_slot)i);
		uint64_t right = x86_64_slot_get(&b->registers, (enum x86_64_slot)i);

		if (i == X86_64_ORIG_RAX || (!has_run && (i == X86_64_CS || i == X86_64_SS)))
			continue;
		/* The resume flag tells that a fault was taken, not what the instruction did. */
		if (i == X86_64_EFLAGS) {
			left &= ~UINT64_C(0x10000);
			right &= ~UINT64_C(0x10000);
		}
		if (left != right) {
			print_error("slot %u: %llx, not %llx\n", i, (unsigned long long)right,
				    (unsigned long long)left);
			is_same = false;
		}
	}
	if (memcmp(a->data, b->data, sizeof(a->data)) != 0) {
		print_error("memory differs\n");
		is_same = false;
	}
	if (has_run && (a->signal != b->signal || memcmp(a->vectors, b->vectors, a->vectors_size) != 0)) {
		print_error("signal %d, not %d, or vector registers differ\n", b->signal, a->signal);
		is_same = false;
	}
	return is_same;
}

/* A trap's pc stands behind it. */
static void step_back(struct puppet_state *state)
{
	if (state->signal == SIGTRAP)
		arch->set_pc(&state->registers, arch->trap_address(&state->registers));
}

/*
 * A call through a register that ends in a fault has pushed nothing. Its copy
 * has, and takes it back; what was below the stack pointer is overwritten, as
 * the call itself would have done.
 */
static void forget_pushed_word(struct bench *bench)
{
	uint64_t top = x86_64_slot_get(&bench->before.registers, X86_64_RSP), word;

	if (read_word(top - 8, &word, &bench->original))
		write_word(top - 8, word, &bench->copied);
}

static void compare_acted_out(struct bench *bench, const uint8_t *bytes, size_t size)
{
	const struct arch_memory memory = {read_word, write_word, &bench->acted};

	bench->acted = bench->before;
	if (!arch->emulate(bytes, size, &bench->acted.registers, &memory))
		return;
	bench->acted_out++;
	if (!is_same_state(&bench->original, &bench->acted, false)) {
		print_bytes("acted out", bytes, size);
		fail();
	}
}

/* Executes BYTES in all ways from bench->before. */
static void compare(struct bench *bench, const uint8_t *bytes, size_t size)
{
	struct arch_copy copy;
	struct usdtrap_error *error;

	error = arch->displace(bytes, size, PUPPET_START, PUPPET_COPY + 64, &copy);
	if (error) {
		bench->refused++;
		usdtrap_error_destroy(error);
		return;
	}
	arch->set_pc(&bench->before.registers, PUPPET_START);
	bench->original = bench->before;
	puppet_write_code(&bench->puppet, PUPPET_START, bytes, size);
	if (!puppet_run(&bench->puppet, &bench->original)) {
		print_bytes("kills the puppet", bytes, size);
		fail();
	}
	step_back(&bench->original);
	bench->copied = bench->before;
	arch->set_pc(&bench->copied.registers, copy.addr);
	puppet_write_code(&bench->puppet, copy.addr, copy.code, copy.size);
	if (!puppet_run(&bench->puppet, &bench->copied)) {
		print_bytes("copy kills the puppet", bytes, size);
		fail();
	}
	step_back(&bench->copied);
	arch->leave_copy(&copy, &bench->copied.registers);
	if (copy.pushes_return && arch->pc(&bench->original.registers) == PUPPET_START)
		forget_pushed_word(bench);
	if (!is_same_state(&bench->original, &bench->copied, true)) {
		print_bytes("original", bytes, size);
		print_bytes("copy", copy.code, copy.size);
		fail();
	}
	bench->compared++;
	/* What ends in a fault of its own is not acted out. */
	if (arch->pc(&bench->original.registers) != PUPPET_START)
		compare_acted_out(bench, bytes, size);
}

/* Runs the instruction in STATES states. */
static void compare_often(struct bench *bench, const uint8_t *bytes, size_t size, unsigned states)
{
	uint8_t aimed[ARCH_MAX_INSTRUCTION];
	struct x86_64_insn insn;

	if (!x86_64_decode(bytes, size, &insn))
		fail_msg("not an instruction");
	assert_int_equal(insn.length, size);
	for (unsigned i = 0; i < states; i++) {
		random_state(&bench->before, &bench->vectors, &bench->seed);
		memcpy(aimed, bytes, size);
		aim_operand(&insn, aimed, &bench->before, &bench->seed);
		compare(bench, aimed, size);
	}
}

static int setup(void **state)
{
	struct bench *bench = calloc(1, sizeof(*bench));

	assert_non_null(bench);
	bench->seed = UINT64_C(0x9e3779b97f4a7c15);
	if (!puppet_create(&bench->puppet)) {
		free(bench);
		bench = NULL;
	} else {
		puppet_read_vectors(&bench->puppet, &bench->vectors);
	}
	*state = bench;
	return 0;
}

static int teardown(void **state)
{
	struct bench *bench = *state;

	if (bench)
		puppet_destroy(&bench->puppet);
	free(bench);
	return 0;
}

/* ---- By hand ----------------------------------------------------------------------------------------------------- */

/* clang-format off */
static const struct {
	const char *name;
	const char *bytes;
	size_t size;
	bool is_acted_out; /* or executed elsewhere only */
} by_hand[] = {
#define CASE(name, bytes, is_acted_out) {name, bytes, sizeof(bytes) - 1, is_acted_out}
	CASE("nop", "\x90", true),
	CASE("xchg %ax,%ax", "\x66\x90", true),
	CASE("nop of 3", "\x0f\x1f\x00", true),
	CASE("nop of 5", "\x0f\x1f\x44\x00\x00", true),
	CASE("nop of 9", "\x66\x0f\x1f\x84\x00\x00\x00\x00\x00", true),
	CASE("nop of 11", "\x66\x66\x2e\x0f\x1f\x84\x00\x00\x00\x00\x00", true),
	CASE("pause", "\xf3\x90", false),
	CASE("endbr64", "\xf3\x0f\x1e\xfa", true),
	CASE("push %rbp", "\x55", true),
	CASE("push %rsp", "\x54", true),
	CASE("push %r12", "\x41\x54", true),
	CASE("push $-3", "\x6a\xfd", true),
	CASE("push $0x87654321", "\x68\x21\x43\x65\x87", true),
	CASE("push 8(%rdi)", "\xff\x77\x08", false),
	CASE("push (%rip)", "\xff\x35\x00\x00\x00\x00", false),
	CASE("pop %rbx", "\x5b", true),
	CASE("pop %rsp", "\x5c", true),
	CASE("pop %r15", "\x41\x5f", true),
	CASE("pop 8(%rsp)", "\x8f\x44\x24\x08", false),
	CASE("sub $0x28,%rsp", "\x48\x83\xec\x28", true),
	CASE("sub $0x1234,%rsp", "\x48\x81\xec\x34\x12\x00\x00", true),
	CASE("add $8,%rsp", "\x48\x83\xc4\x08", true),
	CASE("add $-1,%eax", "\x83\xc0\xff", true),
	CASE("cmp $5,%edi", "\x83\xff\x05", true),
	CASE("cmp $-5,%r9", "\x49\x83\xf9\xfb", true),
	CASE("cmp %rsi,%rdi", "\x48\x39\xf7", true),
	CASE("sub %eax,%edx", "\x29\xc2", true),
	CASE("add %r8,%rax (03)", "\x49\x03\xc0", true),
	CASE("and $-16,%rsp", "\x48\x83\xe4\xf0", false),
	CASE("xor %eax,%eax", "\x31\xc0", false),
	CASE("test %rdi,%rdi", "\x48\x85\xff", false),
	CASE("mov %rsp,%rbp", "\x48\x89\xe5", true),
	CASE("mov %edi,%eax", "\x89\xf8", true),
	CASE("mov %r8,%r15 (8b)", "\x4d\x8b\xf8", true),
	CASE("mov %ax,%bx", "\x66\x89\xc3", false),
	CASE("mov $7,%eax", "\xb8\x07\x00\x00\x00", true),
	CASE("movabs", "\x48\xb8\x88\x77\x66\x55\x44\x33\x22\x11", true),
	CASE("mov $-1,%rax", "\x48\xc7\xc0\xff\xff\xff\xff", true),
	CASE("mov (%rdi),%rax", "\x48\x8b\x07", false),
	CASE("mov %rbx,-8(%rsp)", "\x48\x89\x5c\x24\xf8", false),
	CASE("mov %fs:0x28,%rax", "\x64\x48\x8b\x04\x25\x28\x00\x00\x00", false),
	CASE("mov 0(%rip),%rax", "\x48\x8b\x05\x00\x00\x00\x00", false),
	CASE("movl $1,0(%rip)", "\xc7\x05\x00\x00\x00\x00\x01\x00\x00\x00", false),
	CASE("movw $1,0(%rip)", "\x66\xc7\x05\x00\x00\x00\x00\x01\x00", false),
	CASE("cmpb $0,0(%rip)", "\x80\x3d\x00\x00\x00\x00\x00", false),
	CASE("testl $1,0(%rip)", "\xf7\x05\x00\x00\x00\x00\x01\x00\x00\x00", false),
	CASE("notl 0(%rip)", "\xf7\x15\x00\x00\x00\x00", false),
	CASE("lock incl 0(%rip)", "\xf0\xff\x05\x00\x00\x00\x00", false),
	CASE("movzbl 0(%rip),%eax", "\x0f\xb6\x05\x00\x00\x00\x00", false),
	CASE("movdqa 0(%rip),%xmm0", "\x66\x0f\x6f\x05\x00\x00\x00\x00", false),
	CASE("pshufb 0(%rip),%xmm1", "\x66\x0f\x38\x00\x0d\x00\x00\x00\x00", false),
	CASE("palignr $8,0(%rip),%xmm1", "\x66\x0f\x3a\x0f\x0d\x00\x00\x00\x00\x08", false),
	CASE("vmovdqu 0(%rip),%ymm1", "\xc5\xfe\x6f\x0d\x00\x00\x00\x00", false),
	CASE("vpshufb 0(%rip),%xmm1,%xmm2", "\xc4\xe2\x71\x00\x15\x00\x00\x00\x00", false),
	CASE("vzeroupper", "\xc5\xf8\x77", false),
	CASE("fldl 0(%rip)", "\xdd\x05\x00\x00\x00\x00", false),
	CASE("lea 0(%rip),%rdi", "\x48\x8d\x3d\x00\x00\x00\x00", true),
	CASE("lea 8(%rsp),%r10", "\x4c\x8d\x54\x24\x08", true),
	CASE("lea -4(%rax,%rcx,8),%edx", "\x8d\x54\xc8\xfc", true),
	CASE("lea 0(,%rcx,4),%rdx", "\x48\x8d\x14\x8d\x00\x00\x00\x00", true),
	CASE("lea 0x10(%r13,%r12,2),%rax", "\x4b\x8d\x44\x65\x10", true),
	CASE("jmp +2", "\xeb\x02", true),
	CASE("jmp +0x100", "\xe9\x00\x01\x00\x00", true),
	CASE("jmp far behind", "\xe9\x00\x00\x00\x90", true),
	CASE("notrack jmp *%rax", "\x3e\xff\xe0", false),
	CASE("jmp *%rdi", "\xff\xe7", false),
	CASE("jmp *0(%rip)", "\xff\x25\x00\x00\x00\x00", false),
	CASE("jo", "\x70\x10", true), CASE("jno", "\x71\x10", true), CASE("jb", "\x72\x10", true),
	CASE("jae", "\x73\x10", true), CASE("je", "\x74\x10", true), CASE("jne", "\x75\x10", true),
	CASE("jbe", "\x76\x10", true), CASE("ja", "\x77\x10", true), CASE("js", "\x78\x10", true),
	CASE("jns", "\x79\x10", true), CASE("jp", "\x7a\x10", true), CASE("jnp", "\x7b\x10", true),
	CASE("jl", "\x7c\x10", true), CASE("jge", "\x7d\x10", true), CASE("jle", "\x7e\x10", true),
	CASE("jg", "\x7f\x10", true), CASE("je near", "\x0f\x84\x00\x01\x00\x00", true),
	CASE("jg near", "\x0f\x8f\x80\xff\xff\xff", true),
	CASE("loop", "\xe2\xf0", false), CASE("loope", "\xe1\xf0", false), CASE("loopne", "\xe0\x20", false),
	CASE("jrcxz", "\xe3\x10", false), CASE("jecxz", "\x67\xe3\x10", false),
	CASE("call +0x40", "\xe8\x40\x00\x00\x00", true),
	CASE("data16 rex.W call", "\x66\x66\x48\xe8\x40\x00\x00\x00", false),
	CASE("call *%rax", "\xff\xd0", false),
	CASE("call *%r11", "\x41\xff\xd3", false),
	CASE("call *%r12", "\x41\xff\xd4", false),
	CASE("call *8(%rbx)", "\xff\x53\x08", false),
	CASE("call *(%r12)", "\x41\xff\x14\x24", false),
	CASE("call *0(%rip)", "\xff\x15\x00\x00\x00\x00", false),
	CASE("call *0x10(%rsp)", "\xff\x54\x24\x10", false),
	CASE("call *(%rsp)", "\xff\x14\x24", false),
	CASE("call *0x100(%rsp,%rcx,8)", "\xff\x94\xcc\x00\x01\x00\x00", false),
	CASE("call *(%rax,%rbx,8)", "\xff\x14\xd8", false),
	CASE("ret", "\xc3", true),
	CASE("rep ret", "\xf3\xc3", true),
	CASE("bnd ret", "\xf2\xc3", true),
	CASE("ret $0x18", "\xc2\x18\x00", true),
	CASE("leave", "\xc9", true),
	CASE("enter $0x20,$0", "\xc8\x20\x00\x00", false),
	CASE("rep stos", "\xf3\x48\xab", false),
	CASE("cld", "\xfc", false),
	CASE("pushf", "\x9c", false),
	CASE("cqo", "\x48\x99", false),
	CASE("div %rcx", "\x48\xf7\xf1", false),
	CASE("movabs 64-bit address,%eax", "\xa1\x00\x00\x00\x30\x00\x00\x00\x00", false),
	CASE("hlt", "\xf4", false),
#undef CASE
};

static const struct {
	const char *name;
	const char *bytes;
	size_t size;
	const char *reason;
} refusals[] = {
	{"syscall", "\x0f\x05", 2, "its instruction cannot be executed elsewhere: a system call, which the kernel may restart from where it lies"},
	{"int $0x80", "\xcd\x80", 2, "its instruction cannot be executed elsewhere: a system call, which the kernel may restart from where it lies"},
	{"int3", "\xcc", 1, "its instruction cannot be executed elsewhere: raises an exception on purpose"},
	{"ud2", "\x0f\x0b", 2, "its instruction cannot be executed elsewhere: raises an exception on purpose"},
	{"lret", "\xcb", 1, "its instruction cannot be executed elsewhere: changes the code segment"},
	{"ljmp *(%rax)", "\xff\x28", 2, "its instruction cannot be executed elsewhere: changes the code segment"},
	{"xbegin", "\xc7\xf8\x00\x00\x00\x00", 6, "its instruction cannot be executed elsewhere: begins a transaction"},
	{"lea 0(%eip)", "\x67\x8d\x05\x00\x00\x00\x00", 7, "its instruction cannot be executed elsewhere: names memory relative to half of the pc"},
	{"call *%rsp", "\xff\xd4", 2, "its instruction cannot be executed elsewhere: a call of a kind that no compiler makes"},
	{"data16 call", "\x66\xe8\x00\x00\x00\x00", 6, "byte 0x66 begins no instruction that is known"},
	{"not in 64-bit mode", "\x06", 1, "byte 0x06 begins no instruction that is known"},
	{"cut off", "\xe8\x00", 2, "byte 0xe8 begins no instruction that is known"},
	{"nothing", "", 0, "byte 0x00 begins no instruction that is known"},
};
/* clang-format on */

static void test_displace_and_emulate_do_what_the_original_does(void **state)
{
	struct bench *bench = *state;

	if (!bench)
		skip();
	for (size_t i = 0; i < sizeof(by_hand) / sizeof(by_hand[0]); i++) {
		unsigned long compared = bench->compared, acted_out = bench->acted_out;

		compare_often(bench, (const uint8_t *)by_hand[i].bytes, by_hand[i].size, 16);
		if (bench->compared != compared + 16)
			fail_msg("%s: refused", by_hand[i].name);
		if ((bench->acted_out != acted_out) != by_hand[i].is_acted_out)
			fail_msg("%s: acted out %lu times", by_hand[i].name, bench->acted_out - acted_out);
	}
}

static void test_displace_refuses_with_a_reason(void **state)
{
	struct arch_copy copy;

	(void)state;
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		struct usdtrap_error *error = arch->displace((const uint8_t *)refusals[i].bytes, refusals[i].size,
							     PUPPET_START, PUPPET_COPY, &copy);

		if (!error)
			fail_msg("%s: not refused", refusals[i].name);
		assert_int_equal(usdtrap_error_code(error), USDTRAP_UNSUPPORTED);
		assert_string_equal(usdtrap_error_message(error), refusals[i].reason);
		usdtrap_error_destroy(error);
	}
}

static void test_displace_refuses_memory_that_is_too_far_away(void **state)
{
	static const uint8_t load[] = {0x48, 0x8b, 0x05, 0, 0, 0, 0}, plain[] = {0x48, 0x8b, 0x07};
	const uint64_t addr = UINT64_C(0x7f0000000000);
	struct usdtrap_error *error;
	struct arch_copy copy;

	(void)state;
	assert_null(arch->displace(load, sizeof(load), addr, addr + 0x7ffffff0, &copy));
	error = arch->displace(load, sizeof(load), addr, addr + UINT64_C(0x90000000), &copy);
	assert_non_null(error);
	assert_string_equal(usdtrap_error_message(error), "its instruction names memory that is more than 2 GiB away "
							  "from where it could be executed");
	usdtrap_error_destroy(error);
	/* What names none goes anywhere: the jump back reaches as far as need be. */
	assert_null(arch->displace(plain, sizeof(plain), addr, 0x10000, &copy));
	assert_true(copy.size <= ARCH_COPY_SIZE);
}

static void test_displace_jumps_back_from_far_away(void **state)
{
	/* From 2 GiB away and more: every jump goes through an address. The puppet's pages are nearer, so only sizes
	 * and landings are looked at. */
	static const uint8_t condition[] = {0x0f, 0x84, 0, 1, 0, 0}, call[] = {0xe8, 0, 1, 0, 0};
	const uint64_t addr = UINT64_C(0x7f0000000000);
	struct arch_copy copy;

	(void)state;
	assert_null(arch->displace(condition, sizeof(condition), addr, 0x10000, &copy));
	assert_int_equal(copy.size, 2 + 14 + 14);
	assert_int_equal(copy.code[1], 14);
	assert_int_equal(copy.landings[1].pc, addr + 6);
	assert_int_equal(copy.landings[2].pc, addr + 0x106);
	assert_null(arch->displace(call, sizeof(call), addr, 0x10000, &copy));
	assert_int_equal(copy.size, 6 + 14 + 8);
	assert_int_equal(copy.code[2], 14);
	assert_true(copy.pushes_return);
}

/* ---- From libraries ---------------------------------------------------------------------------------------------- */

/* What two runs of the same instruction need not agree on: time, chance, the processor. */
static bool is_fickle(unsigned id)
{
	return id == X86_INS_RDTSC || id == X86_INS_RDTSCP || id == X86_INS_RDRAND || id == X86_INS_RDSEED ||
	       id == X86_INS_CPUID || id == X86_INS_XGETBV || id == X86_INS_RDPMC;
}

enum { BEGINNING = 4, COMPARED_MAX = 6000, SEEN_SIZE = 1 << 16 };

struct prologues {
	struct bench *bench;
	csh capstone;
	uint64_t seen[SEEN_SIZE]; /* instructions, by the hash of their bytes */
	unsigned long count, files;
};

static bool is_seen(struct prologues *prologues, const uint8_t *bytes, size_t size)
{
	uint64_t hash = UINT64_C(14695981039346656037);

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ bytes[i]) * UINT64_C(1099511628211);
	for (size_t i = hash % SEEN_SIZE;; i = (i + 1) % SEEN_SIZE) {
		if (prologues->seen[i] == hash)
			return true;
		if (prologues->seen[i] == 0) {
			prologues->seen[i] = hash;
			return false;
		}
	}
}

/* The first few instructions of a function, each that was not met before. */
static void compare_beginning(struct prologues *prologues, const uint8_t *bytes, size_t size, uint64_t vaddr,
			      unsigned long max)
{
	cs_insn *insn = cs_malloc(prologues->capstone);

	for (unsigned i = 0; i < BEGINNING && prologues->count < max; i++) {
		if (!cs_disasm_iter(prologues->capstone, &bytes, &size, &vaddr, insn))
			break;
		if (is_fickle(insn->id) || is_seen(prologues, insn->bytes, insn->size))
			continue;
		compare_often(prologues->bench, insn->bytes, insn->size, 2);
		prologues->count++;
	}
	cs_free(insn, 1);
}

static void compare_library(const char *path, void *user)
{
	struct prologues *prologues = user;
	unsigned long max = prologues->count + COMPARED_MAX / 4;
	struct elf_functions *functions;
	struct elf_object *object;
	uint8_t bytes[64];

	assert_null(elf_object_open(path, &object));
	assert_null(elf_functions_load(object, NULL, &functions));
	prologues->files++;
	for (size_t i = 0; i < functions->count && prologues->count < max; i++) {
		struct usdtrap_error *error = elf_object_read(object, functions->items[i].vaddr, bytes, sizeof(bytes));

		if (!error)
			compare_beginning(prologues, bytes, sizeof(bytes), functions->items[i].vaddr, max);
		usdtrap_error_destroy(error);
	}
	elf_functions_destroy(functions);
	elf_object_destroy(object);
}

static void test_displace_does_what_the_beginnings_of_real_functions_do(void **state)
{
	struct bench *bench = *state;
	struct prologues *prologues;

	if (!bench)
		skip();
	prologues = calloc(1, sizeof(*prologues));
	assert_non_null(prologues);
	prologues->bench = bench;
	assert_int_equal(cs_open(CS_ARCH_X86, CS_MODE_64, &prologues->capstone), CS_ERR_OK);
	installed_each_library(compare_library, prologues);
	cs_close(&prologues->capstone);
	print_message("%lu files, %lu different instructions; in all %lu states compared, %lu acted out, %lu refused\n",
		      prologues->files, prologues->count, bench->compared, bench->acted_out, bench->refused);
	assert_true(prologues->files > 0);
	assert_true(prologues->count > 100);
	free(prologues);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_displace_and_emulate_do_what_the_original_does),
		cmocka_unit_test(test_displace_refuses_with_a_reason),
		cmocka_unit_test(test_displace_refuses_memory_that_is_too_far_away),
		cmocka_unit_test(test_displace_jumps_back_from_far_away),
		cmocka_unit_test(test_displace_does_what_the_beginnings_of_real_functions_do),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
