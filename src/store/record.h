/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * What is known of a snapshot beside its tree: .backup/snapshots/<name>.json.
 *
 * Times in it are seconds since 1970 and the zone's offset in seconds east; the words of
 * `status` are snapshot_status_name()'s. Fields that are not known are kept out of the
 * way: a reader takes what it knows, so later versions may add some.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/json.h"
#include "model/snapshot.h"
#include "store/store.h"

struct record {
	struct instant time; /* start of the run */
	enum snapshot_status status;
	char *host;
	char *source;
	char *engine;
	double duration; /* seconds */
	struct snapshot_counts counts;
	json_t *services; /* array of {name, replicas, downtime}; NULL: none was stopped */
	/* as programs of before left it here (verdict.h): */
	int64_t verified; /* when all of it was last compared with its manifest; 0: never */
	bool damaged;	  /* and was not equal, in whatever way */
};

void record_release(struct record *record);

/* Writes it for good. */
int record_write(const struct store *store, const char *name, const struct record *record,
		 struct error *err);

/* -ENOENT: there is none; -EINVAL: it cannot be understood. */
int record_read(const struct store *store, const char *name, struct record *ret_record,
		struct error *err);

/*
 * One that is not there is fine; what a killed writer left of one goes too, and the table,
 * the manifest, the pin and what a verification found.
 */
int record_remove(const struct store *store, const char *name, struct error *err);
