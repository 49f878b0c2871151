/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/* The destination itself, `latest`, the trash and the history. */
#include "prepared.h"

#include <jansson.h>

#include "store/history.h"
#include "store/latest.h"
#include "store/trash.h"

static void test_open_writes_nothing(void **state)
{
	struct error err = {.msg = ""};
	CLEANUP(store_close) struct store store = STORE_INIT;
	CLEANUP(store_close) struct store missing = STORE_INIT;
	CLEANUP(strvec_release) struct strvec names = STRVEC_INIT;

	(void)state;
	assert_int_equal(store_open(&store, scratch_path(), &err), 0);
	assert_false(store_is_ours(&store));
	assert_int_equal(store_lock(&store, 0, -1, "x", false, &err), 0);
	assert_int_equal(fs_list(scratch_fd(), &names, NULL), 0);
	assert_int_equal(names.n, 0);
	assert_int_equal(store_open(&missing, "/no/such/place", &err), -ENOENT);
	assert_non_null(strstr(err.msg, "BACKUP_DEST '/no/such/place'"));
}

static void test_prepare(void **state)
{
	CLEANUP(store_close) struct store again = STORE_INIT;
	static const char *const dirs[] = {"daily", "weekly", "monthly", ".backup"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		assert_true(scratch_has(scratch_fd(), dirs[i]));
	assert_int_equal(scratch_mode(scratch_fd(), ".backup"), 0700);
	assert_true(store_is_ours(&prepared));
	assert_int_equal(strlen(prepared.id), 32);
	/* its name stays, whoever prepares it again */
	assert_int_equal(store_open(&again, scratch_path(), NULL), 0);
	assert_string_equal(again.id, prepared.id);
	store_close(&prepared);
	assert_int_equal(store_lock(&again, 0, -1, "x", true, NULL), 0);
	assert_int_equal(store_prepare(&again, NULL), 0);
	CLEANUP(store_close) struct store third = STORE_INIT;
	assert_int_equal(store_open(&third, scratch_path(), NULL), 0);
	assert_string_equal(third.id, again.id);
	assert_int_equal(store_sync(&again, NULL), 0);
}

static void test_lock(void **state)
{
	CLEANUP(store_close) struct store other = STORE_INIT;
	struct error err = {.msg = ""};

	(void)state;
	assert_int_equal(store_open(&other, scratch_path(), NULL), 0);
	assert_int_equal(store_lock(&other, 0, -1, "the other", true, &err),
			 -EWOULDBLOCK);
	assert_non_null(strstr(err.msg, "a test")); /* who holds it */
	assert_int_equal(other.lock, -1);
	assert_int_equal(store_lock(&other, 0, -1, "the other", false, &err),
			 -EWOULDBLOCK);
	store_close(&prepared);
	assert_int_equal(store_lock(&other, 0, -1, "the other", true, &err), 0);
	scratch_holds(other.meta, "lock", "the other\n");
}

static void format_is(const char *text, int expected)
{
	CLEANUP(store_close) struct store store = STORE_INIT;
	struct error err = {.msg = ""};

	scratch_write(prepared.meta, "format", text);
	int r = store_open(&store, scratch_path(), &err);
	if (r != expected)
		fail_msg("%s: %d %s", text, r, err.msg);
	if (r < 0)
		assert_non_null(strstr(err.msg, scratch_path()));
}

static void test_format(void **state)
{
	(void)state;
	format_is("{\"format\": 1, \"id\": \"abc\"}", 0);
	format_is("{\"format\": 1, \"id\": \"abc\", \"more\": []}", 0);
	format_is("{\"format\": 2, \"id\": \"abc\"}", -EPROTONOSUPPORT);
	format_is("{\"format\": 0, \"id\": \"abc\"}", -EPROTONOSUPPORT);
	format_is("{\"format\": 1}", -EINVAL);
	format_is("{\"format\": \"1\", \"id\": \"abc\"}", -EINVAL);
	format_is("", -EINVAL);
	format_is("{\"format\": 1, \"id\":", -EINVAL);
}

/* Parts that lead elsewhere are refused. */
static void test_links_for_parts(void **state)
{
	static const char *const parts[] = {"daily", "weekly", ".backup"};

	(void)state;
	store_close(&prepared);
	close(scratch_mkdir(scratch_fd(), "elsewhere"));
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		CLEANUP(store_close) struct store store = STORE_INIT;
		struct error err = {.msg = ""};
		assert_int_equal(renameat(scratch_fd(), parts[i], scratch_fd(), "was"),
				 0);
		assert_int_equal(symlinkat("elsewhere", scratch_fd(), parts[i]), 0);
		assert_true(store_open(&store, scratch_path(), &err) < 0);
		assert_non_null(strstr(err.msg, parts[i]));
		assert_int_equal(unlinkat(scratch_fd(), parts[i], 0), 0);
		assert_int_equal(renameat(scratch_fd(), "was", scratch_fd(), parts[i]),
				 0);
	}
}

