/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * What a snapshot is: its name, where it stands, whether it is whole, what it cost.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/civil.h"

/* Directories of the destination; a snapshot is in exactly one. */
enum snapshot_tier {
	SNAPSHOT_DAILY,
	SNAPSHOT_WEEKLY,
	SNAPSHOT_MONTHLY,
	SNAPSHOT_TIERS,
};

enum snapshot_status {
	SNAPSHOT_COMPLETE,
	SNAPSHOT_PARTIAL, /* finished, but some files could not be read */
	SNAPSHOT_SHRUNK,  /* whole, but far fewer files than the one before: suspect */
	SNAPSHOT_UNKNOWN, /* its record cannot be read */
};

/* What a copy came to. Bytes are the files' lengths, not blocks. */
struct snapshot_counts {
	uint64_t files; /* everything but directories */
	uint64_t dirs;
	uint64_t new_files;  /* copied: not in the snapshot before */
	uint64_t changed;    /* copied: different there */
	uint64_t unlinkable; /* copied: the same there, which takes no more links */
	uint64_t linked;     /* the same inode as there */
	uint64_t vanished;   /* gone before they could be copied */
	uint64_t unreadable; /* errors on single files */
	uint64_t bytes;
	uint64_t bytes_copied;
	uint64_t bytes_linked;
};

const char *snapshot_tier_name(enum snapshot_tier tier);
const char *snapshot_status_name(enum snapshot_status status);

/* Reads a status as written; SNAPSHOT_UNKNOWN for any other word. */
enum snapshot_status snapshot_status_parse(const char *word);

/*
 * Names are the local time at the start of the run, "2026-11-23_03-00-00", and ".2",
 * ".3" behind when that was taken (the hour that repeats when summer time ends).
 */
enum { SNAPSHOT_NAME_MAX = 32 };

void snapshot_name(const struct civil *c, unsigned nth, char buf[SNAPSHOT_NAME_MAX]);

/* Whether it is such a name; if so, what it says. `nth` is 1 without a suffix. */
bool snapshot_name_parse(const char *name, struct civil *ret_civil, unsigned *ret_nth);

/* Adds what an earlier pass over the same source copied and this one found linked. */
void snapshot_counts_add_pass(struct snapshot_counts *counts,
			      const struct snapshot_counts *before);

/*
 * Whether a snapshot lost more than `limit` per cent of the files that the last good
 * one had. False when that one had none.
 */
bool snapshot_shrank(uint64_t files_before, uint64_t files_now, unsigned limit);

/*
 * Whether the share of linked files fell so far from the last good snapshot to this one
 * that something must have touched everything (a restore, a chown, a new disk): from
 * half or more to less than half of what it was, of at least 20 files.
 */
bool snapshot_links_collapsed(const struct snapshot_counts *before,
			      const struct snapshot_counts *now);
