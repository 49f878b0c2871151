/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * A directory at work: opened in the source, the copy and the bases, its names met one
 * after the other, its subdirectories handed to the pool.
 *
 *	new ─▶ names of a chunk ─▶ ... ─▶ no more names: attributes, closed
 *	             │    ▲
 *	             ▼    │  many wait already: its worker first does the subdirectory
 *	           subdirectory
 *
 * A worker that has gone down far holds those right above open; the others it finds again
 * (shut.h).
 */
#pragma once

#include "engine/pass.h"

/* The top. */
struct dir *dir_new_top(struct pass *pass);

/* Works on it until it is done, and freed. */
void dir_work(struct pass *pass, struct worker *worker, struct dir *dir);
