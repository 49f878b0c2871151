/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/* Files by directory and name: what is replaced, refused, never followed, never lost. */
#include "scratch.h"

#include <errno.h>

static void test_write_file(void **state)
{
	struct error err;

	(void)state;
	assert_int_equal(fs_write_file(scratch_fd(), "a", "one", 3, 0600, &err), 0);
	scratch_holds(scratch_fd(), "a", "one");
	assert_int_equal(scratch_mode(scratch_fd(), "a"), 0600);
	/* what a dead writer left is in nobody's way, not even a link */
	assert_int_equal(symlinkat("a", scratch_fd(), "a.tmp"), 0);
	assert_int_equal(fs_write_file(scratch_fd(), "a", "", 0, 0600, &err), 0);
	scratch_holds(scratch_fd(), "a", "");
	assert_false(scratch_has(scratch_fd(), "a.tmp"));
}

/* Whoever has the old file open, or linked, keeps it as it was. */
static void test_write_file_replaces(void **state)
{
	char was[8] = "";

	(void)state;
	scratch_write(scratch_fd(), "a", "old");
	assert_int_equal(linkat(scratch_fd(), "a", scratch_fd(), "other", 0), 0);
	CLEANUP(closep) int fd = openat(scratch_fd(), "a", O_RDONLY);
	assert_int_equal(fs_write_file(scratch_fd(), "a", "newer", 5, 0644, NULL), 0);
	scratch_holds(scratch_fd(), "a", "newer");
	scratch_holds(scratch_fd(), "other", "old");
	assert_int_equal(read(fd, was, sizeof(was)), 3);
	assert_string_equal(was, "old");
}

static void test_write_file_over_a_link(void **state)
{
	struct stat st;

	(void)state;
	scratch_write(scratch_fd(), "victim", "precious");
	assert_int_equal(symlinkat("victim", scratch_fd(), "a"), 0);
	assert_int_equal(fs_write_file(scratch_fd(), "a", "x", 1, 0600, NULL), 0);
	scratch_holds(scratch_fd(), "victim", "precious");
	assert_int_equal(fstatat(scratch_fd(), "a", &st, AT_SYMLINK_NOFOLLOW), 0);
	assert_true(S_ISREG(st.st_mode));
}

/* A failure leaves the old file, or what is in the way, and no temporary one. */
/* What a rename would do away with is no file of anybody's. */
static void test_write_file_over_others(void **state)
{
	struct error err = {.msg = ""};
	struct stat st;

	(void)state;
	assert_int_equal(mkfifoat(scratch_fd(), "fifo", 0600), 0);
	assert_int_equal(mkdirat(scratch_fd(), "dir", 0700), 0);
	assert_int_equal(fs_write_file(scratch_fd(), "fifo", "x", 1, 0600, &err),
			 -EINVAL);
	assert_non_null(strstr(err.msg, "a FIFO"));
	assert_int_equal(fs_write_file(scratch_fd(), "dir", "x", 1, 0600, &err), -EISDIR);
	assert_non_null(strstr(err.msg, "a directory"));
	assert_int_equal(fstatat(scratch_fd(), "fifo", &st, 0), 0);
	assert_true(S_ISFIFO(st.st_mode));
	assert_false(scratch_has(scratch_fd(), "fifo.tmp"));
}

static void test_write_file_fails(void **state)
{
	close(scratch_mkdir(scratch_fd(), "d"));
	close(scratch_mkdir(scratch_fd(), "a.tmp"));
	struct error err = {.msg = ""};

	(void)state;
	assert_int_equal(fs_write_file(scratch_fd(), "d", "x", 1, 0600, &err), -EISDIR);
	assert_non_null(strstr(err.msg, "'d'"));
	assert_false(scratch_has(scratch_fd(), "d.tmp"));
	scratch_write(scratch_fd(), "a", "old");
	assert_true(fs_write_file(scratch_fd(), "a", "x", 1, 0600, &err) < 0);
	scratch_holds(scratch_fd(), "a", "old");
	assert_int_equal(fs_write_file(-1, "a", "x", 1, 0600, NULL), -EBADF);
}

static void test_write_file_no_room(void **state)
{
	CLEANUP(closep) int full = open("/dev/full", O_WRONLY | O_CLOEXEC);

	(void)state;
	assert_int_equal(fs_write_all(full, "x", 1), -ENOSPC);
	assert_int_equal(fs_write_all(-1, "x", 1), -EBADF);
	assert_int_equal(fs_write_all(-1, "", 0), 0);
}

