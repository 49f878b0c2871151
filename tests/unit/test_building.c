/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/* The snapshot being made, and what dead runs left of theirs. */
#include "prepared.h"

#include "store/building.h"
#include "store/trash.h"

static const char name[] = "2026-11-23_03-00-00";
static const struct civil start = {2026, 11, 23, 3, 0, 0};

static void picks(const char *expected)
{
	CLEANUP(freep) char *got = NULL;

	assert_int_equal(building_pick_name(&prepared, &start, &got, NULL), 0);
	assert_string_equal(got, expected);
}

/* A name is free only when nobody has it, in whatever form, nor one behind it: it would be
 * taken for older than that. */
static void test_pick_name(void **state)
{
	(void)state;
	picks("2026-11-23_03-00-00");
	prepared_tree(prepared.tiers[SNAPSHOT_DAILY], "2026-11-23_03-00-00");
	picks("2026-11-23_03-00-00.2");
	prepared_tree(prepared.tiers[SNAPSHOT_MONTHLY], "2026-11-23_03-00-00.2");
	scratch_write(prepared.tiers[SNAPSHOT_WEEKLY], "2026-11-23_03-00-00.3", "a file");
	picks("2026-11-23_03-00-00.4");
	prepared_tree(prepared.building, "2026-11-23_03-00-00.4");
	prepared_tree(prepared.trash, "2026-11-23_03-00-00.5");
	scratch_write(prepared.records, "2026-11-23_03-00-00.6.json", "{}");
	assert_int_equal(symlinkat("nowhere", prepared.tiers[SNAPSHOT_DAILY],
				   "2026-11-23_03-00-00.7"),
			 0);
	picks("2026-11-23_03-00-00.8");
	prepared_tree(prepared.tiers[SNAPSHOT_DAILY], "2026-11-23_03-00-00.9");
	picks("2026-11-23_03-00-00.10");
	scratch_write(prepared.records, "2026-11-23_03-00-00.12.json", "{}");
	picks("2026-11-23_03-00-00.13");
	/* what is of another second, or no snapshot, does not matter */
	prepared_tree(prepared.tiers[SNAPSHOT_DAILY], "2026-11-23_03-00-01.20");
	prepared_tree(prepared.tiers[SNAPSHOT_DAILY], "2026-11-23_03-00-00.mine");
	prepared_tree(prepared.tiers[SNAPSHOT_DAILY], "2026-11-23_03-00-00.123456");
	picks("2026-11-23_03-00-00.13");
	prepared_tree(prepared.tiers[SNAPSHOT_DAILY], "2026-11-23_03-00-00.9999");
	assert_int_equal(building_pick_name(&prepared, &start, NULL, NULL), -EEXIST);
}

/* A dry run looks at a destination that was never used. */
static void test_pick_name_elsewhere(void **state)
{
	struct store none = STORE_INIT;
	CLEANUP(freep) char *got = NULL;

	(void)state;
	assert_int_equal(building_pick_name(&none, &start, &got, NULL), 0);
	assert_string_equal(got, name);
}

static void begin(const char *which, const char *boot)
{
	struct error err = {.msg = ""};

	if (building_begin(&prepared, which, boot, &err) < 0)
		fail_msg("%s", err.msg);
}

static void test_begin_and_publish(void **state)
{
	const struct record record = {.time = {1795402800, 0}};
	CLEANUP(record_release) struct record back = {0};
	CLEANUP(closep) int tree = -1;
	int daily = prepared.tiers[SNAPSHOT_DAILY];

	(void)state;
	begin(name, "boot-1");
	assert_true(scratch_has(prepared.building, name));
	assert_true(scratch_has(prepared.building, "2026-11-23_03-00-00.json"));
	assert_false(scratch_has(daily, name));
	assert_int_equal(building_begin(&prepared, name, "boot-1", NULL), -EEXIST);
	assert_int_equal(fs_open_dir(prepared.building, name, &tree, NULL), 0);
	scratch_write(tree, "file", "content");
	assert_int_equal(fchmod(tree, 0500), 0);

	assert_int_equal(building_publish(&prepared, name, &record, NULL), 0);
	assert_true(scratch_has(daily, name));
	assert_int_equal(scratch_mode(daily, name), 0500);
	assert_false(scratch_has(prepared.building, name));
	assert_false(scratch_has(prepared.building, "2026-11-23_03-00-00.json"));
	assert_int_equal(record_read(&prepared, name, &back, NULL), 0);
	assert_int_equal(back.time.epoch, 1795402800);
}

