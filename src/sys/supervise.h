/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * Work in a child, so that somebody is left when it is killed.
 */
#pragma once

/*
 * Forks, runs `work` in the child and waits for its end. SIGTERM, SIGINT and SIGHUP are
 * passed on to the child; when we die, it gets SIGTERM. As process 1 every orphan is
 * reaped on the way. Returns the child's exit code, or minus the signal that killed it.
 */
int supervise(int (*work)(void *ctx), void *ctx);
