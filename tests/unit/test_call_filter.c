/* SPDX-License-Identifier: MIT */
/* The filter is run here by an interpreter of the few instructions it consists of, over every number there is. */
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "os/call_filter.h"

enum { X32_BIT = 0x40000000 };

/* What the filter answers for DATA. Fails if it does anything but what such filters may, or runs past its end. */
static uint32_t run(const struct sock_filter *filter, size_t size, const struct seccomp_data *data)
{
	uint32_t accumulator = 0;

	for (size_t at = 0; at < size; at++) {
		const struct sock_filter *insn = &filter[at];

		switch (insn->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			assert_true(insn->k % 4 == 0 && insn->k + 4 <= sizeof(*data));
			memcpy(&accumulator, (const char *)data + insn->k, sizeof(accumulator));
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			at += accumulator == insn->k ? insn->jt : insn->jf;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			at += accumulator >= insn->k ? insn->jt : insn->jf;
			break;
		case BPF_JMP | BPF_JGT | BPF_K:
			at += accumulator > insn->k ? insn->jt : insn->jf;
			break;
		case BPF_RET | BPF_K:
			return insn->k;
		default:
			fail_msg("instruction 0x%x at %zu", insn->code, at);
		}
	}
	fail_msg("the filter has no end");
	return 0;
}

/* Whether the filter for SET stops at exactly those. */
static void check(const bool set[CALL_FILTER_CALLS_MAX])
{
	struct sock_filter filter[CALL_FILTER_SIZE_MAX];
	uint16_t numbers[CALL_FILTER_CALLS_MAX];
	size_t count = 0, size;

	for (uint16_t number = 0; number < CALL_FILTER_CALLS_MAX; number++)
		if (set[number])
			numbers[count++] = number;
	size = call_filter_make(numbers, count, filter);
	assert_true(size <= CALL_FILTER_SIZE_MAX);
	assert_true(size <= BPF_MAXINSNS);
	for (int number = -1; number < CALL_FILTER_CALLS_MAX + 2; number++) {
		struct seccomp_data data = {.nr = number, .arch = AUDIT_ARCH_X86_64};
		const bool is_wanted = number >= 0 && number < CALL_FILTER_CALLS_MAX && set[number];

		assert_int_equal(run(filter, size, &data), is_wanted ? SECCOMP_RET_TRACE : SECCOMP_RET_ALLOW);
		data.arch = AUDIT_ARCH_I386;
		assert_int_equal(run(filter, size, &data), SECCOMP_RET_ALLOW);
		data.arch = AUDIT_ARCH_X86_64;
		data.nr |= X32_BIT;
		assert_int_equal(run(filter, size, &data), SECCOMP_RET_ALLOW);
	}
}

static void test_call_filter_stops_at_the_named_calls_only(void **state)
{
	bool set[CALL_FILTER_CALLS_MAX] = {false};

	(void)state;
	check(set);
	set[59] = true;
	check(set);
	set[0] = set[CALL_FILTER_CALLS_MAX - 1] = true;
	check(set);
}

static void test_call_filter_of_any_set_fits(void **state)
{
	bool set[CALL_FILTER_CALLS_MAX];

	(void)state;
	srandom(5);
	for (int round = 0; round < 100; round++) {
		for (size_t i = 0; i < CALL_FILTER_CALLS_MAX; i++)
			set[i] = random() % 100 < round;
		check(set);
	}
	for (size_t i = 0; i < CALL_FILTER_CALLS_MAX; i++)
		set[i] = i % 2; /* the most ranges there can be */
	check(set);
	memset(set, true, sizeof(set));
	check(set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_call_filter_stops_at_the_named_calls_only),
		cmocka_unit_test(test_call_filter_of_any_set_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
