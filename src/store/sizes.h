/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * What snapshots take on the disk, as it was measured last: .backup/sizes.json.
 *
 * It is one file and not a field of each record because what a snapshot holds alone
 * changes whenever another one comes or goes, and because records are others' to write.
 * Nothing depends on it: one that is damaged, or about other snapshots, is measured anew.
 */
#pragma once

#include "base/error.h"
#include "store/catalog.h"
#include "store/store.h"

struct sizes_entry {
	char *name;	/* of the snapshot */
	uint64_t bytes; /* on the disk, as if there were no other */
	uint64_t alone; /* that would be free were it removed */
	uint64_t added; /* in what the one before does not hold */
};

struct sizes {
	int64_t time;	/* when it was measured */
	uint64_t total; /* all snapshots together */
	struct sizes_entry *v;
	size_t n;
};

/* For CLEANUP(). */
void sizes_release(struct sizes *sizes);

/* -ENOENT: there is none; -EINVAL: it cannot be understood. */
int sizes_read(const struct store *store, struct sizes *ret_sizes, struct error *err);

/* Replaces it; no lock is needed, the last one wins. */
int sizes_write(const struct store *store, const struct sizes *sizes, struct error *err);

/* Whether it is about the snapshots of the catalog, in its order, and no others. */
bool sizes_match(const struct sizes *sizes, const struct catalog *catalog);
