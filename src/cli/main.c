/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/*
 * backup: the command line.
 */
#include <string.h>

#include "cli/command.h"
#include "sys/process.h"
#include "sys/signals.h"

int main(int argc, char **argv)
{
	static char run_name[] = "run";
	char *alone[] = {run_name, NULL};

	process_take_standard_descriptors();
	signals_end_as_init(); /* but for commands that catch them */

	for (; argc > 1 && command_manner(argv[1]); argc--)
		argv++;
	if (argc < 2)
		return command_run.run(&command_run, 1, alone);
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		return command_help.run(&command_help, 1, argv + 1);
	if (strcmp(argv[1], "--version") == 0)
		return command_version.run(&command_version, 1, argv + 1);
	if (argv[1][0] == '-') /* options of the default command */
		return command_run.run(&command_run, argc, argv);

	const struct command *command = command_named(argv[1]);
	if (!command)
		return command_unknown(argv[1]);
	return command->run(command, argc - 1, argv + 1);
}
