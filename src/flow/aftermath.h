/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * After a run whose process was killed (out of memory, SIGKILL): services back up, and a
 * report where it would have reported.
 */
#pragma once

#include "base/civil.h"
#include "model/config.h"
#include "store/store.h"
#include "sys/log.h"

struct killed_run {
	int signo;	      /* what killed it */
	int settled;	      /* what it had come to by then: an exit code, or -1 */
	struct instant start; /* when the supervisor began, */
	double started;	      /* and likewise on the monotonic clock */
};

/*
 * A run that had come to its end has been reported, so there is just a look for services.
 * Returns the exit code: the run's own, or else EXIT_FAILED.
 */
int flow_aftermath(const struct config *config, const struct killed_run *run,
		   struct log *log);

/*
 * The part of it that brings services back, with the lock, which stays with `store` (opened
 * here). What goes wrong is logged. `what` was killed, such as "run".
 */
void aftermath_bring_back(const struct config *config, const char *what,
			  struct store *store, struct log *log);
