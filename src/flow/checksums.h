/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * Writes manifests (manifest.h) of snapshots after a run, when services are up again: of the
 * new one, and of those before it whose runs did not get to it, back to the first that has
 * one. The checksum of a file that is the previous snapshot's inode, with its size and time,
 * is taken from the previous manifest; only what is new is read.
 *
 * A manifest that cannot be read is noted (verdict.h), be it here or by 'backup verify', and
 * the next run makes it anew. What it alone knew is lost: its checksums are those of the
 * content as it is by then, but for files that the snapshot before shares.
 *
 * A manifest that cannot be written costs a warning. Its snapshot is as good as without,
 * but cannot be verified until a later run has made up for it.
 */
#pragma once

#include "model/config.h"
#include "store/store.h"
#include "sys/log.h"

/*
 * Then it verifies the share of the content whose turn it is (verify_share.h).
 *
 * For the holder of the store's lock; `name` is the new snapshot. A signal ends it. How many
 * snapshots were found damaged.
 */
unsigned checksums_update(const struct config *config, const struct store *store,
			  const char *name, struct log *log);
