/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/user.h>

#include "arch/arch.h"

static const struct arch *const arch = &arch_x86_64;

static struct arch_registers registers_of(const struct user_regs_struct *user)
{
	struct arch_registers registers = {0};

	memcpy(registers.bytes, user, sizeof(*user));
	return registers;
}

static struct user_regs_struct user_of(const struct arch_registers *registers)
{
	struct user_regs_struct user;

	memcpy(&user, registers->bytes, sizeof(user));
	return user;
}

static void test_arch_find_knows_x86_64_alone(void **state)
{
	(void)state;
	assert_ptr_equal(arch_find(EM_X86_64, 64), &arch_x86_64);
	assert_null(arch_find(EM_X86_64, 32)); /* x32 */
	assert_null(arch_find(EM_386, 32));
	assert_null(arch_find(EM_AARCH64, 64));
}

/* A value whose bytes tell where they come from: 0xNN07 ... 0xNN00 for register NN. */
static uint64_t marked(unsigned number)
{
	uint64_t value = 0;

	for (int byte = 7; byte >= 0; byte--)
		value = value << 8 | (number << 3 | (unsigned)byte);
	return value;
}

static struct user_regs_struct marked_user(void)
{
	return (struct user_regs_struct){
		.rax = marked(0),
		.rbx = marked(1),
		.rcx = marked(2),
		.rdx = marked(3),
		.rsi = marked(4),
		.rdi = marked(5),
		.rbp = marked(6),
		.rsp = marked(7),
		.r8 = marked(8),
		.r9 = marked(9),
		.r10 = marked(10),
		.r11 = marked(11),
		.r12 = marked(12),
		.r13 = marked(13),
		.r14 = marked(14),
		.r15 = marked(15),
		.rip = marked(16),
		.cs = 0x33,
		.ss = 0x2b,
		.ds = 1,
		.es = 2,
		.fs = 3,
		.gs = 4,
	};
}

/* Each row: the names of one register at 8, 4, 2, 1 bytes and of its second byte. */
static const char *const general_names[][5] = {
	{"rax", "eax", "ax", "al", "ah"},      {"rbx", "ebx", "bx", "bl", "bh"},
	{"rcx", "ecx", "cx", "cl", "ch"},      {"rdx", "edx", "dx", "dl", "dh"},
	{"rsi", "esi", "si", "sil", NULL},     {"rdi", "edi", "di", "dil", NULL},
	{"rbp", "ebp", "bp", "bpl", NULL},     {"rsp", "esp", "sp", "spl", NULL},
	{"r8", "r8d", "r8w", "r8b", NULL},     {"r9", "r9d", "r9w", "r9b", NULL},
	{"r10", "r10d", "r10w", "r10b", NULL}, {"r11", "r11d", "r11w", "r11b", NULL},
	{"r12", "r12d", "r12w", "r12b", NULL}, {"r13", "r13d", "r13w", "r13b", NULL},
	{"r14", "r14d", "r14w", "r14b", NULL}, {"r15", "r15d", "r15w", "r15b", NULL},
	{"rip", "eip", NULL, NULL, NULL},
};

static void check_general(const struct arch_registers *registers, const char *name, uint64_t expected, bool is_pc)
{
	struct arch_register found;

	if (!arch->register_by_name(name, strlen(name), &found))
		fail_msg("no register %s", name);
	assert_false(found.is_vector);
	assert_int_equal(found.is_pc, is_pc);
	assert_string_equal(arch->register_name(&found), name);
	if (arch->register_value(registers, &found) != expected)
		fail_msg("%s is 0x%llx, not 0x%llx", name, (unsigned long long)arch->register_value(registers, &found),
			 (unsigned long long)expected);
}