/* Nothing that is there is ever replaced by publishing. */
static void test_publish_onto_another(void **state)
{
	const struct record record = {.time = {1795402800, 0}};
	struct error err = {.msg = ""};

	(void)state;
	begin(name, "boot-1");
	close(scratch_mkdir(prepared.tiers[SNAPSHOT_DAILY], name));
	assert_int_equal(building_publish(&prepared, name, &record, &err), -EEXIST);
	assert_non_null(strstr(err.msg, "publish '2026-11-23_03-00-00'"));
	assert_true(scratch_has(prepared.building, name));
	/* nor can what was never begun be published */
	assert_int_equal(
		building_publish(&prepared, "2026-11-24_03-00-00", &record, NULL),
		-ENOENT);
}

static void salvages(const char *boot, const char *expected)
{
	CLEANUP(catalog_release) struct catalog catalog = CATALOG_INIT;
	CLEANUP(strvec_release) struct strvec names = STRVEC_INIT;
	CLEANUP(strbuf_release) struct strbuf got = STRBUF_INIT;
	struct error err = {.msg = ""};

	assert_int_equal(catalog_load(&catalog, &prepared, NULL), 0);
	if (building_salvage(&prepared, &catalog, boot, &names, &err) < 0)
		fail_msg("%s", err.msg);
	for (size_t i = 0; i < names.n; i++) {
		strbuf_addf(&got, "%s ", names.v[i]);
		assert_true(scratch_has(prepared.building, names.v[i]));
	}
	assert_string_equal(got.buf, expected);
}

static size_t left_in(int dirfd)
{
	CLEANUP(strvec_release) struct strvec names = STRVEC_INIT;

	assert_int_equal(fs_list(dirfd, &names, NULL), 0);
	return names.n;
}

static void test_salvage_same_boot(void **state)
{
	(void)state;
	salvages("boot-1", "");
	begin("2026-11-21_03-00-00", "boot-1");
	begin("2026-11-23_03-00-00", "boot-1");
	begin("2026-11-22_03-00-00", "boot-1");
	salvages("boot-1",
		 "2026-11-23_03-00-00 2026-11-22_03-00-00 2026-11-21_03-00-00 ");
	salvages("boot-1",
		 "2026-11-23_03-00-00 2026-11-22_03-00-00 2026-11-21_03-00-00 ");
	assert_int_equal(left_in(prepared.trash), 0);
	/* four at the most, the newest */
	begin("2026-11-19_03-00-00", "boot-1");
	begin("2026-11-24_03-00-00", "boot-1");
	salvages("boot-1", "2026-11-24_03-00-00 2026-11-23_03-00-00 2026-11-22_03-00-00 "
			   "2026-11-21_03-00-00 ");
	assert_true(scratch_has(prepared.trash, "2026-11-19_03-00-00"));
	assert_false(scratch_has(prepared.building, "2026-11-19_03-00-00.json"));
}

/* After a reboot, data may be missing that is there by name. */
static void test_salvage_other_boot(void **state)
{
	(void)state;
	begin("2026-11-21_03-00-00", "boot-1");
	begin("2026-11-22_03-00-00", "boot-2");
	begin("2026-11-23_03-00-00", "");
	salvages("boot-2", "2026-11-22_03-00-00 ");
	assert_int_equal(left_in(prepared.trash), 2);
	/* who does not know the boot trusts nothing, an unknown one least of all */
	begin("2026-11-24_03-00-00", "");
	salvages("", "");
	assert_int_equal(left_in(prepared.building), 0);
}

