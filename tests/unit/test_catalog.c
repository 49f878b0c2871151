/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/* What is listed of a destination, and what is not ours. */
#include "prepared.h"

#include "store/catalog.h"
#include "store/pin.h"

/* "daily/NAME monthly/NAME ", newest first; with what is not plain behind a colon. */
static void list(const struct store *store, const char *expected, size_t warnings)
{
	CLEANUP(catalog_release) struct catalog catalog = CATALOG_INIT;
	CLEANUP(strbuf_release) struct strbuf got = STRBUF_INIT;
	struct error err = {.msg = ""};

	if (catalog_load(&catalog, store, &err) < 0)
		fail_msg("%s", err.msg);
	for (size_t i = 0; i < catalog.n; i++) {
		const struct catalog_entry *e = &catalog.v[i];
		strbuf_addf(&got, "%s/%s", snapshot_tier_name(e->tier), e->name);
		if (e->record.status != SNAPSHOT_COMPLETE)
			strbuf_addf(&got, ":%s", snapshot_status_name(e->record.status));
		strbuf_addstr(&got, e->recorded ? " " : ":adopted ");
		assert_non_null(e->record.host);
		assert_true(catalog_has(&catalog, e->name));
	}
	assert_string_equal(got.buf, expected);
	assert_int_equal(catalog.warnings.n, warnings);
	assert_false(catalog_has(&catalog, "2000-01-01_00-00-00"));
}

static void test_empty(void **state)
{
	struct store none = STORE_INIT;

	(void)state;
	list(&prepared, "", 0);
	list(&none, "", 0);
}

static void test_order(void **state)
{
	(void)state;
	/* by the recorded time, whatever the name says */
	prepared_snapshot(SNAPSHOT_DAILY, "2026-11-23_03-00-00", 1000, SNAPSHOT_COMPLETE);
	prepared_snapshot(SNAPSHOT_DAILY, "2020-01-01_03-00-00", 2000, SNAPSHOT_PARTIAL);
	prepared_snapshot(SNAPSHOT_MONTHLY, "2021-01-01_03-00-00", 3000, SNAPSHOT_SHRUNK);
	prepared_snapshot(SNAPSHOT_WEEKLY, "2021-01-01_03-00-00.2", 3000,
			  SNAPSHOT_COMPLETE);
	list(&prepared,
	     "weekly/2021-01-01_03-00-00.2 monthly/2021-01-01_03-00-00:shrunk "
	     "daily/2020-01-01_03-00-00:partial daily/2026-11-23_03-00-00 ",
	     0);
}

/* Trees that the shell scripts made: times from names, in two tiers at once. */
static void test_adopted(void **state)
{
	CLEANUP(catalog_release) struct catalog catalog = CATALOG_INIT;
	const struct timespec times[2] = {{.tv_sec = 1}, {.tv_sec = 1}};

	(void)state;
	prepared_tree(prepared.tiers[SNAPSHOT_DAILY], "2026-11-22_03-00-00");
	prepared_tree(prepared.tiers[SNAPSHOT_WEEKLY], "2026-11-22_03-00-00");
	prepared_tree(prepared.tiers[SNAPSHOT_DAILY], "2026-11-23_03-00-00");
	prepared_tree(prepared.tiers[SNAPSHOT_MONTHLY], "1999-01-01_03-00-00");
	/* its own time says 1970: never looked at */
	assert_int_equal(utimensat(prepared.tiers[SNAPSHOT_DAILY], "2026-11-23_03-00-00",
				   times, 0),
			 0);
	list(&prepared,
	     "daily/2026-11-23_03-00-00:adopted daily/2026-11-22_03-00-00:adopted "
	     "weekly/2026-11-22_03-00-00:adopted monthly/1999-01-01_03-00-00:adopted ",
	     0);
	assert_int_equal(catalog_load(&catalog, &prepared, NULL), 0);
	assert_int_equal(catalog.v[0].record.time.epoch, 1795402800);
	assert_int_equal(catalog.v[0].record.time.offset, 0);
}

