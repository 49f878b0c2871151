/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include <stdio.h>

#include "cli/command.h"
#include "cli/confirm.h"
#include "cli/settings.h"
#include "flow/recover.h"
#include "model/report.h"
#include "sys/signals.h"

static bool confirmed(void)
{
	if (!confirm_possible()) {
		fprintf(stderr, "backup recover: --all needs --yes without a terminal\n");
		return false;
	}
	return confirm("Bring back services of other destinations too? A backup that is "
		       "running now\nwould go on copying while they write.");
}

static int run(const struct command *command, int argc, char **argv)
{
	bool all = false, yes = false, dry_run = false;
	const struct command_option options[] = {{"all", &all, NULL},
						 {"yes", &yes, NULL},
						 {"dry-run", &dry_run, NULL},
						 {NULL, NULL, NULL}};
	CLEANUP(config_release) struct config config = {0};
	CLEANUP(log_freep) struct log *log = NULL;

	int r = settings_load(command, argc, argv, options, &config);
	if (r >= 0)
		return r;
	config.dry_run |= dry_run;
	if (all && !yes && !config.dry_run && !confirmed())
		return EXIT_USAGE;
	signals_catch();
	log = log_new(stderr);
	return flow_recover(&config, all, log);
}

const struct command command_recover = {
	.name = "recover",
	.summary = "bring back services that a run which died left down",
	.usage =
		"usage: backup recover [--all [--yes]] [--dry-run]\n"
		"\n"
		"Every run does this at its start. A service that is held down carries the label\n"
		"backup-container.quiesced, which says by whom and what its count was.\n"
		"\n"
		"  --all      also services held for other destinations than BACKUP_DEST, after\n"
		"             asking: their backup may be running\n"
		"  --yes      do not ask\n"
		"  --dry-run  only say what would be done\n"
		"\n"
		"example: backup recover --dry-run\n",
	.run = run,
};
