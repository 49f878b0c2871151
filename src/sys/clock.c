/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "sys/clock.h"

#include <time.h>

struct instant clock_local(int64_t epoch)
{
	time_t t = epoch;
	struct tm tm;

	if (!localtime_r(&t, &tm))
		return (struct instant){.epoch = epoch};
	return (struct instant){.epoch = epoch, .offset = (int)tm.tm_gmtoff};
}

struct instant clock_now(void)
{
	return clock_local(time(NULL));
}

struct instant clock_from_civil(const struct civil *c, bool later)
{
	int64_t reading = civil_days(c->year, c->month, c->day) * 86400 + c->hour * 3600 +
			  c->minute * 60 + c->second;

	/*
	 * The offsets before and after whatever change is near. mktime() is no help: it
	 * wants to be told which of two readings is summer time, and in Dublin that is
	 * the later one.
	 */
	int64_t before = reading - clock_local(reading - 86400).offset;
	int64_t after = reading - clock_local(reading + 86400).offset;
	struct instant first = clock_local(before < after ? before : after);
	struct instant second = clock_local(before < after ? after : before);
	bool first_fits = first.epoch + first.offset == reading;
	bool second_fits = second.epoch + second.offset == reading;

	if (first_fits || second_fits)
		return second_fits && (later || !first_fits) ? second : first;
	return clock_local(before);
}

double clock_monotonic(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}
