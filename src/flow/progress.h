/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * Tells on the way how far a copy has come: on a terminal in one line that is rewritten,
 * elsewhere in a line of the log now and then, the first after half a minute, the others
 * farther and farther apart, so that a run of days does not drown in them.
 */
#pragma once

#include "engine/engine.h"
#include "sys/log.h"

struct progress {
	struct log *log;
	const struct snapshot_counts *before; /* of the last snapshot; NULL: not known */
	double started;
	double told;		     /* when the last line was */
	struct engine_progress last; /* that was told */
	/* how much was copied by two moments not long ago, from the older of which on
	 * the rate is measured */
	struct {
		double time;
		uint64_t copied;
	} marks[2];
};

/* Times are of the monotonic clock, in seconds. `before` must stay. */
void progress_begin(struct progress *progress, struct log *log,
		    const struct snapshot_counts *before, double now);
void progress_update(struct progress *progress, const struct engine_progress *is,
		     double now);
void progress_end(struct progress *progress);
