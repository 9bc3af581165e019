/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <string.h>
#include <sys/user.h>

#include "argspec/argspec.h"
#include "base/error.h"
#include "base/strbuf.h"

/* A stopped thread: registers, two pages of memory at MEMORY_ADDR, vector registers, a file loaded at LOAD_BIAS. */
enum {
	MEMORY_ADDR = 0x7fff0000,
	MEMORY_SIZE = 256,
	LOAD_BIAS = 0x7ff00000,
	THREAD_POINTER = MEMORY_ADDR + 128,
};

struct fake_thread {
	struct arch_registers registers;
	struct arch_vector_registers vectors;
	unsigned char memory[MEMORY_SIZE];
	struct usdtrap_error *vector_error; /* what reading vectors ends in */
	unsigned reads;
};

static struct usdtrap_error *read_memory(uint64_t address, void *buffer, size_t size, void *user)
{
	struct fake_thread *thread = user;

	thread->reads++;
	if (address == 0xdead)
		return &error_gone;
	if (address < MEMORY_ADDR || address - MEMORY_ADDR > MEMORY_SIZE - size)
		return &error_fault;
	memcpy(buffer, thread->memory + (address - MEMORY_ADDR), size);
	return NULL;
}

static struct usdtrap_error *read_vectors(const struct arch_vector_registers **ret, void *user)
{
	struct fake_thread *thread = user;

	if (thread->vector_error)
		return thread->vector_error;
	*ret = &thread->vectors;
	return NULL;
}

static void put(struct fake_thread *thread, unsigned at, const void *bytes, size_t size)
{
	memcpy(thread->memory + at, bytes, size);
}

static void fake_thread_init(struct fake_thread *thread)
{
	const double pi = 3.25, vector_double = -1.5;
	const float single = -0.75F;
	const struct user_regs_struct user = {
		.rax = 0x8070605040302010,
		.rdx = 0xf0e0d0c0b0a09080,
		.rbx = 3,
		.rcx = 0xffffffff80000000,
		.rdi = 0x3ff8000000000000, /* 1.5 */
		.rsi = 0x1234567840100000, /* low half: 2.25F */
		.r8 = 0xabcd3c00,          /* low half of the low half: 1 as binary16 */
		.rsp = MEMORY_ADDR + 16,
		.rbp = MEMORY_ADDR + 64,
		.r9 = 0xdead,
		.r12 = 0xffffffff00000000 | (MEMORY_ADDR + 16),
		.fs_base = THREAD_POINTER,
		.gs_base = MEMORY_ADDR,
		.rip = 0x401000,
	};

	*thread = (struct fake_thread){0};
	memcpy(thread->registers.bytes, &user, sizeof(user));
	for (unsigned i = 0; i < MEMORY_SIZE; i++)
		thread->memory[i] = (unsigned char)(i ^ 0x80);
	put(thread, 200, &pi, sizeof(pi));
	put(thread, 208, &single, sizeof(single));
	memset(thread->vectors.bytes, 0xee, sizeof(thread->vectors.bytes));
	thread->vectors.size = 832;
	for (unsigned i = 0; i < 16; i++) {
		thread->vectors.bytes[160 + 16 + i] = (unsigned char)(0xf0 + i); /* xmm1 */
		thread->vectors.bytes[576 + 16 + i] = (unsigned char)(0x10 + i);
	}
	memcpy(thread->vectors.bytes + 160, &vector_double, sizeof(vector_double)); /* xmm0 */
}

/* Symbols of the fake file: mem+N lies in the memory. */
static struct usdtrap_error *find_address(const char *name, size_t length, uint64_t *ret_vaddr, void *user)
{
	(void)user;
	if (length != 3 || memcmp(name, "mem", length) != 0)
		return error_create(USDTRAP_NOT_FOUND, "no such symbol");
	*ret_vaddr = MEMORY_ADDR - LOAD_BIAS;
	return NULL;
}

