/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/* What snapshots take that share inodes, against counting it the simple way. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>

#include "base/alloc.h"
#include "model/shares.h"

enum { SNAPSHOTS = 70, INODES = 3000 }; /* more snapshots than a word has bits */

struct link {
	size_t snapshot;
	uint32_t ino; /* from 0 */
};

static struct link *links;
static size_t n, cap;
static uint64_t nlink_of[INODES], bytes_of[INODES];

static uint64_t number(uint32_t ino)
{
	return ino == 0 ? UINT64_MAX : ino == 1 ? 0 : (uint64_t)ino * 4096;
}

static void add_link(size_t snapshot, uint32_t ino)
{
	array_grow(links, n, cap);
	links[n++] = (struct link){snapshot, ino};
	nlink_of[ino]++;
}

/* Inodes with links in some snapshots, several in one, and outside. */
static int make(void **state)
{
	(void)state;
	srandom(20261123);
	for (uint32_t ino = 0; ino < INODES; ino++) {
		size_t first = (size_t)random() % SNAPSHOTS;
		size_t span = (size_t)random() % 4 ? 1 + (size_t)random() % 9 : 1;
		bytes_of[ino] = (uint64_t)(random() % 100) * 512;
		for (size_t i = first; i < first + span && i < SNAPSHOTS; i++) {
			if (random() % 8 == 0)
				continue; /* moved away for a while */
			for (long more = random() % 3; more >= 0; more--)
				add_link(i, ino);
		}
		if (random() % 10 == 0)
			nlink_of[ino]++; /* in no snapshot */
	}
	return 0;
}

static int done(void **state)
{
	(void)state;
	free(links);
	return 0;
}

static void shuffle(void)
{
	for (size_t i = n - 1; i > 0; i--) {
		size_t j = (size_t)random() % (i + 1);
		struct link link = links[i];
		links[i] = links[j];
		links[j] = link;
	}
}

static uint64_t seen[INODES][SNAPSHOTS];

static void compare(const struct shares *shares)
{
	struct shares_sum wanted[SNAPSHOTS] = {0};
	uint64_t total = 0;

	for (uint32_t ino = 0; ino < INODES; ino++) {
		bool any = false;
		for (size_t i = 0; i < SNAPSHOTS; i++) {
			if (seen[ino][i] == 0)
				continue;
			any = true;
			wanted[i].bytes += bytes_of[ino];
			if (seen[ino][i] == nlink_of[ino])
				wanted[i].alone += bytes_of[ino];
			if (i + 1 == SNAPSHOTS || seen[ino][i + 1] == 0)
				wanted[i].added += bytes_of[ino];
		}
		total += any ? bytes_of[ino] : 0;
	}
	for (size_t i = 0; i < SNAPSHOTS; i++) {
		struct shares_sum sum = shares_sum(shares, i);
		assert_int_equal(sum.bytes, wanted[i].bytes + 512);
		assert_int_equal(sum.alone, wanted[i].alone + 512);
		assert_int_equal(sum.added, wanted[i].added + 512);
	}
	assert_int_equal(shares_total(shares), total + SNAPSHOTS * 512);
}

/* Returns the number of passes. */
static unsigned measured(size_t memory)
{
	CLEANUP(shares_freep) struct shares *shares = shares_new(SNAPSHOTS, memory);
	unsigned passes = 0;

	for (; shares_pass(shares); passes++) {
		for (size_t i = 0; i < SNAPSHOTS; i++)
			shares_dir(shares, i, 512);
		for (size_t i = 0; i < n; i++) {
			uint32_t ino = links[i].ino;
			if (shares_link(shares, links[i].snapshot, number(ino)))
				shares_inode(shares, links[i].snapshot, number(ino),
					     nlink_of[ino], bytes_of[ino]);
		}
	}
	compare(shares);
	return passes;
}

static void test_random(void **state)
{
	(void)state;
	for (size_t i = 0; i < n; i++)
		seen[links[i].ino][links[i].snapshot]++;
	assert_int_equal(measured(SIZE_MAX), 1); /* in order */
	for (int round = 0; round < 5; round++) {
		shuffle();
		assert_int_equal(measured(SIZE_MAX), 1);
		/* room for 768 at a time */
		assert_in_range(measured(64 * 1024), 2, 8);
	}
}

static void test_none(void **state)
{
	CLEANUP(shares_freep) struct shares *shares = shares_new(1, 0);

	(void)state;
	assert_true(shares_pass(shares));
	assert_true(shares_link(shares, 0, 5));
	shares_inode(shares, 0, 5, 1, 1024);
	assert_false(shares_pass(shares));
	assert_int_equal(shares_sum(shares, 0).alone, 1024);
	assert_int_equal(shares_total(shares), 1024);
	shares_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_none),
	};

	return cmocka_run_group_tests_name("shares", tests, make, done);
}
