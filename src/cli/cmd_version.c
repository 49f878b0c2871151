/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include <stdio.h>

#include "cli/command.h"
#include "model/report.h"

static int run(const struct command *command, int argc, char **argv)
{
	const struct command_option options[] = {{NULL, NULL, NULL}};

	int r = command_options(command, argc, argv, options, 0, NULL);
	if (r >= 0)
		return r;
	puts("backup " VERSION);
	return EXIT_OK;
}

const struct command command_version = {
	.name = "version",
	.summary = "print the version",
	.usage = "usage: backup version\n"
		 "\n"
		 "Prints the version. 'backup --version' does the same.\n"
		 "\n"
		 "example: backup version\n",
	.run = run,
};
