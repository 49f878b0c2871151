/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/* rsync's patterns: cases/patterns.txt. */
#include "cases.h"

#include <errno.h>

#include "model/pattern.h"

static void split_rules(char *text, struct strvec *rules)
{
	for (char *rule = text, *next; rule; rule = next) {
		next = strstr(rule, "; ");
		if (next) {
			*next = '\0';
			next += 2;
		}
		strvec_push(rules, rule);
	}
}

static void test_patterns(void **state)
{
	CLEANUP(cases_close) struct cases cases = cases_open("patterns.txt");
	char *col[3];

	(void)state;
	while (cases_next(&cases)) {
		CLEANUP(strvec_release) struct strvec rules = STRVEC_INIT;
		CLEANUP(patterns_freep) struct patterns *patterns = NULL;
		cases_columns(&cases, col, 3);
		cases_text(col[0]);
		cases_text(col[1]);
		split_rules(col[0], &rules);
		assert_int_equal(patterns_new(&rules, &patterns, NULL), 0);

		size_t len = strlen(col[1]);
		bool is_dir = col[1][len - 1] == '/';
		if (is_dir)
			col[1][len - 1] = '\0';
		char *slash = strrchr(col[1], '/');
		if (slash)
			*slash = '\0';
		bool out = patterns_exclude(patterns, slash ? col[1] : "",
					    slash ? slash + 1 : col[1], is_dir);
		if (out != (strcmp(col[2], "out") == 0))
			cases_wrong(&cases, "is %s", out ? "out" : "in");
	}
	cases_end(&cases);
}

static void test_paths(void **state)
{
	static const struct {
		const char *rule;
		bool need;
	} rows[] = {{"*.tmp", false}, {"cache/", false}, {"a/b", true},
		    {"/a", true},     {"a**", true},	 {"!", false}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		CLEANUP(strvec_release) struct strvec rules = STRVEC_INIT;
		CLEANUP(patterns_freep) struct patterns *patterns = NULL;
		strvec_push(&rules, rows[i].rule);
		assert_int_equal(patterns_new(&rules, &patterns, NULL), 0);
		assert_int_equal(patterns_need_paths(patterns), rows[i].need);
	}
}

static void test_refused(void **state)
{
	CLEANUP(strvec_release) struct strvec rules = STRVEC_INIT;
	struct patterns *patterns = NULL;
	struct error err;

	(void)state;
	strvec_push(&rules, "- ");
	assert_int_equal(patterns_new(&rules, &patterns, &err), -EINVAL);
	assert_string_equal(err.msg, "the exclude pattern '- ' is not one");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_patterns),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests_name("pattern", tests, NULL, NULL);
}