static void test_foreign(void **state)
{
	static const char *const names[] = {
		"2026-11-23",
		"2026-11-23_03-00-00.tmp",
		"2026-11-23_03-00-00~",
		"lost+found",
		".hidden",
		"2026-02-30_03-00-00",
		"2026-11-23_03-00-00 ",
		"latest",
		"\xff\n",
	};
	int daily = prepared.tiers[SNAPSHOT_DAILY];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		prepared_tree(daily, names[i]);
	prepared_tree(scratch_fd(), "2026-11-23_03-00-00");
	prepared_tree(scratch_fd(), "yearly");
	list(&prepared, "", 0);
	/* files, links and sockets that have our names: said, and left alone */
	scratch_write(daily, "2026-11-23_03-00-00", "a file");
	prepared_tree(prepared.tiers[SNAPSHOT_WEEKLY], "2026-11-24_03-00-00");
	assert_int_equal(
		symlinkat("../weekly/2026-11-24_03-00-00", daily, "2026-11-24_03-00-00"),
		0);
	assert_int_equal(symlinkat("nowhere", daily, "2026-11-25_03-00-00"), 0);
	assert_int_equal(mkfifoat(daily, "2026-11-26_03-00-00", 0600), 0);
	list(&prepared, "weekly/2026-11-24_03-00-00:adopted ", 4);
}

static void test_unreadable_record(void **state)
{
	CLEANUP(catalog_release) struct catalog catalog = CATALOG_INIT;

	(void)state;
	prepared_snapshot(SNAPSHOT_DAILY, "2026-11-23_03-00-00", 1000, SNAPSHOT_COMPLETE);
	prepared_snapshot(SNAPSHOT_DAILY, "2026-11-22_03-00-00", 900, SNAPSHOT_COMPLETE);
	scratch_write(prepared.records, "2026-11-23_03-00-00.json", "{\"status\":");
	list(&prepared,
	     "daily/2026-11-23_03-00-00:unknown:adopted daily/2026-11-22_03-00-00 ", 1);
	assert_int_equal(catalog_load(&catalog, &prepared, NULL), 0);
	assert_int_equal(catalog.v[0].record.time.epoch, 1795402800); /* from its name */
	assert_non_null(strstr(catalog.warnings.v[0], "daily/2026-11-23_03-00-00"));
	/* a word of a later version is not understood either */
	scratch_write(prepared.records, "2026-11-23_03-00-00.json",
		      "{\"status\":\"new\",\"time\":5000,\"utc_offset\":0}");
	list(&prepared, "daily/2026-11-23_03-00-00:unknown daily/2026-11-22_03-00-00 ",
	     0);
}

static void test_newest(void **state)
{
	CLEANUP(catalog_release) struct catalog catalog = CATALOG_INIT;
	CLEANUP(catalog_release) struct catalog empty = CATALOG_INIT;

	(void)state;
	assert_null(catalog_newest_good(&empty, INT64_MAX));
	assert_null(catalog_newest_whole(&empty, INT64_MAX));
	prepared_snapshot(SNAPSHOT_DAILY, "2026-11-25_03-00-00", 5000, SNAPSHOT_PARTIAL);
	prepared_snapshot(SNAPSHOT_DAILY, "2026-11-24_03-00-00", 4000, SNAPSHOT_SHRUNK);
	prepared_snapshot(SNAPSHOT_DAILY, "2026-11-23_03-00-00", 3000, SNAPSHOT_COMPLETE);
	prepared_snapshot(SNAPSHOT_WEEKLY, "2026-11-22_03-00-00", 2000,
			  SNAPSHOT_COMPLETE);
	assert_int_equal(catalog_load(&catalog, &prepared, NULL), 0);
	assert_string_equal(catalog_newest_good(&catalog, INT64_MAX)->name,
			    "2026-11-23_03-00-00");
	assert_string_equal(catalog_newest_whole(&catalog, INT64_MAX)->name,
			    "2026-11-24_03-00-00");
	assert_string_equal(catalog_newest_good(&catalog, 3000)->name,
			    "2026-11-23_03-00-00");
	assert_string_equal(catalog_newest_good(&catalog, 2999)->name,
			    "2026-11-22_03-00-00");
	assert_null(catalog_newest_good(&catalog, 1999));
}

