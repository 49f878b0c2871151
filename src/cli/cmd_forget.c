/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include <stdint.h>
#include <stdio.h>

#include "base/strbuf.h"
#include "cli/command.h"
#include "cli/confirm.h"
#include "cli/settings.h"
#include "flow/forget.h"
#include "model/report.h"
#include "sys/signals.h"

static bool ask(const struct strvec *places)
{
	CLEANUP(strbuf_release) struct strbuf question = STRBUF_INIT;

	strbuf_addf(&question, "Remove for good?\n");
	for (size_t i = 0; i < places->n; i++)
		strbuf_addf(&question, "  %s\n", places->v[i]);
	return confirm(question.buf);
}

static int run(const struct command *command, int argc, char **argv)
{
	bool yes = false, force = false, dry_run = false;
	const struct command_option options[] = {{"yes", &yes, NULL},
						 {"force", &force, NULL},
						 {"dry-run", &dry_run, NULL},
						 {NULL, NULL, NULL}};
	CLEANUP(strvec_release) struct strvec names = STRVEC_INIT;
	CLEANUP(config_release) struct config config = {0};
	CLEANUP(log_freep) struct log *log = log_new(stderr);

	int r = settings_load_with(command, argc, argv, options, SIZE_MAX, &names,
				   &config);
	if (r >= 0)
		return r;
	config.dry_run |= dry_run;
	if (names.n == 0) {
		fprintf(stderr, "backup forget: say which; see 'backup forget --help'\n");
		return EXIT_USAGE;
	}
	if (!yes && !config.dry_run && !confirm_possible()) {
		fprintf(stderr, "backup forget: needs --yes without a terminal\n");
		return EXIT_USAGE;
	}
	const struct forget forget = {
		.names = &names,
		.force = force,
		.confirm = yes ? NULL : ask,
	};
	signals_catch();
	return flow_forget(&config, &forget, log);
}

const struct command command_forget = {
	.name = "forget",
	.summary = "remove snapshots by hand",
	.usage =
		"usage: backup forget SNAPSHOT... [--yes] [--force] [--dry-run]\n"
		"\n"
		"Removes these snapshots for good, after asking. Files that others have too\n"
		"stay in those. 'latest' then leads to the newest good one that is left.\n"
		"Nothing at all is removed when one of them is pinned, or when no good one\n"
		"would be left.\n"
		"\n"
		"SNAPSHOT is a name that 'backup list' shows, also as 'daily/NAME', or what only\n"
		"one name begins with. Days, ages and 'latest', which would choose one among\n"
		"several, are not taken.\n"
		"\n"
		"  --yes      do not ask; needed without a terminal\n"
		"  --force    also where no good snapshot is left\n"
		"  --dry-run  only say what would be removed\n"
		"\n"
		"Exit codes: 0 done, 1 failed or refused, 2 wrong usage or configuration, 75\n"
		"another run holds the destination, 128+n ended by signal n.\n"
		"\n"
		"example: backup forget 2026-11-20_03-00-00\n",
	.run = run,
};
