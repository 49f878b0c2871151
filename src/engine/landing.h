/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * How what a restore makes in an empty directory gets there: it is all made in MERGE_STAGE,
 * which nobody else may enter, and then moved, a name at the top at a time. So whoever kills
 * the restore finds by their names only what is whole, and whoever owns the directory
 * cannot put anything in the way of what is made; and it costs nothing for each file, as a
 * temporary name, or none (O_TMPFILE), would: a fourth of the time.
 */
#pragma once

#include "engine/pass.h"

/* Makes the stage in pass->target_fd, which it becomes; that becomes pass->final_fd. */
int landing_begin(struct pass *pass, struct error *err);

/*
 * Moves what was made, also by a pass that was stopped: but for what is not complete yet,
 * which was removed. One that was not gives the directory its attributes.
 */
void landing_end(struct pass *pass, struct worker *worker);
