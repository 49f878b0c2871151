/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/* Strings that grow, to their ceiling and no further; escaping: cases/escapes.txt. */
#include "cases.h"

#include "base/strbuf.h"
#include "base/strvec.h"

static void test_empty(void **state)
{
	CLEANUP(strbuf_release) struct strbuf sb = STRBUF_INIT;

	(void)state;
	assert_string_equal(sb.buf, "");
	strbuf_cut(&sb, 0);
	strbuf_reset(&sb);
	strbuf_drop_front(&sb, 0);
	strbuf_add(&sb, NULL, 0);
	strbuf_addstr(&sb, "");
	strbuf_addf(&sb, "%s", "");
	assert_int_equal(sb.len, 0);
	assert_string_equal(sb.buf, "");
	assert_string_equal(strbuf_empty, "");

	struct strbuf fresh = STRBUF_INIT;
	CLEANUP(freep) char *stolen = strbuf_steal(&fresh);
	assert_string_equal(stolen, "");
	assert_ptr_not_equal(stolen, strbuf_empty);
}

static void test_grow(void **state)
{
	CLEANUP(strbuf_release) struct strbuf sb = STRBUF_INIT;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		strbuf_addch(&sb, (char)('a' + i % 26));
		if (sb.len != (size_t)i + 1 || sb.buf[sb.len] != '\0')
			fail_msg("after %d", i);
	}
	for (int i = 0; i < 100000; i++)
		if (sb.buf[i] != (char)('a' + i % 26))
			fail_msg("at %d", i);
	assert_false(sb.truncated);
	strbuf_add(&sb, "a\0b", 3);
	assert_int_equal(sb.len, 100003);
	assert_memory_equal(sb.buf + 100000, "a\0b", 4);
}

static void test_max(void **state)
{
	CLEANUP(strbuf_release) struct strbuf sb = STRBUF_INIT_MAX(5);

	(void)state;
	strbuf_addstr(&sb, "12345");
	assert_false(sb.truncated);
	strbuf_add(&sb, "", 0);
	assert_false(sb.truncated);
	strbuf_addch(&sb, '6');
	assert_true(sb.truncated);
	assert_string_equal(sb.buf, "12345");
	strbuf_cut(&sb, 3);
	assert_true(sb.truncated);
	strbuf_addf(&sb, "%d", 6789);
	assert_string_equal(sb.buf, "12367");
	strbuf_reset(&sb);
	assert_false(sb.truncated);
	strbuf_addstr(&sb, "123456789");
	assert_string_equal(sb.buf, "12345");
	strbuf_release(&sb);
	assert_false(sb.truncated);
	strbuf_addstr(&sb, "123456"); /* the ceiling outlives a release */
	assert_string_equal(sb.buf, "12345");

	CLEANUP(strbuf_release) struct strbuf none = STRBUF_INIT_MAX(0);
	strbuf_addstr(&none, "x");
	assert_true(none.truncated);
	assert_string_equal(none.buf, "");
}

static void test_shorten(void **state)
{
	CLEANUP(strbuf_release) struct strbuf sb = STRBUF_INIT;

	(void)state;
	strbuf_addstr(&sb, "hello world");
	strbuf_drop_front(&sb, 6);
	assert_string_equal(sb.buf, "world");
	strbuf_cut(&sb, 4);
	assert_string_equal(sb.buf, "worl");
	strbuf_drop_front(&sb, 4);
	assert_string_equal(sb.buf, "");
	strbuf_addstr(&sb, "again");
	CLEANUP(freep) char *stolen = strbuf_steal(&sb);
	assert_string_equal(stolen, "again");
	assert_string_equal(sb.buf, "");
	strbuf_addstr(&sb, "new");
	assert_string_equal(stolen, "again");
}

static void test_escapes(void **state)
{
	CLEANUP(cases_close) struct cases cases = cases_open("escapes.txt");
	char *col[2];

	(void)state;
	while (cases_next(&cases)) {
		CLEANUP(strbuf_release) struct strbuf sb = STRBUF_INIT;
		cases_columns(&cases, col, 2);
		size_t len = cases_text(col[0]);
		cases_text(col[1]);
		strbuf_add_escaped(&sb, col[0], len);
		if (strcmp(sb.buf, col[1]) != 0)
			cases_wrong(&cases, "is %s", sb.buf);
	}
	cases_end(&cases);
}

static void test_escape_by_length(void **state)
{
	CLEANUP(strbuf_release) struct strbuf sb = STRBUF_INIT;

	(void)state;
	/* a NUL is a byte like others, and nothing behind the length is looked at */
	strbuf_add_escaped(&sb, "a\0b", 3);
	strbuf_add_escaped(&sb, "\xe2\x82\xac", 2);
	assert_string_equal(sb.buf, "a\\x00b\\xe2\\x82");
}

static void test_escape_to_the_ceiling(void **state)
{
	CLEANUP(strbuf_release) struct strbuf sb = STRBUF_INIT_MAX(4);

	(void)state;
	/* what does not fit is left out whole, so that the text stays UTF-8 */
	strbuf_add_escaped(&sb, "ab\xe2\x82\xac", 5);
	assert_string_equal(sb.buf, "ab");
	assert_true(sb.truncated);
	strbuf_reset(&sb);
	strbuf_add_escaped(&sb, "a\xe2\x82\xac", 4);
	assert_string_equal(sb.buf, "a\xe2\x82\xac");
	assert_false(sb.truncated);
}

static void test_strvec(void **state)
{
	CLEANUP(strvec_release) struct strvec sv = STRVEC_INIT;
	char word[16];

	(void)state;
	assert_false(strvec_has(&sv, ""));
	for (int i = 0; i < 1000; i++) {
		snprintf(word, sizeof(word), "w%d", i);
		strvec_push(&sv, word);
		if (sv.n != (size_t)i + 1 || sv.v[sv.n] != NULL)
			fail_msg("after %d", i);
	}
	snprintf(word, sizeof(word), "changed");
	assert_string_equal(sv.v[0], "w0");
	assert_string_equal(sv.v[999], "w999");
	strvec_pushf(&sv, "%s-%d", "x", 5);
	assert_true(strvec_has(&sv, "x-5"));
	assert_true(strvec_has(&sv, "w500"));
	assert_false(strvec_has(&sv, "w50 "));
	strvec_push_owned(&sv, xstrdup("own"));
	assert_true(strvec_has(&sv, "own"));
	strvec_release(&sv);
	assert_int_equal(sv.n, 0);
	assert_null(sv.v);
	strvec_release(&sv);
	strvec_push(&sv, "again");
	assert_string_equal(sv.v[0], "again");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_grow),
		cmocka_unit_test(test_max),
		cmocka_unit_test(test_shorten),
		cmocka_unit_test(test_escapes),
		cmocka_unit_test(test_escape_by_length),
		cmocka_unit_test(test_escape_to_the_ceiling),
		cmocka_unit_test(test_strvec),
	};

	return cmocka_run_group_tests_name("strings", tests, NULL, NULL);
}
