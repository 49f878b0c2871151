/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * How far copying steps back for others, by NICE and IONICE. What cannot be had is a
 * warning: the copy is made all the same.
 *
 *	courtesy_begin(config, log);
 *	int io = courtesy_enter(config, true, log);
 *	...the pre-pass...
 *	courtesy_leave(io, log);
 */
#pragma once

#include <stdbool.h>

#include "model/config.h"
#include "sys/log.h"

/* NICE, for the rest of the process: without privilege it could not be undone. */
void courtesy_begin(const struct config *config, struct log *log);

/*
 * IONICE, for what is started from now on; returns what courtesy_leave() needs. A pre-pass
 * has all the time there is, so it is idle where nothing else is asked for.
 */
int courtesy_enter(const struct config *config, bool pre_pass, struct log *log);
void courtesy_leave(int before, struct log *log);