/* What catalog_pick() finds: a name, or what the error has in it. */
static void pick(const struct catalog *catalog, const char *text, const char *expected)
{
	const struct catalog_entry *entry = NULL;
	struct error err = {.msg = ""};

	int r = catalog_pick(catalog, text, 10000, &entry, &err);
	if (r >= 0)
		assert_string_equal(entry->name, expected);
	else if (!strstr(err.msg, expected))
		fail_msg("'%s': %s", text, err.msg);
}

static void test_pick(void **state)
{
	CLEANUP(catalog_release) struct catalog catalog = CATALOG_INIT;

	(void)state;
	pick(&catalog, "latest", "there is no snapshot in BACKUP_DEST '");
	pick(&catalog, "2026", "there is no snapshot in BACKUP_DEST '");
	pick(&catalog, "3d", "there is no snapshot in BACKUP_DEST '");
	prepared_snapshot(SNAPSHOT_DAILY, "2026-11-25_03-00-00", 9000, SNAPSHOT_PARTIAL);
	prepared_snapshot(SNAPSHOT_DAILY, "2026-11-24_03-00-00.2", 8000,
			  SNAPSHOT_COMPLETE);
	prepared_snapshot(SNAPSHOT_DAILY, "2026-11-24_03-00-00", 7000, SNAPSHOT_COMPLETE);
	prepared_snapshot(SNAPSHOT_WEEKLY, "2025-01-01_03-00-00", 6000,
			  SNAPSHOT_COMPLETE);
	assert_int_equal(catalog_load(&catalog, &prepared, NULL), 0);
	pick(&catalog, "latest",
	     "2026-11-24_03-00-00.2"); /* the link passes partial ones */
	pick(&catalog, "2026-11-25", "2026-11-25_03-00-00");
	pick(&catalog, "2026-11-24", "2026-11-24_03-00-00.2");
	pick(&catalog, "2026-11-24_03-00-00", "2026-11-24_03-00-00");
	pick(&catalog, "2026-11-24_03", "'2026-11-24_03' may be ");
	pick(&catalog, "2025", "2025-01-01_03-00-00");
	pick(&catalog, "daily/2026-11-24_03-00-00", "2026-11-24_03-00-00");
	pick(&catalog, "daily/2026-11-24", "2026-11-24_03-00-00.2");
	pick(&catalog, "weekly/2", "2025-01-01_03-00-00");
	pick(&catalog, "daily/2025", "there is no snapshot 'daily/2025'");
	pick(&catalog, "daily/", "there is no snapshot 'daily/'");
	pick(&catalog, "monthly/latest", "there is no snapshot 'monthly/latest'");
	pick(&catalog, "2", "'2' may be ");
	pick(&catalog, "1000s", "2026-11-25_03-00-00");
	pick(&catalog, "1001s", "2026-11-24_03-00-00.2");
	pick(&catalog, "1h", "2025-01-01_03-00-00");
	pick(&catalog, "2h", "no snapshot is as old as '2h'");
	pick(&catalog, "3x", "there is no snapshot '3x'");
	pick(&catalog, "", "there is no snapshot ''");
	pick(&catalog, "../daily", "there is no snapshot '../daily'");
}

static void named(const struct catalog *catalog, const char *text, const char *expected)
{
	const struct catalog_entry *entry = NULL;
	struct error err = {.msg = ""};

	int r = catalog_named(catalog, text, &entry, &err);
	if (r >= 0)
		assert_string_equal(entry->name, expected);
	else if (!strstr(err.msg, expected))
		fail_msg("'%s': %s", text, err.msg);
}

