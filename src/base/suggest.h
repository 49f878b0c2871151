/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/* The nearest of some words, for "did you mean ...?". */
#pragma once

#include <stddef.h>

/*
 * The word of `words` (ends with NULL) that takes the fewest edits (insert, delete,
 * replace, swap of neighbours) to make from `wrong`, case aside; NULL when even the
 * best takes more than a third of its letters, rounded up.
 */
const char *suggest_nearest(const char *wrong, const char *const *words);
