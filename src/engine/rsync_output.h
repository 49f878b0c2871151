/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * What rsync says, understood.
 *
 * Standard output carries a line per item that is not simply linked, by our
 * --out-format "@%i %l" (rsync(1), --itemize-changes: update type, file type, and nine
 * letters, all '+' for something new; then its length), and the numbers of --stats.
 * Standard error carries a line per problem: "rsync: [sender] ..." is the source's,
 * "[receiver]" and "[generator]" are the destination's.
 */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "engine/engine.h"

struct rsync_output {
	const struct engine_job *job;
	struct snapshot_counts counts;
	uint64_t itemized_bytes; /* of everything that has a line of its own */
	uint64_t inner_links;	 /* hard links inside the snapshot that have one */
	bool stats_seen;
	unsigned notes;	      /* lines passed on so far */
	unsigned notes_cut;   /* and not passed on */
	char last_error[512]; /* the last problem that is not a vanished file */
	char no_room[512];    /* the first one that says that nothing can be written */
	int no_room_errno;
};

void rsync_output_line(struct rsync_output *out, bool from_stderr, const char *line,
		       size_t len);

/* Call when rsync has ended: works out what follows from the numbers. */
void rsync_output_finish(struct rsync_output *out);