static void test_named(void **state)
{
	CLEANUP(catalog_release) struct catalog catalog = CATALOG_INIT;

	(void)state;
	named(&catalog, "2026", "there is no snapshot in BACKUP_DEST '");
	prepared_snapshot(SNAPSHOT_DAILY, "2026-11-24_03-00-00.3", 9000,
			  SNAPSHOT_COMPLETE);
	prepared_snapshot(SNAPSHOT_DAILY, "2026-11-24_03-00-00.2", 8000,
			  SNAPSHOT_COMPLETE);
	prepared_snapshot(SNAPSHOT_DAILY, "2026-11-24_03-00-00", 7000, SNAPSHOT_COMPLETE);
	prepared_snapshot(SNAPSHOT_WEEKLY, "2026-11-20_03-00-00", 6000,
			  SNAPSHOT_COMPLETE);
	prepared_tree(prepared.tiers[SNAPSHOT_DAILY], "2020-01-01_03-00-00");
	prepared_tree(prepared.tiers[SNAPSHOT_WEEKLY], "2020-01-01_03-00-00");
	assert_int_equal(catalog_load(&catalog, &prepared, NULL), 0);
	named(&catalog, "latest", "at the moment to daily/2020-01-01_03-00-00");
	named(&catalog, "2026-11-24_03-00-00", "2026-11-24_03-00-00");
	named(&catalog, "2026-11-24_03-00-00.", "may be daily/2026-11-24_03-00-00.3 or ");
	named(&catalog, "2026-11-24", "'2026-11-24' may be ");
	named(&catalog, "2026-11-20", "2026-11-20_03-00-00");
	named(&catalog, "weekly/2026", "2026-11-20_03-00-00");
	named(&catalog, "2020", "may be daily/2020-01-01_03-00-00 or weekly/2020");
	named(&catalog, "2020-01-01_03-00-00", "say more");
	named(&catalog, "daily/2020-01-01_03-00-00", "2020-01-01_03-00-00");
	named(&catalog, "monthly/2020", "there is no snapshot 'monthly/2020'");
	named(&catalog, "1h", "there is no snapshot '1h'");
	named(&catalog, "", "there is no snapshot ''");
	named(&catalog, "weekly/", "there is no snapshot 'weekly/'");
	named(&catalog, "../daily", "there is no snapshot '../daily'");
}

/* With a record, without one, and with one that cannot be read. */
static void test_pins(void **state)
{
	CLEANUP(catalog_release) struct catalog catalog = CATALOG_INIT;
	static const char *const names[] = {"2026-11-24_03-00-00", "2026-11-23_03-00-00",
					    "2026-11-22_03-00-00"};
	const enum snapshot_status statuses[] = {SNAPSHOT_COMPLETE, SNAPSHOT_COMPLETE,
						 SNAPSHOT_UNKNOWN};

	(void)state;
	prepared_snapshot(SNAPSHOT_DAILY, names[0], 1795489200, SNAPSHOT_COMPLETE);
	prepared_tree(prepared.tiers[SNAPSHOT_DAILY], names[1]);
	prepared_tree(prepared.tiers[SNAPSHOT_WEEKLY], names[2]);
	scratch_write(prepared.records, "2026-11-22_03-00-00.json", "{");
	for (int pinned = 1; pinned >= 0; pinned--) {
		for (size_t i = 0; i < ARRAY_SIZE(names); i++)
			for (int twice = 0; twice < 2; twice++)
				assert_int_equal(
					pinned ? pin_set(&prepared, names[i], NULL)
					       : pin_clear(&prepared, names[i], NULL),
					0);
		assert_int_equal(catalog_load(&catalog, &prepared, NULL), 0);
		assert_int_equal(catalog.n, 3);
		for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
			assert_string_equal(catalog.v[i].name, names[i]);
			assert_int_equal(catalog.v[i].pinned, pinned);
			assert_int_equal(catalog.v[i].record.status, statuses[i]);
		}
		catalog_release(&catalog);
	}
	/* it goes with the record */
	assert_int_equal(pin_set(&prepared, names[0], NULL), 0);
	assert_int_equal(record_remove(&prepared, names[0], NULL), 0);
	assert_int_equal(pin_is_set(&prepared, names[0]), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PREPARED(test_empty),
		PREPARED(test_order),
		PREPARED(test_adopted),
		PREPARED(test_foreign),
		PREPARED(test_unreadable_record),
		PREPARED(test_newest),
		PREPARED(test_pick),
		PREPARED(test_named),
		PREPARED(test_pins),
	};

	return cmocka_run_group_tests_name("catalog", tests, NULL, NULL);
}
