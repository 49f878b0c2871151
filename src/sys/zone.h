/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * Time zones by name: which there are, and which one this system is in.
 */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "base/strbuf.h"

/*
 * Whether TZ, as the environment would give it, names a zone that can be found: a name
 * below /usr/share/zoneinfo or a POSIX rule such as CET-1CEST,M3.5.0,M10.5.0/3. The C
 * library itself would fall back to UTC without a word.
 */
bool zone_known(const char *tz);

/*
 * Adds the name of the zone that `tz` most likely means: a misspelt name, or a city alone
 * or on the wrong continent. Nothing is added when none is near.
 */
void zone_nearest(const char *tz, struct strbuf *out);

/*
 * Makes a zone that is known the system's: ETC/localtime is linked to its file and
 * ETC/timezone holds its name (localtime(5), and Debian's habit that many programs
 * follow). A rule, or a file outside /usr/share/zoneinfo, has no name and changes
 * nothing: TZ alone is enough for it. Each is replaced in one step, whatever becomes of the
 * other, and the error names the one, or both, that could not be.
 */
int zone_set_system(const char *etc, const char *tz, struct error *err);