static void test_registers_of_every_width_are_named_and_read(void **state)
{
	static const uint64_t masks[] = {UINT64_MAX, UINT32_MAX, UINT16_MAX, UINT8_MAX};
	struct user_regs_struct user = marked_user();
	struct arch_registers registers = registers_of(&user);

	(void)state;
	for (unsigned number = 0; number < sizeof(general_names) / sizeof(general_names[0]); number++) {
		const char *const *names = general_names[number];

		for (unsigned width = 0; width < 4; width++) {
			if (names[width])
				check_general(&registers, names[width], marked(number) & masks[width], number == 16);
		}
		if (names[4])
			check_general(&registers, names[4], marked(number) >> 8 & 0xff, false);
	}
	check_general(&registers, "cs", 0x33, false);
	check_general(&registers, "ss", 0x2b, false);
	check_general(&registers, "ds", 1, false);
	check_general(&registers, "es", 2, false);
	check_general(&registers, "fs", 3, false);
	check_general(&registers, "gs", 4, false);
}

static void test_register_by_name_unknown_is_refused(void **state)
{
	static const char *const unknown[] = {"",     "r",   "ra",  "raxx",     "RAX",    "r16",
					      "r8l",  "eah", "sih", "xmm",      "xmm32",  "xmm00",
					      "zmm0", "st",  "mm0", "orig_rax", "eflags", "fs_base"};
	struct arch_register found;

	(void)state;
	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
		if (arch->register_by_name(unknown[i], strlen(unknown[i]), &found))
			fail_msg("there is a register %s", unknown[i]);
	}
	assert_true(arch->register_by_name("raxx", 3, &found)); /* the length counts, not a NUL */
}

static void test_register_pair_follows_the_numbering_of_gcc(void **state)
{
	static const char *const pairs[][2] = {
		{"rax", "rdx"}, {"rdx", "rcx"}, {"rcx", "rbx"}, {"rbx", "rsi"}, {"rsi", "rdi"},
		{"rdi", "rbp"}, {"r8", "r9"},   {"r9", "r10"},  {"r14", "r15"},
	};
	static const char *const alone[] = {"rbp", "rsp", "r15", "rip", "eax", "xmm0", "fs"};
	struct arch_register low, upper;

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		assert_true(arch->register_by_name(pairs[i][0], strlen(pairs[i][0]), &low));
		assert_true(arch->register_pair(&low, &upper));
		assert_string_equal(arch->register_name(&upper), pairs[i][1]);
	}
	for (size_t i = 0; i < sizeof(alone) / sizeof(alone[0]); i++) {
		assert_true(arch->register_by_name(alone[i], strlen(alone[i]), &low));
		assert_false(arch->register_pair(&low, &upper));
	}
}

static const struct {
	const char *name;
	const char *bytes;
	size_t available;
	size_t length;
} nops[] = {
	/* Intel SDM, NOP, table 4-12 */
	{"1 byte", "\x90", 1, 1},
	{"2 bytes", "\x66\x90", 2, 2},
	{"3 bytes", "\x0f\x1f\x00", 3, 3},
	{"4 bytes", "\x0f\x1f\x40\x00", 4, 4},
	{"5 bytes", "\x0f\x1f\x44\x00\x00", 5, 5},
	{"6 bytes", "\x66\x0f\x1f\x44\x00\x00", 6, 6},
	{"7 bytes", "\x0f\x1f\x80\x00\x00\x00\x00", 7, 7},
	{"8 bytes", "\x0f\x1f\x84\x00\x00\x00\x00\x00", 8, 8},
	{"9 bytes", "\x66\x0f\x1f\x84\x00\x00\x00\x00\x00", 9, 9},
	{"10 bytes, as gas pads", "\x66\x2e\x0f\x1f\x84\x00\x00\x00\x00\x00", 10, 10},
	{"15 bytes, as clang pads", "\x66\x66\x66\x66\x66\x66\x2e\x0f\x1f\x84\x00\x00\x00\x00\x00", 15, 15},
	{"with REX", "\x48\x0f\x1f\xc0", 4, 4},
	{"relative to the pc", "\x0f\x1f\x05\x00\x00\x00\x00", 7, 7},
	{"without a base", "\x0f\x1f\x04\x25\x00\x00\x00\x00", 8, 8},
	{"followed by another", "\x90\x0f\x1f\x00", 4, 1},
	{"16 bytes are too many", "\x66\x66\x66\x66\x66\x66\x66\x2e\x0f\x1f\x84\x00\x00\x00\x00\x00", 16, 0},
	{"nothing", "", 0, 0},
	{"prefix alone", "\x66", 1, 0},
	{"cut in the opcode", "\x0f", 1, 0},
	{"cut before ModRM", "\x0f\x1f", 2, 0},
	{"cut before SIB", "\x0f\x1f\x44", 3, 0},
	{"cut in the displacement", "\x0f\x1f\x80\x00\x00\x00", 6, 0},
	{"cut in a displacement without a base", "\x0f\x1f\x04\x25\x00\x00\x00", 7, 0},
	{"endbr64", "\xf3\x0f\x1e\xfa", 4, 0},
	{"pause", "\xf3\x90", 2, 0},
	{"xchg %r8, %rax", "\x49\x90", 2, 0},
	{"reserved: 0f 1f /1", "\x0f\x1f\x08", 3, 0},
	{"int3", "\xcc", 1, 0},
	{"ret", "\xc3", 1, 0},
};

