/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * One of rsync's filter rules for a path that means itself, whatever is in its names
 * (rsync(1), FILTER RULES and PATTERN MATCHING RULES).
 */
#pragma once

#include "base/strvec.h"

/*
 * Adds `action` ("+ " or "- ") for `name` in `dir`, a path below the source, "" for the
 * source itself. A `name` of "" is the directory itself, NULL is all that is in it.
 */
void rule_add(struct strvec *rules, const char *action, const char *dir,
	      const char *name);
