/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * Tells on the way how far something has come: on a terminal in one line that is rewritten,
 * with a bar, the rate and the time left. Elsewhere it tells nothing, but of a run, whose
 * log has a line now and then, the first after half a minute, the others farther and
 * farther apart, so that a run of days does not drown in them.
 *
 *	progress_begin(&progress, log, &record->counts, clock_monotonic());
 *	struct engine_job job = {
 *		.note = progress_note, .progress = progress_show, .note_ctx = &progress,
 *	};
 *	progress_end(&progress);
 */
#pragma once

#include "engine/engine.h"
#include "sys/log.h"

struct progress {
	struct log *log;
	const struct snapshot_counts *before; /* how much there is; NULL: not known */
	/* set after the beginning, if at all: */
	const char *what; /* is done, on a terminal: "deleting" */
	bool in_log;	  /* lines, too */
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

/*
 * Times are of the monotonic clock, in seconds. `before`, which must stay, says how many
 * files and bytes there will be, or were the last time.
 */
void progress_begin(struct progress *progress, struct log *log,
		    const struct snapshot_counts *before, double now);
void progress_update(struct progress *progress, const struct engine_progress *is,
		     double now);
void progress_end(struct progress *progress);

/* For engines (engine.h), to which the progress is `note_ctx`: what they say, to the log. */
void progress_note(void *ctx, bool warning, const char *text);
void progress_show(void *ctx, const struct engine_progress *is);
