/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * .backup/history.jsonl: a line of JSON for each run, failed ones too.
 */
#pragma once

#include "base/error.h"
#include "model/report.h"
#include "store/store.h"

/* Appends a line and brings it to the disk. */
int history_append(const struct store *store, const struct report *report,
		   struct error *err);
