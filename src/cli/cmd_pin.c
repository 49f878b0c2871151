/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
/* pin and unpin: one the other way round. */
#include <stdint.h>
#include <stdio.h>

#include "cli/command.h"
#include "cli/settings.h"
#include "flow/pin.h"
#include "model/report.h"
#include "sys/signals.h"

static int run(const struct command *command, int argc, char **argv)
{
	const struct command_option options[] = {{NULL, NULL, NULL}};
	CLEANUP(strvec_release) struct strvec names = STRVEC_INIT;
	CLEANUP(config_release) struct config config = {0};
	CLEANUP(log_freep) struct log *log = log_new(stderr);

	int r = settings_load_with(command, argc, argv, options, SIZE_MAX, &names,
				   &config);
	if (r >= 0)
		return r;
	if (names.n == 0) {
		fprintf(stderr, "backup %s: say which; see 'backup %s --help'\n",
			command->name, command->name);
		return EXIT_USAGE;
	}
	signals_catch();
	return flow_pin(&config, &names, command == &command_pin, log);
}

const struct command command_pin = {
	.name = "pin",
	.summary = "keep a snapshot, whatever the counts say",
	.usage =
		"usage: backup pin SNAPSHOT...\n"
		"\n"
		"Retention leaves a pinned snapshot where it is and does not count it, and\n"
		"'backup forget' refuses to remove it, until 'backup unpin'. 'backup list'\n"
		"shows it.\n"
		"\n"
		"SNAPSHOT is 'latest', a name that 'backup list' shows, also as 'daily/NAME', the\n"
		"beginning of one, a day (2026-11-20: its newest), or an age (3d: the newest of\n"
		"those at least that old).\n"
		"\n"
		"Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 75 another run\n"
		"holds the destination.\n"
		"\n"
		"examples: backup pin latest\n"
		"          backup pin 2026-11-20_03-00-00\n",
	.run = run,
};

const struct command command_unpin = {
	.name = "unpin",
	.summary = "let retention have a pinned snapshot again",
	.usage =
		"usage: backup unpin SNAPSHOT...\n"
		"\n"
		"Takes back 'backup pin'. Nothing is removed by that; the next run, or 'backup\n"
		"prune', does with the snapshot what the counts say.\n"
		"\n"
		"SNAPSHOT is as for 'backup pin'.\n"
		"\n"
		"Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 75 another run\n"
		"holds the destination.\n"
		"\n"
		"example: backup unpin 2026-11-20_03-00-00\n",
	.run = run,
};
