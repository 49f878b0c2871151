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

/*
 * Called by the work: it has come to its end, which is to be exit code `code`, and has
 * written that down. It counts even if what it still does is cut short by a kill.
 */
void supervise_settle(int code);

/* Afterwards, what the work settled; -1: it was killed before. */
int supervise_settled(void);
