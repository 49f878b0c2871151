/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * What time it is, here. The zone is the C library's (TZ, /etc/localtime).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/civil.h"

/* Now, with the zone's offset at this moment. */
struct instant clock_now(void);

/* The instant with the offset that the zone has, or had, at that time. */
struct instant clock_local(int64_t epoch);

/*
 * The instant at which local clocks read `c`. Of an hour that came twice the first, or
 * the second when `later`; a reading that no clock showed is taken as one that had not
 * been put forward.
 */
struct instant clock_from_civil(const struct civil *c, bool later);

/* Seconds on a clock that never jumps, for durations. */
double clock_monotonic(void);
