/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/* Values as people write them: the tables booleans, numbers, durations, rates, words, lists. */
#include "cases.h"

#include <errno.h>
#include <inttypes.h>

#include "base/parse.h"
#include "base/strbuf.h"

/* What came of parsing a number, as the tables write it. */
static void say_number(int r, uint64_t value, char buf[32])
{
	if (r == -EINVAL)
		snprintf(buf, 32, "form");
	else if (r == -ERANGE)
		snprintf(buf, 32, "range");
	else
		snprintf(buf, 32, "%" PRIu64, value);
}

static void test_bools(void **state)
{
	CLEANUP(cases_close) struct cases cases = cases_open("booleans.txt");
	char *col[2];

	(void)state;
	while (cases_next(&cases)) {
		cases_columns(&cases, col, 2);
		cases_text(col[0]);
		bool off = false, on = true; /* two, to see one that is left alone */
		int r = parse_bool(col[0], &off), s = parse_bool(col[0], &on);
		const char *got = r < 0 ? "refused" : on ? "on" : "off";
		if (strcmp(got, col[1]) != 0 || r != s || (off == on) != (r == 0) ||
		    (r < 0 && r != -EINVAL))
			cases_wrong(&cases, "is %s, %d", got, r);
	}
	cases_end(&cases);
}

static void test_numbers(void **state)
{
	CLEANUP(cases_close) struct cases cases = cases_open("numbers.txt");
	char *col[4], got[32];

	(void)state;
	while (cases_next(&cases)) {
		cases_columns(&cases, col, 4);
		cases_text(col[0]);
		uint64_t value = 4711;
		int r = parse_uint(col[0], strtoull(col[1], NULL, 10),
				   strtoull(col[2], NULL, 10), &value);
		say_number(r, value, got);
		if (strcmp(got, col[3]) != 0 || (r < 0 && value != 4711))
			cases_wrong(&cases, "is %s", got);
	}
	cases_end(&cases);
}

static void test_durations(void **state)
{
	CLEANUP(cases_close) struct cases cases = cases_open("durations.txt");
	char *col[2], got[32];

	(void)state;
	while (cases_next(&cases)) {
		cases_columns(&cases, col, 2);
		cases_text(col[0]);
		int64_t value = -4711;
		int r = parse_duration(col[0], &value);
		say_number(r, (uint64_t)value, got);
		if (strcmp(got, col[1]) != 0 || (r < 0 && value != -4711))
			cases_wrong(&cases, "is %s", got);
	}
	cases_end(&cases);
}

static void test_rates(void **state)
{
	CLEANUP(cases_close) struct cases cases = cases_open("rates.txt");
	char *col[2], got[32];

	(void)state;
	while (cases_next(&cases)) {
		cases_columns(&cases, col, 2);
		cases_text(col[0]);
		uint64_t value = 4711;
		int r = parse_rate(col[0], &value);
		say_number(r, value, got);
		if (strcmp(got, col[1]) != 0 || (r < 0 && value != 4711))
			cases_wrong(&cases, "is %s", got);
	}
	cases_end(&cases);
}

static void in_brackets(const struct strvec *sv, struct strbuf *out)
{
	for (size_t i = 0; i < sv->n; i++)
		strbuf_addf(out, "[%s]", sv->v[i]);
}

static void test_words(void **state)
{
	CLEANUP(cases_close) struct cases cases = cases_open("words.txt");
	char *col[2];

	(void)state;
	while (cases_next(&cases)) {
		CLEANUP(strvec_release) struct strvec words = STRVEC_INIT;
		CLEANUP(strbuf_release) struct strbuf got = STRBUF_INIT;
		cases_columns(&cases, col, 2);
		cases_text(col[0]);
		cases_text(col[1]);
		if (parse_words(col[0], &words) == -EINVAL)
			strbuf_addstr(&got, "open");
		else
			in_brackets(&words, &got);
		if (strcmp(got.buf, col[1]) != 0)
			cases_wrong(&cases, "is %s", got.buf);
	}
	cases_end(&cases);
}

static void test_lists(void **state)
{
	CLEANUP(cases_close) struct cases cases = cases_open("lists.txt");
	char *col[2];

	(void)state;
	while (cases_next(&cases)) {
		CLEANUP(strvec_release) struct strvec items = STRVEC_INIT;
		CLEANUP(strbuf_release) struct strbuf got = STRBUF_INIT;
		cases_columns(&cases, col, 2);
		cases_text(col[0]);
		cases_text(col[1]);
		parse_list(col[0], &items);
		in_brackets(&items, &got);
		if (strcmp(got.buf, col[1]) != 0)
			cases_wrong(&cases, "is %s", got.buf);
	}
	cases_end(&cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bools),	  cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_durations), cmocka_unit_test(test_rates),
		cmocka_unit_test(test_words),	  cmocka_unit_test(test_lists),
	};

	return cmocka_run_group_tests_name("parse", tests, NULL, NULL);
}
