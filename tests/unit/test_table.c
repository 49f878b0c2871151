/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/* The table of a copy: written by several, read in order, found by inode, never half. */
#include "scratch.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>

#include "engine/table.h"

enum { TERMS = TABLE_XATTRS | TABLE_OWNERS, ENDED = 1234, DEVICE = 77 };

static char *path_of(void)
{
	return xasprintf("%s/t.table", scratch_path());
}

static struct table_writer *create(void)
{
	CLEANUP(freep) char *path = path_of();
	struct table_writer *writer = NULL;

	assert_int_equal(table_create(path, TERMS, &writer, NULL), 0);
	return writer;
}

static struct table *open_table(unsigned terms)
{
	CLEANUP(freep) char *path = path_of();

	return table_open(path, terms);
}

static struct table_state state_of(uint64_t ino)
{
	return (struct table_state){.ino = ino,
				    .ctim = (int64_t)ino * 10,
				    .mtim = (int64_t)ino * 20,
				    .birth = (int64_t)ino * 30,
				    .size = ino * 40};
}

static void add(struct table_sheet *sheet, struct table_dir *dir, uint64_t ino)
{
	CLEANUP(freep) char *name = xasprintf("name-%lu", (unsigned long)ino);
	const struct table_state state = state_of(ino);

	table_add(sheet, dir, &state, false, name);
}

static void assert_found(const struct table *table, struct table_cursor *cursor,
			 uint64_t ino)
{
	CLEANUP(freep) char *name = xasprintf("name-%lu", (unsigned long)ino);
	const struct table_row *row = table_find(table, cursor, name);
	const struct table_state state = state_of(ino);

	assert_non_null(row);
	assert_string_equal(row->name, name);
	assert_memory_equal(&row->state, &state, sizeof(state));
}

/* "" with names 10 to 19 and the directory "sub", with names 20 to 29. */
static void write_small(void)
{
	struct table_writer *writer = create();
	struct table_sheet sheet;
	struct table_dir top = {.number = TABLE_TOP, .name = ""};
	struct table_dir sub = {.number = table_new_number(writer),
				.parent = TABLE_TOP,
				.device = DEVICE,
				.name = "sub"};
	struct table_state state = state_of(5);

	table_sheet_init(&sheet, writer);
	table_begin(&sheet, &top);
	for (uint64_t i = 10; i < 20; i++)
		add(&sheet, &top, i);
	state.size = sub.number;
	table_add(&sheet, &top, &state, true, "sub");
	table_end(&sheet, &top);
	table_begin(&sheet, &sub);
	for (uint64_t i = 20; i < 30; i++)
		add(&sheet, &sub, i);
	table_end(&sheet, &sub);
	table_sheet_release(&sheet);
	assert_int_equal(table_finish(writer, ENDED, NULL), 0);
}

static void test_names(void **state)
{
	(void)state;
	write_small();
	struct table *table = open_table(TERMS);
	assert_non_null(table);
	struct table_cursor cursor = table_rows_of(table, TABLE_TOP);

	assert_found(table, &cursor, 10);
	assert_null(table_find(table, &cursor, "new"));
	assert_null(table_find(table, &cursor, ""));
	assert_found(table, &cursor, 11);
	assert_found(table, &cursor, 15); /* those between have been removed */
	assert_null(table_find(table, &cursor, "name-12"));
	const struct table_row *row = table_find(table, &cursor, "sub");
	assert_non_null(row);
	assert_true(row->is_dir);
	assert_null(table_find(table, &cursor, "name-20")); /* is not of this directory */

	cursor = table_rows_of(table, row->state.size);
	for (uint64_t i = 20; i < 30; i++)
		assert_found(table, &cursor, i);
	assert_null(table_find(table, &cursor, "name-29"));
	for (uint64_t i = 3; i < 10; i++) {
		cursor = table_rows_of(table, i);
		assert_null(table_find(table, &cursor, "name-20"));
	}
	table_close(table);
}

static void test_inodes(void **state)
{
	uint64_t parent = 9;

	(void)state;
	write_small();
	struct table *table = open_table(TERMS);
	struct table_state wanted = state_of(25);
	wanted.ctim = 1; /* a rename changes it */
	const struct table_row *row = table_find_moved(table, &wanted, false);
	assert_non_null(row);
	assert_string_equal(row->name, "name-25");
	assert_int_equal(table_device_of(row), DEVICE);
	assert_int_equal(table_device_of_number(table, table_number_of(row)), DEVICE);
	assert_int_equal(table_device_of_number(table, 1000), 0);
	assert_int_equal(table_ended(table), ENDED);
	assert_string_equal(table_name_of(table, table_number_of(row), &parent), "sub");
	assert_int_equal(parent, TABLE_TOP);
	assert_string_equal(table_name_of(table, TABLE_TOP, &parent), "");
	assert_int_equal(parent, 0);
	assert_null(table_name_of(table, 77, &parent));

	assert_null(table_find_moved(table, &wanted, true));
	wanted.birth++;
	assert_null(table_find_moved(table, &wanted, false));
	wanted = state_of(25);
	wanted.size++;
	assert_null(table_find_moved(table, &wanted, false));
	wanted = state_of(25);
	wanted.mtim++;
	assert_null(table_find_moved(table, &wanted, false));
	wanted = state_of(99);
	assert_null(table_find_moved(table, &wanted, false));
	wanted = state_of(5);
	row = table_find_moved(table, &wanted, true);
	assert_non_null(row);
	assert_string_equal(row->name, "sub");
	table_close(table);
}

