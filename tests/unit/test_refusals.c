/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "scratch.h"

#include <errno.h>

#include "sys/refusals.h"

struct said {
	unsigned times;
	int code;
	char attribute[REFUSALS_NAME];
};

static void hear(void *ctx, const char *attribute, int code)
{
	struct said *said = ctx;

	said->times++;
	said->code = code;
	snprintf(said->attribute, sizeof(said->attribute), "%s", attribute);
}

static void test_tried(void **state)
{
	struct said said = {0};
	struct refusals refusals;

	(void)state;
	scratch_write(scratch_fd(), "f", "x");
	refusals_init(&refusals, hear, &said);
	refusals.fd = openat(scratch_fd(), "f", O_RDWR | O_CLOEXEC);
	refusals.write = true;
	assert_true(refusals_has(&refusals, "nowhere.known", "1", 1));
	assert_true(refusals_has(&refusals, "nowhere.known", "2", 1));
	assert_int_equal(said.times, 1);
	assert_int_equal(said.code, -EOPNOTSUPP);
	assert_string_equal(said.attribute, "nowhere.known");

	/* too large for any: this file's own trouble, and the next one's, too */
	static char value[100000];
	assert_false(refusals_has(&refusals, "user.large", value, sizeof(value)));
	assert_false(refusals_learn(&refusals, "user.large", -E2BIG));
	assert_false(refusals_learn(&refusals, "user.large", -EOPNOTSUPP));
	assert_int_equal(said.times, 1);
	refusals_release(&refusals);
}

static void test_learnt(void **state)
{
	struct said said = {0};
	struct refusals refusals;

	(void)state;
	refusals_init(&refusals, hear, &said);
	assert_false(refusals_has(&refusals, "security.a", "1", 1));
	assert_false(refusals_learn(&refusals, "security.a", -EIO));
	assert_false(refusals_has(&refusals, "security.a", "1", 1));
	assert_true(refusals_learn(&refusals, "security.a", -EPERM));
	assert_true(refusals_learn(&refusals, "security.a", -EPERM));
	assert_true(refusals_has(&refusals, "security.a", "1", 1));
	assert_false(refusals_has(&refusals, "security.capability", "1", 1));
	assert_false(refusals_learn(&refusals, "security.capability", -EPERM));
	assert_true(refusals_learn(&refusals, "security.capability", -EOPNOTSUPP));
	assert_int_equal(said.times, 2);
	refusals_release(&refusals);
}

static void test_full(void **state)
{
	struct said said = {0};
	struct refusals refusals;
	char name[16];

	(void)state;
	refusals_init(&refusals, hear, &said);
	for (unsigned i = 0; i < REFUSALS_MAX; i++) {
		snprintf(name, sizeof(name), "trusted.%u", i);
		assert_false(refusals_has(&refusals, name, "", 0));
	}
	assert_false(refusals_has(&refusals, "trusted.more", "", 0));
	assert_false(refusals_learn(&refusals, "trusted.more", -EPERM));
	assert_true(refusals_learn(&refusals, name, -EPERM));
	assert_true(refusals_has(&refusals, name, "", 0));
	refusals_release(&refusals);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_tried),
		TEST(test_learnt),
		TEST(test_full),
	};

	return cmocka_run_group_tests_name("refusals", tests, NULL, NULL);
}
