/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "base/zone_rule.h"

#include <ctype.h>
#include <stddef.h>

/* Each of these moves `*s` past what it reads, and is false where that is not there. */

static bool skip(const char **s, char c)
{
	if (**s != c)
		return false;
	++*s;
	return true;
}

static bool read_number(const char **s, int digits, int smallest, int largest)
{
	int n = 0, i = 0;

	for (; i < digits && isdigit((unsigned char)**s); i++, ++*s)
		n = 10 * n + (**s - '0');
	return i > 0 && n >= smallest && n <= largest && !isdigit((unsigned char)**s);
}

/* CET, or <+03>. */
static bool read_abbreviation(const char **s)
{
	enum { SHORTEST = 3, LONGEST = 5, LONGEST_QUOTED = 8 };
	bool quoted = skip(s, '<');
	int n = 0;

	for (; quoted ? isalnum((unsigned char)**s) || **s == '+' || **s == '-'
		      : isalpha((unsigned char)**s);
	     ++*s)
		n++;
	return n >= SHORTEST && n <= (quoted ? LONGEST_QUOTED : LONGEST) &&
	       (!quoted || skip(s, '>'));
}

/* [+|-]hh[:mm[:ss]] */
static bool read_time(const char **s, int digits, int most_hours)
{
	if (!skip(s, '-'))
		skip(s, '+');
	if (!read_number(s, digits, 0, most_hours))
		return false;
	if (!skip(s, ':'))
		return true;
	return read_number(s, 2, 0, 59) && (!skip(s, ':') || read_number(s, 2, 0, 59));
}

/* Mm.w.d, Jn or n: a day, and behind a slash the time of it. */
static bool read_change(const char **s)
{
	bool is_day;

	if (skip(s, 'M'))
		is_day = read_number(s, 2, 1, 12) && skip(s, '.') &&
			 read_number(s, 1, 1, 5) && skip(s, '.') &&
			 read_number(s, 1, 0, 6);
	else if (skip(s, 'J'))
		is_day = read_number(s, 3, 1, 365);
	else
		is_day = read_number(s, 3, 0, 365);
	return is_day && (!skip(s, '/') || read_time(s, 3, 167));
}

bool zone_rule_valid(const char *rule)
{
	const char *s = rule;

	if (!read_abbreviation(&s) || !read_time(&s, 2, 24))
		return false;
	if (*s == '\0')
		return true;
	if (!read_abbreviation(&s))
		return false;
	if (*s != '\0' && *s != ',' && !read_time(&s, 2, 24))
		return false;
	if (*s == '\0')
		return true;
	return skip(&s, ',') && read_change(&s) && skip(&s, ',') && read_change(&s) &&
	       *s == '\0';
}
