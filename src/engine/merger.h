/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/* What the parts of merge.h share: the walk (merge.c), files (merge_file.c), and what goes
 * from the target (aside.c). */
#pragma once

#include "engine/groups.h"
#include "engine/merge.h"
#include "engine/pass.h"

/* A directory on the way down. */
struct level {
	int from;	  /* the tree's; -1: closed to save descriptors */
	int to;		  /* the target's; likewise */
	int stage;	  /* MERGE_STAGE in it; -1: not made */
	int aside;	  /* its counterpart in the folder; -1: not open */
	struct look look; /* at the tree's */
	struct stat was;  /* the target's before anything was done */
	bool there;	  /* it was there before */
	bool absent;	  /* a dry run does not make it */
	bool inside;	  /* it is what is restored, or below that; else above it */
	bool lent;	  /* its owner got permissions that it lacked */
	bool failed;	  /* it cannot be told what the tree does not have */
	bool extra;	  /* reading what the target has, for deletion */
	bool removed;	  /* something was deleted since it was read first */
	int64_t off;	  /* of the tree's next name */
	size_t path_len;
	struct place *place;
	struct dirents dirents;
};

struct merger {
	const struct merge *merge;
	struct pass pass;
	struct worker worker;
	struct groups *groups;
	struct level *levels; /* on which the walk is, the top first */
	size_t n, cap;
	struct strbuf path; /* of what is looked at, below the top */
	int folder;	    /* `keep`; -1: not made yet */
	double ticked;
	struct merge_counts counts;
};

static inline struct level *merger_level(struct merger *m)
{
	return &m->levels[m->n - 1];
}

/* Counts, and tells the caller; m->path is whose. */
void merger_did(struct merger *m, enum merge_deed deed, bool is_dir);

/* The target refuses `name` of the level: said, or it ends the merge. Returns `code`. */
int merger_refused(struct merger *m, const char *words, const struct level *level,
		   const char *name, int code);

/* Whether a name that differs from the tree's may be replaced. */
bool merger_may_replace(const struct merger *m, const struct stat *tree,
			const struct stat *target);

/* Puts `name`, which is no directory in the tree, into the level on top. */
void merge_file(struct merger *m, const char *name, const struct look *look);
