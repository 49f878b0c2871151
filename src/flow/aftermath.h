/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * After a run whose process was killed (out of memory, SIGKILL): services back up, and a
 * report where it would have reported.
 */
#pragma once

#include "model/config.h"
#include "sys/log.h"

/* `signo` killed it. Always returns EXIT_FAILED. */
int flow_aftermath(const struct config *config, int signo, struct log *log);
