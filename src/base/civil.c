/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "base/civil.h"

#include <stdlib.h>

#include "base/alloc.h"

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

int64_t civil_days(int year, int month, int day)
{
	int64_t y = month <= 2 ? (int64_t)year - 1 : year;
	int64_t era = floor_div(y, 400);
	int64_t year_of_era = y - era * 400;
	int64_t day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
	int64_t day_of_era =
		year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

	return era * 146097 + day_of_era - 719468;
}

int64_t civil_day_of(int64_t epoch, int offset)
{
	return floor_div(epoch + offset, 86400);
}

struct civil civil_from_epoch(int64_t epoch, int offset)
{
	int64_t days = civil_day_of(epoch, offset);
	int second = (int)(epoch + offset - days * 86400);
	int64_t z = days + 719468;
	int64_t era = floor_div(z, 146097);
	int64_t doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;
	int month = (int)(mp < 10 ? mp + 3 : mp - 9);

	return (struct civil){
		.year = (int)(yoe + era * 400 + (month <= 2)),
		.month = month,
		.day = (int)(doy - (153 * mp + 2) / 5 + 1),
		.hour = second / 3600,
		.minute = second / 60 % 60,
		.second = second % 60,
	};
}

bool instant_valid(int64_t epoch, int64_t offset)
{
	return epoch >= -62167219200 && epoch <= 253402300799 && offset >= -86400 &&
	       offset <= 86400;
}

char *instant_rfc3339(const struct instant *time)
{
	struct civil c = civil_from_epoch(time->epoch, time->offset);
	int minutes = abs(time->offset) / 60;

	return xasprintf("%04d-%02d-%02dT%02d:%02d:%02d%c%02d:%02d", c.year, c.month,
			 c.day, c.hour, c.minute, c.second, time->offset < 0 ? '-' : '+',
			 minutes / 60, minutes % 60);
}

bool civil_valid(const struct civil *c)
{
	if (c->month < 1 || c->month > 12 || c->day < 1 || c->day > 31)
		return false;
	if (c->hour < 0 || c->hour > 23 || c->minute < 0 || c->minute > 59 ||
	    c->second < 0 || c->second > 60)
		return false;

	/* a day beyond the month's end comes back as one of the next month */
	struct civil back =
		civil_from_epoch(civil_days(c->year, c->month, c->day) * 86400, 0);
	return back.month == c->month && back.day == c->day;
}

int64_t civil_week_start(int64_t days)
{
	return days - ((days + 3) % 7 + 7) % 7; /* day 0 was a Thursday */
}

void civil_iso_week(int64_t days, int *ret_year, int *ret_week)
{
	/* a week belongs to the year that its Thursday is in */
	int64_t thursday = civil_week_start(days) + 3;
	int year = civil_from_epoch(thursday * 86400, 0).year;

	*ret_year = year;
	*ret_week = (int)((thursday - civil_days(year, 1, 1)) / 7) + 1;
}
