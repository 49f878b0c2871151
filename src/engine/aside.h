/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/* What a merge takes away from the target: kept in its folder, or removed. */
#pragma once

#include "engine/merger.h"

/*
 * Before a file is put in the place of one, which is no directory: makes sure that it is
 * not lost by that. -errno; nothing has changed then.
 */
int aside_keep(struct merger *m, struct level *level, const char *name);

/*
 * Takes a name away, of whatever type. Without the folder a directory that is not empty
 * goes only where deletion was asked for; else -ENOTEMPTY.
 */
int aside_take(struct merger *m, struct level *level, const char *name, bool is_dir);
