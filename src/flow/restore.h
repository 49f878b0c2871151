/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * Brings a snapshot, or parts of it, to a directory, with all that the snapshot holds: by
 * the engine that makes snapshots where the directory is new or empty, so as equal and as
 * fast, and else by merge.h. Killed at any point, it leaves by their names only what is whole.
 *
 * Backups may go on meanwhile, unless the source is restored to, something is deleted, or
 * services are stopped: then the destination is locked. Should a snapshot be removed while
 * it is restored, what is then missing is said, and makes the exit code 3.
 */
#pragma once

#include <stdio.h>

#include "engine/engine.h"
#include "model/config.h"
#include "sys/log.h"

struct restore {
	const char *snapshot;	    /* as for catalog_pick() */
	const struct strvec *paths; /* below the source, as parse_inner_path() makes
				       them, and none of them ""; none: all of it */
	const char *to;		    /* the directory; NULL: the source itself */
	enum merge_overwrite overwrite;
	bool equal;   /* delete what the snapshot does not have */
	bool no_keep; /* of what is replaced or deleted */
	bool verify;  /* with the manifest: what is damaged is left out; and where
			 something could be lost by that, nothing is restored */
	bool quiesce; /* services are down meanwhile */
	bool (*confirm)(const char *question); /* when all is checked, before anything is
						  locked; NULL: nobody is asked */
};

/*
 * Returns the exit code; config->dry_run only shows what would be done, on `out` name by
 * name where the directory has content.
 */
int flow_restore(const struct config *config, const struct engine *engine,
		 const struct restore *what, FILE *out, struct log *log);