static void test_nop_length_knows_nops_alone(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(nops) / sizeof(nops[0]); i++) {
		size_t length = arch->nop_length((const uint8_t *)nops[i].bytes, nops[i].available);

		if (length != nops[i].length)
			fail_msg("%s: %zu, not %zu", nops[i].name, length, nops[i].length);
	}
}

static void test_pc_and_stack_pointer(void **state)
{
	struct user_regs_struct user = {.rip = 0x401001, .rsp = 0x7ffe0000, .orig_rax = (unsigned long long)-1};
	struct arch_registers registers = registers_of(&user);

	(void)state;
	assert_int_equal(arch->pc(&registers), 0x401001);
	assert_int_equal(arch->trap_address(&registers), 0x401000);
	assert_int_equal(arch->stack_pointer(&registers), 0x7ffe0000);
	assert_int_equal(arch->system_call(&registers), -1);
	arch->set_pc(&registers, 0x402000);
	assert_int_equal(user_of(&registers).rip, 0x402000);
	assert_int_equal(user_of(&registers).rsp, 0x7ffe0000);
}

/* The thread-local segment of real files: the last byte lies right below the thread pointer, or below its padding. */
static void test_thread_offset_counts_back_from_the_thread_pointer(void **state)
{
	(void)state;
	assert_int_equal(arch->thread_offset(0, 0x3d00, 4, 4), -4);
	assert_int_equal(arch->thread_offset(0, 0x3d00, 0x14, 8), -0x18);
	assert_int_equal(arch->thread_offset(0x10, 0x3d00, 0x14, 8), -8);
	assert_int_equal(arch->thread_offset(0, 0x3d00, 0x14, 64), -64);
	assert_int_equal(arch->thread_offset(0, 0x3d04, 0x14, 64), -0x3c); /* the linker keeps vaddr modulo alignment */
	assert_int_equal(arch->thread_offset(3, 0x3d00, 3, 1), 0);
}

/* A stack of one word at 0x7000. */
static bool read_stack(uint64_t address, uint64_t *ret, void *user)
{
	if (address != 0x7000)
		return false;
	*ret = *(const uint64_t *)user;
	return true;
}

static bool refuse_write(uint64_t address, uint64_t value, void *user)
{
	(void)address;
	(void)value;
	(void)user;
	return false;
}

static const struct {
	const char *name;
	const char *bytes;
	size_t available;
	bool is_emulated;
	uint64_t pc, stack_pointer;
} emulated[] = {
	{"nop", "\x90", 1, true, 0x1001, 0x7000},
	{"long nop", "\x0f\x1f\x44\x00\x00", 5, true, 0x1005, 0x7000},
	{"endbr64", "\xf3\x0f\x1e\xfa\xc3", 5, true, 0x1004, 0x7000},
	{"ret", "\xc3", 1, true, 0x2468, 0x7008},
	{"rep ret", "\xf3\xc3", 2, true, 0x2468, 0x7008},
	{"bnd ret", "\xf2\xc3", 2, true, 0x2468, 0x7008},
	{"ret $0x110", "\xc2\x10\x01", 3, true, 0x2468, 0x7118},
	{"ret $N, cut", "\xc2\x10", 2, false, 0x1000, 0x7000},
	{"push, where nothing can be written", "\x55", 1, false, 0x1000, 0x7000},
	{"int3", "\xcc", 1, false, 0x1000, 0x7000},
	{"nothing", "", 0, false, 0x1000, 0x7000},
};

