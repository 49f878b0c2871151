/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "base/suggest.h"

#include <ctype.h>
#include <string.h>

enum { WORD_MAX = 64 };

static size_t min2(size_t a, size_t b)
{
	return a < b ? a : b;
}

static int lower(const char *s, size_t i)
{
	return tolower((unsigned char)s[i]);
}

/* Damerau-Levenshtein distance (optimal string alignment). */
static size_t distance(const char *a, const char *b)
{
	size_t la = strlen(a), lb = strlen(b);
	size_t d[3][WORD_MAX + 1];

	for (size_t j = 0; j <= lb; j++)
		d[0][j] = j;
	for (size_t i = 1; i <= la; i++) {
		size_t *row = d[i % 3], *up = d[(i - 1) % 3], *up2 = d[(i + 1) % 3];
		row[0] = i;
		for (size_t j = 1; j <= lb; j++) {
			size_t cost = lower(a, i - 1) != lower(b, j - 1);
			row[j] = min2(min2(up[j] + 1, row[j - 1] + 1), up[j - 1] + cost);
			if (i > 1 && j > 1 && lower(a, i - 1) == lower(b, j - 2) &&
			    lower(a, i - 2) == lower(b, j - 1))
				row[j] = min2(row[j], up2[j - 2] + 1);
		}
	}
	return d[la % 3][lb];
}

const char *suggest_nearest(const char *wrong, const char *const *words)
{
	const char *best = NULL;
	size_t best_distance = WORD_MAX;

	if (strlen(wrong) > WORD_MAX)
		return NULL;
	for (; *words; words++) {
		size_t len = strlen(*words);
		if (len > WORD_MAX)
			continue;
		size_t n = distance(wrong, *words);
		if (n < best_distance && n <= (len + 2) / 3) {
			best = *words;
			best_distance = n;
		}
	}
	return best;
}
