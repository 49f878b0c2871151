/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * The engine that runs rsync (3.2.7 or later) with --link-dest.
 *
 * Exit codes of rsync(1): 0 and 24 (files vanished) are a complete copy, 23 (some could
 * not be read) a partial one unless the destination was the cause, all else a failure.
 */
#pragma once

#include "engine/engine.h"

struct rsync_engine {
	struct engine engine;
	const struct strvec *args; /* the user's own options, borrowed */
};

/* `args` have passed rsync_args_check(). */
void rsync_engine_init(struct rsync_engine *rsync, const struct strvec *args);