static void test_emulate_acts_out_nops_landing_pads_and_returns(void **state)
{
	uint64_t return_addr = 0x2468;
	const struct arch_memory memory = {read_stack, refuse_write, &return_addr};

	(void)state;
	for (size_t i = 0; i < sizeof(emulated) / sizeof(emulated[0]); i++) {
		struct user_regs_struct user = marked_user(), after;
		struct arch_registers registers;

		user.rip = 0x1000;
		user.rsp = 0x7000;
		registers = registers_of(&user);
		if (arch->emulate((const uint8_t *)emulated[i].bytes, emulated[i].available, &registers, &memory) !=
		    emulated[i].is_emulated)
			fail_msg("%s: not %d", emulated[i].name, emulated[i].is_emulated);
		after = user_of(&registers);
		assert_int_equal(after.rip, emulated[i].pc);
		assert_int_equal(after.rsp, emulated[i].stack_pointer);
		after.rip = user.rip;
		after.rsp = user.rsp;
		assert_memory_equal(&after, &user, sizeof(user));
	}
}

static void test_emulate_return_from_an_unreadable_stack_is_refused(void **state)
{
	struct user_regs_struct user = {.rip = 0x1000, .rsp = 0x6000};
	struct arch_registers registers = registers_of(&user), before = registers;
	uint64_t return_addr = 0x2468;
	const struct arch_memory memory = {read_stack, refuse_write, &return_addr};

	(void)state;
	assert_false(arch->emulate((const uint8_t *)"\xc3", 1, &registers, &memory));
	assert_memory_equal(&registers, &before, sizeof(before));
}

static const struct {
	const char *name;
	int64_t result, call;
	bool is_restarted;
} interrupted[] = {
	{"epoll_wait returns EINTR", -EINTR, SYS_epoll_wait, true},
	{"read of a socket with a timeout", -EINTR, SYS_read, true},
	{"epoll_wait of an x32 program", -EINTR, 0x40000000 | SYS_epoll_wait, true},
	{"close: the descriptor is gone", -EINTR, SYS_close, false},
	{"close of an x32 program", -EINTR, 0x40000000 | SYS_close, false},
	{"ERESTARTSYS is the kernel's", -512, SYS_read, false},
	{"ERESTARTNOINTR is the kernel's", -513, SYS_futex, false},
	{"ERESTARTNOHAND is the kernel's", -514, SYS_poll, false},
	{"ERESTART_RESTARTBLOCK is the kernel's", -516, SYS_nanosleep, false},
	{"another error", -EAGAIN, SYS_read, false},
	{"success", 4, SYS_read, false},
	{"no system call: -4 is the program's own", -EINTR, -1, false},
};

static void test_restart_interrupted_call_steps_back_from_eintr_alone(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(interrupted) / sizeof(interrupted[0]); i++) {
		struct user_regs_struct user = marked_user(), after;
		struct arch_registers registers;

		user.rax = (unsigned long long)interrupted[i].result;
		user.orig_rax = (unsigned long long)interrupted[i].call;
		user.rip = 0x1002;
		registers = registers_of(&user);
		assert_int_equal(arch->system_call(&registers), interrupted[i].call);
		if (arch->restart_interrupted_call(&registers, false) != interrupted[i].is_restarted)
			fail_msg("%s: not %d", interrupted[i].name, interrupted[i].is_restarted);
		after = user_of(&registers);
		if (interrupted[i].is_restarted) {
			assert_int_equal(after.rax, interrupted[i].call);
			assert_int_equal(after.rip, 0x1000);
			assert_int_equal(after.orig_rax, -1);
			after.rax = user.rax;
			after.rip = user.rip;
			after.orig_rax = user.orig_rax;
		}
		assert_memory_equal(&after, &user, sizeof(user));
	}
}

