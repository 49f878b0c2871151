/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * Services are down while files are copied, and come back whatever happens.
 *
 *	select --> stop --> [copy] --> start
 *	             |                   ^
 *	             +---- any failure --+
 *
 * Stopping sets the count to 0 and a mark (model/mark.h) in one update, for all services
 * before any is waited for; the copy may begin only when no task of theirs is left, on
 * any node. Starting sets the count back and takes the mark away in one update. With an
 * order label, groups of equal number go down one after the other and come back in
 * reverse.
 *
 * Left alone: jobs (an update runs them again), global services unless asked for, the
 * service we are a task of, what is at 0 already (its last tasks are waited for).
 */
#pragma once

#include "docker/docker.h"
#include "model/config.h"
#include "model/report.h"
#include "sys/log.h"

struct quiesce;

/*
 * Connects as the configuration says, `scale` apart. With SCALE=auto, where there is no engine or no
 * Swarm, `ret_docker` is NULL and the log says so; with SCALE=off just NULL.
 */
int quiesce_connect(const struct config *config, enum config_scale scale, struct log *log,
		    struct docker **ret_docker, struct error *err);

/* Likewise, where each request may take so many seconds; 0: the usual time. */
int quiesce_connect_within(const struct config *config, enum config_scale scale,
			   double seconds, struct log *log, struct docker **ret_docker,
			   struct error *err);

/*
 * Finds the services to stop, after waiting, bounded, for those that are being updated
 * or that another backup holds. Nothing is changed. `destination` and `run` go into the
 * marks. The caller frees it.
 */
int quiesce_select(struct docker *docker, const struct config *config, struct log *log,
		   const char *destination, const char *run, struct quiesce **ret_quiesce,
		   struct error *err);
void quiesce_free(struct quiesce *quiesce);
void quiesce_freep(struct quiesce **quiesce);

/* How many would be stopped. */
size_t quiesce_count(const struct quiesce *quiesce);

/* Says what would be done, for a dry run. */
void quiesce_preview(const struct quiesce *quiesce);

/* On failure everything was started again, as far as possible, before it returns. */
int quiesce_stop(struct quiesce *quiesce, struct error *err);

/*
 * Brings all of them back and waits until they run; a signal ends the waiting, not the
 * bringing back. Fails when one did not come back, after all were tried.
 */
int quiesce_start(struct quiesce *quiesce, struct error *err);

/* Adds each service, its count and its downtime. */
void quiesce_report(const struct quiesce *quiesce, struct report *report);
