/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/* What is told of a run on top of a mail. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "model/report.h"

static void overview_is(const struct report *report, const char *wanted)
{
	CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT;

	report_overview(report, &out);
	assert_string_equal(out.buf, wanted);
}

static void test_everything(void **state)
{
	CLEANUP(report_release)
	struct report report = {
		.result = REPORT_FAILED,
		.reason = "service 'db' is not back",
		.warnings = 2,
		.snapshot = xstrdup("2026-11-23_03-00-00"),
		.duration = 75,
		.counts = {.files = 1204,
			   .dirs = 310,
			   .bytes = 2048,
			   .new_files = 3,
			   .changed = 2,
			   .bytes_copied = 1024,
			   .unlinkable = 1,
			   .linked = 1198,
			   .bytes_linked = 1024},
		.free_bytes = 3 * 1024,
		.kept = 12,
		.removed = 1,
	};

	(void)state;
	report_add_service(&report, "shop", 2, 12.0, NULL);
	report_add_service(&report, "agent", -1, 1.0, NULL);
	report_add_service(&report, "db", 1, 60.0, "no such image");
	overview_is(
		&report,
		"Result:     backup failed\n"
		"Reason:     service 'db' is not back\n"
		"Warnings:   2\n"
		"Snapshot:   daily/2026-11-23_03-00-00\n"
		"Duration:   1 min 15 s\n"
		"Files:      1,204 files, 310 directories, 2.0 KiB\n"
		"            3 new, 2 changed: 1.0 KiB copied\n"
		"            1,198 linked: 1.0 KiB, 50.0 % of all\n"
		"            1 copied though unchanged: the file system allows no more "
		"links to what is there\n"
		"Free space: 3.0 KiB\n"
		"Services:   shop (2 replicas) down for 12 s\n"
		"            agent down for 1.0 s\n"
		"            db (1 replica) down for 1 min 00 s, NOT BACK: no such "
		"image\n"
		"Snapshots:  12 kept, 1 removed\n");
}

/* A run that ended before it had anything to tell. */
static void test_nothing(void **state)
{
	const struct report report = {.result = REPORT_OK, .dry_run = true};

	(void)state;
	overview_is(&report, "Result:     dry run succeeded\nDuration:   0.0 s\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_everything),
		cmocka_unit_test(test_nothing),
	};

	return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
