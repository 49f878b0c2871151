/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * Retention, from what is in the store to what is moved and removed. The run, its dry
 * run, `prune` and `list` all plan here.
 */
#pragma once

#include "model/config.h"
#include "model/retention.h"
#include "store/catalog.h"
#include "store/store.h"
#include "sys/log.h"

/*
 * The items stand in the catalog's order; with `upcoming` (a dry run's snapshot, named,
 * or NULL) there is one more at the end. `protect` (may be NULL) names snapshots that
 * must stay; what `latest` points to stays anyway. The caller frees the items.
 */
struct retention_item *rotate_plan(const struct store *store,
				   const struct catalog *catalog,
				   const struct config *config,
				   const struct strvec *protect, const char *upcoming,
				   struct instant now, struct retention_plan *ret_plan);

/* Warns about what stands in the plan's way (dates in the future). */
void rotate_explain(const struct retention_plan *plan, struct log *log);

/* Says what would be moved and removed. */
void rotate_preview(const struct catalog *catalog, const struct retention_item *items,
		    struct log *log);

/*
 * Moves snapshots to their tiers and takes those to be removed into the trash, saying
 * so. One that cannot be moved stays where it is, with a warning. Counts what was
 * removed in `ret_removed`, also when it fails.
 */
int rotate_carry_out(const struct store *store, const struct catalog *catalog,
		     const struct retention_item *items, struct log *log,
		     unsigned *ret_removed, struct error *err);

/* Deletes what is in the trash, as trash_empty() does, and shows how far it is. */
int rotate_empty_trash(const struct store *store, const struct config *config,
		       struct log *log, struct error *err);
