/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "model/retention.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

struct planner {
	struct retention_item **sorted; /* newest first */
	size_t n;
	bool *kept; /* by place in `sorted` */
	const struct retention_policy *policy;
	int64_t now;
	int64_t oldest_daily; /* of those kept for their day; INT64_MAX: there is none */
};

static int newest_first(const void *a, const void *b)
{
	const struct retention_item *x = *(struct retention_item *const *)a;
	const struct retention_item *y = *(struct retention_item *const *)b;

	if (x->time.epoch != y->time.epoch)
		return x->time.epoch < y->time.epoch ? 1 : -1;
	int r = strverscmp(y->id, x->id); /* of one second ".10" is later than ".2" */
	return r ? r : (int)x->tier - (int)y->tier;
}

static int64_t day_of(const struct retention_item *item)
{
	return civil_day_of(item->time.epoch, item->time.offset);
}

/* The day, week or month an item falls in, as a number that grows with time. */
static int64_t period_of(const struct retention_item *item, enum snapshot_tier tier)
{
	int64_t day = day_of(item);
	struct civil c = civil_from_epoch(day * 86400, 0);

	switch (tier) {
	case SNAPSHOT_WEEKLY:
		return civil_week_start(day);
	case SNAPSHOT_MONTHLY:
		return (int64_t)c.year * 12 + c.month;
	case SNAPSHOT_DAILY:
	case SNAPSHOT_TIERS:
		break;
	}
	return day;
}

static void say_period(struct retention_item *item, enum snapshot_tier tier)
{
	int64_t day = day_of(item);
	struct civil c = civil_from_epoch(day * 86400, 0);
	int year, week;

	switch (tier) {
	case SNAPSHOT_DAILY:
		snprintf(item->reason, sizeof(item->reason), "newest of %04d-%02d-%02d",
			 c.year, c.month, c.day);
		break;
	case SNAPSHOT_WEEKLY:
		civil_iso_week(day, &year, &week);
		snprintf(item->reason, sizeof(item->reason), "newest of week %04d-W%02d",
			 year, week);
		break;
	case SNAPSHOT_MONTHLY:
		snprintf(item->reason, sizeof(item->reason), "newest of month %04d-%02d",
			 c.year, c.month);
		break;
	case SNAPSHOT_TIERS:
		break;
	}
}

static void keep(struct planner *p, size_t at, enum snapshot_tier tier, const char *why)
{
	struct retention_item *item = p->sorted[at];

	p->kept[at] = true;
	item->remove = false;
	item->target = tier;
	if (why)
		snprintf(item->reason, sizeof(item->reason), "%s", why);
	else
		say_period(item, tier);
}

static bool is_future(const struct planner *p, const struct retention_item *item)
{
	return item->time.epoch > p->now;
}

static bool counts(const struct planner *p, const struct retention_item *item)
{
	return item->status == SNAPSHOT_COMPLETE && !item->pinned && !is_future(p, item);
}

static bool among(const int64_t *periods, size_t n, int64_t period)
{
	while (n-- > 0)
		if (periods[n] == period)
			return true;
	return false;
}

/* The shell scripts put trees of one name into several tiers; they stand together. */
static bool are_twins(const struct planner *p, size_t a, size_t b)
{
	return strcmp(p->sorted[a]->id, p->sorted[b]->id) == 0;
}

/* Of the twins, of which sorted[at] is the first, the one that is in the tier already. */
static size_t twin_in_tier(const struct planner *p, size_t at, enum snapshot_tier tier)
{
	for (size_t i = at; i < p->n && are_twins(p, i, at); i++)
		if (!p->kept[i] && counts(p, p->sorted[i]) && p->sorted[i]->tier == tier)
			return i;
	return at;
}

/* Whether a twin stays in the tier, so that there is no room for another. */
static bool place_taken(const struct planner *p, size_t at, enum snapshot_tier tier)
{
	size_t first = at;

	while (first > 0 && are_twins(p, first - 1, at))
		first--;
	for (size_t i = first; i < p->n && are_twins(p, i, at); i++)
		if (p->kept[i] && p->sorted[i]->target == tier)
			return true;
	return false;
}

static void keep_pinned(struct planner *p)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->sorted[i]->pinned)
			keep(p, i, p->sorted[i]->tier, "pinned");
}

