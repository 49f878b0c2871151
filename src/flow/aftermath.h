/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * After a run whose process was killed (out of memory, SIGKILL): services back up, and a
 * report where it would have reported.
 */
#pragma once

#include "model/config.h"
#include "store/store.h"
#include "sys/log.h"

/* `signo` killed it. Always returns EXIT_FAILED. */
int flow_aftermath(const struct config *config, int signo, struct log *log);

/*
 * The part of it that brings services back, with the lock, which stays with `store` (opened
 * here). What goes wrong is logged. `what` was killed, such as "run".
 */
void aftermath_bring_back(const struct config *config, const char *what,
			  struct store *store, struct log *log);
