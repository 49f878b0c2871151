/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include <stdio.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/settings.h"
#include "engine/native.h"
#include "engine/rsync.h"
#include "flow/aftermath.h"
#include "flow/run.h"
#include "sys/clock.h"
#include "sys/signals.h"
#include "sys/supervise.h"

/* The run's file has the number of the process that the user started. */
static void add_log_files(struct log *log, const struct config *config)
{
	struct error err;

	if (*config->log_file && log_add_file(log, config->log_file, &err) < 0)
		log_warn(log, "%s, going on without it", err.msg);
	if (*config->run_log_dir &&
	    log_add_run_file(log, config->run_log_dir, getppid(), &err) < 0)
		log_warn(log, "%s, going on without it", err.msg);
}

static bool is_by_rsync(const struct config *config)
{
	return config->engine == CONFIG_ENGINE_RSYNC ||
	       (config->engine == CONFIG_ENGINE_AUTO && config->rsync_args.n > 0);
}

/* The run itself, in a process of its own. */
static int work(void *ctx)
{
	const struct config *config = ctx;
	CLEANUP(log_freep) struct log *log = NULL;
	CLEANUP(report_release) struct report report = {0};
	struct rsync_engine rsync;
	struct native_engine native;

	rsync_engine_init(&rsync, &config->rsync_args);
	native_engine_init(&native, (unsigned)config->threads);
	signals_catch();
	log = log_new(stdout);
	add_log_files(log, config); /* first, so that they hold the first line */
	log_info(log, "backup " VERSION " begins%s", config->dry_run ? ", dry run" : "");
	return flow_run(config, is_by_rsync(config) ? &rsync.engine : &native.engine,
			getppid(), log, &report);
}

/* What the run would have done at its end, had it not been killed. */
static int clean_up(const struct config *config, const struct killed_run *killed)
{
	CLEANUP(log_freep) struct log *log = log_new(stdout);
	struct error err;

	signals_catch();
	log_status(log, ""); /* where the run was */
	log_adopt_run_file(log, config->run_log_dir, getpid());
	if (*config->log_file && log_add_file(log, config->log_file, &err) < 0)
		log_warn(log, "%s, going on without it", err.msg);
	return flow_aftermath(config, killed, log);
}

static int run(const struct command *command, int argc, char **argv)
{
	bool dry_run = false;
	const struct command_option options[] = {{"dry-run", &dry_run, NULL},
						 {NULL, NULL, NULL}};
	CLEANUP(config_release) struct config config = {0};

	int r = settings_load(command, argc, argv, options, &config);
	if (r >= 0)
		return r;
	config.dry_run |= dry_run;

	struct killed_run killed = {.start = clock_now(), .started = clock_monotonic()};
	r = supervise(work, &config);
	if (r >= 0)
		return r;
	killed.signo = -r;
	killed.settled = supervise_settled();
	return clean_up(&config, &killed);
}

const struct command command_run = {
	.name = "run",
	.summary = "make a snapshot, publish it, rotate (the default)",
	.usage =
		"usage: backup [run] [--dry-run]\n"
		"\n"
		"Makes a snapshot of BACKUP_SRC below BACKUP_DEST. Unchanged files are hard\n"
		"links to the snapshot before, so it costs only what changed. Then older\n"
		"snapshots are rotated by DAILY_COUNT, WEEKLY_COUNT and MONTHLY_COUNT.\n"
		"\n"
		"  --dry-run  show what would be done and write nothing below BACKUP_DEST\n"
		"\n"
		"Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 3 some files\n"
		"could not be read, 75 another run holds the destination, 128+n ended by\n"
		"signal n. 'backup help config' lists the variables.\n"
		"\n"
		"example: BACKUP_SRC=/srv BACKUP_DEST=/mnt/backup backup run\n",
	.run = run,
	.mails = true,
};