/* Keeps the newest of each of the last `count` periods among what is not kept yet. */
static void keep_periods(struct planner *p, enum snapshot_tier tier, uint64_t count)
{
	CLEANUP(freep) int64_t *periods = xcalloc(p->n, sizeof(*periods));

	for (size_t i = 0, found = 0; i < p->n && found < count; i++) {
		if (p->kept[i] || !counts(p, p->sorted[i]) || place_taken(p, i, tier))
			continue;
		int64_t period = period_of(p->sorted[i], tier);
		if (among(periods, found, period))
			continue;
		keep(p, twin_in_tier(p, i, tier), tier, NULL);
		periods[found++] = period;
		if (tier == SNAPSHOT_DAILY)
			p->oldest_daily = p->sorted[i]->time.epoch;
	}
}

/* What stays where it is for another reason than its day. */
static void keep_special(struct planner *p)
{
	bool newest = true;

	for (size_t i = 0; i < p->n; i++) {
		struct retention_item *item = p->sorted[i];
		bool is_newest_good = newest && counts(p, item);

		newest = newest && !is_newest_good;
		if (p->kept[i])
			continue;
		if (is_newest_good) {
			keep(p, i, item->tier, "newest good snapshot");
			p->oldest_daily = item->time.epoch;
		} else if (is_future(p, item)) {
			keep(p, i, item->tier, "dated in the future, not counted");
		} else if (item->status == SNAPSHOT_UNKNOWN) {
			keep(p, i, item->tier, "its record cannot be read, not counted");
		} else if (p->now - item->time.epoch < p->policy->keep_within) {
			keep(p, i, item->tier, "younger than KEEP_WITHIN");
		} else if (item->protect) {
			keep(p, i, item->tier, "in use");
		}
	}
}

/* Partial and shrunk ones stay until every one that is kept for its day is newer. */
static void keep_uncounted(struct planner *p)
{
	for (size_t i = 0; i < p->n; i++) {
		struct retention_item *item = p->sorted[i];

		if (p->kept[i] || item->status == SNAPSHOT_COMPLETE)
			continue;
		if (p->oldest_daily == INT64_MAX)
			keep(p, i, item->tier, "there is no good snapshot");
		else if (item->time.epoch >= p->oldest_daily)
			keep(p, i, item->tier,
			     item->status == SNAPSHOT_PARTIAL ? "partial, not counted"
							      : "shrunk, not counted");
	}
}

void retention_plan(struct retention_item *items, size_t n,
		    const struct retention_policy *policy, int64_t now,
		    struct retention_plan *ret_plan)
{
	CLEANUP(freep)
	struct retention_item **sorted = xcalloc(n, sizeof(struct retention_item *));
	CLEANUP(freep) bool *kept = xcalloc(n, sizeof(bool));
	struct planner p = {.sorted = sorted,
			    .n = n,
			    .kept = kept,
			    .policy = policy,
			    .now = now,
			    .oldest_daily = INT64_MAX};
	struct retention_plan plan = {0};

	for (size_t i = 0; i < n; i++) {
		sorted[i] = &items[i];
		items[i].remove = true;
		items[i].target = items[i].tier;
		snprintf(items[i].reason, sizeof(items[i].reason),
			 "beyond the counts of days, weeks and months");
		plan.future += is_future(&p, &items[i]);
	}
	qsort(sorted, n, sizeof(*sorted), newest_first);
	plan.clock_behind = plan.future > 0;

	keep_pinned(&p);
	keep_periods(&p, SNAPSHOT_DAILY, policy->daily);
	keep_special(&p);
	keep_periods(&p, SNAPSHOT_WEEKLY, policy->weekly);
	keep_periods(&p, SNAPSHOT_MONTHLY, policy->monthly);
	keep_uncounted(&p);

	for (size_t i = 0; i < n; i++) {
		struct retention_item *item = &items[i];
		if (item->remove && plan.clock_behind) {
			item->remove = false;
			item->target = item->tier;
			snprintf(item->reason, sizeof(item->reason),
				 "kept: a snapshot is dated later than now");
		}
		plan.removals += item->remove;
		plan.moves += !item->remove && item->target != item->tier;
	}
	*ret_plan = plan;
}
