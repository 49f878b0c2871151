/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * SIGTERM, SIGINT and SIGHUP asked politely: the first one is remembered and makes a
 * descriptor readable, so that every wait can end at once. SIGPIPE is ignored.
 */
#pragma once

#include <stdbool.h>

/*
 * As process 1, to which the kernel gives no signal that it does not handle: ends on those
 * that ask politely, with 128+n, as any other process would end. Does nothing otherwise.
 */
void signals_end_as_init(void);

/* Call once, before the first wait. */
void signals_catch(void);

/* The signal that asked us to end, or 0. */
int signals_caught(void);

/* "SIGTERM" and so on, for those that are caught. */
const char *signals_name(int signo);

/* Sleeps; false, and at once, when a signal asks or asked us to end. */
bool signals_sleep(int ms);

/* Readable once a signal came, for ever; -1 before signals_catch(). Not the caller's. */
int signals_fd(void);
