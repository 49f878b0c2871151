/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * The snapshot being made, and what dead runs left of theirs.
 *
 *	.backup/building/<name>/       the tree
 *	.backup/building/<name>.json   {"boot": "..."}: written first, removed last
 *	.backup/building/<name>.table  what the engine notes for the next run, if it does
 *
 *	            begin              publish
 *	  (nothing) ------> building/ --------> daily/
 *	                       |  killed, or the copy failed
 *	                       v
 *	                  left behind ---> one more place to link from, until the next
 *	                       |           snapshot is published, if the machine has not
 *	                       |           rebooted since
 *	                       v
 *	                     trash/
 *
 * What was left behind is only ever linked from: its files may be links into older
 * snapshots, so nothing may be written to them. After a reboot its data may be missing
 * although its names are there, so the marker names the boot.
 */
#pragma once

#include "base/error.h"
#include "base/strvec.h"
#include "store/catalog.h"
#include "store/store.h"

/*
 * The name of a snapshot begun at that time: behind all of that second among snapshots,
 * records, and what is being built or deleted, so that it is the newest. The caller frees
 * it.
 */
int building_pick_name(const struct store *store, const struct civil *start,
		       char **ret_name, struct error *err);

/* Makes the empty directory building/<name>. `boot` is the boot's identifier, or "". */
int building_begin(const struct store *store, const char *name, const char *boot,
		   struct error *err);

/*
 * Sorts what dead runs left: names that may be linked from, newest first and four at
 * the most, go to `ret_names`; all else goes to the trash. Records that were written for
 * snapshots that never appeared are removed.
 */
int building_salvage(const struct store *store, const struct catalog *catalog,
		     const char *boot, struct strvec *ret_names, struct error *err);

/* Renames building/<name> into the trash; its table goes. */
int building_discard(const struct store *store, const char *name, struct error *err);

/*
 * Makes it a snapshot in daily/: writes its record, renames the tree, syncs both
 * directories. The tree must be on the disk already (store_sync). A crash at any point
 * leaves either the snapshot with its record or a building that was never published.
 * The table goes along, if it can, and those of older snapshots are removed: only the
 * newest snapshot's is ever read.
 */
int building_publish(const struct store *store, const char *name,
		     const struct record *record, struct error *err);
