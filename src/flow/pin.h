/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/* Pins snapshots, so that retention leaves them alone and does not count them, or unpins them. */
#pragma once

#include "base/strvec.h"
#include "model/config.h"
#include "sys/log.h"

/* Each as for catalog_pick(); all of them, or none when one is not there. Returns the exit
 * code. */
int flow_pin(const struct config *config, const struct strvec *names, bool pinned,
	     struct log *log);
