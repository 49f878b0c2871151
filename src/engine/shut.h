/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * Directories above the one that a worker has gone down into, with their descriptors
 * closed: a chain of them may be longer than there are descriptors.
 *
 *	above ─▶ ... ─▶ shut ─▶ open ─▶ ... ─▶ open ─▶ at work
 *
 * One is opened again from the one below it, by "..", or else by its place, before that is
 * done with. It must be the inode that it was: nothing is read of what has its name, or
 * holds the one below, by now.
 */
#pragma once

#include "engine/pass.h"

/* Shuts what is so far above the directory that it is beyond pass->levels_max. */
void shut_above(struct pass *pass, struct dir *dir);

/*
 * Opens the one above this one, if it is shut. What fails was said: without its source
 * nothing more of it is read, and without its copy nothing more is put there.
 */
void shut_open_above(struct pass *pass, struct worker *worker, struct dir *below);

/* For one that is not opened again. */
void shut_release(struct dir *dir);
