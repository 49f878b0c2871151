/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "sys/pairs.h"

#include "scratch.h"

#include <errno.h>

static struct strbuf told;

static int visit(void *ctx, const struct pair *pair)
{
	(void)ctx;
	strbuf_addf(&told, "%s%s%s ", pair->path->buf, pair->st[PAIR_OLD] ? "<" : "",
		    pair->st[PAIR_NEW] ? ">" : "");
	return 1;
}

static int leave(void *ctx)
{
	(void)ctx;
	strbuf_addf(&told, "; ");
	return 0;
}

static void unreadable(void *ctx, const struct strbuf *path, int code)
{
	(void)ctx;
	strbuf_addf(&told, "%s!%d ", path->buf, -code);
}

static int walk(int old, int new, const char *name, const char *path)
{
	const struct pair_walk w = {
		.visit = visit, .leave = leave, .unreadable = unreadable};
	struct error err;

	strbuf_reset(&told);
	return pair_walk(&w, (const int[]){old, new}, name, path, &err);
}

static void test_order(void **state)
{
	CLEANUP(closep) int old = scratch_mkdir(scratch_fd(), "old");
	CLEANUP(closep) int new = scratch_mkdir(scratch_fd(), "new");
	CLEANUP(closep) int d = scratch_mkdir(old, "d");
	CLEANUP(closep) int e = scratch_mkdir(new, "e");

	(void)state;
	scratch_write(old, "a", "");
	scratch_write(new, "a", "");
	scratch_write(old, "b", "");
	scratch_write(new, "d", ""); /* a directory on the other side */
	scratch_write(d, "x", "");
	scratch_write(e, "y", "");
	assert_int_equal(walk(old, new, ".", ""), 0);
	assert_string_equal(told.buf, "<> a<> ; b< ; d<> d/x< ; ; e> e/y> ; ; ; ");
	assert_int_equal(walk(old, -1, ".", ""), 0);
	assert_string_equal(told.buf, "< a< ; b< ; d< d/x< ; ; ; ");
	assert_int_equal(walk(old, new, "d", "p/d"), 0);
	assert_string_equal(told.buf, "p/d<> p/d/x< ; ; ");
	assert_int_equal(walk(old, new, "e", "e"), 0);
	assert_string_equal(told.buf, "e> e/y> ; ; ");
	assert_int_equal(walk(old, new, "none", "none"), -ENOENT);
	assert_string_equal(told.buf, "");
}

/* Deeper than descriptors are kept open, on one side alone further down. */
static void test_deep(void **state)
{
	enum { BOTH = 200, ONE = 200 };
	CLEANUP(closep) int old = scratch_mkdir(scratch_fd(), "old");
	CLEANUP(closep) int new = scratch_mkdir(scratch_fd(), "new");
	size_t one = 0, both = 0;
	int at[PAIR_SIDES] = {dup(old), dup(new)};

	(void)state;
	for (int i = 0; i < BOTH + ONE; i++) {
		for (int side = 0; side < (i < BOTH ? 2 : 1); side++) {
			int next = scratch_mkdir(at[side], "d");
			scratch_write(at[side], "z", "");
			close(at[side]);
			at[side] = next;
		}
	}
	close(at[PAIR_OLD]);
	close(at[PAIR_NEW]);
	assert_int_equal(walk(old, new, ".", ""), 0);
	assert_null(strchr(told.buf, '!'));
	for (const char *s = told.buf; (s = strchr(s, '<')); s++) {
		one += s[1] == ' ';
		both += s[1] == '>';
	}
	assert_int_equal(both, 1 + 2 * BOTH);
	assert_int_equal(one, 2 * ONE);
}

int main(void)
{
	told = (struct strbuf)STRBUF_INIT;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_order, scratch_setup,
						scratch_teardown),
		cmocka_unit_test_setup_teardown(test_deep, scratch_setup,
						scratch_teardown),
	};

	int r = cmocka_run_group_tests_name("pairs", tests, NULL, NULL);
	strbuf_release(&told);
	return r;
}
