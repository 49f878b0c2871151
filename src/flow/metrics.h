/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * Status as Prometheus reads it: the text format of
 * prometheus.io/docs/instrumenting/exposition_formats, names as its "Metric and label
 * naming" has them. What is not known is left out, so that nobody takes a zero for it.
 */
#pragma once

#include "flow/status.h"
#include "sys/log.h"

/* `destination` is a label of each. */
void metrics_print(const struct status *status, const char *destination,
		   struct strbuf *out);

/*
 * Leaves them in METRICS_FILE, if there is one, for everybody to read, after the run that
 * `report` is about; not after a dry one. What fails is a warning.
 */
void metrics_leave(const struct config *config, const struct store *store,
		   const struct report *report, struct log *log);
