/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * What a restore over live files needs around it: no backup meanwhile, which would be of
 * files half restored, and services down, by the code of a run and with its promises.
 *
 *	lock --> stop --> [restore] --> start
 *	          |                      ^
 *	          +----- any failure ----+
 *
 * A service's mark has the destination's identifier, so that a restore that was killed is
 * put right as a run is: by the supervisor, the next run, or `backup recover`.
 */
#pragma once

#include "docker/docker.h"
#include "flow/quiesce.h"
#include "store/store.h"

struct standstill {
	struct docker *docker;	 /* NULL: no services are stopped */
	struct quiesce *quiesce; /* likewise */
};

/*
 * Locks the destination, where a run has used it before or services are to be marked for
 * it. -EWOULDBLOCK: `err` says who holds it.
 */
int standstill_lock(struct store *store, const struct config *config, bool services,
		    struct error *err);

/* Services down; `name` goes into the marks. A dry run only says which they would be. */
int standstill_begin(struct standstill *standstill, const struct store *store,
		     const struct config *config, const char *name, struct log *log,
		     struct error *err);

/* Services up, and waits until they run. Fails when one did not come back. */
int standstill_end(struct standstill *standstill, const struct config *config,
		   struct error *err);
void standstill_release(struct standstill *standstill);

/*
 * After a restore whose process was killed by `signo`: services back up. Returns the exit
 * code.
 */
int standstill_aftermath(const struct config *config, int signo, struct log *log);
