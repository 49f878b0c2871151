/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * Dates of the proleptic Gregorian calendar, without zones: the caller adds the UTC
 * offset first. Days are counted from 1970-01-01.
 * Source of the arithmetic: Howard Hinnant, "chrono-Compatible Low-Level Date
 * Algorithms"; of the weeks: ISO 8601.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct civil {
	int year;
	int month; /* 1 to 12 */
	int day;   /* 1 to 31 */
	int hour;
	int minute;
	int second;
};

/* A moment, and how many seconds east of Greenwich local clocks were then. */
struct instant {
	int64_t epoch;
	int offset;
};

int64_t civil_days(int year, int month, int day);

/* The day an instant falls on, `offset` seconds east of Greenwich. */
int64_t civil_day_of(int64_t epoch, int offset);

/* Whether it is in the years 0 to 9999, and its offset not more than a day. */
bool instant_valid(int64_t epoch, int64_t offset);

/* RFC 3339, "2026-11-23T03:00:00+01:00"; the caller frees it. */
char *instant_rfc3339(const struct instant *time);

/* The calendar's reading of an instant, `offset` seconds east of Greenwich. */
struct civil civil_from_epoch(int64_t epoch, int offset);

/* Whether such a day and time exist in the calendar (seconds to 60). */
bool civil_valid(const struct civil *c);

/* Monday of the ISO week that day `days` is in, as a day; the week's identity. */
int64_t civil_week_start(int64_t days);

/* ISO year and week (1 to 53) of day `days`. */
void civil_iso_week(int64_t days, int *ret_year, int *ret_week);
