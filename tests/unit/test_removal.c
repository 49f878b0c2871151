/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/* Trees to remove: deep, wide, bushy, stubborn, with links out of them. */
#include "scratch.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>

static int interrupt_fd = -1;

/*
 * In place of the C library's: names that begin with "stuck" cannot be removed, and with
 * the first file of all comes the interruption, if there is to be one.
 */
/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name) */
int unlinkat(int dirfd, const char *name, int flags)
{
	if (strncmp(name, "stuck", 5) == 0) {
		errno = EPERM;
		return -1;
	}
	if (interrupt_fd >= 0) {
		eventfd_write(interrupt_fd, 1);
		usleep(10000);
	}
	return (int)syscall(SYS_unlinkat, dirfd, name, flags);
}

static bool is_empty(int dirfd)
{
	CLEANUP(strvec_release) struct strvec names = STRVEC_INIT;

	assert_int_equal(fs_list(dirfd, &names, NULL), 0);
	return names.n == 0;
}

/* With no more than so many descriptors. */
static int empty_with(rlim_t descriptors)
{
	struct rlimit was;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &was), 0);
	const struct rlimit lower = {descriptors, was.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &lower), 0);
	int r = removal_empty(scratch_fd(), 0, -1, NULL);
	setrlimit(RLIMIT_NOFILE, &was);
	return r;
}

/* 3000 levels, a path of 60 KiB, and more levels than descriptors. */
static void test_deep(void **state)
{
	(void)state;
	scratch_alarm(60);
	close(scratch_chain(scratch_fd(), 3000));
	assert_int_equal(empty_with(160), 0);
	assert_true(is_empty(scratch_fd()));
	close(scratch_chain(scratch_fd(), 100));
	assert_int_equal(empty_with(20), 0);
	assert_true(is_empty(scratch_fd()));
	scratch_alarm(0);
}

/* A directory with branches and files at every level. */
static void make_bush(int fd, int levels)
{
	char name[16];

	for (int i = 0; i < 4; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		scratch_write(fd, name, "");
		if (levels == 0)
			continue;
		snprintf(name, sizeof(name), "d%d", i);
		CLEANUP(closep) int sub = scratch_mkdir(fd, name);
		make_bush(sub, levels - 1);
	}
}

/* Several at once, whose threads would like to have more directories open than they may. */
static void test_bushy(void **state)
{
	(void)state;
	scratch_alarm(60);
	for (int i = 0; i < 3; i++) {
		char name[16];
		snprintf(name, sizeof(name), "tree%d", i);
		CLEANUP(closep) int tree = scratch_mkdir(scratch_fd(), name);
		make_bush(tree, 5);
	}
	assert_int_equal(empty_with(14), 0);
	assert_true(is_empty(scratch_fd()));
	scratch_alarm(0);
}

/* More names than one reading returns, more directories than may wait. */
static void test_wide(void **state)
{
	CLEANUP(closep) int tree = scratch_mkdir(scratch_fd(), "tree");
	char name[32];

	(void)state;
	for (int i = 0; i < 5000; i++) {
		snprintf(name, sizeof(name), "%s-%d", i % 2 ? "file" : "dir", i);
		if (i % 2) {
			scratch_write(tree, name, "");
		} else {
			CLEANUP(closep) int sub = scratch_mkdir(tree, name);
			close(scratch_mkdir(sub, "below"));
		}
	}
	assert_int_equal(removal_empty(scratch_fd(), 0, -1, NULL), 0);
	assert_true(is_empty(scratch_fd()));
}

/* Links are names, whatever they point to. */
static void test_links(void **state)
{
	CLEANUP(closep) int outside = scratch_mkdir(scratch_fd(), "outside");
	CLEANUP(closep) int trash = scratch_mkdir(scratch_fd(), "trash");
	CLEANUP(closep) int in = scratch_mkdir(trash, "in");

	(void)state;
	scratch_write(outside, "precious", "x");
	assert_int_equal(symlinkat("../../outside", in, "to-dir"), 0);
	assert_int_equal(symlinkat("../../outside/precious", in, "to-file"), 0);
	assert_int_equal(symlinkat(".", in, "to-itself"), 0);
	assert_int_equal(symlinkat("nowhere", in, "dangling"), 0);
	assert_int_equal(linkat(outside, "precious", in, "hard", 0), 0);
	assert_int_equal(mkfifoat(in, "fifo", 0600), 0);
	assert_int_equal(symlinkat("../outside", trash, "link"), 0);
	scratch_write(trash, "file", "");
	assert_int_equal(removal_empty(trash, 0, -1, NULL), 0);
	assert_true(is_empty(trash));
	scratch_holds(outside, "precious", "x");
	assert_int_equal(removal_empty(trash, 0, -1, NULL), 0);
}

