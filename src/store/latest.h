/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * BACKUP_DEST/latest: a relative symbolic link to a snapshot, replaced in one step.
 */
#pragma once

#include "base/error.h"
#include "model/snapshot.h"
#include "store/store.h"

/*
 * Points it at a snapshot, unless it does already. Something by that name that is no
 * symbolic link is left alone: -EEXIST.
 */
int latest_set(const struct store *store, enum snapshot_tier tier, const char *name,
	       struct error *err);

/* Removes the link for good. */
int latest_remove(const struct store *store, struct error *err);

/* What it points to, such as "daily/2026-11-23_03-00-00"; NULL: no link of that name. */
char *latest_target(const struct store *store);
