/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/* What the log says on the way, and how often. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "flow/progress.h"

enum { MIB = 1024 * 1024 };

/* What the log holds, from its beginning, without the times. */
static void logged(const struct log *log, struct strbuf *out)
{
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;

	log_text(log, &text);
	for (const char *line = text.buf; *line;) {
		const char *end = strchr(line, '\n') + 1;
		strbuf_add(out, line + 22, (size_t)(end - line) - 22);
		line = end;
	}
}

static void logged_is(const struct log *log, const char *wanted)
{
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;

	logged(log, &text);
	assert_string_equal(text.buf, wanted);
}

static void update(struct progress *progress, double now, uint64_t files, uint64_t mib,
		   uint64_t copied)
{
	const struct engine_progress is = {files, mib * MIB, copied * MIB};

	progress_update(progress, &is, now);
}

static void test_lines(void **state)
{
	CLEANUP(log_freep) struct log *log = log_new(NULL);
	const struct snapshot_counts before = {.files = 2000, .bytes = 1000 * MIB};
	struct progress progress;

	(void)state;
	progress_begin(&progress, log, &before, 100);
	progress.in_log = true;
	update(&progress, 101, 10, 500, 0);
	update(&progress, 129.9, 20, 500, 0);
	logged_is(log, "");
	/* the files lag behind the bytes */
	update(&progress, 130, 500, 500, 0);
	logged_is(log, "500 files, 500.0 MiB, about 25 %, 1 min 30 s left\n");
	update(&progress, 159, 1000, 500, 0);
	update(&progress, 160, 1999, 600, 100); /* the bytes behind the files */
	logged_is(log, "500 files, 500.0 MiB, about 25 %, 1 min 30 s left\n"
		       "1,999 files, 600.0 MiB, 3.3 MiB/s, about 60 %, 40 s left\n");
	progress_end(&progress);
}

static void test_more_than_before(void **state)
{
	CLEANUP(log_freep) struct log *log = log_new(NULL);
	const struct snapshot_counts before = {.files = 1, .bytes = 0};
	struct progress progress;

	(void)state;
	progress_begin(&progress, log, &before, 0);
	progress.in_log = true;
	update(&progress, 99, 5, 1, 0);
	logged_is(log, "5 files, 1.0 MiB, about 99 %, 1.0 s left\n");
}

static void test_first(void **state)
{
	CLEANUP(log_freep) struct log *log = log_new(NULL);
	CLEANUP(log_freep) struct log *other = log_new(NULL);
	const struct snapshot_counts none = {0};
	struct progress progress;

	(void)state;
	progress_begin(&progress, log, NULL, 0);
	progress.in_log = true;
	update(&progress, 30, 1, 60, 60);
	logged_is(log, "1 file, 60.0 MiB, 2.0 MiB/s\n");
	progress_begin(&progress, other, &none, 0);
	progress.in_log = true;
	update(&progress, 30, 0, 0, 0);
	logged_is(other, ""); /* there is nothing to tell yet */
}

/* What is no run tells nothing where there is no terminal. */
static void test_silent(void **state)
{
	CLEANUP(log_freep) struct log *log = log_new(NULL);
	struct progress progress;

	(void)state;
	progress_begin(&progress, log, NULL, 0);
	for (unsigned now = 1; now <= 1000; now++)
		update(&progress, now, now, 1, 1);
	progress_end(&progress);
	logged_is(log, "");
}

/* In a day there are few lines, and none at all while nothing happens. */
static void test_few(void **state)
{
	CLEANUP(log_freep) struct log *log = log_new(NULL);
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;
	struct progress progress;
	size_t lines = 0;

	(void)state;
	progress_begin(&progress, log, NULL, 0);
	progress.in_log = true;
	for (unsigned now = 1; now <= 86400; now++)
		update(&progress, now, now, 1, 0);
	for (unsigned now = 86401; now <= 200000; now++)
		update(&progress, now, 86400, 1, 0);
	logged(log, &text);
	for (const char *c = text.buf; *c; c++)
		lines += *c == '\n';
	assert_in_range(lines, 60, 150);
}

/* The rate is that of the last seconds. */
static void test_rate(void **state)
{
	CLEANUP(log_freep) struct log *log = log_new(NULL);
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;
	struct progress progress;

	(void)state;
	progress_begin(&progress, log, NULL, 0);
	progress.in_log = true;
	for (unsigned now = 1; now <= 300; now++)
		update(&progress, now, now, now, now);
	for (unsigned now = 301; now <= 360; now++)
		update(&progress, now, now, 300 + 7 * (now - 300), 300 + 7 * (now - 300));
	logged(log, &text);
	assert_non_null(strstr(text.buf, "300 files, 300.0 MiB, 1.0 MiB/s\n"));
	assert_non_null(strstr(text.buf, "360 files, 720.0 MiB, 7.0 MiB/s\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines), cmocka_unit_test(test_more_than_before),
		cmocka_unit_test(test_first), cmocka_unit_test(test_few),
		cmocka_unit_test(test_rate),  cmocka_unit_test(test_silent),
	};

	return cmocka_run_group_tests_name("progress", tests, NULL, NULL);
}
