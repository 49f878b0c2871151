/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * All that is to be said of a destination: health, runs, snapshots, room, services.
 *
 * Looking writes nothing, is in no run's way, and takes a few seconds at the most: a
 * Docker Engine that does not answer is one of which nothing is known.
 */
#pragma once

#include "flow/destination.h"
#include "flow/health.h"
#include "model/forecast.h"
#include "store/verdict.h"

enum status_services {
	STATUS_SERVICES_NONE,	 /* none are stopped here */
	STATUS_SERVICES_UNKNOWN, /* `services_error` says why */
	STATUS_SERVICES_KNOWN,
};

/* When a snapshot was verified last, and what came of it. */
struct status_verified {
	char *name;
	enum snapshot_tier tier;
	struct verdict verdict;
};

struct status {
	struct health health;
	struct instant now;

	bool was_good, was_bad; /* there were such runs, and the next two tell of them */
	struct history_entry good; /* the last that succeeded, be it with warnings */
	struct history_entry
		bad; /* the last that did not; turned away ones do not count */

	bool listed; /* what follows is known */
	unsigned tiers[SNAPSHOT_TIERS];
	unsigned incomplete; /* of these: not complete */
	unsigned verified;   /* of these: all of it was compared with its manifest once */
	int64_t last_verified; /* when the last one was; 0: none */
	struct strvec damaged; /* names of those that were not equal, newest first */
	struct strvec bad_manifests;  /* of those whose manifest could not be read */
	struct status_verified *each; /* newest first, so many as are in all tiers */
	size_t each_n;

	bool sized; /* the next two are known */
	uint64_t size;
	int64_t sized_at; /* `backup list --size` measures it */

	bool has_room; /* what follows is known */
	struct destination_room room;
	struct forecast bytes_end, inodes_end;

	enum status_services services;
	struct strvec down; /* names of those that are left down, to be printed as is */
	char *services_error;
};

/* For CLEANUP(). */
void status_release(struct status *status);

int status_look(const struct config *config, struct instant now,
		struct status *ret_status, struct error *err);

/*
 * The same at the end of the run that `report` is about, which may still hold the
 * destination: as if it had let go of it, and knowing what could not be written down.
 * What cannot be told of the store, which may not even be open, is left unknown.
 */
void status_after_run(const struct config *config, const struct store *store,
		      const struct report *report, struct instant now,
		      struct status *ret_status);