static void test_read_file(void **state)
{
	CLEANUP(strbuf_release) struct strbuf sb = STRBUF_INIT_MAX(5);
	struct error err = {.msg = ""};

	(void)state;
	scratch_alarm(10);
	assert_int_equal(fs_read_file(scratch_fd(), "none", &sb, &err), -ENOENT);
	scratch_write(scratch_fd(), "fits", "12345");
	assert_int_equal(fs_read_file(scratch_fd(), "fits", &sb, &err), 0);
	assert_string_equal(sb.buf, "12345");
	strbuf_reset(&sb);
	scratch_write(scratch_fd(), "large", "123456");
	assert_int_equal(fs_read_file(scratch_fd(), "large", &sb, &err), -EFBIG);
	assert_non_null(strstr(err.msg, "'large'"));
	/* neither a FIFO nobody writes to, nor a device, nor a directory, nor a link */
	assert_int_equal(mkfifoat(scratch_fd(), "fifo", 0600), 0);
	assert_int_equal(fs_read_file(scratch_fd(), "fifo", &sb, &err), -EINVAL);
	assert_int_equal(fs_read_file(AT_FDCWD, "/dev/zero", &sb, &err), -EINVAL);
	assert_int_equal(fs_read_file(scratch_fd(), ".", &sb, &err), -EINVAL);
	assert_int_equal(symlinkat("fits", scratch_fd(), "link"), 0);
	assert_int_equal(fs_read_file(scratch_fd(), "link", &sb, &err), -ELOOP);
	scratch_alarm(0);
}

static void test_read_large_file(void **state)
{
	CLEANUP(strbuf_release) struct strbuf in = STRBUF_INIT, out = STRBUF_INIT;

	(void)state;
	for (int i = 0; i < 200000; i++)
		strbuf_addf(&in, "%d%c", i, i % 7 ? '\n' : '\0');
	assert_int_equal(fs_write_file(scratch_fd(), "a", in.buf, in.len, 0600, NULL), 0);
	assert_int_equal(fs_read_file(scratch_fd(), "a", &out, NULL), 0);
	assert_int_equal(out.len, in.len);
	assert_memory_equal(out.buf, in.buf, in.len);
}

static void test_open_parent(void **state)
{
	CLEANUP(closep) int a = scratch_mkdir(scratch_fd(), "a");
	CLEANUP(closep) int b = scratch_mkdir(a, "b");
	CLEANUP(closep) int top = -1;
	CLEANUP(closep) int fd = -1;
	const char *name = NULL;
	int none = -7;

	(void)state;
	scratch_write(scratch_fd(), "f", "top");
	scratch_write(b, "f", "below");
	assert_int_equal(fs_open_parent(scratch_fd(), "f", &top, &name, NULL), 0);
	scratch_holds(top, name, "top");
	assert_int_equal(fs_open_parent(scratch_fd(), "a/b/f", &fd, &name, NULL), 0);
	assert_string_equal(name, "f");
	scratch_holds(fd, name, "below");

	/* the last name need not be there; the others must be directories */
	assert_int_equal(symlinkat("b", a, "link"), 0);
	assert_int_equal(fs_open_parent(scratch_fd(), "a/x/f", &none, &name, NULL),
			 -ENOENT);
	assert_int_equal(fs_open_parent(scratch_fd(), "f/f", &none, &name, NULL),
			 -ENOTDIR);
	assert_true(fs_open_parent(scratch_fd(), "a/link/f", &none, &name, NULL) < 0);
	assert_int_equal(none, -7);
}

static void test_directories(void **state)
{
	struct error err = {.msg = ""};
	int fd = -7;

	(void)state;
	assert_int_equal(fs_make_dir(scratch_fd(), "d", 0700, &err), 0);
	assert_int_equal(fs_make_dir(scratch_fd(), "d", 0755, &err), 0);
	assert_int_equal(scratch_mode(scratch_fd(), "d"), 0700);
	assert_int_equal(symlinkat("d", scratch_fd(), "link"), 0);
	assert_int_equal(fs_make_dir(scratch_fd(), "link", 0700, &err), -ENOTDIR);
	assert_non_null(strstr(err.msg, "'link'"));
	assert_true(fs_open_dir(scratch_fd(), "link", &fd, &err) < 0);
	assert_int_equal(fd, -7);
	scratch_write(scratch_fd(), "f", "");
	assert_int_equal(fs_make_dir(scratch_fd(), "f", 0700, &err), -ENOTDIR);
	assert_int_equal(fs_open_dir(scratch_fd(), "f", &fd, &err), -ENOTDIR);
	assert_int_equal(fs_open_dir(scratch_fd(), "none", &fd, &err), -ENOENT);
	assert_int_equal(fd, -7);

	assert_int_equal(symlinkat("nowhere", scratch_fd(), "dangling"), 0);
	assert_int_equal(fs_exists(scratch_fd(), "dangling"), 1);
	assert_int_equal(fs_exists(scratch_fd(), "none"), 0);
	assert_int_equal(fs_exists(scratch_fd(), "f/x"), -ENOTDIR);
}

