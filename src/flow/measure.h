/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * What each snapshot takes on the disk, in allocated blocks, directories included: what du
 * says of it alone, what du of the destination loses when it is removed, and what it added
 * to the one before (model/shares.h).
 *
 * All snapshots are walked side by side, a directory and its counterparts at a time, so
 * that what they share meets in a moment; of an inode that they share one link is looked
 * at. No link is followed, no mount entered; neither depth nor the number of files nor that
 * of snapshots matters for memory.
 */
#pragma once

#include "store/catalog.h"
#include "store/sizes.h"
#include "sys/log.h"

/*
 * Takes what was measured before if it is of the same snapshots, and else measures, tells
 * on the way how far it is, and keeps it for the next time, unless something is about to
 * change or could not be read: `ret_unreadable` directories. -EAGAIN: snapshots came or
 * went meanwhile.
 */
int measure(const struct store *store, const struct catalog *catalog, struct log *log,
	    struct sizes *ret_sizes, uint64_t *ret_unreadable, struct error *err);
