/* SPDX-License-Identifier: MIT */
/*
 * The registers of x86-64 for people: all of them, each with what its bits are
 * called; and where the vector ones lie in what the kernel hands out.
 *
 * That is the XSAVE image of Intel SDM volume 1, chapter 13: 512 bytes as
 * FXSAVE writes them, a header of 64, then the components that the processor
 * has. Where these lie is told by CPUID and by nothing in the image; the
 * kernel puts into its bytes 464 to 471, which FXSAVE leaves alone, which of
 * them there are (struct _fpx_sw_bytes, <asm/sigcontext.h>). A machine without
 * XSAVE has the first 512 bytes alone.
 */
#include "arch/x86_64.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#ifdef __x86_64__
#include <cpuid.h>
#include <sys/user.h>

static_assert(offsetof(struct user_fpregs_struct, xmm_space) == 160, "FXSAVE is not as the SDM says");
static_assert(offsetof(struct user_fpregs_struct, mxcsr) == 24, "FXSAVE is not as the SDM says");
#endif

enum {
	/* The FXSAVE image: SDM volume 1, table 10-2. */
	CONTROL_OFFSET = 0,
	STATUS_OFFSET = 2,
	TAG_OFFSET = 4,
	OPCODE_OFFSET = 6,
	MXCSR_OFFSET = 24,
	ST_OFFSET = 32,
	ST_STRIDE = 16,
	ST_SIZE = 10,
	ST_COUNT = 8,
	XMM_OFFSET = 160,
	XMM_SIZE = 16,
	FXSAVE_SIZE = 512,
	/* Behind it. */
	COMPONENTS_OFFSET = 464,
	YMM_HIGH_OFFSET = 576,
	YMM_SIZE = 32,
	ZMM_SIZE = 64,
	MASK_SIZE = 8,
	MASK_COUNT = 8,
	LOW_COUNT = 16, /* vector registers whose pieces lie in three components; the others lie in one */
	VECTOR_COUNT = 32,
};

/* The components' numbers, which are bits of what CPUID and the kernel tell. */
enum { COMPONENT_YMM = 2, COMPONENT_MASKS = 5, COMPONENT_ZMM_HIGH = 6, COMPONENT_ZMM = 7 };

/* Where those of AVX-512 are; 0: this machine has none, or the image does not reach so far. */
struct places {
	size_t masks, zmm_high, zmm;
};

static bool has_component(const struct arch_vector_registers *registers, unsigned number)
{
	uint64_t components;

	if (registers->size < YMM_HIGH_OFFSET)
		return false;
	memcpy(&components, registers->bytes + COMPONENTS_OFFSET, sizeof(components));
	return components >> number & 1;
}

static size_t find_component(const struct arch_vector_registers *registers, unsigned number, size_t size)
{
	unsigned offset = 0;

#ifdef __x86_64__
	unsigned length, ignored[2];

	if (!has_component(registers, number) ||
	    !__get_cpuid_count(0xd, number, &length, &offset, &ignored[0], &ignored[1]) || length < size)
		return 0;
#endif
	return offset + size <= registers->size ? offset : 0;
}

static struct places find_places(const struct arch_vector_registers *registers)
{
	return (struct places){
		.masks = find_component(registers, COMPONENT_MASKS, MASK_COUNT * MASK_SIZE),
		.zmm_high = find_component(registers, COMPONENT_ZMM_HIGH, LOW_COUNT * (ZMM_SIZE - YMM_SIZE)),
		.zmm = find_component(registers, COMPONENT_ZMM, (VECTOR_COUNT - LOW_COUNT) * ZMM_SIZE),
	};
}

/* xmm16 and those above it. */
static bool high_value(const struct arch_vector_registers *registers, unsigned index, void *ret, size_t size)
{
	const size_t at = find_component(registers, COMPONENT_ZMM, (VECTOR_COUNT - LOW_COUNT) * ZMM_SIZE);

	if (at)
		memcpy(ret, registers->bytes + at + (index - LOW_COUNT) * ZMM_SIZE, size);
	return at != 0;
}

bool x86_64_vector_value(const struct arch_vector_registers *registers, const struct arch_register *register_,
			 void *ret, size_t size)
{
	const size_t low = XMM_OFFSET + XMM_SIZE * register_->index;
	const size_t high = YMM_HIGH_OFFSET + XMM_SIZE * register_->index;
	const size_t low_size = size < XMM_SIZE ? size : XMM_SIZE;

	assert(register_->is_vector && size <= register_->size);
	if (register_->index >= LOW_COUNT)
		return high_value(registers, register_->index, ret, size);
	if (registers->size < low + low_size)
		return false;
	if (size > XMM_SIZE && registers->size < high + (size - XMM_SIZE))
		return false;
	memcpy(ret, registers->bytes + low, low_size);
	if (size > XMM_SIZE)
		memcpy((unsigned char *)ret + XMM_SIZE, registers->bytes + high, size - XMM_SIZE);
	return true;
}

