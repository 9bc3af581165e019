/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <sys/syscall.h>

#include <usdtrap/syscall.h>
#include <usdtrap/tracepoint.h>

static void test_numbers_are_the_headers(void **state)
{
	static const struct {
		long number;
		const char *name, *kernel_name;
	} rows[] = {
		{SYS_read, "read", "read"},
		{SYS_stat, "stat", "newstat"},
		{SYS_sendfile, "sendfile", "sendfile64"},
		{SYS_uname, "uname", "newuname"},
		{SYS_umount2, "umount2", "umount"},
		{SYS_newfstatat, "newfstatat", "newfstatat"},
		{SYS_pread64, "pread64", "pread64"},
		{SYS_exit_group, "exit_group", "exit_group"},
		{SYS_openat2, "openat2", "openat2"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct usdtrap_syscall *call = usdtrap_syscall_by_number(rows[i].number);

		assert_non_null(call);
		assert_string_equal(call->name, rows[i].name);
		assert_string_equal(call->kernel_name, rows[i].kernel_name);
		assert_ptr_equal(usdtrap_syscall_by_kernel_name(rows[i].kernel_name), call);
	}
}

static void test_what_is_no_call_is_not_found(void **state)
{
	(void)state;
	assert_null(usdtrap_syscall_by_number(-1));
	assert_null(usdtrap_syscall_by_number(400)); /* a gap in the numbers */
	assert_null(usdtrap_syscall_by_number(100000));
	assert_null(usdtrap_syscall_by_kernel_name("stat")); /* user space's name */
	assert_null(usdtrap_syscall_by_kernel_name(""));
	assert_null(usdtrap_syscall_by_kernel_name("read "));
	assert_null(usdtrap_syscall_by_number(SYS_tuxcall)->kernel_name);
}

static void test_calls_are_in_order_and_whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < usdtrap_syscall_count(); i++) {
		const struct usdtrap_syscall *call = usdtrap_syscall_at(i);

		if (i > 0)
			assert_true(usdtrap_syscall_at(i - 1)->number < call->number);
		assert_ptr_equal(usdtrap_syscall_by_number(call->number), call);
		assert_true(call->argument_count <= USDTRAP_SYSCALL_ARGUMENTS_MAX);
		for (unsigned k = 0; k < call->argument_count; k++) {
			assert_true(call->arguments[k].name[0]);
			assert_true(call->arguments[k].type[0]);
		}
	}
}

static void assert_field(const struct usdtrap_field *field, const char *type, const char *name,
			 enum usdtrap_field_kind kind, unsigned size, int is_signed)
{
	assert_string_equal(field->type, type);
	assert_string_equal(field->name, name);
	assert_int_equal(field->kind, kind);
	assert_int_equal(field->size, size);
	assert_int_equal(field->is_signed, is_signed);
}

static void test_a_call_has_its_arguments_as_fields(void **state)
{
	struct usdtrap_tracepoint_info info;

	(void)state;
	assert_true(usdtrap_tracepoint_find("syscalls", "sys_enter_openat", &info));
	assert_string_equal(info.category, "syscalls");
	assert_string_equal(info.name, "sys_enter_openat");
	assert_int_equal(info.field_count, 5);
	assert_field(&info.fields[0], "int", "__syscall_nr", USDTRAP_FIELD_INTEGER, 4, 1);
	assert_field(&info.fields[1], "int", "dfd", USDTRAP_FIELD_INTEGER, 4, 1);
	assert_field(&info.fields[2], "const char *", "filename", USDTRAP_FIELD_POINTER, 8, 0);
	assert_field(&info.fields[3], "int", "flags", USDTRAP_FIELD_INTEGER, 4, 1);
	assert_field(&info.fields[4], "umode_t", "mode", USDTRAP_FIELD_INTEGER, 2, 0);
	assert_true(usdtrap_tracepoint_find("syscalls", "sys_exit_newstat", &info));
	assert_int_equal(info.field_count, 2);
	assert_field(&info.fields[1], "long", "ret", USDTRAP_FIELD_INTEGER, 8, 1);
	assert_true(usdtrap_tracepoint_find("raw_syscalls", "sys_enter", &info));
	assert_int_equal(info.fields[1].count, 6);
	assert_false(usdtrap_tracepoint_find("syscalls", "sys_enter_stat", &info));
	assert_false(usdtrap_tracepoint_find("syscalls", "sys_enter_tuxcall", &info));
	assert_false(usdtrap_tracepoint_find("syscalls", "openat", &info));
	assert_false(usdtrap_tracepoint_find("sched", "sched_switch", &info));
}

static void test_all_tracepoints_are_in_order_and_found(void **state)
{
	struct usdtrap_tracepoint_info previous = {.category = ""}, info, found;

	(void)state;
	for (size_t i = 0; i < usdtrap_tracepoint_count(); i++) {
		int order;

		usdtrap_tracepoint_at(i, &info);
		order = strcmp(previous.category, info.category);
		assert_true(order < 0 || (order == 0 && strcmp(previous.name, info.name) < 0));
		assert_true(strlen(info.name) < sizeof(info.name) - 1); /* none was cut */
		assert_true(usdtrap_tracepoint_find(info.category, info.name, &found));
		assert_memory_equal(&found.fields, &info.fields, sizeof(info.fields[0]) * info.field_count);
		previous = info;
	}
	assert_string_equal(info.name, "sys_exit_writev");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers_are_the_headers),
		cmocka_unit_test(test_what_is_no_call_is_not_found),
		cmocka_unit_test(test_calls_are_in_order_and_whole),
		cmocka_unit_test(test_a_call_has_its_arguments_as_fields),
		cmocka_unit_test(test_all_tracepoints_are_in_order_and_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
