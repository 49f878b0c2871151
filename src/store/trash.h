/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * What is to be deleted: renamed into .backup/trash first, so that no tier ever holds
 * half a snapshot, and unlinked from there.
 */
#pragma once

#include "base/error.h"
#include "store/catalog.h"
#include "store/store.h"
#include "sys/removal.h"

/* Renames a directory into the trash and brings that to the disk. */
int trash_put(const struct store *store, int from_dir, const char *name,
	      struct error *err);

/* Takes a snapshot out of its tier, for good; its record goes too. */
int trash_snapshot(const struct store *store, const struct catalog_entry *entry,
		   struct error *err);

/* How much is in it: the number of trees; -errno. */
int trash_count(const struct store *store, struct error *err);

/*
 * Deletes all that is in it, after the records of snapshots that are nowhere else; what
 * cannot be deleted stays, and is the error. `threads`: see removal.h. -EINTR: `cancel_fd`
 * became readable; the next one goes on.
 */
int trash_empty(const struct store *store, unsigned threads, int cancel_fd,
		struct error *err);
int trash_empty_so(const struct store *store, const struct removal_manner *manner,
		   int cancel_fd, struct error *err);
