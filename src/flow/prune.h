/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/* Retention alone, without a backup. */
#pragma once

#include "model/config.h"
#include "sys/log.h"

/* Returns the exit code; config->dry_run only shows what would be done. */
int flow_prune(const struct config *config, struct log *log);
