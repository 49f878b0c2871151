/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "sys/terminal.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool terminal_can_rewrite(FILE *stream)
{
	const char *kind = getenv("TERM");

	return kind && *kind && strcmp(kind, "dumb") != 0 && isatty(fileno(stream));
}

bool terminal_has_colours(FILE *stream)
{
	const char *no = getenv("NO_COLOR");

	return !(no && *no) && terminal_can_rewrite(stream);
}

const char *terminal_colour(FILE *stream, enum terminal_colour colour)
{
	static const char *const begins[] = {
		[TERMINAL_NONE] = "\x1b[0m",
		[TERMINAL_RED] = "\x1b[31m",
		[TERMINAL_GREEN] = "\x1b[32m",
		[TERMINAL_YELLOW] = "\x1b[33m",
	};

	return terminal_has_colours(stream) ? begins[colour] : "";
}