/* A snapshot's files are links to those of others: none may change on the way out. */
static int remove_read_only(void)
{
	struct stat before, after;
	int keep = -1, trash = -1, fd = -1;

	if (fs_make_dir(scratch_fd(), "keep", 0755, NULL) < 0 ||
	    fs_open_dir(scratch_fd(), "keep", &keep, NULL) < 0 ||
	    fs_make_dir(scratch_fd(), "trash", 0755, NULL) < 0 ||
	    fs_open_dir(scratch_fd(), "trash", &trash, NULL) < 0 ||
	    fs_make_dir(trash, "tree", 0755, NULL) < 0 ||
	    fs_open_dir(trash, "tree", &fd, NULL) < 0)
		return 1;
	static const mode_t modes[] = {0, 0111, 0444, 0555, 0200, 0700};
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		char name[16];
		int sub = -1;
		snprintf(name, sizeof(name), "d%zu", i);
		if (fs_make_dir(fd, name, 0755, NULL) < 0 ||
		    fs_open_dir(fd, name, &sub, NULL) < 0)
			return 2;
		int file = openat(sub, "f", O_WRONLY | O_CREAT | O_EXCL, 0600);
		if (file < 0 || fchmod(file, 0400) < 0 ||
		    linkat(sub, "f", keep, name, 0) < 0 || fchmod(sub, modes[i]) < 0)
			return 3;
		close(file);
		close(sub);
	}
	if (fchmod(fd, 0555) < 0 || fstatat(keep, "d0", &before, 0) < 0)
		return 4;
	if (removal_empty(trash, 0, -1, NULL) < 0)
		return 5;
	if (fstatat(keep, "d0", &after, 0) < 0 || after.st_mode != before.st_mode ||
	    after.st_mtim.tv_nsec != before.st_mtim.tv_nsec || after.st_nlink != 1)
		return 6;
	return scratch_has(trash, "tree") ? 7 : 0;
}

static void test_remove_read_only(void **state)
{
	(void)state;
	assert_int_equal(scratch_as_other(remove_read_only), 0);
}

/* What cannot be removed stays, all else goes, and the end is reached. */
static void test_stubborn(void **state)
{
	CLEANUP(closep) int tree = scratch_mkdir(scratch_fd(), "tree");
	struct error err = {.msg = ""};
	char name[16];

	(void)state;
	scratch_alarm(20); /* it went on for ever at the second such directory */
	for (int i = 0; i < 5; i++) {
		snprintf(name, sizeof(name), "d%d", i);
		CLEANUP(closep) int sub = scratch_mkdir(tree, name);
		scratch_write(sub, "stuck", "");
		scratch_write(sub, "loose", "");
	}
	close(scratch_mkdir(tree, "empty"));
	assert_int_equal(removal_empty(scratch_fd(), 0, -1, &err), -EPERM);
	assert_non_null(strstr(err.msg, "'stuck'"));
	scratch_alarm(0);
	assert_false(scratch_has(tree, "empty"));
	for (int i = 0; i < 5; i++) {
		snprintf(name, sizeof(name), "d%d", i);
		CLEANUP(closep) int sub = -1;
		assert_int_equal(fs_open_dir(tree, name, &sub, NULL), 0);
		assert_true(scratch_has(sub, "stuck"));
		assert_false(scratch_has(sub, "loose"));
		assert_int_equal(renameat(sub, "stuck", sub, "now loose"), 0);
	}
}

/* What was interrupted is smaller than before, and the next goes on. */
static void test_interrupted(void **state)
{
	CLEANUP(closep) int cancel = eventfd(0, EFD_CLOEXEC);
	CLEANUP(closep) int tree = scratch_mkdir(scratch_fd(), "tree");
	struct error err = {.msg = ""};

	(void)state;
	make_bush(tree, 5);
	interrupt_fd = cancel;
	int r = removal_empty(scratch_fd(), 0, cancel, &err);
	interrupt_fd = -1;
	assert_int_equal(r, -EINTR);
	assert_string_equal(err.msg, "interrupted");
	assert_true(scratch_has(scratch_fd(), "tree"));
	assert_int_equal(removal_empty(scratch_fd(), 0, -1, NULL), 0);
	assert_true(is_empty(scratch_fd()));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_deep),
		TEST(test_bushy),
		TEST(test_wide),
		TEST(test_links),
		TEST(test_remove_read_only),
		TEST(test_stubborn),
		TEST(test_interrupted),
	};

	return cmocka_run_group_tests_name("removal", tests, NULL, NULL);
}
