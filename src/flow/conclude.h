/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/* The end of a run: what came of it, in the report, the log and the history. */
#pragma once

#include "model/config.h"
#include "model/report.h"
#include "store/store.h"
#include "sys/log.h"

/*
 * `r` and `err` are what the run ended with; `status` is its snapshot's. A store that was
 * not opened yet (the source is missing, say) is opened for the history.
 */
void conclude(struct report *report, int r, const struct error *err,
	      enum snapshot_status status, const struct config *config,
	      struct store *store, struct log *log);