static void latest_is(const char *target)
{
	CLEANUP(freep) char *got = latest_target(&prepared);

	assert_string_equal(got ? got : "(none)", target);
}

static void test_latest(void **state)
{
	const char *one = "2026-11-23_03-00-00", *two = "2026-11-24_03-00-00";
	struct stat before, after;

	(void)state;
	latest_is("(none)");
	assert_int_equal(latest_set(&prepared, SNAPSHOT_DAILY, one, NULL), 0);
	latest_is("daily/2026-11-23_03-00-00");
	/* not touched when it is right */
	assert_int_equal(fstatat(scratch_fd(), "latest", &before, AT_SYMLINK_NOFOLLOW),
			 0);
	assert_int_equal(latest_set(&prepared, SNAPSHOT_DAILY, one, NULL), 0);
	assert_int_equal(fstatat(scratch_fd(), "latest", &after, AT_SYMLINK_NOFOLLOW), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	/* what a killed run left is in nobody's way */
	assert_int_equal(symlinkat("x", prepared.meta, "latest.tmp"), 0);
	assert_int_equal(latest_set(&prepared, SNAPSHOT_WEEKLY, two, NULL), 0);
	latest_is("weekly/2026-11-24_03-00-00");
	assert_false(scratch_has(prepared.meta, "latest.tmp"));
	/* one that leads nowhere, or out of the destination, is replaced and not followed */
	assert_int_equal(unlinkat(scratch_fd(), "latest", 0), 0);
	assert_int_equal(symlinkat("/etc", scratch_fd(), "latest"), 0);
	assert_int_equal(latest_set(&prepared, SNAPSHOT_DAILY, one, NULL), 0);
	latest_is("daily/2026-11-23_03-00-00");
}

static void test_latest_in_the_way(void **state)
{
	struct error err = {.msg = ""};

	(void)state;
	CLEANUP(closep) int dir = scratch_mkdir(scratch_fd(), "latest");
	scratch_write(dir, "file", "theirs");
	assert_int_equal(latest_set(&prepared, SNAPSHOT_DAILY, "x", &err), -EEXIST);
	assert_non_null(strstr(err.msg, "/latest'"));
	scratch_holds(dir, "file", "theirs");
	assert_int_equal(renameat(scratch_fd(), "latest", scratch_fd(), "was"), 0);
	scratch_write(scratch_fd(), "latest", "theirs");
	assert_int_equal(latest_set(&prepared, SNAPSHOT_DAILY, "x", &err), -EEXIST);
	scratch_holds(scratch_fd(), "latest", "theirs");
	latest_is("(none)");
}

static void test_trash(void **state)
{
	CLEANUP(catalog_release) struct catalog catalog = CATALOG_INIT;
	int daily = prepared.tiers[SNAPSHOT_DAILY];

	(void)state;
	prepared_snapshot(SNAPSHOT_DAILY, "2026-11-23_03-00-00", 3000, SNAPSHOT_COMPLETE);
	prepared_snapshot(SNAPSHOT_DAILY, "2026-11-22_03-00-00", 2000, SNAPSHOT_COMPLETE);
	prepared_tree(prepared.tiers[SNAPSHOT_WEEKLY], "2026-11-21_03-00-00");
	assert_int_equal(catalog_load(&catalog, &prepared, NULL), 0);
	assert_int_equal(trash_snapshot(&prepared, &catalog.v[2], NULL), 0);
	assert_false(scratch_has(daily, "2026-11-22_03-00-00"));
	assert_false(scratch_has(prepared.records, "2026-11-22_03-00-00.json"));
	assert_true(scratch_has(daily, "2026-11-23_03-00-00"));
	assert_true(scratch_has(prepared.records, "2026-11-23_03-00-00.json"));
	/* the same name again, three times */
	for (int i = 0; i < 3; i++) {
		prepared_tree(daily, "2026-11-22_03-00-00");
		assert_int_equal(trash_put(&prepared, daily, "2026-11-22_03-00-00", NULL),
				 0);
	}
	assert_int_equal(trash_count(&prepared, NULL), 4);
	assert_int_equal(trash_put(&prepared, daily, "none", NULL), -ENOENT);
	assert_int_equal(trash_empty(&prepared, 0, -1, NULL), 0);
	assert_int_equal(trash_count(&prepared, NULL), 0);
	assert_int_equal(trash_empty(&prepared, 0, -1, NULL), 0);
	assert_true(scratch_has(prepared.tiers[SNAPSHOT_WEEKLY], "2026-11-21_03-00-00"));
}

/* Deep trees, links out, and what other programs put there. */
static void test_trash_odd(void **state)
{
	int fd = scratch_mkdir(prepared.trash, "2026-11-22_03-00-00");

	(void)state;
	prepared_tree(scratch_fd(), "precious");
	for (int i = 0; i < 200; i++) {
		assert_int_equal(symlinkat(scratch_path(), fd, "out"), 0);
		int next = scratch_mkdir(fd, "deeper");
		close(fd);
		fd = next;
	}
	close(fd);
	prepared_tree(prepared.trash, "deep-0");
	scratch_write(prepared.trash, "a\nfile", "");
	assert_int_equal(symlinkat("../../precious", prepared.trash, "link"), 0);
	assert_int_equal(trash_empty(&prepared, 0, -1, NULL), 0);
	assert_int_equal(trash_count(&prepared, NULL), 0);
	CLEANUP(closep) int precious = -1;
	assert_int_equal(fs_open_dir(scratch_fd(), "precious", &precious, NULL), 0);
	scratch_holds(precious, "file", "precious");
}

static void test_history(void **state)
{
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;
	struct report report = {.result = REPORT_FAILED,
				.exit_code = 1,
				.reason = "no \"room\" in '/\xff\n'",
				.start = {1795402800, 3600}};
	size_t lines = 0;

	(void)state;
	assert_int_equal(history_append(&prepared, &report, NULL), 0);
	report.result = REPORT_OK;
	report.exit_code = 0;
	report.reason = NULL;
	report.snapshot = (char[]){"2026-11-23_03-00-00"};
	assert_int_equal(history_append(&prepared, &report, NULL), 0);
	/* a crash in the middle of a line */
	CLEANUP(closep)
	int fd = openat(prepared.meta, "history.jsonl", O_WRONLY | O_APPEND);
	assert_int_equal(fs_write_all(fd, "{\"time\":17", 10), 0);
	assert_int_equal(history_append(&prepared, &report, NULL), 0);
	assert_int_equal(scratch_mode(prepared.meta, "history.jsonl"), 0600);
	assert_int_equal(history_sync(&prepared, NULL), 0);

	assert_int_equal(fs_read_file(prepared.meta, "history.jsonl", &text, NULL), 0);
	char *rest = text.buf, *line;
	while ((line = strsep(&rest, "\n")) && rest) {
		json_t *root = json_loads(line, 0, NULL);
		assert_int_equal(root != NULL, lines != 2);
		if (root)
			assert_int_equal(
				json_integer_value(json_object_get(root, "time")),
				1795402800);
		json_decref(root);
		lines++;
	}
	assert_int_equal(lines, 4);
	assert_string_equal(line, ""); /* the last one has its end */
}

/* What is added to a run is none itself. */
static void test_history_amended(void **state)
{
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;
	const struct report report = {.result = REPORT_OK, .start = {1795402800, 3600}};
	CLEANUP(history_entry_release) struct history_entry last = {0};

	(void)state;
	assert_int_equal(history_append(&prepared, &report, NULL), 0);
	assert_int_equal(history_amend(&prepared, &report, "no \"\xff\"", NULL), 0);
	assert_int_equal(history_last(&prepared, &last, NULL), 1);
	assert_int_equal(last.result, REPORT_OK);
	assert_int_equal(last.start.epoch, 1795402800);
	assert_int_equal(fs_read_file(prepared.meta, "history.jsonl", &text, NULL), 0);
	assert_non_null(strstr(text.buf, "\n{\"time\":1795402800,\"utc_offset\":3600,"
					 "\"mail_error\":\"no \\\""));
}

static void test_history_refused(void **state)
{
	const struct report report = {.start = {1, 0}};
	struct error err = {.msg = ""};

	(void)state;
	scratch_write(scratch_fd(), "victim", "precious");
	assert_int_equal(symlinkat("../victim", prepared.meta, "history.jsonl"), 0);
	assert_int_equal(history_append(&prepared, &report, &err), -ELOOP);
	assert_non_null(strstr(err.msg, "history.jsonl"));
	scratch_holds(scratch_fd(), "victim", "precious");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_open_writes_nothing, scratch_setup,
						scratch_teardown),
		PREPARED(test_prepare),
		PREPARED(test_lock),
		PREPARED(test_format),
		PREPARED(test_links_for_parts),
		PREPARED(test_latest),
		PREPARED(test_latest_in_the_way),
		PREPARED(test_trash),
		PREPARED(test_trash_odd),
		PREPARED(test_history),
		PREPARED(test_history_amended),
		PREPARED(test_history_refused),
	};

	return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
