/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * Tables of cases: text files in the directory $CASES, a case per line. Blank lines and
 * lines that begin with # are left out.
 *
 *	CLEANUP(cases_close) struct cases cases = cases_open("bools.txt");
 *	while (cases_next(&cases))
 *		if (cases_columns(&cases, col, 2), wrong(col[0], col[1]))
 *			cases_wrong(&cases, "read as %d", ...);
 *	cases_end(&cases);
 *
 * A wrong case is printed with its file and line, and the others are still looked at;
 * cases_end() then fails the test, as it does when the file held no case at all.
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <cmocka.h>

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"

struct cases {
	char *path;
	FILE *file;
	char *line; /* the present one, without its newline */
	size_t size;
	int number;
	unsigned seen, wrong;
};

static inline void cases_close(struct cases *c)
{
	if (c->file)
		fclose(c->file);
	free(c->line);
	free(c->path);
}

static inline struct cases cases_open(const char *name)
{
	const char *dir = getenv("CASES");
	struct cases c = {.path = xasprintf("%s/%s", dir ? dir : "tests/cases", name)};

	c.file = fopen(c.path, "re");
	if (!c.file)
		fail_msg("no table of cases '%s' (is CASES set?)", c.path);
	return c;
}

/* Goes to the next line that holds something; NULL at the end. */
static inline char *cases_next(struct cases *c)
{
	ssize_t n;

	while ((n = getline(&c->line, &c->size, c->file)) >= 0) {
		c->number++;
		while (n > 0 && strchr("\n ", c->line[n - 1]))
			c->line[--n] = '\0';
		if (n == 0 || c->line[0] == '#')
			continue;
		c->seen++;
		return c->line;
	}
	return NULL;
}

__attribute__((format(printf, 2, 3))) static inline void cases_wrong(struct cases *c,
								     const char *fmt, ...)
{
	char text[2048];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	print_error("%s:%d: %s\n", c->path, c->number, text);
	c->wrong++;
}

static inline void cases_end(const struct cases *c)
{
	assert_true(c->seen > 0);
	if (c->wrong > 0)
		fail_msg("%u wrong cases in '%s'", c->wrong, c->path);
}

/* Splits the line at its bars and cuts the blanks around each of exactly `n` columns. */
static inline void cases_columns(struct cases *c, char **columns, size_t n)
{
	char *rest = c->line;

	for (size_t i = 0; i < n; i++) {
		char *column = strsep(&rest, "|");
		if (!column) {
			fail_msg("%s:%d: has fewer than %zu columns", c->path, c->number,
				 n);
			abort(); /* not reached, which analyzers do not know */
		}
		column += strspn(column, " ");
		char *end = column + strlen(column);
		while (end > column && end[-1] == ' ')
			*--end = '\0';
		columns[i] = column;
	}
	if (rest)
		fail_msg("%s:%d: has more than %zu columns", c->path, c->number, n);
}

/* Splits at blanks into at most `max` words and returns how many. */
static inline size_t cases_words(char *line, char **words, size_t max)
{
	size_t n = 0;

	for (char *rest = line, *word; (word = strsep(&rest, " "));)
		if (*word && n < max)
			words[n++] = word;
	return n;
}

/*
 * Reads, in place, what a table writes as \n \t \r \s (a blank) \p (a bar) \\ \xNN, and
 * \e for a text of nothing. Returns the length.
 */
static inline size_t cases_text(char *s)
{
	static const char letters[] = "ntrsp\\", meant[] = "\n\t\r |\\";
	char *out = s;
	char *start = s;

	while (*s) {
		const char *letter = s[0] == '\\' && s[1] ? strchr(letters, s[1]) : NULL;
		if (letter) {
			*out++ = meant[letter - letters];
			s += 2;
		} else if (s[0] == '\\' && s[1] == 'e') {
			s += 2;
		} else if (s[0] == '\\' && s[1] == 'x' && s[2] && s[3]) {
			const char hex[] = {s[2], s[3], '\0'};
			*out++ = (char)strtol(hex, NULL, 16);
			s += 4;
		} else {
			*out++ = *s++;
		}
	}
	*out = '\0';
	return (size_t)(out - start);
}
