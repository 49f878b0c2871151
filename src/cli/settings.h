/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * The configuration of this process: the environment and the files it names, checked as
 * a whole.
 */
#pragma once

#include "model/config.h"

/*
 * Fills `config` and takes over its time zone. Returns 0, or EXIT_USAGE after it has
 * said everything that is wrong on standard error.
 */
int settings_load(struct config *config);
