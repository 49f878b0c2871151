/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/* What one plan says: cases/retention.txt. */
#include "retention_rules.h"

enum { ITEMS_MAX = 64, WORDS_MAX = 64 };

struct row {
	int line;
	char id[SNAPSHOT_NAME_MAX];
	bool removed;
	enum snapshot_tier target;
	char reason[80]; /* "": any */
};

struct plan_case {
	struct retention_policy policy;
	int64_t now;
	struct retention_item items[ITEMS_MAX];
	struct row rows[ITEMS_MAX];
	size_t n;
};

static void clear(struct plan_case *pc)
{
	*pc = (struct plan_case){0};
	rules_zone("UTC0");
}

/* Compares each row with the plan made of all. */
static void check(struct cases *cases, struct plan_case *pc)
{
	struct retention_plan plan;
	const char *id;
	int last = cases->number;

	retention_plan(pc->items, pc->n, &pc->policy, pc->now, &plan);
	for (size_t i = 0; i < pc->n; i++) {
		const struct retention_item *item = &pc->items[i];
		const struct row *row = &pc->rows[i];
		cases->number = row->line;
		if (item->remove != row->removed ||
		    (!row->removed && item->target != row->target) ||
		    !rules_starts(item->reason, row->reason))
			cases_wrong(cases, "%s/%s: %s, because: %s",
				    snapshot_tier_name(item->tier), item->id,
				    item->remove ? "removed"
						 : snapshot_tier_name(item->target),
				    item->reason);
	}
	const char *why =
		rules_broken(pc->items, pc->n, &pc->policy, pc->now, &plan, &id);
	if (why)
		cases_wrong(cases, "breaks a rule: %s %s", id, why);
	size_t left = rules_carry_out(pc->items, pc->n);
	retention_plan(pc->items, left, &pc->policy, pc->now, &plan);
	if (plan.removals + plan.moves > 0)
		cases_wrong(cases, "a second plan finds something to do");
	cases->number = last;
}

/* "daily 2026-11-23_03-00 complete daily newest of 2026-11-23" */
static bool read_item(struct plan_case *pc, char **words, size_t n, int line)
{
	struct retention_item *item = &pc->items[pc->n];
	struct row *row = &pc->rows[pc->n];

	if (pc->n == ITEMS_MAX || n < 4 || !rules_tier(words[0], &item->tier) ||
	    !rules_time(words[1], &item->time))
		return false;
	char *comma = strchr(words[2], ',');
	if (comma) {
		*comma = '\0';
		item->protect = strcmp(comma + 1, "in-use") == 0;
		item->pinned = strcmp(comma + 1, "pinned") == 0;
	}
	item->status = snapshot_status_parse(words[2]);
	row->line = line;
	row->removed = strcmp(words[3], "removed") == 0;
	if (!row->removed && !rules_tier(words[3], &row->target))
		return false;
	for (size_t i = 4; i < n; i++)
		snprintf(row->reason + strlen(row->reason),
			 sizeof(row->reason) - strlen(row->reason), "%s%s",
			 i > 4 ? " " : "", words[i]);
	snprintf(row->id, sizeof(row->id), "%s", words[1]);
	item->id = row->id;
	pc->n++;
	return true;
}

static void test_table(void **state)
{
	CLEANUP(cases_close) struct cases cases = cases_open("retention.txt");
	static struct plan_case pc;
	char *words[WORDS_MAX] = {(char[]){""}};
	struct instant now = {0};

	(void)state;
	clear(&pc);
	while (cases_next(&cases)) {
		size_t n = cases_words(cases.line, words, WORDS_MAX);
		bool ok = true;
		if (strcmp(words[0], "case") == 0) {
			check(&cases, &pc);
			clear(&pc);
		} else if (strcmp(words[0], "policy") == 0) {
			ok = rules_policy(words + 1, n - 1, &pc.policy);
		} else if (strcmp(words[0], "zone") == 0 && n == 2) {
			rules_zone(words[1]);
		} else if (strcmp(words[0], "now") == 0 && n == 2) {
			ok = rules_time(words[1], &now);
			pc.now = now.epoch;
		} else {
			ok = read_item(&pc, words, n, cases.number);
		}
		if (!ok)
			cases_wrong(&cases, "cannot be understood");
	}
	check(&cases, &pc);
	clear(&pc);
	cases_end(&cases);
}

static void test_nothing(void **state)
{
	const struct retention_policy policies[] = {{7, 4, 6, 86400}, {0, 0, 0, 0}};
	struct retention_plan plan;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(policies); i++) {
		plan = (struct retention_plan){true, 9, 9, 9};
		retention_plan(NULL, 0, &policies[i], 0, &plan);
		assert_false(plan.clock_behind);
		assert_int_equal(plan.future + plan.removals + plan.moves, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_nothing),
	};

	return cmocka_run_group_tests_name("retention", tests, NULL, NULL);
}