/* signal(7): those of the first kind go on after a signal without a handler, those of the second never do. */
static void test_which_calls_are_restarted(void **state)
{
	static const long restarted[] = {SYS_poll, SYS_select, SYS_futex, SYS_nanosleep, SYS_wait4},
			  never[] = {SYS_epoll_wait, SYS_epoll_pwait, SYS_semtimedop, SYS_rt_sigtimedwait},
			  by_timeout[] = {SYS_read, SYS_accept};

	(void)state;
	for (size_t i = 0; i < sizeof(restarted) / sizeof(restarted[0]); i++) {
		assert_true(arch_x86_64.is_restarted(restarted[i]));
		assert_false(arch_x86_64.is_never_restarted(restarted[i]));
	}
	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++) {
		assert_false(arch_x86_64.is_restarted(never[i]));
		assert_true(arch_x86_64.is_never_restarted(never[i]));
	}
	for (size_t i = 0; i < sizeof(by_timeout) / sizeof(by_timeout[0]); i++)
		assert_true(arch_x86_64.is_restarted(by_timeout[i]) && arch_x86_64.is_never_restarted(by_timeout[i]));
	assert_false(arch_x86_64.is_never_restarted(SYS_close));
	assert_false(arch_x86_64.is_never_restarted(-1));
}

/* Under a seccomp filter the kernel's restart_syscall(2) may be deadly: the call itself is entered again. */
static void test_restart_interrupted_call_under_a_filter(void **state)
{
	struct user_regs_struct user = marked_user(), after;
	struct arch_registers registers;

	(void)state;
	user.rax = (unsigned long long)-516;
	user.orig_rax = SYS_poll;
	user.rip = 0x1002;
	registers = registers_of(&user);
	assert_false(arch->restart_interrupted_call(&registers, false));
	assert_true(arch->restart_interrupted_call(&registers, true));
	after = user_of(&registers);
	assert_int_equal(after.rax, SYS_poll);
	assert_int_equal(after.rip, 0x1000);
	assert_int_equal(after.orig_rax, -1);
}

static void test_exec_entry_is_told_from_other_calls_and_from_its_exit(void **state)
{
	static const struct {
		const char *name;
		unsigned long long call, result;
		bool is_entry;
		uint64_t path_addr;
		int directory;
	} rows[] = {
		{"execve", SYS_execve, -(unsigned long long)ENOSYS, true, 0x1000, AT_FDCWD},
		{"execveat", SYS_execveat, -(unsigned long long)ENOSYS, true, 0x2000, 0x1000},
		{"exit of a failed execve", SYS_execve, -(unsigned long long)ENOENT, false, 0, 0},
		{"exit of execve", SYS_execve, 0, false, 0, 0},
		{"entry of another", SYS_openat, -(unsigned long long)ENOSYS, false, 0, 0},
		{"no call", -1ULL, -(unsigned long long)ENOSYS, false, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct user_regs_struct user = {
			.orig_rax = rows[i].call, .rax = rows[i].result, .rdi = 0x1000, .rsi = 0x2000};
		struct arch_registers registers = registers_of(&user);
		uint64_t path_addr = 0;
		int directory = 0;

		print_message("%s\n", rows[i].name);
		assert_int_equal(arch->exec_entry(&registers, &path_addr, &directory), rows[i].is_entry);
		assert_int_equal(path_addr, rows[i].path_addr);
		assert_int_equal(directory, rows[i].directory);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_arch_find_knows_x86_64_alone),
		cmocka_unit_test(test_registers_of_every_width_are_named_and_read),
		cmocka_unit_test(test_register_by_name_unknown_is_refused),
		cmocka_unit_test(test_register_pair_follows_the_numbering_of_gcc),
		cmocka_unit_test(test_nop_length_knows_nops_alone),
		cmocka_unit_test(test_pc_and_stack_pointer),
		cmocka_unit_test(test_thread_offset_counts_back_from_the_thread_pointer),
		cmocka_unit_test(test_emulate_acts_out_nops_landing_pads_and_returns),
		cmocka_unit_test(test_emulate_return_from_an_unreadable_stack_is_refused),
		cmocka_unit_test(test_exec_entry_is_told_from_other_calls_and_from_its_exit),
		cmocka_unit_test(test_restart_interrupted_call_steps_back_from_eintr_alone),
		cmocka_unit_test(test_which_calls_are_restarted),
		cmocka_unit_test(test_restart_interrupted_call_under_a_filter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
