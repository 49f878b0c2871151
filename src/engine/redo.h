/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * Parts of a finished target that are made again.
 *
 *	CLEANUP(redo_release) struct redo redo = REDO_INIT;
 *	redo_begin(&redo, target, err);
 *	...copy those parts of the source into redo.path, an empty directory...
 *	redo_replace(&redo, "a/b", &counts, &found, err);
 *	redo_end(&redo, err);
 *
 * The copy is made in a directory of its own, in the target under a name that is free
 * there, and then moved into its place: whatever else it brings, nothing that is in the
 * target already is written to, be it a file that is shared with other snapshots. What
 * was in that place loses its names and is not altered either. Directories on the way
 * keep their modes and times.
 *
 * After an error the target must not be published; it is still a tree to link from.
 */
#pragma once

#include <stdbool.h>
#include <sys/stat.h>

#include "base/error.h"
#include "model/snapshot.h"

struct redo {
	char *path; /* where to copy to */
	int target, scratch, copy;
	struct stat st; /* of the target */
	char name[32];	/* of what is ours in it */
	unsigned moved;
};

#define REDO_INIT                                        \
	{                                                \
		.target = -1, .scratch = -1, .copy = -1, \
	}

int redo_begin(struct redo *redo, const char *target, struct error *err);

/*
 * Puts the new copy of `path` into the place of the old one, which is taken out of
 * `counts`: of what others have names for too it is thought that it was linked. `found`
 * is false when there is no new copy; there is then nothing in that place.
 */
int redo_replace(struct redo *redo, const char *path, struct snapshot_counts *counts,
		 bool *ret_found, struct error *err);

/* Removes all that was replaced, and the directory of our own. */
int redo_end(struct redo *redo, struct error *err);

void redo_release(struct redo *redo);
