/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * In which snapshots a file is, and in how many versions: names of one inode are one.
 * Directories have no versions. Memory grows with what matches, in all snapshots.
 */
#pragma once

#include <stdbool.h>
#include <sys/stat.h>

#include "base/error.h"
#include "flow/progress.h"
#include "store/catalog.h"

struct find_hit {
	char *path; /* below the source */
	struct stat st;
	const struct catalog_entry *snapshot;
};

struct find {
	struct find_hit
		*hits; /* by path, its newest version first, oldest snapshot first */
	size_t n, cap;
	uint64_t unreadable; /* directories */
};

/*
 * All that the pattern matches (pattern.h), in all snapshots of the catalog, which must
 * stay. The progress has begun. -EINVAL: the pattern is none.
 */
int find_all(const struct store *store, const struct catalog *catalog,
	     const char *pattern, struct progress *progress, struct find *ret_find,
	     struct error *err);
void find_release(struct find *find);

/* How many hits from `first` on are the same version. */
size_t find_version(const struct find *find, size_t first);