static struct usdtrap_error *find_slot(const char *name, size_t length, uint64_t *ret_vaddr, bool *ret_has_slot,
				       void *user)
{
	*ret_has_slot = true;
	return find_address(name, length, ret_vaddr, user);
}

static struct usdtrap_error *find_thread_offset(const char *name, size_t length, int64_t *ret_offset, void *user)
{
	(void)name, (void)length, (void)user;
	*ret_offset = -8;
	return NULL;
}

static const struct argspec_symbols symbols = {
	.address = find_address, .thread_offset = find_thread_offset, .slot = find_slot};

static void describe(const struct usdtrap_value *value, struct strbuf *out)
{
	switch (value->kind) {
	case USDTRAP_VALUE_SIGNED:
		strbuf_addf(out, "signed %u: %" PRId64, value->size, (int64_t)value->integer);
		break;
	case USDTRAP_VALUE_UNSIGNED:
		strbuf_addf(out, "unsigned %u: 0x%" PRIx64, value->size, value->integer);
		break;
	case USDTRAP_VALUE_FLOAT:
		strbuf_addf(out, "float %u: %.17g", value->size, value->real);
		break;
	case USDTRAP_VALUE_MEMORY:
		strbuf_addf(out, "memory %u: +%" PRIu64, value->size, value->address - MEMORY_ADDR);
		break;
	case USDTRAP_VALUE_BYTES:
		strbuf_addf(out, "bytes %u:", value->size);
		for (unsigned i = 0; i < value->size; i++)
			strbuf_addf(out, " %02x", value->bytes[i]);
		break;
	}
}

/* Evaluates the one argument that TEXT is. Appends the value, or the error's code and text, to OUT. */
static void evaluate(struct fake_thread *thread, const char *text, const struct argspec_symbols *where,
		     struct strbuf *out)
{
	const struct argspec_context context = {
		.arch = &arch_x86_64,
		.registers = &thread->registers,
		.load_bias = LOAD_BIAS,
		.read_memory = read_memory,
		.read_vectors = read_vectors,
		.user = thread,
	};
	struct usdtrap_value value;
	struct usdtrap_error *error;
	struct argspec_list list;

	assert_null(argspec_parse(&arch_x86_64, text, where, &list));
	assert_int_equal(list.count, 1);
	error = argspec_eval(&list.items[0], &context, &value);
	if (error)
		strbuf_addf(out, "error %d: %s", usdtrap_error_code(error), usdtrap_error_message(error));
	else
		describe(&value, out);
	usdtrap_error_destroy(error);
	argspec_list_deinit(&list);
}

