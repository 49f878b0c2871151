/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/* Trees: deeper than descriptors, longer than paths, stubborn, with links out of them. */
#include "scratch.h"

#include <errno.h>
#include <limits.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>

/* In place of the C library's: names that begin with "stuck" cannot be removed. */
/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name) */
int unlinkat(int dirfd, const char *name, int flags)
{
	if (strncmp(name, "stuck", 5) == 0) {
		errno = EPERM;
		return -1;
	}
	return (int)syscall(SYS_unlinkat, dirfd, name, flags);
}

/* A chain of directories, each with a file "f" and a long name; returns the deepest. */
static int make_chain(int dirfd, int levels)
{
	char name[21];
	int fd = dup(dirfd);

	memset(name, 'd', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	for (int i = 0; i < levels; i++) {
		int next = scratch_mkdir(fd, name);
		close(fd);
		fd = next;
		scratch_write(fd, "f", "x");
	}
	return fd;
}

struct seen {
	uint64_t dirs, files, left_out;
	size_t longest;
	const char *prune;
	int stop_at;
};

static int look(void *ctx, int fd, const struct strbuf *path, const struct strvec *names,
		struct strvec *subdirs)
{
	struct seen *seen = ctx;
	struct stat st;

	if (fstat(fd, &st) < 0 || !S_ISDIR(st.st_mode))
		return -EIO;
	seen->dirs++;
	seen->files += names->n;
	if (path->len > seen->longest)
		seen->longest = path->len;
	if (seen->prune && strvec_has(names, seen->prune)) {
		seen->left_out += subdirs->n;
		strvec_release(subdirs);
	}
	return seen->stop_at && seen->dirs == (uint64_t)seen->stop_at ? -ECANCELED : 0;
}

static int walk(struct seen *seen, uint64_t *ret_unreadable)
{
	struct tree_walk walk = {.visit = look, .ctx = seen};
	int r = tree_walk(scratch_fd(), &walk, NULL);

	*ret_unreadable = walk.ret_unreadable;
	return r;
}

/* Empties the scratch directory as the trash is emptied. */
static int remove_all(void)
{
	for (int round = 0; round < 1000; round++) {
		CLEANUP(strvec_release) struct strvec names = STRVEC_INIT;
		int r = fs_list(scratch_fd(), &names, NULL);
		if (r < 0 || names.n == 0)
			return r;
		for (size_t i = 0; i < names.n && r >= 0; i++)
			r = tree_remove(scratch_fd(), names.v[i], NULL);
		if (r < 0)
			return r;
	}
	return -ELOOP;
}

/* 3000 levels, a path of 60 KiB, and not more than 160 descriptors. */
static void test_deep(void **state)
{
	const struct rlimit few = {160, 160};
	struct seen seen = {0};
	struct rlimit was;
	uint64_t unreadable;

	(void)state;
	close(make_chain(scratch_fd(), 3000));
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &was), 0);
	const struct rlimit lower = {few.rlim_cur, was.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &lower), 0);
	int r = walk(&seen, &unreadable);
	int removed = remove_all();
	setrlimit(RLIMIT_NOFILE, &was);
	assert_int_equal(r, 0);
	assert_int_equal(unreadable, 0);
	assert_int_equal(seen.dirs, 3001);
	assert_int_equal(seen.files, 3000);
	assert_int_equal(seen.longest, 3000 * 21 - 1);
	assert_true(seen.longest > 10 * PATH_MAX);
	assert_int_equal(removed, 0);
}

/* Deep and with branches on the way back, so that directories are opened again. */
static void test_branches(void **state)
{
	struct seen seen = {0};
	uint64_t unreadable;
	int fd = dup(scratch_fd());

	(void)state;
	for (int i = 0; i < 200; i++) {
		close(scratch_mkdir(fd, "a"));
		close(scratch_mkdir(fd, "z"));
		int next = scratch_mkdir(fd, "middle");
		scratch_write(fd, "f", "");
		close(fd);
		fd = next;
	}
	close(fd);
	assert_int_equal(walk(&seen, &unreadable), 0);
	assert_int_equal(seen.dirs, 601);
	assert_int_equal(seen.files, 200);
	assert_int_equal(unreadable, 0);
	assert_int_equal(remove_all(), 0);
}

static void test_walk_prunes_and_stops(void **state)
{
	struct seen seen = {.prune = "f"};
	uint64_t unreadable;

	(void)state;
	close(make_chain(scratch_fd(), 10));
	assert_int_equal(walk(&seen, &unreadable), 0);
	assert_int_equal(seen.dirs, 2);
	assert_int_equal(seen.left_out, 1);
	seen = (struct seen){.stop_at = 5};
	assert_int_equal(walk(&seen, &unreadable), -ECANCELED);
	assert_int_equal(seen.dirs, 5);
}

