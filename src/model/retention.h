/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * Which snapshots stay, in which tier, and why: grandfather-father-son.
 *
 * A pure function of the snapshots, the policy and the time. Counted are the complete
 * ones (neither partial nor shrunk nor pinned nor dated in the future), each day, week and
 * month by the clock and zone it was made in:
 *
 *	daily	the newest of each of the last `daily` days that have one
 *	weekly	among the rest, the newest of each of the last `weekly` ISO weeks
 *	monthly	among the rest, the newest of each of the last `monthly` months
 *
 * Nothing counts twice, so 7 + 4 + 6 reaches back half a year, and time without
 * snapshots costs none. Besides, where they are: all younger than `keep_within`, the
 * newest complete one, and what the caller protects. Never removed, and never pushing another
 * out: those that are pinned, those dated in the future, those whose record cannot be read. Partial and shrunk
 * ones are not counted, and stay until every snapshot kept as daily is newer.
 *
 * While the newest snapshot is later than `now` the clock cannot be trusted, and nothing
 * is removed.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/civil.h"
#include "model/snapshot.h"

struct retention_policy {
	uint64_t daily;
	uint64_t weekly;
	uint64_t monthly;
	int64_t keep_within; /* seconds */
};

struct retention_item {
	const char *id; /* its name, borrowed; the same one in another tier is a twin */
	struct instant time;
	enum snapshot_tier tier; /* where it is */
	enum snapshot_status status;
	bool protect; /* just made, linked against, or what `latest` points to */
	bool pinned;  /* stays where it is, and is as good as not there */

	/* the plan */
	bool remove;
	enum snapshot_tier target; /* where it belongs, if it stays */
	char reason[80];	   /* why, in words */
};

struct retention_plan {
	bool clock_behind; /* the newest is dated later than now: nothing is removed */
	size_t future;	   /* how many are */
	size_t removals;
	size_t moves;
};

/* Fills the plan of each item. The order of `items` does not matter and stays. */
void retention_plan(struct retention_item *items, size_t n,
		    const struct retention_policy *policy, int64_t now,
		    struct retention_plan *ret_plan);