static const struct {
	const char *name;
	const char *text;
	const char *value;
} values[] = {
	{"register", "8@%rax", "unsigned 8: 0x8070605040302010"},
	{"signed register", "-8@%rax", "signed 8: -9191740941672636400"},
	{"low half", "4@%eax", "unsigned 4: 0x40302010"},
	{"register wider than the size", "1@%rax", "unsigned 1: 0x10"},
	{"signed, register wider than the size", "-1@%rdx", "signed 1: -128"},
	{"second byte", "1@%ah", "unsigned 1: 0x20"},
	{"signed second byte", "-1@%dh", "signed 1: -112"},
	{"signed low byte", "-1@%dl", "signed 1: -128"},
	{"signed word", "-2@%dx", "signed 2: -28544"},
	{"signed long", "-4@%ecx", "signed 4: -2147483648"},
	{"part narrower than the size", "4@%dl", "unsigned 4: 0x80"},
	{"signed part narrower than the size", "-4@%dl", "signed 4: -128"},
	{"signed second byte in more", "-8@%ah", "signed 8: 32"},
	{"bare register", "%ecx", "unsigned 8: 0x80000000"},
	{"three bytes in a register", "3@%rax", "unsigned 3: 0x302010"},
	{"three signed bytes in a register", "-3@%rdx", "signed 3: -6254464"},
	{"two registers", "16@%rax", "bytes 16: 10 20 30 40 50 60 70 80 80 90 a0 b0 c0 d0 e0 f0"},
	{"long double in two registers", "16f@%rax", "bytes 16: 10 20 30 40 50 60 70 80 80 90 a0 b0 c0 d0 e0 f0"},
	{"double's bits", "8f@%rdi", "float 8: 1.5"},
	{"single's bits", "4f@%esi", "float 4: 2.25"},
	{"single's bits in a wide register", "4f@%rsi", "float 4: 2.25"},
	{"half's bits", "2f@%r8w", "float 2: 1"},
	{"half zero", "2f@$0x8000", "float 2: -0"},
	{"half subnormal", "2f@$0x8001", "float 2: -5.9604644775390625e-08"},
	{"half largest", "2f@$0x7bff", "float 2: 65504"},
	{"half infinity", "2f@$0xfc00", "float 2: -inf"},
	{"half third", "2f@$0x3555", "float 2: 0.333251953125"},
	{"constant", "-4@$-1", "signed 4: -1"},
	{"constant as unsigned", "4@$-1", "unsigned 4: 0xffffffff"},
	{"constant, cut", "1@$511", "unsigned 1: 0xff"},
	{"constant, cut and signed", "-1@$255", "signed 1: -1"},
	{"64-bit constant", "-8@$12345678901234", "signed 8: 12345678901234"},
	{"largest constant", "8@$18446744073709551615", "unsigned 8: 0xffffffffffffffff"},
	{"float constant", "8f@$0x3ff8000000000000", "float 8: 1.5"},
	{"single constant", "4f@$0x40100000", "float 4: 2.25"},
	{"16-byte constant", "-16@$-2", "bytes 16: fe ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff"},
	{"wide constant", "16@0x1400000000000000005", "bytes 16: 05 00 00 00 00 00 00 00 40 01 00 00 00 00 00 00"},
	{"address constant", "8@$mem+4", "unsigned 8: 0x7fff0004"},
	{"thread offset constant", "-8@$t@tpoff", "signed 8: -8"},
	{"memory", "4@(%rsp)", "unsigned 4: 0x93929190"},
	{"signed memory", "-4@(%rsp)", "signed 4: -1819111024"},
	{"red zone", "1@-16(%rsp)", "unsigned 1: 0x80"},
	{"base, index, scale", "2@-8(%rsp,%rbx,4)", "unsigned 2: 0x9594"},
	{"index alone", "1@0x7ffeffe8(,%rbx,8)", "unsigned 1: 0x80"},
	{"symbol", "1@mem(%rip)", "unsigned 1: 0x80"},
	{"symbol and displacement", "-2@4+mem(%rip)", "signed 2: -31356"},
	{"symbol and index", "1@mem(,%rbx,8)", "unsigned 1: 0x98"},
	{"slot", "1@mem@GOTPCREL(%rip)", "unsigned 1: 0x80"},
	{"double", "8f@mem+200(%rip)", "float 8: 3.25"},
	{"single", "4f@mem+208(%rip)", "float 4: -0.75"},
	{"thread pointer", "1@%fs:0x28", "unsigned 1: 0x28"},
	{"thread pointer, negative", "1@%fs:-0x28", "unsigned 1: 0xd8"},
	{"thread-local", "1@%fs:t@tpoff", "unsigned 1: 0xf8"},
	{"thread-local with a sum", "1@%fs:t@tpoff+4", "unsigned 1: 0xfc"},
	{"other segment and base", "1@%gs:-1(%rbx)", "unsigned 1: 0x82"},
	{"32-bit address", "1@(%r12d)", "unsigned 1: 0x90"},
	{"32-bit address, wrapped", "1@0x80010000(%r12d,%ecx,4)",
	 "error 6: 1@0x80010000(%r12d,%ecx,4): 1 bytes at 0x10 cannot be read: Bad address"},
	{"structure", "24@8(%rsp)", "memory 24: +24"},
	{"structure by symbol", "16@mem+8(%rip)", "memory 16: +8"},
	{"three bytes in memory", "3@(%rsp)", "memory 3: +16"},
	{"long double", "16f@(%rbp)", "memory 16: +64"},
	{"double in a vector register", "8f@%xmm0", "float 8: -1.5"},
	{"integer in a vector register", "8@%xmm0", "unsigned 8: 0xbff8000000000000"},
	{"signed integer in a vector register", "-4@%xmm1", "signed 4: -202182160"},
	{"16 bytes of a vector register", "16@%xmm1", "bytes 16: f0 f1 f2 f3 f4 f5 f6 f7 f8 f9 fa fb fc fd fe ff"},
	{"32 bytes of a vector register", "32@%ymm1",
	 "bytes 32: f0 f1 f2 f3 f4 f5 f6 f7 f8 f9 fa fb fc fd fe ff 10 11 12 13 14 15 16 17 18 19 1a 1b 1c 1d 1e 1f"},
	{"fault", "4@(%rbx)", "error 6: 4@(%rbx): 4 bytes at 0x3 cannot be read: Bad address"},
	{"fault at the end", "4@253+mem(%rip)",
	 "error 6: 4@253+mem(%rip): 4 bytes at 0x7fff00fd cannot be read: Bad address"},
	{"gone", "4@(%r9)", "error 7: the thread or process has ended"},
	{"not understood", "4@%nope", "error 5: 4@%nope: x86-64 has no register %nope"},
	{"no symbol", "4@nope(%rip)", "error 5: 4@nope(%rip): no such symbol"},
	{"register that is not handed out", "8f@%xmm16",
	 "error 5: 8f@%xmm16: register xmm16 is not among those that the kernel hands out here"},
};

