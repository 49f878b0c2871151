/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/* What a stream is shown on, and what may be done there. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

enum terminal_colour { TERMINAL_NONE, TERMINAL_RED, TERMINAL_GREEN, TERMINAL_YELLOW };

/* Whether it is a terminal on which a line can be rewritten: TERM is set, and not "dumb". */
bool terminal_can_rewrite(FILE *stream);

/* Likewise, and nobody asked for no colours by NO_COLOR (https://no-color.org). */
bool terminal_has_colours(FILE *stream);

/*
 * What begins a colour on this stream, TERMINAL_NONE being what ends it; "" where there
 * are none, so that it can stand in any printf:
 *
 *	printf("%s%s%s", terminal_colour(stdout, TERMINAL_RED), word,
 *	       terminal_colour(stdout, TERMINAL_NONE));
 *
 * It has no width on the terminal, but has one for printf: pad the word, not the colour.
 */
const char *terminal_colour(FILE *stream, enum terminal_colour colour);
