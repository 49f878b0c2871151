/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "scratch.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <pthread.h>
#include <stdatomic.h>

#include "base/alloc.h"
#include "engine/links.h"

enum {
	FILES = 20000,
	LONG = 250,
};

static struct file_id id_of(unsigned i)
{
	/* of each inode there are two, by device, and of that two, by birth */
	return (struct file_id){
		.dev = 1 + i / 2 % 2 * 300, .ino = 1000 + i / 4, .birth = i % 2};
}

/* Short ones, long ones, and those in between. */
static const char *name_of(unsigned i)
{
	static char name[300];
	const int width[] = {1, 19, 20, LONG};

	snprintf(name, sizeof(name), "%0*u", width[i % 4], i);
	return name;
}

static void expect_mine(struct links *links, unsigned i, uint64_t nlink)
{
	assert_int_equal(links_claim(links, id_of(i), nlink, NULL, NULL), LINKS_MINE);
}

static void expect_there(struct links *links, unsigned i, const struct place *where,
			 const char *name)
{
	struct place *place = NULL;
	CLEANUP(freep) char *there = NULL;

	assert_int_equal(links_claim(links, id_of(i), 0, &place, &there), LINKS_THERE);
	assert_ptr_equal(place, where);
	assert_string_equal(there, name);
	place_drop(place);
}

/* Bytes; 0 where nobody tells. */
static size_t in_use(void)
{
#ifdef __GLIBC__
	const struct mallinfo2 now = mallinfo2();

	return now.uordblks + now.hblkhd;
#else
	return 0;
#endif
}

/* More than one bucket, chunk and part of the file; what is forgotten is used again. */
static void test_many(void **state)
{
	struct place *top = place_new(NULL, ""), *dir = place_new(top, "dir");
	struct links *links = links_new();
	size_t before = 0;

	(void)state;
	for (int round = 0; round < 4; round++) {
		for (unsigned i = 0; i < FILES; i++) {
			expect_mine(links, i, 3);
			links_put(links, id_of(i), i % 3 ? dir : top, name_of(i));
		}
		for (unsigned i = 0; i < FILES; i++)
			expect_there(links, i, i % 3 ? dir : top, name_of(i));
		for (unsigned i = FILES; i-- > 0;)
			expect_there(links, i, i % 3 ? dir : top, name_of(i));
		if (round == 0)
			before = in_use();
		else
			assert_in_range(in_use(), 0, before + 64);
	}
	links_free(links);
	place_drop(dir);
	place_drop(top);
}

static void test_fail_and_move(void **state)
{
	struct place *top = place_new(NULL, "");
	struct links *links = links_new();

	(void)state;
	expect_mine(links, 0, 3);
	links_fail(links, id_of(0), true); /* put off: it comes again */
	expect_mine(links, 0, 3);
	links_put(links, id_of(0), top, "short");
	links_move(links, id_of(0), top, name_of(LONG * 4 + 3));
	expect_there(links, 0, top, name_of(LONG * 4 + 3));
	links_move(links, id_of(0), top, "again");
	expect_there(links, 0, top, "again");
	links_move(links, id_of(0), top, "forgotten already");

	expect_mine(links, 1, 2);
	links_fail(links, id_of(1), false);
	expect_mine(links, 1, 2);
	links_fail(links, id_of(1), false); /* and forgotten */
	expect_mine(links, 1, 2);
	links_put(links, id_of(1), top, "new");
	expect_there(links, 1, top, "new");

	expect_mine(links, 2, UINT64_C(1) << 32); /* more than there can be */
	links_put(links, id_of(2), top, "many");
	for (int i = 0; i < 3; i++)
		expect_there(links, 2, top, "many");
	links_free(links);
	place_drop(top);
}

struct shared {
	struct links *links;
	struct place *top;
	atomic_uint mine;
};

static void *claim_all(void *arg)
{
	struct shared *shared = arg;

	for (unsigned i = 0; i < FILES; i++) {
		struct place *place = NULL;
		CLEANUP(freep) char *name = NULL;

		if (links_claim(shared->links, id_of(i), 5, &place, &name) ==
		    LINKS_MINE) {
			shared->mine++;
			links_put(shared->links, id_of(i), shared->top, "x");
		}
		place_drop(place);
	}
	return NULL;
}

/* Of those who come at the same time one has it, and the others wait for that one. */
static void test_threads(void **state)
{
	struct shared shared = {.links = links_new(), .top = place_new(NULL, "")};
	pthread_t threads[4];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, claim_all, &shared),
				 0);
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(shared.mine, FILES);
	links_free(shared.links);
	place_drop(shared.top);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_fail_and_move),
		cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests_name("links", tests, NULL, NULL);
}
