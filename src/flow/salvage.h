/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * What a run finds of those that were killed before it, put right: half-made snapshots,
 * half-deleted ones, a `latest` that was not moved on.
 */
#pragma once

#include "store/catalog.h"
#include "store/store.h"
#include "sys/log.h"

/*
 * The store must be locked and prepared. `ret_bases` gets the names of what was left in
 * building/ and may be linked from. What cannot be deleted, by so many threads (0: see
 * removal.h), is a warning.
 */
int salvage(const struct store *store, const struct catalog *catalog, struct instant now,
	    unsigned threads, struct log *log, struct strvec *ret_bases,
	    struct error *err);
