/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "model/forecast.h"

#include <stdbool.h>
#include <stdlib.h>

enum { DAY = 24 * 60 * 60, LEAST_DAYS = 3, LEAST_SPAN = 2 * DAY };
static const double longest = 3650; /* days: nobody plans farther */

/* The newest sample of each day, [0] being the last 24 hours. Returns how many. */
static size_t thin(const struct forecast_sample *samples, size_t n, int64_t now,
		   struct forecast_sample ret_thin[FORECAST_DAYS])
{
	struct forecast_sample days[FORECAST_DAYS];
	bool has[FORECAST_DAYS] = {false};
	size_t found = 0;

	for (size_t i = 0; i < n; i++) {
		int64_t time = samples[i].time;
		if (time > now || time <= now - (int64_t)FORECAST_DAYS * DAY)
			continue;
		int64_t day = (now - time) / DAY;
		if (has[day] && days[day].time >= time)
			continue;
		has[day] = true;
		days[day] = samples[i];
	}
	for (size_t day = 0; day < FORECAST_DAYS; day++)
		if (has[day])
			ret_thin[found++] = days[day];
	return found;
}

static int compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* What is left of it more from day to day: the median of all pairs. */
static double slope(const struct forecast_sample *samples, size_t n)
{
	double slopes[FORECAST_DAYS * (FORECAST_DAYS - 1) / 2] = {0};
	size_t pairs = 0;

	for (size_t i = 0; i < n; i++)
		for (size_t j = i + 1; j < n; j++)
			slopes[pairs++] =
				((double)samples[i].left - (double)samples[j].left) *
				DAY / (double)(samples[i].time - samples[j].time);
	qsort(slopes, pairs, sizeof(*slopes), compare);
	return pairs % 2 ? slopes[pairs / 2]
			 : (slopes[pairs / 2 - 1] + slopes[pairs / 2]) / 2;
}

struct forecast forecast_end(const struct forecast_sample *samples, size_t n, int64_t now,
			     uint64_t left_now)
{
	struct forecast_sample days[FORECAST_DAYS];
	struct forecast forecast = {.kind = FORECAST_UNKNOWN};
	size_t found = thin(samples, n, now, days);

	if (found < LEAST_DAYS || days[0].time - days[found - 1].time < LEAST_SPAN)
		return forecast;
	double more = slope(days, found);
	forecast.kind = FORECAST_NOT_FILLING;
	if (more < 0 && (double)left_now / -more < longest) {
		forecast.kind = FORECAST_FILLING;
		forecast.days = (double)left_now / -more;
	}
	return forecast;
}
