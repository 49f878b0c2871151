/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * What a snapshot holds, with a checksum of each file: .backup/snapshots/<name>.mtree.zst.
 *
 * It is a standard mtree(5) file, compressed by zstd, so `bsdtar -tf` and others read it.
 * A line for each name, with its path from "./" on, and in a certain order, so that two
 * manifests, or one and a tree that is walked, are compared in one pass that remembers
 * nothing: first the top, ".", then directory by directory, each before what is below it:
 * all in it but directories by name (strcmp(3)), and then its directories by name. That is
 * what tree_walk() gives to `meet`.
 *
 * `inode` is the snapshot's own. As snapshots share the inodes of what did not change, it
 * tells that a file of the next one need not be read for its checksum.
 *
 * Writing: manifest_create(), manifest_add() in that order, manifest_commit(). Before the
 * last, nothing is there by that name; after it, all is, on the disk.
 *
 * Reading: manifest_open(), then manifest_peek() and manifest_skip(). Memory is that of one
 * entry. What is damaged is never taken for the end: the file has a sum of its own.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "store/store.h"
#include "sys/sha256.h"

#define MANIFEST_SUFFIX ".mtree.zst"

struct manifest_entry {
	struct strbuf path; /* below the top; "": the top itself */
	struct strbuf link; /* of a symbolic link, else "" */
	mode_t mode;	    /* with the type */
	uid_t uid;
	gid_t gid;
	dev_t rdev;	      /* of a device, else 0 */
	uint64_t size;	      /* of a regular file, else 0 */
	struct timespec mtim; /* of the last change */
	uint64_t ino;
	bool hashed; /* a regular file of which this is known: */
	uint8_t digest[SHA256_LEN];
};

#define MANIFEST_ENTRY_INIT                              \
	{                                                \
		.path = STRBUF_INIT, .link = STRBUF_INIT \
	}
void manifest_entry_release(struct manifest_entry *entry);

/*
 * Makes it what `st` says of the name in the directory of that path ("" for both: the top),
 * which is open as `fd`. What there was in it is gone; no file is hashed yet.
 */
int manifest_entry_set(struct manifest_entry *entry, int fd, const char *dir,
		       const char *name, const struct stat *st);

/* Which comes first in the order above: below 0, 0, above 0. */
int manifest_compare(const struct manifest_entry *a, const struct manifest_entry *b);

/*
 * Where what is in a directory, on whatever level, is in that order: below 0, all of it
 * before the entry; above 0, all behind; 0: on both sides, or the entry is in there.
 */
int manifest_compare_tree(const char *dir, const struct manifest_entry *entry);

/* --- writing --- */

struct manifest_writer;

int manifest_create(const struct store *store, const char *snapshot,
		    struct manifest_writer **ret_writer, struct error *err);
int manifest_add(struct manifest_writer *writer, const struct manifest_entry *entry,
		 struct error *err);

/* Makes it the snapshot's, in place of one that there may be. */
int manifest_commit(struct manifest_writer *writer, struct error *err);

/* For CLEANUP(); what was not committed is removed. */
void manifest_writer_freep(struct manifest_writer **writer);

/* --- reading --- */

struct manifest;

/* Whether there is one; -errno when that cannot be told. */
int manifest_exists(const struct store *store, const char *snapshot);

/* -ENOENT: there is none. */
int manifest_open(const struct store *store, const char *snapshot,
		  struct manifest **ret_manifest, struct error *err);
void manifest_freep(struct manifest **manifest);

/*
 * The entry at which it is, until the next call of either: 1; 0: that was all; -errno, and
 * again each time: it cannot be read, or is none of ours.
 */
int manifest_peek(struct manifest *manifest, const struct manifest_entry **ret_entry,
		  struct error *err);
void manifest_skip(struct manifest *manifest);

/*
 * Goes on to the entry of the same path and kind (directory or not): 1; 0: there is none,
 * and it is at the first behind where that would be.
 */
int manifest_find(struct manifest *manifest, const struct manifest_entry *like,
		  const struct manifest_entry **ret_entry, struct error *err);
