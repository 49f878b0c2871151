/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * The directory in which a merge makes what is to be renamed into the one that it is in:
 * so it is on the same file system, and no name of a new file is too long or taken.
 */
#pragma once

#include "engine/merger.h"

/* Opens level->stage, made anew: what an earlier merge left is removed first. -errno. */
int stage_open(struct merger *m, struct level *level);

/* Closes and removes it, if there is one. */
void stage_close(struct merger *m, struct level *level);

/* Removes what an earlier merge left in a directory. */
int stage_clear(const struct merger *m, int dirfd);
