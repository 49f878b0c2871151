/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/* Zones: cases/zones.txt, cases/nearest-zones.txt, and a system that is put into one. */
#include "cases.h"
#include "scratch.h"

#include "sys/zone.h"

static void test_known(void **state)
{
	CLEANUP(cases_close) struct cases cases = cases_open("zones.txt");
	char *col[2];

	(void)state;
	while (cases_next(&cases)) {
		cases_columns(&cases, col, 2);
		cases_text(col[0]);
		bool known = zone_known(col[0]);
		if (known != (strcmp(col[1], "known") == 0))
			cases_wrong(&cases, "is %s", known ? "known" : "unknown");
	}
	cases_end(&cases);
}

static void test_nearest(void **state)
{
	CLEANUP(cases_close) struct cases cases = cases_open("nearest-zones.txt");
	char *col[2];

	(void)state;
	while (cases_next(&cases)) {
		CLEANUP(strbuf_release) struct strbuf near = STRBUF_INIT;
		cases_columns(&cases, col, 2);
		cases_text(col[1]);
		zone_nearest(col[0], &near);
		if (strcmp(near.buf, col[1]) != 0)
			cases_wrong(&cases, "suggests '%s'", near.buf);
	}
	cases_end(&cases);
}

static void holds_zone(const char *name)
{
	CLEANUP(freep) char *target = xasprintf("/usr/share/zoneinfo/%s", name);
	CLEANUP(freep) char *line = xasprintf("%s\n", name);
	char link[256];

	ssize_t len = readlinkat(scratch_fd(), "localtime", link, sizeof(link) - 1);
	assert_true(len > 0);
	link[len] = '\0';
	assert_string_equal(link, target);
	scratch_holds(scratch_fd(), "timezone", line);
	assert_int_equal(scratch_mode(scratch_fd(), "timezone"), 0644);
}

static void test_system(void **state)
{
	struct error err;

	(void)state;
	assert_int_equal(zone_set_system(scratch_path(), "Europe/Berlin", &err), 0);
	holds_zone("Europe/Berlin");
	assert_int_equal(zone_set_system(scratch_path(), "Europe/Berlin", &err), 0);
	assert_int_equal(zone_set_system(scratch_path(), ":America/Chicago", &err), 0);
	holds_zone("America/Chicago");
	assert_int_equal(
		zone_set_system(scratch_path(), "/usr/share/zoneinfo/Asia/Tokyo", &err),
		0);
	holds_zone("Asia/Tokyo");

	/* no name to give, so nothing changes */
	assert_int_equal(zone_set_system(scratch_path(), "CET-1CEST", &err), 0);
	assert_int_equal(zone_set_system(scratch_path(), "/etc/passwd", &err), 0);
	holds_zone("Asia/Tokyo");
	assert_false(scratch_has(scratch_fd(), "localtime.tmp"));
}

/* What a link points to is never written, and a killed process's leftover not in the way. */
static void test_system_replaces(void **state)
{
	struct error err;

	(void)state;
	scratch_write(scratch_fd(), "victim", "keep");
	assert_int_equal(symlinkat("victim", scratch_fd(), "timezone"), 0);
	scratch_write(scratch_fd(), "localtime", "a copy of a zone's file");
	assert_int_equal(symlinkat("victim", scratch_fd(), "localtime.tmp"), 0);
	assert_int_equal(zone_set_system(scratch_path(), "UTC", &err), 0);
	holds_zone("UTC");
	scratch_holds(scratch_fd(), "victim", "keep");
}

/* One that cannot be replaced does not keep the other from being so, and is named. */
static void test_system_one_of_two(void **state)
{
	struct error err = {.msg = ""};

	(void)state;
	close(scratch_mkdir(scratch_fd(), "localtime"));
	assert_true(zone_set_system(scratch_path(), "UTC", &err) < 0);
	assert_non_null(strstr(err.msg, "'localtime'"));
	assert_null(strstr(err.msg, "timezone"));
	scratch_holds(scratch_fd(), "timezone", "UTC\n");

	assert_int_equal(unlinkat(scratch_fd(), "timezone", 0), 0);
	close(scratch_mkdir(scratch_fd(), "timezone"));
	assert_true(zone_set_system(scratch_path(), "UTC", &err) < 0);
	assert_non_null(strstr(err.msg, "'localtime'"));
	assert_non_null(strstr(err.msg, "'timezone'"));

	assert_int_equal(unlinkat(scratch_fd(), "localtime", AT_REMOVEDIR), 0);
	assert_true(zone_set_system(scratch_path(), "UTC", &err) < 0);
	assert_null(strstr(err.msg, "localtime"));
	assert_non_null(strstr(err.msg, "'timezone'"));
	assert_true(scratch_has(scratch_fd(), "localtime"));
}

static int set_elsewhere(void)
{
	struct error err = {.msg = ""};

	if (zone_set_system("/nonexistent", "UTC", &err) >= 0 ||
	    !strstr(err.msg, "/nonexistent"))
		return 1;
	err.msg[0] = '\0';
	if (zone_set_system("/", "UTC", &err) >= 0 || !strstr(err.msg, "localtime"))
		return 2;
	return 0;
}

static void test_system_refused(void **state)
{
	(void)state;
	assert_int_equal(scratch_as_other(set_elsewhere), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_nearest),
		cmocka_unit_test_setup_teardown(test_system, scratch_setup,
						scratch_teardown),
		cmocka_unit_test_setup_teardown(test_system_replaces, scratch_setup,
						scratch_teardown),
		cmocka_unit_test_setup_teardown(test_system_one_of_two, scratch_setup,
						scratch_teardown),
		cmocka_unit_test_setup_teardown(test_system_refused, scratch_setup,
						scratch_teardown),
	};

	return cmocka_run_group_tests_name("zone", tests, NULL, NULL);
}
