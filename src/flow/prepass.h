/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * A copy made while services are up, so that the one with services down moves only what
 * changed since. The snapshot is a fresh directory that links to it; nothing in it is
 * ever written again.
 *
 * A file that was written while it was copied may be torn although its size and time do
 * not show it later: a second write in the same tick of the kernel's clock leaves no
 * trace. So the source is synced first, which makes stores through memory maps show as
 * new times, and afterwards every file as young as the pass itself is taken out again.
 */
#pragma once

#include "engine/engine.h"
#include "flow/quiesce.h"
#include "flow/source.h"
#include "store/catalog.h"
#include "store/store.h"

/*
 * With PRE_PASS=auto: when services would be stopped, and the copy is to be a full one or
 * the last one was large. `good` is the newest good snapshot or NULL.
 */
bool prepass_is_worthwhile(const struct config *config, const struct quiesce *quiesce,
			   const struct catalog_entry *good);

/* Copies into building/<name>, which is there and empty; `job` is otherwise the run's. */
int prepass_copy(const struct engine *engine, struct engine_job *job,
		 const struct source *source, const struct store *store, const char *name,
		 struct log *log, struct snapshot_counts *ret_counts, struct error *err);
