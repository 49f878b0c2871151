/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/* Walking trees: deeper than descriptors, longer than paths, with links out of them. */
#include "scratch.h"

#include <errno.h>
#include <limits.h>
#include <sys/resource.h>

#include "sys/tree.h"

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

/* 3000 levels, a path of 60 KiB, and not more than 160 descriptors. */
static void test_deep(void **state)
{
	const struct rlimit few = {160, 160};
	struct seen seen = {0};
	struct rlimit was;
	uint64_t unreadable;

	(void)state;
	close(scratch_chain(scratch_fd(), 3000));
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &was), 0);
	const struct rlimit lower = {few.rlim_cur, was.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &lower), 0);
	int r = walk(&seen, &unreadable);
	setrlimit(RLIMIT_NOFILE, &was);
	assert_int_equal(r, 0);
	assert_int_equal(unreadable, 0);
	assert_int_equal(seen.dirs, 3001);
	assert_int_equal(seen.files, 3000);
	assert_int_equal(seen.longest, 3000 * 21 - 1);
	assert_true(seen.longest > 10 * PATH_MAX);
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
}

static void test_walk_prunes_and_stops(void **state)
{
	struct seen seen = {.prune = "f"};
	uint64_t unreadable;

	(void)state;
	close(scratch_chain(scratch_fd(), 10));
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
	scratch_write(outside, "file", "x");
	assert_int_equal(symlinkat("../outside", in, "to-dir"), 0);
	assert_int_equal(symlinkat("../outside/file", in, "to-file"), 0);
	assert_int_equal(symlinkat(".", in, "to-itself"), 0);
	assert_int_equal(symlinkat("nowhere", in, "dangling"), 0);
	assert_int_equal(linkat(outside, "file", in, "hard", 0), 0);
	assert_int_equal(mkfifoat(in, "fifo", 0600), 0);
	assert_int_equal(tree_walk(in, &walk, NULL), 0);
	assert_int_equal(seen.dirs, 1);
	assert_int_equal(seen.files, 6);
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
	return removal_empty(scratch_fd(), 0, -1, NULL) < 0 ? 3 : 0;
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
		TEST(test_wide),
		TEST(test_walk_unreadable),
	};

	return cmocka_run_group_tests_name("tree", tests, NULL, NULL);
}
