/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * What must hold of every plan, said without saying how it is found; and the small things
 * that the tests of retention share.
 */
#pragma once

#include "cases.h"

#include <time.h>

#include "base/parse.h"
#include "base/strbuf.h"
#include "model/retention.h"
#include "sys/clock.h"

/* Why a snapshot has its place, from the reason's words. */
enum rules_class {
	RULES_DAY,
	RULES_WEEK,
	RULES_MONTH,
	RULES_CLASSES,
	RULES_SPECIAL = RULES_CLASSES,
	RULES_REMOVED,
};

static inline bool rules_starts(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

static inline enum rules_class rules_class_of(const struct retention_item *item)
{
	if (item->remove)
		return RULES_REMOVED;
	if (rules_starts(item->reason, "newest of week "))
		return RULES_WEEK;
	if (rules_starts(item->reason, "newest of month "))
		return RULES_MONTH;
	return rules_starts(item->reason, "newest of ") ? RULES_DAY : RULES_SPECIAL;
}

static inline bool rules_good(const struct retention_item *item, int64_t now)
{
	return item->status == SNAPSHOT_COMPLETE && !item->pinned &&
	       item->time.epoch <= now;
}

static inline long rules_period(const struct retention_item *item, enum rules_class class)
{
	struct civil c = civil_from_epoch(item->time.epoch, item->time.offset);
	int year, week;

	civil_iso_week(civil_days(c.year, c.month, c.day), &year, &week);
	if (class == RULES_WEEK)
		return year * 100L + week;
	return class == RULES_MONTH ? c.year * 100L + c.month
				    : (c.year * 100L + c.month) * 100L + c.day;
}

/*
 * Whether another good one of its period, or enough later periods, outrank it, or a twin
 * has its place.
 */
static inline bool rules_outranked(const struct retention_item *items, size_t n,
				   const struct retention_item *item,
				   enum rules_class class, uint64_t count)
{
	uint64_t later = 0;

	for (size_t i = 0; i < n; i++) {
		if (&items[i] != item && !items[i].remove &&
		    (int)items[i].target == (int)class &&
		    strcmp(items[i].id, item->id) == 0)
			return true;
		if (rules_class_of(&items[i]) != class ||
		    items[i].time.epoch < item->time.epoch)
			continue;
		if (rules_period(&items[i], class) == rules_period(item, class))
			return true;
		later++;
	}
	return later >= count;
}

/* What is wrong with one snapshot's plan; NULL: nothing. */
static inline const char *rules_of_one(const struct retention_item *items, size_t n,
				       const struct retention_item *item,
				       const struct retention_policy *policy, int64_t now)
{
	const uint64_t counts[] = {policy->daily, policy->weekly, policy->monthly};
	enum rules_class class = rules_class_of(item);
	bool good = rules_good(item, now);
	bool young = now - item->time.epoch < policy->keep_within;

	if (item->pinned && strcmp(item->reason, "pinned") != 0)
		return "is pinned, and that is not the reason";
	if (!item->reason[0])
		return "has no reason";
	if (item->remove && (item->protect || item->pinned || young ||
			     item->time.epoch > now || item->status == SNAPSHOT_UNKNOWN))
		return "must never be removed";
	if (!good &&
	    (class < RULES_CLASSES || (!item->remove && item->target != item->tier)))
		return "is counted or moved, and is no good one";
	if (class < RULES_CLASSES && (int)item->target != (int)class)
		return "is in another tier than its reason says";
	if (class == RULES_SPECIAL && item->target != item->tier)
		return "is moved without a reason";
	/* a good one that has no place was outranked at each that it could have had */
	for (int c = RULES_DAY; good && c < RULES_CLASSES && c < (int)class; c++)
		if (class != RULES_SPECIAL &&
		    !rules_outranked(items, n, item, (enum rules_class)c, counts[c]))
			return "should have had a better place";
	return NULL;
}

/* What is wrong with the sets; NULL: nothing. */
static inline const char *rules_of_all(const struct retention_item *items, size_t n,
				       const struct retention_policy *policy, int64_t now,
				       const struct retention_plan *plan)
{
	const uint64_t counts[] = {policy->daily, policy->weekly, policy->monthly};
	uint64_t found[RULES_REMOVED + 1] = {0};
	size_t moves = 0, future = 0;
	int64_t newest_good = INT64_MIN, newest_kept = INT64_MIN;

	for (size_t i = 0; i < n; i++) {
		const struct retention_item *x = &items[i];
		enum rules_class class = rules_class_of(x);
		found[class]++;
		moves += !x->remove && x->target != x->tier;
		future += x->time.epoch > now;
		if (rules_good(x, now) && x->time.epoch > newest_good)
			newest_good = x->time.epoch;
		if (rules_good(x, now) && !x->remove && x->time.epoch > newest_kept)
			newest_kept = x->time.epoch;
		for (size_t j = 0; j < i; j++) {
			const struct retention_item *y = &items[j];
			if (!x->remove && !y->remove && x->target == y->target &&
			    strcmp(x->id, y->id) == 0)
				return "two are to have the same place";
			if (class < RULES_CLASSES && rules_class_of(y) == class &&
			    rules_period(x, class) == rules_period(y, class))
				return "a period is counted twice";
		}
	}
	for (int c = RULES_DAY; c < RULES_CLASSES; c++)
		if (found[c] > counts[c])
			return "more are counted than the policy says";
	if (newest_good != newest_kept)
		return "the newest good one is removed";
	if (plan->removals != found[RULES_REMOVED] || plan->moves != moves ||
	    plan->future != future || plan->clock_behind != (future > 0))
		return "the plan's numbers are wrong";
	return plan->clock_behind && plan->removals > 0 ? "the clock is behind, and some "
							  "are removed"
							: NULL;
}

/* A partial or shrunk one goes only when all that are kept for their day are newer. */
static inline const char *rules_of_uncounted(const struct retention_item *items, size_t n,
					     const struct retention_item *item)
{
	bool any_good = false;

	if (!item->remove || item->status == SNAPSHOT_COMPLETE)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		any_good = any_good ||
			   (items[i].status == SNAPSHOT_COMPLETE && !items[i].pinned);
		if (rules_class_of(&items[i]) == RULES_DAY &&
		    items[i].time.epoch <= item->time.epoch)
			return "is removed before an older daily one";
	}
	return any_good ? NULL : "is removed although there is no good one";
}

