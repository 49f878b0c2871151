/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * The directory, MERGE_STAGE, in which is made what is then renamed into the one that it is
 * in: so it is on the same file system, and no name of a new file is too long or taken.
 * Nobody else may enter it.
 */
#pragma once

#include "engine/engine.h"

/*
 * Makes and opens it in a directory; what an earlier restore left there is removed first,
 * until `job` is cancelled. -errno.
 */
int stage_make(int dirfd, const struct engine_job *job, int *ret_fd);

/* Removes it, and what is in it, where it is there. -errno. */
int stage_clear(int dirfd, const struct engine_job *job);
