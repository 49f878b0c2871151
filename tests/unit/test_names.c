/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "sys/names.h"

#include "scratch.h"

#include <limits.h>

/* Reads the scratch directory, which must come in order; returns how many there were. */
static size_t read_in_order(bool *ret_spilled)
{
	CLEANUP(names_release) struct names names = NAMES_INIT;
	CLEANUP(closep) int fd = -1;
	char last[NAME_MAX + 1] = "";
	const char *name = "";
	size_t n = 0;
	int r;

	assert_int_equal(fs_open_dir(scratch_fd(), ".", &fd, NULL), 0);
	assert_int_equal(names_read(&names, fd), 0);
	*ret_spilled = names.runs_n > 0;
	while ((r = names_next(&names, &name)) > 0) {
		assert_true(strcmp(last, name) < 0);
		snprintf(last, sizeof(last), "%s", name);
		n++;
	}
	assert_int_equal(r, 0);
	names_rewind(&names);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(names_next(&names, &name), 1);
	assert_string_equal(n > 0 ? name : "", last);
	assert_int_equal(names_next(&names, &name), 0);
	return n;
}

static void test_few(void **state)
{
	static const char *const files[] = {"b",    "a",  "-", "new\nline",
					    "\377", "aa", "B"};
	bool spilled;

	(void)state;
	assert_int_equal(read_in_order(&spilled), 0);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		scratch_write(scratch_fd(), files[i], "");
	assert_int_equal(read_in_order(&spilled), ARRAY_SIZE(files));
	assert_false(spilled);
}

/* More than are held in memory: long names, and each is there once. */
static void test_many(void **state)
{
	enum { N = 9000 };
	char name[256];
	bool spilled;

	(void)state;
	for (unsigned i = 0; i < N; i++) {
		snprintf(name, sizeof(name), "%08x%0*u", i * 2654435761U,
			 100 + (int)(i % 147), i);
		scratch_write(scratch_fd(), name, "");
	}
	assert_int_equal(read_in_order(&spilled), N);
	assert_true(spilled);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_few, scratch_setup,
						scratch_teardown),
		cmocka_unit_test_setup_teardown(test_many, scratch_setup,
						scratch_teardown),
	};

	return cmocka_run_group_tests_name("names", tests, NULL, NULL);
}
