/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/* Names of snapshots, cases/snapshot-names.txt; and what makes one suspect. */
#include "cases.h"

#include "model/snapshot.h"

static void test_names(void **state)
{
	CLEANUP(cases_close) struct cases cases = cases_open("snapshot-names.txt");
	char *col[2], again[SNAPSHOT_NAME_MAX];

	(void)state;
	while (cases_next(&cases)) {
		struct civil c = {.year = -7};
		unsigned nth = 77;
		cases_columns(&cases, col, 2);
		cases_text(col[0]);
		bool ours = snapshot_name_parse(col[0], &c, &nth);
		if (ours != (strcmp(col[1], "snapshot") == 0))
			cases_wrong(&cases, "is %s", ours ? "a snapshot's" : "foreign");
		if (!ours && (c.year != -7 || nth != 77))
			cases_wrong(&cases, "was written to");
		snapshot_name(&c, nth, again);
		if (ours && strcmp(again, col[0]) != 0)
			cases_wrong(&cases, "comes back as %s", again);
	}
	cases_end(&cases);
}

static void test_round_trip(void **state)
{
	char name[SNAPSHOT_NAME_MAX];

	(void)state;
	for (int64_t t = -62135596800; t < INT64_C(253402300799);
	     t += 86400 * 37 + 3607) {
		struct civil c = civil_from_epoch(t, 0), back;
		unsigned nth, number = (unsigned)((uint64_t)t % 9999) + 1;
		snapshot_name(&c, number, name);
		if (!snapshot_name_parse(name, &back, &nth) || nth != number ||
		    memcmp(&c, &back, sizeof(c)) != 0)
			fail_msg("%s", name);
	}
	/* the longest there is, and what no calendar has */
	snapshot_name(&(struct civil){99999, 123, 123, 123, 123, 123}, 4294967295U, name);
	assert_true(strlen(name) < SNAPSHOT_NAME_MAX);
	snapshot_name(&(struct civil){-1, -1, -1, -1, -1, -1}, 1, name);
	assert_true(strlen(name) < SNAPSHOT_NAME_MAX);
}

static void test_words(void **state)
{
	(void)state;
	for (int s = SNAPSHOT_COMPLETE; s <= SNAPSHOT_UNKNOWN; s++)
		assert_int_equal(snapshot_status_parse(
					 snapshot_status_name((enum snapshot_status)s)),
				 s);
	assert_int_equal(snapshot_status_parse(""), SNAPSHOT_UNKNOWN);
	assert_int_equal(snapshot_status_parse("Complete"), SNAPSHOT_UNKNOWN);
	assert_int_equal(snapshot_status_parse("complete "), SNAPSHOT_UNKNOWN);
	assert_string_equal(snapshot_tier_name(SNAPSHOT_DAILY), "daily");
	assert_string_equal(snapshot_tier_name(SNAPSHOT_WEEKLY), "weekly");
	assert_string_equal(snapshot_tier_name(SNAPSHOT_MONTHLY), "monthly");
}

static void test_shrank(void **state)
{
	static const struct {
		uint64_t before, now;
		unsigned limit;
		bool shrank;
	} cases[] = {
		{100, 50, 50, false},
		{100, 49, 50, true},
		{100, 0, 50, true},
		{100, 100, 0, false},
		{100, 99, 0, true},
		{100, 0, 100, false},
		{0, 0, 50, false},
		{0, 0, 0, false},
		{1, 0, 50, true},
		{1, 0, 99, true},
		{100, 1000, 50, false},
		{3, 2, 33, true},
		{3, 2, 34, false},
		/* no overflow */
		{UINT64_MAX, 1, 50, true},
		{UINT64_MAX, UINT64_MAX - 1, 50, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (snapshot_shrank(cases[i].before, cases[i].now, cases[i].limit) !=
		    cases[i].shrank)
			fail_msg("case %zu", i);
}

static bool collapsed(uint64_t files_before, uint64_t linked_before, uint64_t files,
		      uint64_t linked)
{
	const struct snapshot_counts before = {.files = files_before,
					       .linked = linked_before};
	const struct snapshot_counts now = {.files = files, .linked = linked};

	return snapshot_links_collapsed(&before, &now);
}

static void test_links_collapsed(void **state)
{
	(void)state;
	assert_true(collapsed(100, 100, 100, 0));
	assert_true(collapsed(100, 100, 100, 49));
	assert_false(collapsed(100, 100, 100, 50));
	assert_true(collapsed(100, 50, 100, 24));
	assert_false(collapsed(100, 49, 100, 0)); /* the first copy, say */
	assert_false(collapsed(100, 0, 100, 0));
	assert_false(collapsed(19, 19, 100, 0));
	assert_false(collapsed(100, 100, 19, 0));
	assert_true(collapsed(20, 20, 20, 0));
	assert_false(collapsed(0, 0, 0, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_words),		cmocka_unit_test(test_shrank),
		cmocka_unit_test(test_links_collapsed),
	};

	return cmocka_run_group_tests_name("snapshot", tests, NULL, NULL);
}
