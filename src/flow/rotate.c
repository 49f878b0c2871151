/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "flow/rotate.h"

#include <string.h>

#include "base/alloc.h"
#include "flow/progress.h"
#include "store/latest.h"
#include "store/trash.h"
#include "sys/clock.h"
#include "sys/fs.h"
#include "sys/signals.h"

struct retention_item *rotate_plan(const struct store *store,
				   const struct catalog *catalog,
				   const struct config *config,
				   const struct strvec *protect, const char *upcoming,
				   struct instant now, struct retention_plan *ret_plan)
{
	const struct retention_policy policy = {
		.daily = config->daily_count,
		.weekly = config->weekly_count,
		.monthly = config->monthly_count,
		.keep_within = config->keep_within,
	};
	struct retention_item *items = xcalloc(catalog->n + 1, sizeof(*items));
	/* the one to come will be the latest */
	CLEANUP(freep) char *latest = upcoming ? NULL : latest_target(store);
	size_t n = catalog->n;

	for (size_t i = 0; i < catalog->n; i++) {
		const struct catalog_entry *entry = &catalog->v[i];
		CLEANUP(freep)
		char *place =
			xasprintf("%s/%s", snapshot_tier_name(entry->tier), entry->name);

		items[i] = (struct retention_item){
			.id = entry->name,
			.time = entry->record.time,
			.tier = entry->tier,
			.status = entry->record.status,
			.protect = (protect && strvec_has(protect, entry->name)) ||
				   (latest && strcmp(latest, place) == 0),
			.pinned = entry->pinned,
		};
	}
	if (upcoming)
		items[n++] = (struct retention_item){
			.id = upcoming, .time = now, .protect = true};
	retention_plan(items, n, &policy, now.epoch, ret_plan);
	return items;
}

void rotate_explain(const struct retention_plan *plan, struct log *log)
{
	if (plan->clock_behind)
		log_warn(
			log,
			"%zu snapshot%s dated later than now: nothing is removed until that is "
			"past; is the clock right? If it is, move or delete what is misdated",
			plan->future, plan->future == 1 ? " is" : "s are");
}

static void tell_kept(const struct catalog *catalog, const struct retention_item *items,
		      struct log *log)
{
	for (size_t i = 0; i < catalog->n; i++)
		if (!items[i].remove && items[i].target == catalog->v[i].tier)
			log_detail(log, "keeping %s/%s: %s",
				   snapshot_tier_name(catalog->v[i].tier),
				   catalog->v[i].name, items[i].reason);
}

void rotate_preview(const struct catalog *catalog, const struct retention_item *items,
		    struct log *log)
{
	tell_kept(catalog, items, log);
	/* in the order in which it would be done */
	for (size_t i = 0; i < catalog->n; i++) {
		const struct catalog_entry *entry = &catalog->v[i];

		if (!items[i].remove && items[i].target != entry->tier)
			log_info(log, "would move %s/%s to %s/: %s",
				 snapshot_tier_name(entry->tier), entry->name,
				 snapshot_tier_name(items[i].target), items[i].reason);
	}
	for (size_t i = 0; i < catalog->n; i++)
		if (items[i].remove)
			log_info(log, "would remove %s/%s: %s",
				 snapshot_tier_name(catalog->v[i].tier),
				 catalog->v[i].name, items[i].reason);
}

static void move_entry(const struct store *store, const struct catalog_entry *entry,
		       const struct retention_item *item, struct log *log)
{
	const char *from = snapshot_tier_name(entry->tier);
	const char *to = snapshot_tier_name(item->target);
	int from_fd = store->tiers[entry->tier], to_fd = store->tiers[item->target];
	struct error err;

	int r = fs_move(from_fd, entry->name, to_fd, entry->name, &err);
	if (r >= 0)
		r = fs_sync(to_fd, to, &err);
	if (r >= 0)
		r = fs_sync(from_fd, from, &err);
	if (r < 0)
		log_warn(log, "%s/%s belongs in %s/ and stays where it is: %s", from,
			 entry->name, to, err.msg);
	else
		log_info(log, "moved %s/%s to %s/: %s", from, entry->name, to,
			 item->reason);
}

int rotate_carry_out(const struct store *store, const struct catalog *catalog,
		     const struct retention_item *items, struct log *log,
		     unsigned *ret_removed, struct error *err)
{
	tell_kept(catalog, items, log);
	/* moves first: whatever happens then, what is to stay is where it belongs */
	for (size_t i = 0; i < catalog->n; i++)
		if (!items[i].remove && items[i].target != catalog->v[i].tier)
			move_entry(store, &catalog->v[i], &items[i], log);

	for (size_t i = 0; i < catalog->n; i++) {
		const struct catalog_entry *entry = &catalog->v[i];

		if (!items[i].remove)
			continue;
		int r = trash_snapshot(store, entry, err);
		if (r < 0)
			return error_prefix(err, r, "remove %s/%s",
					    snapshot_tier_name(entry->tier), entry->name);
		*ret_removed += 1;
		log_info(log, "removed %s/%s: %s", snapshot_tier_name(entry->tier),
			 entry->name, items[i].reason);
	}
	return 0;
}

static void tell_removed(void *ctx, uint64_t removed)
{
	const struct engine_progress is = {.files = removed};

	progress_show(ctx, &is);
}

int rotate_empty_trash(const struct store *store, const struct config *config,
		       struct log *log, struct error *err)
{
	struct progress progress;
	const struct removal_manner manner = {.threads = (unsigned)config->threads,
					      .tell = tell_removed,
					      .ctx = &progress};

	progress_begin(&progress, log, NULL, clock_monotonic());
	progress.what = "deleting";
	int r = trash_empty_so(store, &manner, signals_fd(), err);
	progress_end(&progress);
	return r;
}
