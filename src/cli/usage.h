/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * What a command's usage text says of its options and arguments: the text is for people,
 * and what completion and the manual know is read from it, so that they cannot differ.
 *
 *	usage: backup restore [SNAPSHOT [PATH...]] --to DIR     the synopsis
 *	                                                        paragraphs
 *	  --to DIR   where to                                   an option, of two lines
 *	             and how
 *
 * All results are views into the text.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct span {
	const char *s;
	size_t len;
};

bool span_is(struct span span, const char *text);

/* Takes the first of the words of a span, between any of `separators`; false: none is left. */
bool span_word(struct span *rest, const char *separators, struct span *ret_word);

struct usage_option {
	struct span name; /* without the "--" */
	struct span
		value; /* the name of what it takes: "DIR", "always|never"; empty: a flag */
	struct span words; /* what it is for; its lines are indented */
};

/* The next option from `*text` on, which moves behind it; false: there is none. */
bool usage_next_option(const char **text, struct usage_option *ret_option);

/* The option of that name, without the "--". */
bool usage_find_option(const char *usage, struct span name,
		       struct usage_option *ret_option);

/* What is between "usage: " and the first empty line. */
struct span usage_synopsis(const char *usage);

/*
 * The next of the words that say what the `nth` argument (from 0) may be, in the synopsis
 * of `command`: "SNAPSHOT" or "config". One with "..." stands for all that follow, too.
 * Begin with `*next` = 0.
 */
bool usage_argument(const char *usage, const char *command, size_t nth, size_t *next,
		    struct span *ret_word);
