/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "sys/clock.h"

#include <ctype.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "sys/fs.h"

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

/*
 * Length of the abbreviation at the start of a POSIX rule: CET or <+03>; 0 if none. It
 * has three characters at the least.
 */
static size_t abbreviation(const char *s)
{
	size_t n = 0;

	if (*s == '<') {
		while (s[n] && s[n] != '>')
			n++;
		return s[n] == '>' && n > 3 ? n + 1 : 0;
	}
	while (isalpha((unsigned char)s[n]))
		n++;
	return n >= 3 ? n : 0;
}

static bool is_posix_rule(const char *tz)
{
	size_t n = abbreviation(tz);
	const char *offset = tz + n;

	if (n == 0)
		return false;
	if (*offset == '+' || *offset == '-')
		offset++;
	return isdigit((unsigned char)*offset) &&
	       offset[strspn(offset,
			     "0123456789:+-,./JM<>"
			     "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")] ==
		       '\0';
}

/* tzfile(5) begins with a magic number. */
static bool is_zone_file(const char *path)
{
	char magic[4];

	CLEANUP(closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	return fd >= 0 && read(fd, magic, sizeof(magic)) == (ssize_t)sizeof(magic) &&
	       memcmp(magic, "TZif", sizeof(magic)) == 0;
}

bool clock_zone_known(const char *tz)
{

	if (*tz == ':')
		tz++;
	if (*tz == '\0' || strcmp(tz, "UTC") == 0 || is_posix_rule(tz))
		return true;
	if (strstr(tz, ".."))
		return false;
	CLEANUP(freep)
	char *path = *tz == '/' ? xstrdup(tz) : xasprintf("/usr/share/zoneinfo/%s", tz);
	return is_zone_file(path);
}
