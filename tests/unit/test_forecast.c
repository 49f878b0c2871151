/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/* In how many days something is used up, by samples of what was left of it. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "model/forecast.h"

enum { HOUR = 3600, DAY = 24 * HOUR };
static const int64_t now = 1795402800;

/* One sample each day, the last one an hour ago: `left[0]` is the oldest. */
static struct forecast daily(const uint64_t *left, size_t n)
{
	struct forecast_sample samples[2 * FORECAST_DAYS];

	for (size_t i = 0; i < n; i++)
		samples[i] = (struct forecast_sample){
			now - HOUR - (int64_t)(n - 1 - i) * DAY, left[i]};
	return forecast_end(samples, n, now, left[n - 1]);
}

static void test_steady(void **state)
{
	const uint64_t falling[] = {1000, 900, 800, 700};
	const uint64_t rising[] = {700, 800, 900};
	const uint64_t level[] = {500, 500, 500, 500};
	const uint64_t slow[] = {1000000, 999999, 999998};
	const uint64_t gone[] = {20, 10, 0};
	struct forecast f = daily(falling, ARRAY_SIZE(falling));

	(void)state;
	assert_int_equal(f.kind, FORECAST_FILLING);
	assert_float_equal(f.days, 7, 1e-9);
	assert_int_equal(daily(rising, ARRAY_SIZE(rising)).kind, FORECAST_NOT_FILLING);
	assert_int_equal(daily(level, ARRAY_SIZE(level)).kind, FORECAST_NOT_FILLING);
	assert_int_equal(daily(slow, ARRAY_SIZE(slow)).kind, FORECAST_NOT_FILLING);
	f = daily(gone, ARRAY_SIZE(gone));
	assert_int_equal(f.kind, FORECAST_FILLING);
	assert_float_equal(f.days, 0, 1e-9);
}

static void test_not_enough(void **state)
{
	const uint64_t two[] = {1000, 900};
	const struct forecast_sample hours[] = {
		{now - 3 * HOUR, 900}, {now - 2 * HOUR, 800}, {now - HOUR, 700}};
	/* three days by number, and 26 hours apart */
	const struct forecast_sample close[] = {
		{now - 49 * HOUR, 900}, {now - 25 * HOUR, 800}, {now - 23 * HOUR, 700}};

	(void)state;
	assert_int_equal(forecast_end(NULL, 0, now, 5).kind, FORECAST_UNKNOWN);
	assert_int_equal(daily(two, 2).kind, FORECAST_UNKNOWN);
	assert_int_equal(forecast_end(hours, 3, now, 700).kind, FORECAST_UNKNOWN);
	assert_int_equal(forecast_end(close, 3, now, 700).kind, FORECAST_UNKNOWN);
}

/* What is older than the month, or to come, says nothing. */
static void test_window(void **state)
{
	struct forecast_sample samples[] = {
		{now - 31 * (int64_t)DAY, 1},
		{now + DAY, 999999},
		{now - 4 * DAY, 1000},
		{now - 2 * DAY, 800},
		{now - HOUR, 600},
		{INT64_MIN, 7},
		{INT64_MAX, 7},
	};
	struct forecast f = forecast_end(samples, ARRAY_SIZE(samples), now, 600);

	(void)state;
	assert_int_equal(f.kind, FORECAST_FILLING);
	assert_true(f.days > 5.5 && f.days < 6.5);
}

/* A large removal, or a sample that is nonsense, does not turn the estimate. */
static void test_robust(void **state)
{
	uint64_t left[20];
	struct forecast f;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(left); i++)
		left[i] = 10000 - 100 * i + (i >= 10 ? 700 : 0);
	left[4] = 0;
	left[13] = UINT64_MAX / 2;
	f = daily(left, ARRAY_SIZE(left));
	assert_int_equal(f.kind, FORECAST_FILLING);
	assert_true(f.days > 80 && f.days < 200); /* 88 at 100 a day */
}

/* Rotation frees something now and then: what counts is what remains of a day. */
static void test_many_in_a_day(void **state)
{
	struct forecast_sample samples[10 * 24];
	struct forecast f;
	uint64_t left;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(samples); i++)
		samples[i] = (struct forecast_sample){
			now - (int64_t)(ARRAY_SIZE(samples) - 1 - i) * HOUR,
			100000 - 240 * (i / 24) - (i % 24) * 1000};
	left = samples[ARRAY_SIZE(samples) - 1].left;
	f = forecast_end(samples, ARRAY_SIZE(samples), now, left);
	assert_int_equal(f.kind, FORECAST_FILLING);
	assert_float_equal(f.days, (double)left / 240, 1e-6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_steady),	      cmocka_unit_test(test_not_enough),
		cmocka_unit_test(test_window),	      cmocka_unit_test(test_robust),
		cmocka_unit_test(test_many_in_a_day),
	};

	return cmocka_run_group_tests_name("forecast", tests, NULL, NULL);
}
