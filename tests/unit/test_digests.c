/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "scratch.h"

#include "sys/digests.h"

enum { FILES = 20000 };

static const uint8_t *digest_of(unsigned i)
{
	static uint8_t digest[SHA256_LEN];

	snprintf((char *)digest, sizeof(digest), "%031u", i);
	return digest;
}

/* They share the bits that a hash table may look at first. */
static ino_t ino_of(unsigned i)
{
	return i % 2 ? 1 + i : (ino_t)i << 40 | 7;
}

static void expect(const struct digests *digests, ino_t ino, enum digest_kind kind,
		   unsigned i)
{
	const uint8_t *digest = NULL;

	assert_int_equal(digests_find(digests, ino, &digest), kind);
	if (kind == DIGEST_KNOWN)
		assert_memory_equal(digest, digest_of(i), SHA256_LEN);
}

static void test_many(void **state)
{
	struct digests *digests = digests_new();

	(void)state;
	for (unsigned i = 0; i < FILES; i++)
		assert_int_equal(digests_add(digests, ino_of(i), digest_of(i)), 0);
	for (unsigned i = 0; i < FILES; i++)
		expect(digests, ino_of(i), DIGEST_KNOWN, i);
	for (unsigned i = FILES; i < 2 * FILES; i++)
		expect(digests, ino_of(i), DIGEST_UNKNOWN, 0);
	digests_free(digests);
}

static void test_nothing_is_known(void **state)
{
	struct digests *digests = digests_new();

	(void)state;
	expect(NULL, 1, DIGEST_UNKNOWN, 0);
	expect(digests, 1, DIGEST_UNKNOWN, 0);
	assert_int_equal(digests_add(digests, 0, digest_of(1)), 0);
	expect(digests, 0, DIGEST_UNKNOWN, 0);
	digests_free(digests);
	digests_free(NULL);
}

static void test_spoilt(void **state)
{
	struct digests *digests = digests_new();

	(void)state;
	/* two names of a file */
	digests_add(digests, 1, digest_of(1));
	digests_add(digests, 1, digest_of(1));
	expect(digests, 1, DIGEST_KNOWN, 1);
	/* of which one should be another */
	digests_add(digests, 1, digest_of(2));
	expect(digests, 1, DIGEST_SPOILT, 0);
	/* damaged, whatever comes then, and what came before */
	digests_add(digests, 2, NULL);
	digests_add(digests, 2, digest_of(2));
	expect(digests, 2, DIGEST_SPOILT, 0);
	digests_add(digests, 3, digest_of(3));
	digests_add(digests, 3, NULL);
	expect(digests, 3, DIGEST_SPOILT, 0);
	/* also after the table has grown */
	for (unsigned i = 10; i < FILES; i++)
		digests_add(digests, i, digest_of(i));
	expect(digests, 2, DIGEST_SPOILT, 0);
	expect(digests, 3, DIGEST_SPOILT, 0);
	digests_free(digests);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_nothing_is_known),
		cmocka_unit_test(test_spoilt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