static void test_list(void **state)
{
	CLEANUP(strvec_release) struct strvec names = STRVEC_INIT, again = STRVEC_INIT;

	(void)state;
	scratch_write(scratch_fd(), "a\nb", "");
	scratch_write(scratch_fd(), "\xff\xfe", "");
	scratch_write(scratch_fd(), ".hidden", "");
	scratch_write(scratch_fd(), "...", "");
	assert_int_equal(fs_list(scratch_fd(), &names, NULL), 0);
	assert_int_equal(names.n, 4);
	assert_true(strvec_has(&names, "a\nb") && strvec_has(&names, "\xff\xfe") &&
		    strvec_has(&names, ".hidden") && strvec_has(&names, "..."));
	/* each call begins at the beginning */
	assert_int_equal(fs_list(scratch_fd(), &again, NULL), 0);
	assert_int_equal(again.n, 4);
}

static void test_move(void **state)
{
	CLEANUP(closep) int to = scratch_mkdir(scratch_fd(), "to");
	close(scratch_mkdir(scratch_fd(), "dir"));
	close(scratch_mkdir(to, "dir"));
	struct error err = {.msg = ""};

	(void)state;
	/* rename(2) would replace an empty directory, and a file */
	assert_int_equal(fs_move(scratch_fd(), "dir", to, "dir", &err), -EEXIST);
	assert_non_null(strstr(err.msg, "'dir'"));
	assert_true(scratch_has(scratch_fd(), "dir"));
	scratch_write(scratch_fd(), "f", "mine");
	scratch_write(to, "f", "theirs");
	assert_int_equal(fs_move(scratch_fd(), "f", to, "f", &err), -EEXIST);
	scratch_holds(to, "f", "theirs");
	assert_int_equal(symlinkat("nowhere", to, "link"), 0);
	assert_int_equal(fs_move(scratch_fd(), "f", to, "link", &err), -EEXIST);
	assert_int_equal(fs_move(scratch_fd(), "none", to, "x", &err), -ENOENT);
	assert_int_equal(fs_move(scratch_fd(), "f", to, "g", &err), 0);
	scratch_holds(to, "g", "mine");
	assert_int_equal(fs_move(scratch_fd(), "dir", to, "dir2", &err), 0);
	assert_true(scratch_has(to, "dir2"));
}

/* Moving a directory changes its "..", for which its owner needs write permission. */
static int move_read_only(void)
{
	static const mode_t modes[] = {0555, 0500, 02555, 0577};
	int to = -1, fd = -1;
	char name[16];

	if (fs_make_dir(scratch_fd(), "to", 0755, NULL) < 0 ||
	    fs_open_dir(scratch_fd(), "to", &to, NULL) < 0)
		return 1;
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		struct stat before, after;
		snprintf(name, sizeof(name), "dir%zu", i);
		if (fs_make_dir(scratch_fd(), name, 0755, NULL) < 0 ||
		    fs_open_dir(scratch_fd(), name, &fd, NULL) < 0 ||
		    fchmod(fd, modes[i]) < 0 || fstat(fd, &before) < 0)
			return 2;
		if (fs_move(scratch_fd(), name, to, name, NULL) < 0)
			return 3;
		if (fstatat(to, name, &after, AT_SYMLINK_NOFOLLOW) < 0 ||
		    after.st_mode != before.st_mode ||
		    after.st_mtim.tv_nsec != before.st_mtim.tv_nsec)
			return 4;
		/* nor is one that is in the way replaced, and the mode comes back */
		if (fs_make_dir(scratch_fd(), name, 0755, NULL) < 0 ||
		    fs_move(to, name, scratch_fd(), name, NULL) != -EEXIST ||
		    fstat(fd, &after) < 0 || after.st_mode != before.st_mode)
			return 5;
		close(fd);
	}
	return 0;
}

static void test_move_read_only(void **state)
{
	(void)state;
	assert_int_equal(scratch_as_other(move_read_only), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_write_file),
		TEST(test_write_file_replaces),
		TEST(test_write_file_over_a_link),
		TEST(test_write_file_over_others),
		TEST(test_write_file_fails),
		TEST(test_write_file_no_room),
		TEST(test_read_file),
		TEST(test_read_large_file),
		TEST(test_directories),
		TEST(test_open_parent),
		TEST(test_list),
		TEST(test_move),
		TEST(test_move_read_only),
	};

	return cmocka_run_group_tests_name("fs", tests, NULL, NULL);
}
