/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "base/human.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const char *human_bytes(uint64_t bytes, char buf[HUMAN_MAX])
{
	static const char *const units[] = {"B",   "KiB", "MiB", "GiB",
					    "TiB", "PiB", "EiB"};
	double value = (double)bytes;
	int unit = 0;

	while (value >= 1023.95) {
		value /= 1024;
		unit++;
	}
	snprintf(buf, HUMAN_MAX, unit ? "%.1f %s" : "%.0f %s", value, units[unit]);
	return buf;
}

const char *human_duration(double seconds, char buf[HUMAN_MAX])
{
	if (seconds < 0)
		seconds = 0;
	uint64_t s = (uint64_t)(seconds + 0.5);

	if (seconds < 9.95)
		snprintf(buf, HUMAN_MAX, "%.1f s", seconds);
	else if (s < 60)
		snprintf(buf, HUMAN_MAX, "%" PRIu64 " s", s);
	else if (s < 3600)
		snprintf(buf, HUMAN_MAX, "%" PRIu64 " min %02" PRIu64 " s", s / 60,
			 s % 60);
	else if (s < 86400)
		snprintf(buf, HUMAN_MAX, "%" PRIu64 " h %02" PRIu64 " min", s / 3600,
			 s / 60 % 60);
	else
		snprintf(buf, HUMAN_MAX, "%" PRIu64 " d %" PRIu64 " h", s / 86400,
			 s / 3600 % 24);
	return buf;
}

const char *human_count(uint64_t n, char buf[HUMAN_MAX])
{
	char digits[HUMAN_MAX];
	size_t len = (size_t)snprintf(digits, sizeof(digits), "%" PRIu64, n);
	size_t out = 0;

	for (size_t i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			buf[out++] = ',';
		buf[out++] = digits[i];
	}
	buf[out] = '\0';
	return buf;
}

const char *human_noun(uint64_t n, const char *one, const char *many)
{
	return n == 1 ? one : many;
}
