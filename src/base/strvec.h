/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * A growing list of strings that it owns, terminated by NULL so that it can be an
 * argument vector: v[n] is NULL whenever v is not.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"

struct strvec {
	char **v;
	size_t n;
	size_t cap;
};

#define STRVEC_INIT \
	{           \
		0   \
	}

void strvec_push(struct strvec *sv, const char *s);
void strvec_pushf(struct strvec *sv, const char *fmt, ...) PRINTF(2, 3);

/* Puts a copy before all others. */
void strvec_push_front(struct strvec *sv, const char *s);

/* Takes the string over. */
void strvec_push_owned(struct strvec *sv, char *s);

/* Drops all but the first `n`. */
void strvec_cut(struct strvec *sv, size_t n);

bool strvec_has(const struct strvec *sv, const char *s);
void strvec_release(struct strvec *sv);
