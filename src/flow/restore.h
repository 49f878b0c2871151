/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * Brings a snapshot, or parts of it, to a directory that is new or empty: with all that
 * the snapshot holds, by the engine that makes snapshots, so as equal and as fast.
 *
 * Nothing is locked: backups go on meanwhile. Should one remove the very snapshot, what is
 * then missing is said, and makes the exit code 3.
 */
#pragma once

#include "engine/engine.h"
#include "model/config.h"
#include "sys/log.h"

struct restore {
	const char *snapshot;	    /* as for catalog_pick() */
	const struct strvec *paths; /* below the source; none: all of it */
	const char *to;		    /* the directory */
};

/* Returns the exit code; config->dry_run only shows what would be done. */
int flow_restore(const struct config *config, const struct engine *engine,
		 const struct restore *restore, struct log *log);
