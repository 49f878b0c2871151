/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "cli/confirm.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

bool confirm_possible(void)
{
	return isatty(STDIN_FILENO);
}

bool confirm(const char *question)
{
	char answer[16] = "";

	fprintf(stderr, "%s [y/N] ", question);
	return fgets(answer, sizeof(answer), stdin) &&
	       (strcmp(answer, "y\n") == 0 || strcmp(answer, "yes\n") == 0);
}
