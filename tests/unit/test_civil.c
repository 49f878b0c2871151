/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/* The calendar, day by day, and ISO weeks: cases/iso-weeks.txt. */
#include "cases.h"

#include "base/civil.h"

enum { FIRST_YEAR = 1600, LAST_YEAR = 2400 };

static bool is_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_in(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

/* Each day from 1600 to 2400 there and back, counted one by one. */
static void test_round_trip(void **state)
{
	int64_t expected = civil_days(FIRST_YEAR, 1, 1);

	(void)state;
	assert_int_equal(expected, -135140); /* by GNU date */
	for (int y = FIRST_YEAR; y <= LAST_YEAR; y++)
		for (int m = 1; m <= 12; m++)
			for (int d = 1; d <= days_in(y, m); d++, expected++) {
				int64_t days = civil_days(y, m, d);
				struct civil c =
					civil_from_epoch(days * 86400 + 86399, 0);
				if (days != expected || c.year != y || c.month != m ||
				    c.day != d || c.hour != 23 || c.minute != 59 ||
				    c.second != 59)
					fail_msg("%d-%d-%d", y, m, d);
			}
	assert_int_equal(civil_days(1970, 1, 1), 0);
	assert_int_equal(civil_days(2000, 3, 1), 11017);
	assert_int_equal(expected, civil_days(LAST_YEAR + 1, 1, 1));
}

static void test_offsets(void **state)
{
	struct civil c = civil_from_epoch(-1, 0);

	(void)state;
	assert_int_equal(c.year, 1969);
	assert_int_equal(c.hour * 3600 + c.minute * 60 + c.second, 86399);
	c = civil_from_epoch(0, -1);
	assert_int_equal(c.year, 1969);
	c = civil_from_epoch(-1, 1);
	assert_int_equal(c.year, 1970);
	assert_int_equal(civil_day_of(-1, 0), -1);
	assert_int_equal(civil_day_of(-86400, 0), -1);
	assert_int_equal(civil_day_of(-86401, 0), -2);
	assert_int_equal(civil_day_of(0, 0), 0);
	assert_int_equal(civil_day_of(86399, 0), 0);
	assert_int_equal(civil_day_of(86399, 1), 1);
	assert_int_equal(civil_day_of(86400, -1), 0);
	/* Kiribati is 14 hours ahead, Baker Island 12 behind */
	assert_int_equal(civil_day_of(86400 - 14 * 3600, 14 * 3600), 1);
	assert_int_equal(civil_day_of(86400 + 12 * 3600 - 1, -12 * 3600), 0);
}

static void test_valid(void **state)
{
	const struct {
		struct civil c;
		bool valid;
	} cases[] = {
		{{2026, 11, 23, 3, 0, 0}, true},    {{2024, 2, 29, 0, 0, 0}, true},
		{{2023, 2, 29, 0, 0, 0}, false},    {{2000, 2, 29, 0, 0, 0}, true},
		{{1900, 2, 29, 0, 0, 0}, false},    {{2026, 4, 31, 0, 0, 0}, false},
		{{2026, 12, 31, 23, 59, 60}, true}, {{2026, 12, 31, 23, 59, 61}, false},
		{{2026, 12, 31, 23, 60, 0}, false}, {{2026, 12, 31, 24, 0, 0}, false},
		{{2026, 0, 1, 0, 0, 0}, false},	    {{2026, 13, 1, 0, 0, 0}, false},
		{{2026, 1, 0, 0, 0, 0}, false},	    {{2026, 1, 32, 0, 0, 0}, false},
		{{2026, 1, 1, -1, 0, 0}, false},    {{2026, 1, 1, 0, -1, 0}, false},
		{{2026, 1, 1, 0, 0, -1}, false},    {{0, 1, 1, 0, 0, 0}, true},
		{{2026, -1, 1, 0, 0, 0}, false},    {{2026, 1, -1, 0, 0, 0}, false},
		{{9999, 12, 31, 23, 59, 59}, true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (civil_valid(&cases[i].c) != cases[i].valid)
			fail_msg("case %zu", i);
}

static void test_iso_weeks(void **state)
{
	CLEANUP(cases_close) struct cases cases = cases_open("iso-weeks.txt");
	char *col[2], got[24];
	int year, week;

	(void)state;
	while (cases_next(&cases)) {
		cases_columns(&cases, col, 2);
		char *end = col[0];
		int y = (int)strtol(end, &end, 10);
		int m = -(int)strtol(end, &end, 10); /* the hyphen is read as a sign */
		int d = -(int)strtol(end, &end, 10);
		civil_iso_week(civil_days(y, m, d), &year, &week);
		snprintf(got, sizeof(got), "%04d-W%02d", year, week);
		if (strcmp(got, col[1]) != 0)
			cases_wrong(&cases, "is %s", got);
	}
	cases_end(&cases);
}

/* Weeks follow each other: 1 to 52 or 53, seven days each, from Monday on. */
static void test_weeks_follow(void **state)
{
	int64_t day = civil_days(1601, 1, 1); /* a Monday, of week 1 */
	int64_t last = civil_days(LAST_YEAR, 12, 31);
	int year = 1601, week = 1, got_year, got_week;

	(void)state;
	for (; day <= last; day += 7) {
		for (int i = 0; i < 7; i++) {
			civil_iso_week(day + i, &got_year, &got_week);
			if (got_year != year || got_week != week ||
			    civil_week_start(day + i) != day)
				fail_msg("day %ld", (long)day);
		}
		/* 4 January is always of week 1 */
		bool new_year = day + 7 <= civil_days(year + 1, 1, 4) &&
				civil_days(year + 1, 1, 4) < day + 14;
		week = new_year ? 1 : week + 1;
		year += new_year;
		assert_true(week <= 53);
	}
	assert_int_equal(civil_week_start(0), -3);
	assert_int_equal(civil_week_start(-3), -3);
	assert_int_equal(civil_week_start(-4), -10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),   cmocka_unit_test(test_offsets),
		cmocka_unit_test(test_valid),	     cmocka_unit_test(test_iso_weeks),
		cmocka_unit_test(test_weeks_follow),
	};

	return cmocka_run_group_tests_name("civil", tests, NULL, NULL);
}