static void test_salvage_markers(void **state)
{
	static const char *const bad[] = {"",
					  "{",
					  "[]",
					  "{\"boot\":5}",
					  "{\"boot\":\"\"}",
					  "{\"reboot\":\"boot-1\"}",
					  "\"boot-1\""};
	char tree[64], marker[72];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		snprintf(tree, sizeof(tree), "2026-11-23_03-00-0%zu", i);
		snprintf(marker, sizeof(marker), "%s.json", tree);
		prepared_tree(prepared.building, tree);
		scratch_write(prepared.building, marker, bad[i]);
	}
	prepared_tree(prepared.building, "2026-11-22_03-00-00"); /* no marker at all */
	prepared_tree(prepared.building, "2026-11-22_03-00-01");
	assert_int_equal(
		symlinkat("../format", prepared.building, "2026-11-22_03-00-01.json"), 0);
	salvages("boot-1", "");
	assert_int_equal(left_in(prepared.building), 0);
	assert_true(scratch_has(prepared.meta, "format"));
}

/* What is not a tree of ours, and markers without trees. */
static void test_salvage_foreign(void **state)
{
	(void)state;
	scratch_write(prepared.building, "2026-11-20_03-00-00.json", "{\"boot\":\"b\"}");
	scratch_write(prepared.building, "2026-11-20_03-00-00.json.tmp", "");
	scratch_write(prepared.building, "2026-11-21_03-00-00", "a file");
	scratch_write(prepared.building, "2026-11-21_03-00-00.json", "{\"boot\":\"b\"}");
	prepared_tree(scratch_fd(), "precious");
	assert_int_equal(
		symlinkat("../../precious", prepared.building, "2026-11-22_03-00-00"), 0);
	scratch_write(prepared.building, "2026-11-22_03-00-00.json", "{\"boot\":\"b\"}");
	scratch_write(prepared.building, "notes.json", "theirs");
	prepared_tree(prepared.building, "theirs");
	salvages("b", "");
	assert_int_equal(left_in(prepared.building), 2);
	scratch_holds(prepared.building, "notes.json", "theirs");
	assert_int_equal(trash_empty(&prepared, 0, -1, NULL), 0);
	CLEANUP(closep) int fd = -1;
	assert_int_equal(fs_open_dir(scratch_fd(), "precious", &fd, NULL), 0);
	scratch_holds(fd, "file", "precious");
}

/* Killed between the record and the rename: the record goes, others stay. */
static void test_salvage_records(void **state)
{
	const struct record record = {.time = {1795402800, 0}};

	(void)state;
	prepared_snapshot(SNAPSHOT_DAILY, "2026-11-22_03-00-00", 1795316400,
			  SNAPSHOT_COMPLETE);
	begin(name, "boot-1");
	assert_int_equal(record_write(&prepared, name, &record, NULL), 0);
	salvages("boot-1", "2026-11-23_03-00-00 ");
	assert_false(scratch_has(prepared.records, "2026-11-23_03-00-00.json"));
	assert_true(scratch_has(prepared.records, "2026-11-22_03-00-00.json"));
	/* nor does a building take the record of a snapshot of its name */
	prepared_tree(prepared.building, "2026-11-22_03-00-00");
	salvages("boot-2", "");
	assert_true(scratch_has(prepared.records, "2026-11-22_03-00-00.json"));
}

static void test_discard(void **state)
{
	(void)state;
	begin(name, "boot-1");
	prepared_tree(prepared.trash, name); /* its place is taken */
	assert_int_equal(building_discard(&prepared, name, NULL), 0);
	assert_int_equal(left_in(prepared.building), 0);
	assert_int_equal(left_in(prepared.trash), 2);
	assert_int_equal(building_discard(&prepared, name, NULL), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PREPARED(test_pick_name),	  PREPARED(test_pick_name_elsewhere),
		PREPARED(test_begin_and_publish), PREPARED(test_publish_onto_another),
		PREPARED(test_salvage_same_boot), PREPARED(test_salvage_other_boot),
		PREPARED(test_salvage_markers),	  PREPARED(test_salvage_foreign),
		PREPARED(test_salvage_records),	  PREPARED(test_discard),
	};

	return cmocka_run_group_tests_name("building", tests, NULL, NULL);
}