/* A directory of more than one block, taken up by one thread after the other. */
static void test_large(void **state)
{
	enum { EACH = 3000, TURNS = 12 };
	struct table_writer *writer = create();
	struct table_sheet sheets[3];
	struct table_dir top = {.number = TABLE_TOP, .name = ""};

	(void)state;
	for (unsigned i = 0; i < 3; i++)
		table_sheet_init(&sheets[i], writer);
	for (uint64_t turn = 0; turn < TURNS; turn++) {
		struct table_sheet *sheet = &sheets[(turn * 7 + turn / 3) % 3];
		table_begin(sheet, &top);
		for (uint64_t i = 0; i < EACH; i++)
			add(sheet, &top, 1 + turn * EACH + i);
		table_end(sheet, &top);
		table_begin(sheet, &top); /* nothing was met */
		table_end(sheet, &top);
	}
	for (unsigned i = 3; i-- > 0;)
		table_sheet_release(&sheets[i]);
	assert_int_equal(table_finish(writer, ENDED, NULL), 0);

	struct table *table = open_table(TERMS);
	assert_non_null(table);
	struct table_cursor cursor = table_rows_of(table, TABLE_TOP);
	for (uint64_t i = 1; i <= (uint64_t)EACH * TURNS; i++)
		assert_found(table, &cursor, i);
	for (uint64_t i = 1; i <= (uint64_t)EACH * TURNS; i += 77) {
		const struct table_state wanted = state_of(i);
		const struct table_row *row = table_find_moved(table, &wanted, false);
		assert_non_null(row);
		assert_int_equal(row->state.ino, i);
		assert_int_equal(table_number_of(row), TABLE_TOP);
	}
	table_close(table);
}

static void test_terms(void **state)
{
	(void)state;
	assert_null(open_table(TERMS));
	write_small();
	assert_null(open_table(TERMS | TABLE_ACLS));
	assert_null(open_table(0));
}

/* Any byte that is not what it was makes it useless. */
static void test_damaged(void **state)
{
	CLEANUP(strbuf_release) struct strbuf whole = STRBUF_INIT;

	(void)state;
	write_small();
	assert_int_equal(fs_read_file(scratch_fd(), "t.table", &whole, NULL), 0);
	int fd = openat(scratch_fd(), "t.table", O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	for (size_t i = 0; i < whole.len; i++) {
		for (int bit = 0; bit < 8; bit += 3) {
			const char byte = (char)(whole.buf[i] ^ (1 << bit));
			assert_int_equal(pwrite(fd, &byte, 1, (off_t)i), 1);
			assert_null(open_table(TERMS));
		}
		assert_int_equal(pwrite(fd, whole.buf + i, 1, (off_t)i), 1);
	}
	struct table *table = open_table(TERMS);
	assert_non_null(table);
	table_close(table);
	for (size_t len = whole.len; len-- > 0;) {
		assert_int_equal(ftruncate(fd, (off_t)len), 0);
		assert_null(open_table(TERMS));
	}
	close(fd);
}

static void test_no_room(void **state)
{
	const struct rlimit small = {.rlim_cur = 100000, .rlim_max = RLIM_INFINITY};
	struct rlimit before;
	struct error why;
	struct table_writer *writer = create();
	struct table_sheet sheet;
	struct table_dir top = {.number = TABLE_TOP, .name = ""};

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	table_sheet_init(&sheet, writer);
	table_begin(&sheet, &top);
	for (uint64_t i = 1; i < 10000; i++)
		add(&sheet, &top, i);
	table_end(&sheet, &top);
	table_sheet_release(&sheet);
	assert_int_equal(table_finish(writer, ENDED, &why), -EFBIG);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(fs_exists(scratch_fd(), "t.table"), 0);
	assert_non_null(strstr(why.msg, "t.table"));
}

static void test_in_the_way(void **state)
{
	CLEANUP(freep) char *path = path_of();
	struct table_writer *writer = NULL;

	(void)state;
	assert_int_equal(symlinkat("elsewhere", scratch_fd(), "t.table"), 0);
	assert_true(table_create(path, TERMS, &writer, NULL) < 0);
	assert_null(open_table(TERMS));
	assert_int_equal(unlinkat(scratch_fd(), "t.table", 0), 0);
	assert_int_equal(mkfifoat(scratch_fd(), "t.table", 0600), 0);
	assert_null(open_table(TERMS));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_names),      TEST(test_inodes),  TEST(test_large),
		TEST(test_terms),      TEST(test_damaged), TEST(test_no_room),
		TEST(test_in_the_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
