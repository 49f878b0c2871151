/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * Time zones that are spelt out, such as CET-1CEST,M3.5.0,M10.5.0/3: the grammar of TZ in
 * POSIX.1-2017, 8.3, with the hours of RFC 8536, 3.3.1 (-167 to 167) for when clocks are
 * changed. C libraries take what they understand of a wrong one, and UTC for the rest.
 */
#pragma once

#include <stdbool.h>

/*
 * Whether it is one. POSIX lets an abbreviation have any number of letters; no zone has
 * more than five, and a longer one is a mistyped name rather: Berlin1.
 */
bool zone_rule_valid(const char *rule);
