/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/* Whether a snapshot that was just copied is one to rely on. */
#pragma once

#include "model/config.h"
#include "store/catalog.h"
#include "sys/log.h"

/*
 * Compares what a complete copy came to with the last good snapshot. Returns
 * SNAPSHOT_SHRUNK for one that should not push others out, else SNAPSHOT_COMPLETE; warns
 * of that, and of links that became few.
 */
enum snapshot_status judge_copy(const struct store *store, const struct catalog *catalog,
				const struct config *config,
				const struct snapshot_counts *counts, struct log *log);
