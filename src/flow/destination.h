/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * The destination, made ready for a run: there, ours to write, able to hold snapshots.
 */
#pragma once

#include "model/config.h"
#include "store/store.h"
#include "sys/fscaps.h"
#include "sys/log.h"

/*
 * Opens BACKUP_DEST; its last component is made when it is missing, but with INIT=never
 * or in a dry run. With INIT=never a destination that was not used before is refused.
 */
int destination_open(struct store *store, const struct config *config, struct error *err);

/*
 * Tries what a snapshot needs: writing, hard links, room. `inodes` is how many a new
 * snapshot takes at the least (a directory cannot be linked).
 */
int destination_check(const struct store *store, uint64_t inodes, struct fscaps *ret_caps,
		      struct error *err);

/*
 * Says what of files is kept there, and, when that was `tried` and is not a guess, what a
 * snapshot will lack. What the source's top has does not matter: another file system may
 * be mounted below it.
 */
void destination_tell(const struct fscaps *caps, bool tried, struct log *log);

/* Whether an error means that there is no room, be it by a quota. */
bool destination_is_full(int code);

/* What to do about an error of the destination, to be put behind it; or "". */
const char *destination_advice(int code);

/* Of the file system; 0: unknown, or (inodes) made as they are needed. */
struct destination_room {
	uint64_t bytes, free_bytes; /* what is free is what we may write */
	uint64_t inodes, free_inodes;
};

/* False, and all unknown, when it cannot be told. */
bool destination_room(const struct store *store, struct destination_room *ret_room);