/* ---- Bits with names -----------------------------------------------------------------------------------------------
 */

struct bit {
	uint8_t number;
	char name[4];
};

/* SDM volume 1, figure 3-8. */
static const struct bit flag_bits[] = {
	{0, "CF"},  {2, "PF"},  {4, "AF"},  {6, "ZF"},  {7, "SF"},   {8, "TF"},   {9, "IF"},  {10, "DF"}, {11, "OF"},
	{14, "NT"}, {16, "RF"}, {17, "VM"}, {18, "AC"}, {19, "VIF"}, {20, "VIP"}, {21, "ID"}, {0, ""},
};

/* SDM volume 1, figure 10-3. */
static const struct bit mxcsr_bits[] = {
	{0, "IE"}, {1, "DE"}, {2, "ZE"},  {3, "OE"},  {4, "UE"},  {5, "PE"},  {6, "DAZ"}, {7, "IM"},
	{8, "DM"}, {9, "ZM"}, {10, "OM"}, {11, "UM"}, {12, "PM"}, {15, "FZ"}, {0, ""},
};

static void name_bits(uint64_t value, const struct bit *bits, char *ret, size_t size)
{
	size_t length = 0;

	ret[0] = '\0';
	for (; bits->name[0] && length < size; bits++)
		if (value >> bits->number & 1)
			length += (size_t)snprintf(ret + length, size - length, "%s%s", length ? " " : "", bits->name);
}

/* ---- All that there are --------------------------------------------------------------------------------------------
 */

struct shown {
	struct arch_shown_register *items;
	size_t count, most;
};

/* The next one, called NAME with INDEX behind it (-1: without), its value the SIZE bytes at BYTES. */
static struct arch_shown_register *add(struct shown *shown, const char *name, int index, enum arch_look look,
				       const void *bytes, size_t size)
{
	struct arch_shown_register *register_ = &shown->items[shown->count++];

	assert(shown->count <= shown->most && size <= sizeof(register_->bytes));
	*register_ = (struct arch_shown_register){.look = look, .size = (uint8_t)size};
	if (index < 0)
		snprintf(register_->name, sizeof(register_->name), "%s", name);
	else
		snprintf(register_->name, sizeof(register_->name), "%s%d", name, index);
	memcpy(register_->bytes, bytes, size);
	return register_;
}

size_t x86_64_show_registers(const struct arch_registers *registers, struct arch_shown_register *ret)
{
	/* In the order of gdb's `info registers'. */
	static const struct {
		const char *name;
		enum x86_64_slot slot;
		enum arch_look look;
	} rows[] = {
		{"rax", X86_64_RAX, ARCH_LOOK_ADDRESS},
		{"rbx", X86_64_RBX, ARCH_LOOK_ADDRESS},
		{"rcx", X86_64_RCX, ARCH_LOOK_ADDRESS},
		{"rdx", X86_64_RDX, ARCH_LOOK_ADDRESS},
		{"rsi", X86_64_RSI, ARCH_LOOK_ADDRESS},
		{"rdi", X86_64_RDI, ARCH_LOOK_ADDRESS},
		{"rbp", X86_64_RBP, ARCH_LOOK_ADDRESS},
		{"rsp", X86_64_RSP, ARCH_LOOK_ADDRESS},
		{"r8", X86_64_R8, ARCH_LOOK_ADDRESS},
		{"r9", X86_64_R9, ARCH_LOOK_ADDRESS},
		{"r10", X86_64_R10, ARCH_LOOK_ADDRESS},
		{"r11", X86_64_R11, ARCH_LOOK_ADDRESS},
		{"r12", X86_64_R12, ARCH_LOOK_ADDRESS},
		{"r13", X86_64_R13, ARCH_LOOK_ADDRESS},
		{"r14", X86_64_R14, ARCH_LOOK_ADDRESS},
		{"r15", X86_64_R15, ARCH_LOOK_ADDRESS},
		{"rip", X86_64_RIP, ARCH_LOOK_ADDRESS},
		{"eflags", X86_64_EFLAGS, ARCH_LOOK_FLAGS},
		{"cs", X86_64_CS, ARCH_LOOK_NUMBER},
		{"ss", X86_64_SS, ARCH_LOOK_NUMBER},
		{"ds", X86_64_DS, ARCH_LOOK_NUMBER},
		{"es", X86_64_ES, ARCH_LOOK_NUMBER},
		{"fs", X86_64_FS, ARCH_LOOK_NUMBER},
		{"gs", X86_64_GS, ARCH_LOOK_NUMBER},
		{"fs_base", X86_64_FS_BASE, ARCH_LOOK_ADDRESS},
		{"gs_base", X86_64_GS_BASE, ARCH_LOOK_ADDRESS},
		{"orig_rax", X86_64_ORIG_RAX, ARCH_LOOK_NUMBER},
	};
	struct shown shown = {.items = ret, .most = ARCH_SHOWN_REGISTERS};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const uint64_t value = x86_64_slot_get(registers, rows[i].slot);
		struct arch_shown_register *added = add(&shown, rows[i].name, -1, rows[i].look, &value, sizeof(value));

		if (rows[i].look == ARCH_LOOK_FLAGS)
			name_bits(value, flag_bits, added->flags, sizeof(added->flags));
	}
	return shown.count;
}

