/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include <stdio.h>

#include "cli/command.h"
#include "cli/settings.h"
#include "flow/prune.h"
#include "sys/signals.h"

static int run(const struct command *command, int argc, char **argv)
{
	bool dry_run = false;
	const struct command_option options[] = {{"dry-run", &dry_run, NULL},
						 {NULL, NULL, NULL}};
	CLEANUP(config_release) struct config config = {0};
	CLEANUP(log_freep) struct log *log = NULL;

	int r = settings_load(command, argc, argv, options, &config);
	if (r >= 0)
		return r;
	config.dry_run |= dry_run;
	signals_catch();
	log = log_new(stderr);
	return flow_prune(&config, log);
}

const struct command command_prune = {
	.name = "prune",
	.summary = "rotate and remove old snapshots, without making one",
	.usage =
		"usage: backup prune [--dry-run]\n"
		"\n"
		"Moves snapshots to the tiers they belong in and removes those beyond\n"
		"DAILY_COUNT, WEEKLY_COUNT and MONTHLY_COUNT, as the end of each run does.\n"
		"\n"
		"  --dry-run  show what would be moved and removed, and why\n"
		"\n"
		"example: DAILY_COUNT=3 backup prune --dry-run\n",
	.run = run,
};
