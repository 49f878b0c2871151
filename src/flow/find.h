/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * In which snapshots a file is, and in how many versions: names of one inode are one.
 * Directories have no versions.
 *
 *	CLEANUP(find_release) struct find find = FIND_INIT;
 *	r = find_begin(&find, &store, &catalog, pattern, &progress, &err);
 *	while (r >= 0 && (r = find_next(&find, &version, &err)) > 0)
 *		...
 *
 * What is found goes to a temporary file once it is more than some mebibytes (hits.h).
 */
#pragma once

#include "base/error.h"
#include "flow/hits.h"
#include "flow/progress.h"
#include "store/catalog.h"

/* A version of a file: by path, the newest first. */
struct find_version {
	struct hit hit;				/* of the oldest snapshot that has it */
	const struct catalog_entry **snapshots; /* that have it, the oldest first */
	size_t n;
};

struct find {
	const struct catalog *catalog;
	struct hits hits;
	struct hit ahead; /* the first of the next version */
	bool is_ahead;
	struct strbuf path; /* of the present one */
	const struct catalog_entry **snapshots;
	size_t n, cap;
	uint64_t unreadable; /* directories */
};

#define FIND_INIT                                       \
	{                                               \
		.hits = HITS_INIT, .path = STRBUF_INIT, \
	}

/*
 * Looks for all that the pattern matches (pattern.h), in all snapshots of the catalog, which
 * must stay. The progress has begun. -EINVAL: the pattern is none.
 */
int find_begin(struct find *find, const struct store *store,
	       const struct catalog *catalog, const char *pattern,
	       struct progress *progress, struct error *err);

/* The next version, valid until the next call: 1; 0: that was all; -errno. */
int find_next(struct find *find, struct find_version *ret_version, struct error *err);

void find_release(struct find *find);
