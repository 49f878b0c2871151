/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/* Text for people: human (cases/human.txt), suggest (cases/suggestions.txt), error, headtail. */
#include "cases.h"

#include <errno.h>

#include "base/error.h"
#include "base/headtail.h"
#include "base/human.h"
#include "base/strbuf.h"
#include "base/suggest.h"

static void test_human(void **state)
{
	CLEANUP(cases_close) struct cases cases = cases_open("human.txt");
	char *col[3], buf[HUMAN_MAX];

	(void)state;
	while (cases_next(&cases)) {
		cases_columns(&cases, col, 3);
		const char *got = strcmp(col[0], "bytes") == 0
					  ? human_bytes(strtoull(col[1], NULL, 10), buf)
				  : strcmp(col[0], "seconds") == 0
					  ? human_duration(strtod(col[1], NULL), buf)
					  : human_count(strtoull(col[1], NULL, 10), buf);
		if (got != buf || strcmp(got, col[2]) != 0)
			cases_wrong(&cases, "is %s", got);
	}
	cases_end(&cases);
}

static void test_noun(void **state)
{
	(void)state;
	assert_string_equal(human_noun(0, "file", "files"), "files");
	assert_string_equal(human_noun(1, "file", "files"), "file");
	assert_string_equal(human_noun(2, "file", "files"), "files");
}

static void test_suggestions(void **state)
{
	static const char *const words[] = {"run",     "list", "prune", "config",
					    "version", "help", NULL};
	static const char *const nothing[] = {NULL};
	CLEANUP(cases_close) struct cases cases = cases_open("suggestions.txt");
	char *col[2], endless[300];

	(void)state;
	while (cases_next(&cases)) {
		cases_columns(&cases, col, 2);
		cases_text(col[0]);
		const char *got = suggest_nearest(col[0], words);
		if (strcmp(got ? got : "-", col[1]) != 0)
			cases_wrong(&cases, "is %s", got ? got : "-");
	}
	cases_end(&cases);
	memset(endless, 'x', sizeof(endless));
	endless[sizeof(endless) - 1] = '\0';
	assert_null(suggest_nearest(endless, words));
	assert_null(suggest_nearest("run", nothing));
	assert_null(suggest_nearest("run", (const char *const[]){endless, NULL}));
	endless[64] = '\0';
	assert_string_equal(
		suggest_nearest(endless, (const char *const[]){endless, NULL}), endless);
}

static void test_error(void **state)
{
	struct error err = {0};

	(void)state;
	errno = EAGAIN;
	assert_int_equal(error_set(&err, -ENOENT, "open '%s'", "x"), -ENOENT);
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(err.code, -ENOENT);
	assert_string_equal(err.msg, "open 'x': No such file or directory");
	assert_int_equal(error_prefix(&err, -EIO, "run %d", 3), -EIO);
	assert_int_equal(err.code, -EIO);
	assert_string_equal(err.msg, "run 3: open 'x': No such file or directory");
	assert_int_equal(error_say(&err, -EINVAL, "100%% %s", "wrong"), -EINVAL);
	assert_string_equal(err.msg, "100% wrong");

	assert_int_equal(error_set(NULL, -ENOENT, "x"), -ENOENT);
	assert_int_equal(error_say(NULL, -ENOENT, "x"), -ENOENT);
	assert_int_equal(error_prefix(NULL, -ENOENT, "x"), -ENOENT);
}

static void test_error_too_long(void **state)
{
	char text[3000];
	struct error err = {0};

	(void)state;
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	error_set(&err, -ENOENT, "%s", text);
	assert_int_equal(strlen(err.msg), sizeof(err.msg) - 1);
	error_prefix(&err, -ENOENT, "before");
	assert_int_equal(strlen(err.msg), sizeof(err.msg) - 1);
	assert_memory_equal(err.msg, "before: xxx", 11);
	error_prefix(&err, -ENOENT, "%s", text);
	assert_int_equal(strlen(err.msg), sizeof(err.msg) - 1);
	error_say(&err, -ENOENT, "%s", text);
	assert_int_equal(strlen(err.msg), sizeof(err.msg) - 1);
	/* a message may be given to make the next one */
	error_say(&err, -ENOENT, "short");
	error_prefix(&err, -ENOENT, "a");
	error_prefix(&err, -ENOENT, "b");
	assert_string_equal(err.msg, "b: a: short");
}

/* Adds the text in pieces of `step` bytes and compares what is kept. */
static void keeps(size_t head, size_t tail, size_t step, const char *text,
		  const char *kept)
{
	CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT;
	struct headtail ht;
	size_t len = strlen(text);

	headtail_init(&ht, head, tail);
	for (size_t at = 0; at < len; at += step)
		headtail_add(&ht, text + at, len - at < step ? len - at : step);
	headtail_text(&ht, &out);
	headtail_release(&ht);
	assert_string_equal(out.buf, kept);
}

static void test_headtail(void **state)
{
	static const size_t steps[] = {1, 2, 3, 5, 7, 100};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		size_t s = steps[i];
		keeps(10, 10, s, "", "");
		keeps(10, 10, s, "a\nb\n", "a\nb\n");
		keeps(4, 4, s, "1\n2\n3\n4\n", "1\n2\n3\n4\n");
		keeps(5, 5, s, "11\n22\n33\n4", "11\n22\n33\n4");
		/* cut to whole lines: "11" and "66" stay */
		keeps(4, 4, s, "11\n22\n33\n44\n55\n66\n",
		      "11\n[... 12 bytes left out ...]\n66\n");
		/* one endless line */
		keeps(3, 3, s, "abcdefghij", "abc\n[... 4 bytes left out ...]\nhij");
		keeps(0, 4, s, "abcdefgh", "\n[... 4 bytes left out ...]\nefgh");
		keeps(4, 0, s, "abcdefgh", "abcd\n[... 4 bytes left out ...]\n");
		keeps(0, 0, s, "abc", "\n[... 3 bytes left out ...]\n");
	}
}

/* However much comes, no more is kept than was promised, and the ends are right. */
static void test_headtail_long(void **state)
{
	CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT;
	struct headtail ht;
	char line[32];

	(void)state;
	headtail_init(&ht, 100, 300);
	for (int i = 0; i < 100000; i++) {
		int n = snprintf(line, sizeof(line), "line %d\n", i);
		headtail_add(&ht, line, (size_t)n);
	}
	headtail_text(&ht, &out);
	assert_true(out.len > 300 && out.len < 500);
	assert_memory_equal(out.buf, "line 0\nline 1\n", 14);
	assert_string_equal(out.buf + out.len - 22, "line 99998\nline 99999\n");
	assert_non_null(strstr(out.buf, "\n[... 1"));
	headtail_release(&ht);
	headtail_release(&ht);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_human),	       cmocka_unit_test(test_noun),
		cmocka_unit_test(test_suggestions),    cmocka_unit_test(test_error),
		cmocka_unit_test(test_error_too_long), cmocka_unit_test(test_headtail),
		cmocka_unit_test(test_headtail_long),
	};

	return cmocka_run_group_tests_name("words", tests, NULL, NULL);
}
