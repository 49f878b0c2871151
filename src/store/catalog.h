/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * The snapshots of a destination, newest first.
 *
 * A snapshot is a real directory in daily/, weekly/ or monthly/ with a name of our form;
 * anything else there is not ours and is not listed. Times come from the record, or from
 * the name for a tree without one (the shell scripts made it, and it counts as
 * complete). Modification times are never looked at.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/strvec.h"
#include "store/record.h"
#include "store/store.h"
#include "store/verdict.h"

struct catalog_entry {
	char *name;
	enum snapshot_tier tier;
	bool recorded; /* false: made by the shell scripts; counts are not known */
	bool pinned;   /* or it cannot be told */
	struct record record;
	struct verdict verdict; /* of its last verification, wherever it is kept */
};

struct catalog {
	struct catalog_entry *v;
	size_t n, cap;
	char *dest; /* the destination's path */
	struct strvec
		warnings; /* records that cannot be read, names that are no directory */
};

#define CATALOG_INIT \
	{            \
		0    \
	}

/* Fails rather than list less than is there. */
int catalog_load(struct catalog *catalog, const struct store *store, struct error *err);
void catalog_release(struct catalog *catalog);

/* The newest good one (complete, not shrunk), or NULL; later ones than `now` are passed. */
const struct catalog_entry *catalog_newest_good(const struct catalog *catalog,
						int64_t now);

/* Likewise the newest that holds all its source had: complete or shrunk. */
const struct catalog_entry *catalog_newest_whole(const struct catalog *catalog,
						 int64_t now);

/*
 * The one that a user means: "latest", a name, a day (YYYY-MM-DD: its newest), an age ("3d":
 * the newest of those that old), or what only one name begins with; "daily/..." of names and
 * days those in that tier. "latest" is what the link of that name leads to: the newest that
 * holds all its source had, or else the newest. -ENOENT: there is none; -EINVAL: several.
 */
int catalog_pick(const struct catalog *catalog, const char *text, int64_t now,
		 const struct catalog_entry **ret_entry, struct error *err);

/*
 * The one of that name, or the only one whose name begins so; "daily/..." tells apart what
 * has one name in two tiers. For what cannot be undone: neither a day nor an age nor "latest"
 * will do. -ENOENT: there is none; -EINVAL: several.
 */
int catalog_named(const struct catalog *catalog, const char *text,
		  const struct catalog_entry **ret_entry, struct error *err);

/* -ENOENT, and the words for there being none at all. */
int catalog_none(const struct catalog *catalog, struct error *err);

/* Whether a tree of that name is in any tier. */
bool catalog_has(const struct catalog *catalog, const char *name);
