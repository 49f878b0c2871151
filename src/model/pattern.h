/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * What to leave out, in the language of rsync's --exclude-from (rsync(1), FILTER RULES
 * and PATTERN MATCHING RULES): a list of rules of which the first that matches decides.
 *
 *	*.tmp      a name anywhere
 *	/cache/    at the top, and only a directory
 *	a/b  a/ ** /b  matched from the right end of a path
 *	+ keep     left in, whatever the rules behind it say
 *	!          forgets all rules before it
 *
 * `*` and `?` stop at a slash, `**` does not, `[a-z]` and `[[:digit:]]` are one
 * character, `dir/ ***` is a directory and all in it (without the blanks). A backslash
 * takes the meaning from what follows, in patterns that have one of `*?[`.
 * Bytes are compared: names need not be UTF-8.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/strvec.h"

struct patterns;

/* -EINVAL, with the rule in the error, for what rsync has and this has not. */
int patterns_new(const struct strvec *rules, struct patterns **ret_patterns,
		 struct error *err);
void patterns_free(struct patterns *patterns);
void patterns_freep(struct patterns **patterns);

/* Whether names alone do not decide, so that callers have to know paths. */
bool patterns_need_paths(const struct patterns *patterns);

/*
 * Whether `name` in `dir` (a path below the top, "" for the top itself; not looked at
 * unless paths are needed) is left out.
 */
bool patterns_exclude(const struct patterns *patterns, const char *dir, const char *name,
		      bool is_dir);
