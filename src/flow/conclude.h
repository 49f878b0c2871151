/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * The end of a run: what came of it, in the report and the log; then in the history and the
 * metrics; and last by mail, which may take its time and fail. Whoever kills a run that
 * mails changes nothing of what came of it (sys/supervise.h).
 */
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

/*
 * The parts of it that are the same for a run that was killed. What fails is a warning. A
 * destination that is not ours has no history, nor has a dry run.
 */
void conclude_write_down(struct report *report, const struct config *config,
			 struct store *store, struct log *log);
void conclude_tell(const struct report *report, bool alarm, const struct config *config,
		   const struct store *store, struct log *log);
