/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * Removes snapshots that a user names, as retention would: into the trash, then for good.
 *
 * All of them, or none where one is refused: it is pinned, or no good snapshot would be
 * left. `latest` is moved on before, so that it never leads to nothing; a crash at any
 * point leaves the others as they were, and the next run puts the rest right.
 */
#pragma once

#include "base/strvec.h"
#include "model/config.h"
#include "sys/log.h"

struct forget {
	const struct strvec *names; /* each as for catalog_named() */
	bool force;		    /* also where no good one is left */
	/* Asks whether these ("daily/...") are to go; NULL: nobody is asked. */
	bool (*confirm)(const struct strvec *places);
};

/* Returns the exit code; config->dry_run only says what would be removed. */
int flow_forget(const struct config *config, const struct forget *forget,
		struct log *log);