static void test_argspec_eval_gives_the_value(void **state)
{
	struct fake_thread thread;

	(void)state;
	fake_thread_init(&thread);
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		_cleanup_strbuf_ struct strbuf value = {0};

		evaluate(&thread, values[i].text, &symbols, &value);
		if (strcmp(strbuf_text(&value), values[i].value))
			fail_msg("%s: `%s' is\n%s, not\n%s", values[i].name, values[i].text, strbuf_text(&value),
				 values[i].value);
	}
}

static void test_argspec_eval_reads_memory_only_where_it_must(void **state)
{
	static const char *const without[] = {"8@%rax", "8@$1", "16@%rax", "8f@%xmm0", "24@(%rsp)", "16f@(%rbp)"};
	struct fake_thread thread;

	(void)state;
	fake_thread_init(&thread);
	for (size_t i = 0; i < sizeof(without) / sizeof(without[0]); i++) {
		_cleanup_strbuf_ struct strbuf value = {0};

		evaluate(&thread, without[i], &symbols, &value);
		assert_int_equal(thread.reads, 0);
	}
}

static void test_argspec_eval_without_symbols_says_so(void **state)
{
	_cleanup_strbuf_ struct strbuf value = {0};
	struct fake_thread thread;

	(void)state;
	fake_thread_init(&thread);
	evaluate(&thread, "4@mem(%rip)", NULL, &value);
	assert_string_equal(strbuf_text(&value), "error 5: 4@mem(%rip): the symbol was not looked up");
}

static void test_argspec_eval_vectors_that_cannot_be_had_are_an_error(void **state)
{
	_cleanup_strbuf_ struct strbuf value = {0};
	struct fake_thread thread;

	(void)state;
	fake_thread_init(&thread);
	thread.vector_error = &error_gone;
	evaluate(&thread, "8f@%xmm0", NULL, &value);
	assert_string_equal(strbuf_text(&value), "error 7: the thread or process has ended");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_argspec_eval_gives_the_value),
		cmocka_unit_test(test_argspec_eval_reads_memory_only_where_it_must),
		cmocka_unit_test(test_argspec_eval_without_symbols_says_so),
		cmocka_unit_test(test_argspec_eval_vectors_that_cannot_be_had_are_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
