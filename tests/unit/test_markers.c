/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/* Rules for directories that say themselves that they are not worth keeping. */
#include "scratch.h"

#include <errno.h>

#include "engine/markers.h"

static const char tag[] = "Signature: 8a477f597d28d172789f06886806bc55\n# a cache\n";

static void find(const char *if_present, bool caches, struct strvec *rules)
{
	CLEANUP(strvec_release) struct strvec none = STRVEC_INIT;
	const struct engine_job job = {
		.source = scratch_path(),
		.bases = &none,
		.patterns = &none,
		.exclude_caches = caches,
		.exclude_if_present = if_present,
	};

	assert_int_equal(markers_find(&job, rules, NULL), 0);
}

static void assert_rules(const struct strvec *rules, const char *const *wanted, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!strvec_has(rules, wanted[i]))
			fail_msg("no rule %s", wanted[i]);
	assert_int_equal(rules->n, n);
}

static int make(const char *dir, const char *file, const char *text)
{
	int fd = scratch_mkdir(scratch_fd(), dir);

	scratch_write(fd, file, text);
	return fd;
}

static void test_caches(void **state)
{
	static const char *const wanted[] = {"+ /cache/CACHEDIR.TAG", "- /cache/*"};
	CLEANUP(strvec_release) struct strvec rules = STRVEC_INIT, off = STRVEC_INIT;
	CLEANUP(closep) int cache = make("cache", "CACHEDIR.TAG", tag);

	(void)state;
	/* what is below a marked directory is not looked at */
	CLEANUP(closep) int below = scratch_mkdir(cache, "below");
	scratch_write(below, "CACHEDIR.TAG", tag);
	/* none of these has the signature */
	close(make("short", "CACHEDIR.TAG",
		   "Signature: 8a477f597d28d172789f06886806bc5"));
	close(make("wrong", "CACHEDIR.TAG",
		   "Signature: 8a477f597d28d172789f06886806bc56"));
	close(make("late", "CACHEDIR.TAG",
		   "\nSignature: 8a477f597d28d172789f06886806bc55"));
	close(make("empty", "CACHEDIR.TAG", ""));
	close(make("case", "cachedir.tag", tag));
	CLEANUP(closep) int dir = scratch_mkdir(scratch_fd(), "dir");
	close(scratch_mkdir(dir, "CACHEDIR.TAG"));
	CLEANUP(closep) int link = scratch_mkdir(scratch_fd(), "link");
	assert_int_equal(symlinkat("../cache/CACHEDIR.TAG", link, "CACHEDIR.TAG"), 0);
	CLEANUP(closep) int fifo = scratch_mkdir(scratch_fd(), "fifo");
	assert_int_equal(mkfifoat(fifo, "CACHEDIR.TAG", 0600), 0);
	scratch_alarm(10);
	find("", true, &rules);
	scratch_alarm(0);
	assert_rules(&rules, wanted, ARRAY_SIZE(wanted));
	find("", false, &off);
	assert_int_equal(off.n, 0);
}

static void test_if_present(void **state)
{
	static const char *const wanted[] = {"+ /a/.nobackup", "- /a/*",
					     "+ /b/.nobackup", "- /b/*",
					     "+ /c/.nobackup", "- /c/*"};
	CLEANUP(strvec_release) struct strvec rules = STRVEC_INIT;
	CLEANUP(closep) int b = scratch_mkdir(scratch_fd(), "b");
	CLEANUP(closep) int c = scratch_mkdir(scratch_fd(), "c");

	(void)state;
	close(make("a", ".nobackup", ""));
	assert_int_equal(symlinkat("nowhere", b, ".nobackup"), 0);
	close(scratch_mkdir(c, ".nobackup"));
	close(make("d", ".nobackup2", ""));
	close(make("e", "CACHEDIR.TAG", tag));
	find(".nobackup", false, &rules);
	assert_rules(&rules, wanted, ARRAY_SIZE(wanted));
}

static void test_the_top(void **state)
{
	static const char *const wanted[] = {"+ /CACHEDIR.TAG", "- /*"};
	CLEANUP(strvec_release) struct strvec rules = STRVEC_INIT;

	(void)state;
	scratch_write(scratch_fd(), "CACHEDIR.TAG", tag);
	find("", true, &rules);
	assert_rules(&rules, wanted, ARRAY_SIZE(wanted));
	assert_string_equal(rules.v[0], wanted[0]); /* the first match wins */
}

/* Names that rsync would take for patterns. */
static void test_odd_names(void **state)
{
	static const char *const wanted[] = {
		"+ /a\\*b/x", "- /a\\*b/*", "+ /q\\?/x", "- /q\\?/*",
		"+ /\\[z]/x", "- /\\[z]/*", "+ /b\\s/x", "- /b\\\\s/*",
		"+ /n\nl/x",  "- /n\nl/*",  "+ /\xff/x", "- /\xff/*",
	};
	CLEANUP(strvec_release) struct strvec rules = STRVEC_INIT;

	(void)state;
	close(make("a*b", "x", ""));
	close(make("q?", "x", ""));
	close(make("b\\s", "x", ""));
	close(make("n\nl", "x", ""));
	close(make("\xff", "x", ""));
	close(make("[z]", "x", ""));
	find("x", false, &rules);
	assert_rules(&rules, wanted, ARRAY_SIZE(wanted));
}

static void test_no_source(void **state)
{
	CLEANUP(strvec_release) struct strvec rules = STRVEC_INIT;
	const struct engine_job job = {.source = "/no/such/place",
				       .exclude_caches = true,
				       .exclude_if_present = ""};
	struct error err = {.msg = ""};

	(void)state;
	assert_int_equal(markers_find(&job, &rules, &err), -ENOENT);
	assert_non_null(strstr(err.msg, "'/no/such/place'"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_caches),    TEST(test_if_present), TEST(test_the_top),
		TEST(test_odd_names), TEST(test_no_source),
	};

	return cmocka_run_group_tests_name("markers", tests, NULL, NULL);
}
