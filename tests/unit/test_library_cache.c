/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/strbuf.h"
#include "trace/library_cache.h"

static void put32(struct strbuf *out, uint32_t number)
{
	strbuf_add(out, &number, sizeof(number));
}

/* The header, and COUNT entries for libraries a, b, c... whose strings begin at offset 48 + 24 * COUNT. */
static void put_cache(struct strbuf *out, uint32_t count)
{
	uint32_t strings = 48 + 24 * count;

	strbuf_add_string(out, "glibc-ld.so.cache1.1");
	put32(out, count);
	put32(out, count * 16);
	strbuf_add_repeated(out, '\0', 20);
	for (uint32_t i = 0; i < count; i++) {
		put32(out, 3);
		put32(out, strings + 16 * i);
		put32(out, strings + 16 * i + 8);
		strbuf_add_repeated(out, '\0', 12);
	}
	for (uint32_t i = 0; i < count; i++) {
		strbuf_addf(out, "lib%c.so", 'a' + (int)i);
		strbuf_add_char(out, '\0');
		strbuf_addf(out, "/l/%c.so", 'a' + (int)i);
		strbuf_add_char(out, '\0');
	}
}

static int write_library(const char *name, const char *path, void *user)
{
	strbuf_addf(user, "%s %s\n", name, path);
	return 0;
}

/* Walks a copy that is exactly as large as the cache: a sanitizer sees any read behind it. */
static bool walk(const struct strbuf *cache, struct strbuf *out)
{
	uint8_t *bytes = malloc(cache->length + !cache->length);
	bool is_cache;

	memcpy(bytes, strbuf_text(cache), cache->length);
	is_cache = library_cache_walk(bytes, cache->length, write_library, out);
	free(bytes);
	return is_cache;
}

static void test_library_cache_entries_come_in_order(void **state)
{
	_cleanup_strbuf_ struct strbuf cache = {0}, out = {0};

	(void)state;
	put_cache(&cache, 3);
	assert_true(walk(&cache, &out));
	assert_string_equal(strbuf_text(&out), "liba.so /l/a.so\nlibb.so /l/b.so\nlibc.so /l/c.so\n");
}

static void test_library_cache_behind_one_of_the_old_format_is_found(void **state)
{
	_cleanup_strbuf_ struct strbuf cache = {0}, out = {0};

	(void)state;
	strbuf_add(&cache, "ld.so-1.7.0", 12);
	put32(&cache, 1);
	strbuf_add_repeated(&cache, '\0', 12 + 4); /* one entry, and up to a multiple of 8 */
	put_cache(&cache, 1);
	assert_true(walk(&cache, &out));
	assert_string_equal(strbuf_text(&out), "liba.so /l/a.so\n");
}

static void test_library_cache_of_another_format_is_none(void **state)
{
	_cleanup_strbuf_ struct strbuf cache = {0}, out = {0};

	(void)state;
	assert_false(walk(&cache, &out));
	strbuf_add_string(&cache, "glibc-ld.so.cache9.9 and more than forty-eight bytes");
	assert_false(walk(&cache, &out));
	strbuf_clear(&cache);
	strbuf_add(&cache, "ld.so-1.7.0", 12);
	put32(&cache, UINT32_MAX);
	assert_false(walk(&cache, &out));
	assert_string_equal(strbuf_text(&out), "");
}

static void test_library_cache_bad_offsets_spoil_one_entry(void **state)
{
	_cleanup_strbuf_ struct strbuf cache = {0}, out = {0};
	const uint32_t far = UINT32_MAX;

	(void)state;
	put_cache(&cache, 3);
	memcpy(cache.text + 48 + 24 + 4, &far, sizeof(far));
	assert_true(walk(&cache, &out));
	assert_string_equal(strbuf_text(&out), "liba.so /l/a.so\nlibc.so /l/c.so\n");
}

static void test_library_cache_truncated_anywhere_is_survived(void **state)
{
	_cleanup_strbuf_ struct strbuf cache = {0}, out = {0};
	size_t whole;

	(void)state;
	put_cache(&cache, 2);
	whole = cache.length;
	for (cache.length = 0; cache.length < whole; cache.length++) {
		strbuf_clear(&out);
		assert_int_equal(walk(&cache, &out), cache.length >= 48);
		assert_true(strlen(strbuf_text(&out)) < strlen("liba.so /l/a.so\nlibb.so /l/b.so\n"));
	}
}

static void test_library_cache_count_that_lies_ends_with_the_bytes(void **state)
{
	_cleanup_strbuf_ struct strbuf cache = {0}, out = {0};
	const uint32_t many = UINT32_MAX;

	(void)state;
	put_cache(&cache, 1);
	memcpy(cache.text + 20, &many, sizeof(many));
	assert_true(walk(&cache, &out));
	assert_string_equal(strbuf_text(&out), "liba.so /l/a.so\n");
}

static int count_one(const char *name, const char *path, void *user)
{
	(void)name;
	(void)path;
	++*(int *)user;
	return 1;
}

static void test_library_cache_callback_ends_the_walk(void **state)
{
	_cleanup_strbuf_ struct strbuf cache = {0};
	int count = 0;

	(void)state;
	put_cache(&cache, 3);
	assert_true(library_cache_walk((const uint8_t *)cache.text, cache.length, count_one, &count));
	assert_int_equal(count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_library_cache_entries_come_in_order),
		cmocka_unit_test(test_library_cache_behind_one_of_the_old_format_is_found),
		cmocka_unit_test(test_library_cache_of_another_format_is_none),
		cmocka_unit_test(test_library_cache_bad_offsets_spoil_one_entry),
		cmocka_unit_test(test_library_cache_truncated_anywhere_is_survived),
		cmocka_unit_test(test_library_cache_count_that_lies_ends_with_the_bytes),
		cmocka_unit_test(test_library_cache_callback_ends_the_walk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
