/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * What differs between two snapshots, or between parts of them.
 *
 * What is one inode in both is the same, and nothing of it is read. Of two files of one
 * size the content is compared; files of different sizes differ. A directory's time says
 * only that names came or went: it counts where none did.
 */
#pragma once

#include <stdint.h>

#include "flow/changes.h"
#include "flow/progress.h"
#include "sys/log.h"

struct diff {
	struct changes changes; /* to be read with changes_next() */
	uint64_t same;		/* names that do not differ */
	uint64_t unreadable;	/* left out; the first of them were logged */
};

#define DIFF_INIT                        \
	{                                \
		.changes = CHANGES_INIT, \
	}

/*
 * Compares what is at `path` ("": all) below two directories. The progress has begun; it is
 * told of files met, and of bytes compared. -ENOENT: it is in neither.
 */
int diff_trees(struct diff *diff, const int tops[PAIR_SIDES], const char *path,
	       struct progress *progress, struct error *err);
void diff_release(struct diff *diff);
