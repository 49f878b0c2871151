/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * A backup run, from the lock to the history.
 *
 *	check source -> lock -> put right what dead runs left -> check destination
 *	  -> [services down] -> copy -> [services up]
 *	  -> sync -> publish -> rotate -> delete -> history
 *
 * Whatever fails before "publish" leaves every snapshot as it was, and what was copied
 * in building/ for the next run to link from. Nothing is removed after a failure, after
 * a partial copy, when the source shrank, or on the first run over a destination that
 * others made.
 */
#pragma once

#include <sys/types.h>

#include "engine/engine.h"
#include "model/config.h"
#include "model/report.h"
#include "sys/log.h"

/*
 * Returns the exit code, which is also in `report` (zeroed by the caller, who releases
 * it). `owner` is the process to name where others ask who holds the destination.
 * Everything worth telling goes to the log, errors too.
 */
int flow_run(const struct config *config, const struct engine *engine, pid_t owner,
	     struct log *log, struct report *report);