/* Puts vector register INDEX, as wide as this machine has it, into RET, ZMM_SIZE bytes. Returns how wide that is. */
static size_t read_vector(const struct arch_vector_registers *registers, const struct places *places, unsigned index,
			  uint8_t *ret)
{
	const uint8_t *bytes = registers->bytes;

	if (index >= LOW_COUNT) {
		memcpy(ret, bytes + places->zmm + (index - LOW_COUNT) * ZMM_SIZE, ZMM_SIZE);
		return ZMM_SIZE;
	}
	memcpy(ret, bytes + XMM_OFFSET + index * XMM_SIZE, XMM_SIZE);
	if (!has_component(registers, COMPONENT_YMM) ||
	    registers->size < YMM_HIGH_OFFSET + LOW_COUNT * (YMM_SIZE - XMM_SIZE))
		return XMM_SIZE;
	memcpy(ret + XMM_SIZE, bytes + YMM_HIGH_OFFSET + index * (YMM_SIZE - XMM_SIZE), YMM_SIZE - XMM_SIZE);
	if (!places->zmm_high)
		return YMM_SIZE;
	memcpy(ret + YMM_SIZE, bytes + places->zmm_high + index * (ZMM_SIZE - YMM_SIZE), ZMM_SIZE - YMM_SIZE);
	return ZMM_SIZE;
}

size_t x86_64_show_vectors(const struct arch_vector_registers *registers, struct arch_shown_register *ret)
{
	static const struct {
		const char *name;
		uint8_t offset, size;
	} rows[] = {{"fctrl", CONTROL_OFFSET, 2},
		    {"fstat", STATUS_OFFSET, 2},
		    {"ftag", TAG_OFFSET, 1},
		    {"fop", OPCODE_OFFSET, 2}};
	const struct places places = find_places(registers);
	struct shown shown = {.items = ret, .most = ARCH_SHOWN_REGISTERS};
	struct arch_shown_register *added;
	uint8_t vector[ZMM_SIZE];
	uint32_t mxcsr;

	if (registers->size < FXSAVE_SIZE)
		return 0;
	for (int i = 0; i < ST_COUNT; i++)
		add(&shown, "st", i, ARCH_LOOK_EXTENDED, registers->bytes + ST_OFFSET + i * ST_STRIDE, ST_SIZE);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		add(&shown, rows[i].name, -1, ARCH_LOOK_NUMBER, registers->bytes + rows[i].offset, rows[i].size);
	memcpy(&mxcsr, registers->bytes + MXCSR_OFFSET, sizeof(mxcsr));
	added = add(&shown, "mxcsr", -1, ARCH_LOOK_FLAGS, &mxcsr, sizeof(mxcsr));
	name_bits(mxcsr, mxcsr_bits, added->flags, sizeof(added->flags));
	for (int i = 0; i < MASK_COUNT && places.masks; i++)
		add(&shown, "k", i, ARCH_LOOK_NUMBER, registers->bytes + places.masks + i * MASK_SIZE, MASK_SIZE);
	for (int i = 0; i < (places.zmm ? VECTOR_COUNT : LOW_COUNT); i++) {
		const size_t size = read_vector(registers, &places, (unsigned)i, vector);

		add(&shown,
		    size == ZMM_SIZE   ? "zmm"
		    : size == YMM_SIZE ? "ymm"
				       : "xmm",
		    i, ARCH_LOOK_VECTOR, vector, size);
	}
	return shown.count;
}
