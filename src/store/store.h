/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * The destination: where everything is in it, and who may write.
 *
 *	BACKUP_DEST/
 *	  daily/ weekly/ monthly/   a directory per snapshot: the source's tree, no more
 *	  latest                    symbolic link to the newest good one
 *	  .backup/
 *	    lock        flock while somebody writes
 *	    format      version of this layout and the destination's identifier
 *	    building/   the snapshot being made, and what dead runs left of theirs
 *	    trash/      what is to be deleted, renamed here first
 *	    snapshots/  a record (JSON) per snapshot; its pin; the table of the newest
 *	    history.jsonl  a line per run
 *	    sizes.json  what the snapshots take, as it was measured last
 *
 * Calling sequence: store_open(), which writes nothing, then, to change anything,
 * store_lock() and store_prepare(). Descriptors are for use with the *at calls; they
 * belong to the store.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "model/snapshot.h"

struct store {
	char *path; /* real path of BACKUP_DEST, or as given while it is not there */
	int fd;	    /* BACKUP_DEST; opened before the first write, for syncfs; -1: none */
	int meta;   /* .backup; -1: never used */
	int building;
	int trash;
	int records; /* .backup/snapshots */
	int tiers[SNAPSHOT_TIERS];
	int lock;	/* -1: not locked */
	bool is_signed; /* by us, until we let go of it */
	char id[33];	/* the destination's, or "" */
};

/* For CLEANUP(). */
#define STORE_INIT                                                                \
	{                                                                         \
		.fd = -1, .meta = -1, .building = -1, .trash = -1, .records = -1, \
		.tiers = {-1, -1, -1}, .lock = -1                                 \
	}
void store_close(struct store *store);

/*
 * Opens a destination and what is there of the above, and changes nothing; what the
 * shell scripts made, without .backup/, is fine. -ENOENT: no such directory.
 */
int store_open(struct store *store, const char *path, struct error *err);

/* Whether a run of ours has used it before. */
bool store_is_ours(const struct store *store);

/*
 * Becomes the only writer, waiting up to `wait` seconds; `sign` is left for others to
 * read. With `create`, .backup/ is made where it is missing; without, a store that has
 * none is not locked. -EWOULDBLOCK: `err` says who holds it.
 */
int store_lock(struct store *store, double wait, int cancel_fd, const char *sign,
	       bool create, struct error *err);

/*
 * Whether somebody holds it, without being in anybody's way: 1 and what the holder left
 * in `ret_holder`, or 0, or -errno.
 */
int store_is_locked(const struct store *store, struct strbuf *ret_holder,
		    struct error *err);

/*
 * When the holder took it, in seconds since 1970; 0: it left no name, as one does that
 * writes nothing, or it cannot be told.
 */
int64_t store_locked_since(const struct store *store);

/*
 * Makes every directory that is missing. One that others made stays one of theirs: the
 * first run on it still removes nothing.
 */
int store_make_dirs(struct store *store, struct error *err);

/* Makes every directory that is missing and gives the destination its identifier. */
int store_prepare(struct store *store, struct error *err);

/*
 * Brings everything that was written to the file system since store_open() to the disk,
 * or says that some of it may be lost: then trying again proves nothing.
 */
int store_sync(struct store *store, struct error *err);

/* The path of a snapshot, or of one being built; the caller frees it. */
char *store_snapshot_path(const struct store *store, enum snapshot_tier tier,
			  const char *name);
char *store_building_path(const struct store *store, const char *name);

/* Likewise, of the file that its engine writes beside it, if it does. */
char *store_table_path(const struct store *store, const char *name);
char *store_building_table_path(const struct store *store, const char *name);
