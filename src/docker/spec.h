/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * A service's spec, read and changed in memory. A spec is sent back whole, so what is not
 * named here must stay exactly as it was read.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/json.h"

enum spec_mode {
	SPEC_REPLICATED,
	SPEC_GLOBAL,
	SPEC_JOB, /* replicated-job or global-job: any update runs it again */
	SPEC_OTHER,
};

enum spec_mode spec_mode(const json_t *spec);

/* A label of the service (not of its containers); NULL: it has none of that name. */
const char *spec_label(const json_t *spec, const char *key);
void spec_set_label(json_t *spec, const char *key, const char *value);
void spec_remove_label(json_t *spec, const char *key);

/* The count of a replicated service; -1 when it does not say, which means 1. */
int64_t spec_replicas(const json_t *spec);

/* Sets the count; -1 takes it out. */
void spec_set_replicas(json_t *spec, int64_t replicas);

/* Placement constraints; removing takes out exactly that one. */
bool spec_has_constraint(const json_t *spec, const char *constraint);
void spec_add_constraint(json_t *spec, const char *constraint);
void spec_remove_constraint(json_t *spec, const char *constraint);

/* Seconds a task has to end after SIGTERM (10 when the spec does not say). */
double spec_grace(const json_t *spec);

/* Seconds a task must run to count as good (5 when the spec does not say). */
double spec_monitor(const json_t *spec);
