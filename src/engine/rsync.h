/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * The engine that runs rsync (3.2.7 or later) with --link-dest.
 *
 * Exit codes of rsync(1): 0 and 24 (files vanished) are a complete copy, 23 (some could
 * not be read) a partial one unless the destination was the cause, all else a failure.
 *
 * What rsync found behind a symbolic link in a base (see detours.h) is copied again, in
 * full, from the source alone. Hard links between such a part and the rest of the tree,
 * or between a hundred such parts and the next, are lost in that one snapshot.
 */
#pragma once

#include "engine/engine.h"

struct rsync_engine {
	struct engine engine;
	const struct strvec *args; /* the user's own options, borrowed */
};

/* `args` have passed rsync_args_check(). */
void rsync_engine_init(struct rsync_engine *rsync, const struct strvec *args);