/* The first rule that the plan breaks, and of which snapshot ("" for all); or NULL. */
static inline const char *rules_broken(const struct retention_item *items, size_t n,
				       const struct retention_policy *policy, int64_t now,
				       const struct retention_plan *plan,
				       const char **ret_id)
{
	*ret_id = "";
	const char *why = rules_of_all(items, n, policy, now, plan);
	for (size_t i = 0; i < n && !why; i++) {
		*ret_id = items[i].id;
		why = rules_of_one(items, n, &items[i], policy, now);
		if (!why)
			why = rules_of_uncounted(items, n, &items[i]);
	}
	return why;
}

/* Does what the plan says; returns how many are left. */
static inline size_t rules_carry_out(struct retention_item *items, size_t n)
{
	size_t left = 0;

	for (size_t i = 0; i < n; i++) {
		if (items[i].remove)
			continue;
		items[left] = items[i];
		items[left].tier = items[i].target;
		left++;
	}
	return left;
}

static inline void rules_zone(const char *tz)
{
	setenv("TZ", tz, 1);
	tzset();
}

/* "2026-11-23_03-00-00", or without its end; ".2" at the end: the second such hour. */
static inline bool rules_time(const char *text, struct instant *ret_time)
{
	static const char rest[] = "2000-01-01_00-00-00";
	char name[SNAPSHOT_NAME_MAX];
	size_t len = strlen(text);
	struct civil c;
	unsigned nth;

	snprintf(name, sizeof(name), "%s%s", text, len < 19 ? rest + len : "");
	if (!snapshot_name_parse(name, &c, &nth))
		return false;
	*ret_time = clock_from_civil(&c, nth > 1);
	return true;
}

/* "7 4 6 24h" */
static inline bool rules_policy(char **words, size_t n, struct retention_policy *ret)
{
	return n == 4 && parse_uint(words[0], 0, 10000, &ret->daily) == 0 &&
	       parse_uint(words[1], 0, 10000, &ret->weekly) == 0 &&
	       parse_uint(words[2], 0, 10000, &ret->monthly) == 0 &&
	       parse_duration(words[3], &ret->keep_within) == 0;
}

static inline bool rules_tier(const char *word, enum snapshot_tier *ret_tier)
{
	for (int i = 0; i < SNAPSHOT_TIERS; i++) {
		if (strcmp(word, snapshot_tier_name((enum snapshot_tier)i)) == 0) {
			*ret_tier = (enum snapshot_tier)i;
			return true;
		}
	}
	return false;
}
