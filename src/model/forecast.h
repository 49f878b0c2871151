/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * When something that was measured now and then will be used up.
 *
 * Of each of the last 30 days, counted back from now, the newest sample is taken; the rate
 * is the median of the slopes between any two of them (Theil and Sen), so that a single
 * large removal, or a disk that was exchanged, does not turn it.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { FORECAST_DAYS = 30 };

enum forecast_kind {
	FORECAST_UNKNOWN,     /* fewer than three days, or less than two between them */
	FORECAST_NOT_FILLING, /* it grows, stays, or lasts ten years more */
	FORECAST_FILLING,
};

struct forecast {
	enum forecast_kind kind;
	double days; /* FORECAST_FILLING: until nothing is left */
};

struct forecast_sample {
	int64_t time; /* seconds since 1970 */
	uint64_t left;
};

/* Samples in any order; those of the future and of long ago do not count. */
struct forecast forecast_end(const struct forecast_sample *samples, size_t n, int64_t now,
			     uint64_t left_now);
