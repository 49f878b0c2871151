/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * Whether backups of a destination are well.
 *
 * They are while somebody holds the destination, for not longer than MAX_AGE: a run must not
 * be ended because the one before it failed, and one that hangs must be. Otherwise they are
 * when the last run was good (without or with warnings) and began not longer than MAX_AGE
 * ago. A partial run is not good: it brings no complete snapshot, and nothing is removed until
 * there is one again.
 */
#pragma once

#include "model/config.h"
#include "store/history.h"

struct health {
	bool healthy;
	char *why; /* a clause without a full stop */

	bool running;  /* somebody holds the destination */
	char *holder;  /* what that one left; "" when nothing */
	int64_t since; /* when it began; 0: not known */

	bool ran; /* there was a run, and `last` tells of it */
	struct history_entry last;
};

/* For CLEANUP(). */
void health_release(struct health *health);

/* Looks at a destination, without writing and in nobody's way, and judges. */
int health_look(const struct store *store, const struct config *config,
		struct instant now, struct health *ret_health, struct error *err);

/* Adds "2026-11-23 03:00:00, 5 h 12 min ago", the latter unless it is to come. */
void health_add_when(struct strbuf *out, struct instant when, struct instant now);

/* Sets `healthy` and `why` by the rest. `max_age` is in seconds; 0: no limit. */
void health_judge(struct health *health, int64_t max_age, struct instant now);
