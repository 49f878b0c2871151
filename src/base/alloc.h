/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * Memory that is always there: these abort the process when it is not (a run is a
 * process of its own, and the next one cleans up behind it). Sizes that are products
 * are checked for overflow.
 */
#pragma once

#include <stddef.h>

#include "base/cleanup.h"

void *xmalloc(size_t size);
void *xcalloc(size_t n, size_t size);
void *xreallocarray(void *p, size_t n, size_t size);
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t max);
char *xasprintf(const char *fmt, ...) PRINTF(1, 2);

/*
 * Room for one more element in a growing array: `v` is the array, `n` elements are in
 * use, `cap` is its capacity; both array and capacity are updated.
 */
#define array_grow(v, n, cap)                                          \
	do {                                                           \
		if ((n) == (cap)) {                                    \
			(cap) = (cap) ? (cap)*2 : 8;                   \
			(v) = xreallocarray((v), (cap), sizeof(*(v))); \
		}                                                      \
	} while (0)
