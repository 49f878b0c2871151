/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "model/snapshot.h"

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"

static const char *const tier_names[] = {"daily", "weekly", "monthly"};
static const char *const status_names[] = {"complete", "partial", "shrunk", "unknown"};

const char *snapshot_tier_name(enum snapshot_tier tier)
{
	return tier_names[tier];
}

const char *snapshot_status_name(enum snapshot_status status)
{
	return status_names[status];
}

enum snapshot_status snapshot_status_parse(const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(status_names); i++)
		if (strcmp(word, status_names[i]) == 0)
			return (enum snapshot_status)i;
	return SNAPSHOT_UNKNOWN;
}

void snapshot_name(const struct civil *c, unsigned nth, char buf[SNAPSHOT_NAME_MAX])
{
	char suffix[12] = "";

	if (nth > 1)
		snprintf(suffix, sizeof(suffix), ".%u", nth);
	snprintf(buf, SNAPSHOT_NAME_MAX, "%04d-%02d-%02d_%02d-%02d-%02d%s",
		 c->year % 10000, c->month % 100, c->day % 100, c->hour % 100,
		 c->minute % 100, c->second % 100, suffix);
}

/* Reads `n` digits; -1 when there are fewer. */
static int digits(const char *s, int n)
{
	int value = 0;

	for (int i = 0; i < n; i++) {
		if (s[i] < '0' || s[i] > '9')
			return -1;
		value = value * 10 + (s[i] - '0');
	}
	return value;
}

bool snapshot_name_parse(const char *name, struct civil *ret_civil, unsigned *ret_nth)
{
	unsigned nth = 1;

	if (strlen(name) < 19 || name[4] != '-' || name[7] != '-' || name[10] != '_' ||
	    name[13] != '-' || name[16] != '-')
		return false;
	struct civil c = {
		.year = digits(name, 4),
		.month = digits(name + 5, 2),
		.day = digits(name + 8, 2),
		.hour = digits(name + 11, 2),
		.minute = digits(name + 14, 2),
		.second = digits(name + 17, 2),
	};
	if (c.year < 0 || !civil_valid(&c))
		return false;
	if (name[19] == '.') {
		size_t len = strlen(name + 20);
		int value = len >= 1 && len <= 4 ? digits(name + 20, (int)len) : -1;
		if (value < 2 || name[20] == '0')
			return false;
		nth = (unsigned)value;
	} else if (name[19] != '\0') {
		return false;
	}
	*ret_civil = c;
	*ret_nth = nth;
	return true;
}

static uint64_t minus(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

void snapshot_counts_add_pass(struct snapshot_counts *counts,
			      const struct snapshot_counts *before)
{
	counts->new_files += before->new_files;
	counts->changed += before->changed;
	counts->unlinkable += before->unlinkable;
	counts->linked = minus(counts->linked,
			       before->new_files + before->changed + before->unlinkable);
	counts->bytes_copied += before->bytes_copied;
	counts->bytes_linked = minus(counts->bytes_linked, before->bytes_copied);
}

bool snapshot_shrank(uint64_t files_before, uint64_t files_now, unsigned limit)
{
	if (files_now >= files_before)
		return false;
	return (double)(files_before - files_now) * 100 > (double)files_before * limit;
}

bool snapshot_links_collapsed(const struct snapshot_counts *before,
			      const struct snapshot_counts *now)
{
	if (before->files < 20 || now->files < 20)
		return false;
	double share_before = (double)before->linked / (double)before->files;
	double share_now = (double)now->linked / (double)now->files;

	return share_before >= 0.5 && share_now < share_before / 2;
}
