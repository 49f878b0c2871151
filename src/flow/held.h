/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * Services that a backup holds down: the two changes of a service, and waiting for its
 * tasks. The same code serves a run and the recovery after one that died.
 */
#pragma once

#include "base/strvec.h"
#include "docker/service.h"
#include "docker/task.h"
#include "model/mark.h"
#include "sys/log.h"

struct held {
	char *id;
	char *name;
	int64_t replicas; /* as its spec says: -1 for none said, or global */
	bool global;
	int64_t order;
	size_t ran;	/* tasks that ran before; SIZE_MAX: not known */
	double grace;	/* seconds its tasks may take to end */
	double monitor; /* seconds they must run to count */

	bool down;		       /* an update took effect, or may have */
	bool other_decided;	       /* somebody else set it while it was down */
	bool sent_back;		       /* an update to bring it back was sent */
	bool removed;		       /* by somebody, while it started */
	double stopped_at, started_at; /* monotonic; 0: never */
	char *error;		       /* why it did not come back */

	struct mark mark; /* what we wrote, or found */
};

struct helds {
	struct held *v;
	size_t n, cap;
};

#define HELDS_INIT \
	{          \
		0  \
	}
void helds_release(struct helds *helds);

/* Adds a service as it is now. */
struct held *helds_add(struct helds *helds, const struct service *service);

/*
 * Marks services and sets them to zero; `changes` has one element for each, in the same
 * order, and tells what became of it. A service that another backup marked is refused
 * with -EBUSY, one that is being updated with -EAGAIN.
 */
void held_stop(struct docker *docker, struct held **helds, struct change *changes,
	       size_t n);

/*
 * Takes the marks away and sets the counts back, for as long as `patient` seconds where
 * the engine does not answer. What failed is said in `held->error`.
 */
void held_start(struct docker *docker, struct held **helds, size_t n, double patient,
		struct log *log);

/*
 * Waits until no task of them is left, seen twice in a row. Fails after `seconds`, saying
 * which task on which node is, or when a signal comes (-EINTR).
 */
int held_wait_gone(struct docker *docker, struct held **helds, size_t n, double seconds,
		   struct error *err);

/*
 * Waits until each has as many running tasks as it had, or should have, for as long as
 * its monitor period. What did not come up in `seconds` gets its `error`. A signal ends
 * the waiting without one.
 */
void held_wait_running(struct docker *docker, struct held **helds, size_t n,
		       double seconds);

/* Counts the running tasks of each now, into `ran`; finds our own service among them. */
int held_look(struct docker *docker, struct helds *helds, const char *own_container,
	      char **ret_own_service, struct error *err);
