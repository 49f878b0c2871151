/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/* The label that holds a service's count: written, read, and what others may put there. */
#include "cases.h"

#include "base/strbuf.h"
#include "model/mark.h"

static void check_round_trip(struct mark mark)
{
	struct mark again = {.replicas = 77};
	CLEANUP(freep) char *text = mark_format(&mark);

	assert_true(mark_parse(text, &again));
	assert_string_equal(again.destination, mark.destination);
	assert_string_equal(again.run, mark.run);
	assert_int_equal(again.global, mark.global);
	assert_true(again.replicas == mark.replicas);
}

static void test_round_trip(void **state)
{
	static const int64_t counts[] = {-1, 0, 1, 2, 1000, INT32_MAX, INT64_MAX};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(counts); i++)
		check_round_trip((struct mark){.destination = "2f00",
					       .run = "2026-11-23_03-00-00.2",
					       .replicas = counts[i]});
	check_round_trip((struct mark){
		.destination = "a\"\\\n\x1f", .run = "", .global = true, .replicas = -1});
}

static void test_text(void **state)
{
	const struct mark mark = {.destination = "d", .run = "r", .replicas = 3};
	CLEANUP(freep) char *text = mark_format(&mark);

	(void)state;
	assert_string_equal(text, "{\"destination\":\"d\",\"run\":\"r\",\"replicas\":3}");
}

/* Written by a later version: what it adds does no harm. */
static void test_more_keys(void **state)
{
	struct mark mark;

	(void)state;
	assert_true(mark_parse("{\"new\": [1], \"replicas\": 2, \"run\": \"r\", "
			       "\"destination\": \"d\"}",
			       &mark));
	assert_true(mark.replicas == 2 && !mark.global);
}

static void test_hostile(void **state)
{
	static const char *const texts[] = {
		"",
		" ",
		"3",
		"null",
		"[]",
		"\"\"",
		"{}",
		"{",
		"{\"destination\":\"d\",\"run\":\"r\",\"replicas\":2",
		"{\"destination\":\"d\",\"replicas\":2}",
		"{\"run\":\"r\",\"replicas\":2}",
		"{\"destination\":1,\"run\":\"r\"}",
		"{\"destination\":\"d\",\"run\":null}",
		"{\"destination\":\"d\",\"run\":\"r\",\"replicas\":\"2\"}",
		"{\"destination\":\"d\",\"run\":\"r\",\"replicas\":2.0}",
		"{\"destination\":\"d\",\"run\":\"r\",\"replicas\":-2}",
		"{\"destination\":\"d\",\"run\":\"r\",\"replicas\":null}",
		"{\"destination\":\"d\",\"run\":\"r\",\"replicas\":9223372036854775808}",
		"{\"destination\":\"d\",\"run\":\"r\",\"global\":1}",
		"{\"destination\":\"d\\u0000x\",\"run\":\"r\",\"replicas\":2}",
		"{\"destination\":\"\xff\",\"run\":\"r\",\"replicas\":2}",
		"{\"destination\":\"d\",\"run\":\"r\",\"replicas\":2} more",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct mark mark = {.run = "untouched", .replicas = 77};
		if (mark_parse(texts[i], &mark))
			fail_msg("understood: %s", texts[i]);
		assert_string_equal(mark.run, "untouched");
		assert_true(mark.replicas == 77);
	}
}

/* Neither a name of any length nor any depth does harm. */
static void test_large(void **state)
{
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;
	struct mark mark;

	(void)state;
	strbuf_addstr(&text, "{\"destination\":\"");
	for (int i = 0; i < 64; i++)
		strbuf_addch(&text, 'd');
	strbuf_addstr(&text, "\",\"run\":\"r\",\"replicas\":2}");
	assert_false(mark_parse(text.buf, &mark));
	memmove(text.buf + 16, text.buf + 17, text.len - 16);
	assert_true(mark_parse(text.buf, &mark));
	assert_int_equal(strlen(mark.destination), 63);

	strbuf_reset(&text);
	for (int i = 0; i < 100000; i++)
		strbuf_addch(&text, '[');
	assert_false(mark_parse(text.buf, &mark));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip), cmocka_unit_test(test_text),
		cmocka_unit_test(test_more_keys),  cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
