/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include <stdint.h>
#include <stdio.h>

#include "cli/command.h"
#include "cli/settings.h"
#include "engine/native.h"
#include "flow/restore.h"
#include "model/report.h"
#include "sys/signals.h"

static int run(const struct command *command, int argc, char **argv)
{
	bool dry_run = false;
	const char *to = NULL;
	const struct command_option options[] = {
		{"to", NULL, &to}, {"dry-run", &dry_run, NULL}, {NULL, NULL, NULL}};
	CLEANUP(strvec_release) struct strvec args = STRVEC_INIT;
	CLEANUP(config_release) struct config config = {0};
	CLEANUP(log_freep) struct log *log = NULL;
	struct native_engine native;

	int r = settings_load_with(command, argc, argv, options, SIZE_MAX, &args,
				   &config);
	if (r >= 0)
		return r;
	if (!to) {
		fprintf(stderr,
			"backup restore: say where to, with --to DIR; see 'backup "
			"restore --help'\n");
		return EXIT_USAGE;
	}
	config.dry_run |= dry_run;
	native_engine_init(&native, (unsigned)config.threads);
	signals_catch();
	log = log_new(stderr);
	const struct strvec paths = {.v = args.v + (args.n > 0),
				     .n = args.n - (args.n > 0)};
	const struct restore restore = {
		.snapshot = args.n > 0 ? args.v[0] : "latest",
		.paths = &paths,
		.to = to,
	};
	return flow_restore(&config, &native.engine, &restore, log);
}

const struct command command_restore = {
	.name = "restore",
	.summary = "bring a snapshot, or parts of it, to a new directory",
	.usage =
		"usage: backup restore [SNAPSHOT [PATH...]] --to DIR [--dry-run]\n"
		"\n"
		"Copies a snapshot to DIR, which is created, or must be empty: everything it\n"
		"holds, with modes, owners, times, attributes, ACLs, hard links and holes.\n"
		"Nothing else is changed, and backups may go on meanwhile.\n"
		"\n"
		"SNAPSHOT is 'latest' (the default), a name that 'backup list' shows, the\n"
		"beginning of one, a day (2026-11-20: its newest), or an age (3d: the newest\n"
		"of those at least that old). With a PATH, as it is below the source, only\n"
		"that is restored, by the same path below DIR.\n"
		"\n"
		"  --to DIR   where to\n"
		"  --dry-run  show what would be restored, and write nothing\n"
		"\n"
		"Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 3 some files\n"
		"could not be restored, 128+n ended by signal n.\n"
		"\n"
		"examples: backup restore --to /mnt/restored\n"
		"          backup restore 3d etc/nginx home/ann/notes.txt --to /tmp/old\n",
	.run = run,
};
