/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/* Records: there and back, odd bytes, and what is no record: cases/records.txt. */
#include "cases.h"
#include "prepared.h"

#include <inttypes.h>

static const char name[] = "2026-11-23_03-00-00";

static void test_round_trip(void **state)
{
	CLEANUP(record_release) struct record back = {0};
	const struct record record = {
		.time = {1795402800, -12345},
		.status = SNAPSHOT_SHRUNK,
		.host = (char[]){"a \"host\""},
		.source = (char[]){"/d\xc3\xa4ta\n\x01\xff\\"},
		.engine = (char[]){"rsync"},
		.duration = 12.5,
		.counts = {1, 2, 3, 4, 5, 6, 7, UINT64_C(1) << 62, 9, 10, 11},
	};

	(void)state;
	assert_int_equal(record_write(&prepared, name, &record, NULL), 0);
	assert_int_equal(scratch_mode(prepared.records, "2026-11-23_03-00-00.json"),
			 0600);
	assert_int_equal(record_read(&prepared, name, &back, NULL), 0);
	assert_int_equal(back.time.epoch, record.time.epoch);
	assert_int_equal(back.time.offset, record.time.offset);
	assert_int_equal(back.status, SNAPSHOT_SHRUNK);
	assert_string_equal(back.host, "a \"host\"");
	/* what JSON cannot hold is there in words */
	assert_non_null(strstr(back.source, "\xc3\xa4ta"));
	assert_non_null(strstr(back.source, "\\xff"));
	assert_string_equal(back.engine, "rsync");
	assert_true(back.duration > 12.49 && back.duration < 12.51);
	assert_memory_equal(&back.counts, &record.counts, sizeof(record.counts));
}

static void test_nothing_known(void **state)
{
	CLEANUP(record_release) struct record back = {0};
	const struct record record = {.time = {1, 0}};

	(void)state;
	assert_int_equal(record_write(&prepared, name, &record, NULL), 0);
	assert_int_equal(record_read(&prepared, name, &back, NULL), 0);
	assert_string_equal(back.host, "");
	assert_string_equal(back.source, "");
	assert_string_equal(back.engine, "");
	record_release(&back);
	record_release(&back);
}

static void put(const char *text, size_t len)
{
	assert_int_equal(fs_write_file(prepared.records, "2026-11-23_03-00-00.json", text,
				       len, 0600, NULL),
			 0);
}

static void test_table(void **state)
{
	CLEANUP(cases_close) struct cases cases = cases_open("records.txt");
	char *col[2];

	(void)state;
	while (cases_next(&cases)) {
		CLEANUP(record_release) struct record back = {.duration = -7};
		struct error err = {.msg = ""};
		cases_columns(&cases, col, 2);
		put(col[0], cases_text(col[0]));
		int r = record_read(&prepared, name, &back, &err);
		const char *got = r < 0 ? "refused" : snapshot_status_name(back.status);
		if (strcmp(got, col[1]) != 0 || (r < 0 && r != -EINVAL))
			cases_wrong(&cases, "is %s (%d)", got, r);
		if (r < 0 && (!strstr(err.msg, name) || back.host || back.duration > -7))
			cases_wrong(&cases, "leaves '%s'", err.msg);
		if (r == 0 && back.counts.files + back.counts.bytes > 0)
			cases_wrong(&cases, "has counts from nowhere");
	}
	cases_end(&cases);
}

static void test_no_file(void **state)
{
	CLEANUP(record_release) struct record back = {0};
	CLEANUP(strbuf_release) struct strbuf large = STRBUF_INIT;
	static const char file[] = "2026-11-23_03-00-00.json";

	(void)state;
	assert_int_equal(record_read(&prepared, name, &back, NULL), -ENOENT);
	assert_int_equal(record_remove(&prepared, name, NULL), 0);
	assert_int_equal(symlinkat("../format", prepared.records, file), 0);
	assert_int_equal(record_read(&prepared, name, &back, NULL), -ELOOP);
	assert_int_equal(record_remove(&prepared, name, NULL), 0);
	assert_true(scratch_has(prepared.meta, "format"));
	assert_int_equal(mkfifoat(prepared.records, file, 0600), 0);
	scratch_alarm(10);
	assert_int_equal(record_read(&prepared, name, &back, NULL), -EINVAL);
	scratch_alarm(0);
	assert_int_equal(record_remove(&prepared, name, NULL), 0);
	/* however much there is, no more than a MiB is read */
	strbuf_addstr(&large, "{\"status\":\"complete\",\"time\":1,\"utc_offset\":0}");
	while (large.len <= 1024 * 1024)
		strbuf_addstr(&large, "                                ");
	put(large.buf, large.len);
	assert_int_equal(record_read(&prepared, name, &back, NULL), -EFBIG);
	/* a destination of the shell scripts has no records at all */
	struct store store = STORE_INIT;
	assert_int_equal(record_read(&store, name, &back, NULL), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PREPARED(test_round_trip),
		PREPARED(test_nothing_known),
		PREPARED(test_table),
		PREPARED(test_no_file),
	};

	return cmocka_run_group_tests_name("record", tests, NULL, NULL);
}
