/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/* Local time: cases/local-times.txt. */
#include "cases.h"

#include <inttypes.h>
#include <time.h>

#include "model/snapshot.h"
#include "sys/clock.h"

static void use_zone(const char *tz)
{
	setenv("TZ", tz, 1);
	tzset();
}

static void test_from_civil(void **state)
{
	CLEANUP(cases_close) struct cases cases = cases_open("local-times.txt");
	char *col[4];
	struct civil c;
	unsigned nth;

	(void)state;
	while (cases_next(&cases)) {
		cases_columns(&cases, col, 4);
		use_zone(col[0]);
		assert_true(snapshot_name_parse(col[1], &c, &nth));
		bool second = strcmp(col[2], "second") == 0;
		struct instant at = clock_from_civil(&c, second);
		struct instant local = clock_local(at.epoch);
		if (at.epoch != strtoll(col[3], NULL, 10) || at.offset != local.offset)
			cases_wrong(&cases, "is %" PRId64 "%+d", at.epoch, at.offset);
	}
	cases_end(&cases);
}

/* What clocks showed in each minute of a year leads back to it. */
static void test_round_trip(void **state)
{
	static const char *const zones[] = {
		"CET-1CEST,M3.5.0,M10.5.0/3", "EST5EDT,M3.2.0,M11.1.0",
		"IST-1GMT0,M10.5.0,M3.5.0/1", "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0"};
	const int64_t start = 1767225600; /* 2026 */

	(void)state;
	for (size_t z = 0; z < ARRAY_SIZE(zones); z++) {
		use_zone(zones[z]);
		for (int64_t t = start; t < start + 366 * 86400; t += 900) {
			struct instant at = clock_local(t);
			struct civil c = civil_from_epoch(at.epoch, at.offset);
			if (clock_from_civil(&c, false).epoch != t &&
			    clock_from_civil(&c, true).epoch != t)
				fail_msg("%s: %" PRId64, zones[z], t);
			if (clock_from_civil(&c, false).epoch >
			    clock_from_civil(&c, true).epoch)
				fail_msg("%s: %" PRId64 ", second before first", zones[z],
					 t);
		}
	}
}

static void test_now(void **state)
{
	double start = clock_monotonic();
	int64_t before = time(NULL), now = clock_now().epoch, after = time(NULL);

	(void)state;
	assert_true(before <= now && now <= after);
	assert_true(clock_monotonic() >= start);
	use_zone("XYZ-5:30");
	assert_int_equal(clock_now().offset, 19800);
	use_zone("UTC0");
	assert_int_equal(clock_now().offset, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_from_civil),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_now),
	};

	return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