/* Links are names, whatever they point to. */
static void test_links(void **state)
{
	CLEANUP(closep) int outside = scratch_mkdir(scratch_fd(), "outside");
	CLEANUP(closep) int in = scratch_mkdir(scratch_fd(), "in");
	struct seen seen = {0};
	struct tree_walk walk = {.visit = look, .ctx = &seen};

	(void)state;
	scratch_write(outside, "precious", "x");
	assert_int_equal(symlinkat("../outside", in, "to-dir"), 0);
	assert_int_equal(symlinkat("../outside/precious", in, "to-file"), 0);
	assert_int_equal(symlinkat(".", in, "to-itself"), 0);
	assert_int_equal(symlinkat("nowhere", in, "dangling"), 0);
	assert_int_equal(linkat(outside, "precious", in, "hard", 0), 0);
	assert_int_equal(mkfifoat(in, "fifo", 0600), 0);
	assert_int_equal(tree_walk(in, &walk, NULL), 0);
	assert_int_equal(seen.dirs, 1);
	assert_int_equal(seen.files, 6);
	assert_int_equal(tree_remove(scratch_fd(), "in", NULL), 0);
	assert_false(scratch_has(scratch_fd(), "in"));
	scratch_holds(outside, "precious", "x");
	/* a link by the name itself */
	assert_int_equal(symlinkat("outside", scratch_fd(), "link"), 0);
	assert_int_equal(tree_remove(scratch_fd(), "link", NULL), 0);
	scratch_holds(outside, "precious", "x");
	assert_int_equal(tree_remove(scratch_fd(), "none", NULL), 0);
}

/* A snapshot's files are links to those of others: none may change on the way out. */
static int remove_read_only(void)
{
	struct stat before, after;
	int keep = -1, fd = -1;

	if (fs_make_dir(scratch_fd(), "keep", 0755, NULL) < 0 ||
	    fs_open_dir(scratch_fd(), "keep", &keep, NULL) < 0 ||
	    fs_make_dir(scratch_fd(), "tree", 0755, NULL) < 0 ||
	    fs_open_dir(scratch_fd(), "tree", &fd, NULL) < 0)
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
	if (tree_remove(scratch_fd(), "tree", NULL) < 0)
		return 5;
	if (fstatat(keep, "d0", &after, 0) < 0 || after.st_mode != before.st_mode ||
	    after.st_mtim.tv_nsec != before.st_mtim.tv_nsec || after.st_nlink != 1)
		return 6;
	return scratch_has(scratch_fd(), "tree") ? 7 : 0;
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
	assert_int_equal(tree_remove(scratch_fd(), "tree", &err), -EPERM);
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

/* More entries than one reading of a directory returns. */
static void test_wide(void **state)
{
	CLEANUP(closep) int tree = scratch_mkdir(scratch_fd(), "tree");
	struct seen seen = {0};
	uint64_t unreadable;
	char name[32];

	(void)state;
	for (int i = 0; i < 5000; i++) {
		snprintf(name, sizeof(name), "%s-%d", i % 10 ? "file" : "dir", i);
		if (i % 10)
			scratch_write(tree, name, "");
		else
			close(scratch_mkdir(tree, name));
	}
	assert_int_equal(walk(&seen, &unreadable), 0);
	assert_int_equal(seen.dirs, 502);
	assert_int_equal(seen.files, 4500);
	assert_int_equal(remove_all(), 0);
}

static int walk_unreadable(void)
{
	struct seen seen = {0};
	uint64_t unreadable;

	if (fs_make_dir(scratch_fd(), "closed", 0, NULL) < 0 ||
	    fs_make_dir(scratch_fd(), "open", 0755, NULL) < 0 ||
	    fs_make_dir(scratch_fd(), "no-entry", 0444, NULL) < 0)
		return 1;
	if (walk(&seen, &unreadable) != 0 || unreadable != 2 || seen.dirs != 2)
		return 2;
	return remove_all() < 0 ? 3 : 0;
}

static void test_walk_unreadable(void **state)
{
	(void)state;
	assert_int_equal(scratch_as_other(walk_unreadable), 0);
}

static void test_links_only(void **state)
{
	CLEANUP(closep) int sub = scratch_mkdir(scratch_fd(), "sub");
	struct seen seen = {0};
	struct tree_walk walk = {.visit = look, .ctx = &seen, .links_only = true};

	(void)state;
	scratch_write(sub, "file", "");
	assert_int_equal(mkfifoat(sub, "fifo", 0600), 0);
	assert_int_equal(symlinkat("file", sub, "link"), 0);
	assert_int_equal(symlinkat("..", sub, "to a directory"), 0);
	assert_int_equal(symlinkat("nowhere", scratch_fd(), "dangling"), 0);
	assert_int_equal(tree_walk(scratch_fd(), &walk, NULL), 0);
	assert_int_equal(seen.dirs, 2);
	assert_int_equal(seen.files, 3);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_deep),
		TEST(test_branches),
		TEST(test_walk_prunes_and_stops),
		TEST(test_links),
		TEST(test_links_only),
		TEST(test_remove_read_only),
		TEST(test_stubborn),
		TEST(test_wide),
		TEST(test_walk_unreadable),
	};

	return cmocka_run_group_tests_name("tree", tests, NULL, NULL);
}
