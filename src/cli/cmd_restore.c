/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/parse.h"
#include "cli/command.h"
#include "cli/confirm.h"
#include "cli/settings.h"
#include "engine/native.h"
#include "flow/restore.h"
#include "flow/standstill.h"
#include "model/report.h"
#include "sys/signals.h"
#include "sys/supervise.h"

struct job {
	const struct config *config;
	const struct restore *restore;
};

static int work(void *ctx)
{
	const struct job *job = ctx;
	CLEANUP(log_freep) struct log *log = NULL;
	struct native_engine native;

	native_engine_init(&native, (unsigned)job->config->threads);
	signals_catch();
	log = log_new(stderr);
	return flow_restore(job->config, &native.engine, job->restore, stdout, log);
}

static int clean_up(const struct config *config, int signo)
{
	CLEANUP(log_freep) struct log *log = log_new(stderr);

	signals_catch();
	log_status(log, ""); /* where the restore was */
	return standstill_aftermath(config, signo, log);
}

static int parse_overwrite(const struct command *command, const char *word,
			   enum merge_overwrite *ret)
{
	static const struct {
		const char *word;
		enum merge_overwrite overwrite;
	} words[] = {
		{"always", MERGE_ALWAYS},
		{"changed", MERGE_CHANGED},
		{"newer", MERGE_NEWER},
		{"never", MERGE_NEVER},
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strcmp(word, words[i].word) == 0) {
			*ret = words[i].overwrite;
			return -1;
		}
	}
	return command_wrong(command,
			     "--overwrite is always, changed, newer or never, not", word);
}

/* -1, or what is wrong with one was said. */
static int parse_paths(const struct command *command, const struct strvec *args,
		       struct strvec *ret_paths)
{
	for (size_t i = 1; i < args->n; i++) {
		CLEANUP(strbuf_release) struct strbuf path = STRBUF_INIT;
		if (parse_inner_path(args->v[i], &path) < 0)
			return command_wrong(
				command,
				"the path leads out of the snapshot:", args->v[i]);
		if (path.len == 0)
			return command_wrong(command,
					     "for the whole snapshot, name no path, not",
					     args->v[i]);
		strvec_push(ret_paths, path.buf);
	}
	return -1;
}

static int run(const struct command *command, int argc, char **argv)
{
	bool dry_run = false, in_place = false, yes = false;
	const char *overwrite = "changed";
	struct restore restore = {.snapshot = "latest"};
	const struct command_option options[] = {
		{"to", NULL, &restore.to},	     {"in-place", &in_place, NULL},
		{"overwrite", NULL, &overwrite},     {"delete", &restore.equal, NULL},
		{"no-keep", &restore.no_keep, NULL}, {"verify", &restore.verify, NULL},
		{"quiesce", &restore.quiesce, NULL}, {"yes", &yes, NULL},
		{"dry-run", &dry_run, NULL},	     {NULL, NULL, NULL}};
	CLEANUP(strvec_release) struct strvec args = STRVEC_INIT;
	CLEANUP(strvec_release) struct strvec paths = STRVEC_INIT;
	CLEANUP(config_release) struct config config = {0};

	int r = settings_load_with(command, argc, argv, options, SIZE_MAX, &args,
				   &config);
	if (r < 0)
		r = parse_overwrite(command, overwrite, &restore.overwrite);
	if (r < 0)
		r = parse_paths(command, &args, &paths);
	if (r < 0 && restore.to && !*restore.to)
		r = command_wrong(command, "--to needs a directory, not", restore.to);
	if (r >= 0)
		return r;
	if (!restore.to == !in_place) {
		fprintf(stderr,
			"backup restore: say where to, %s--to DIR or --in-place; see "
			"'backup restore --help'\n",
			in_place ? "with one of " : "with ");
		return EXIT_USAGE;
	}
	config.dry_run |= dry_run;
	if (in_place && !yes && !config.dry_run) {
		if (!confirm_possible()) {
			fprintf(stderr, "backup restore: --in-place needs --yes without "
					"a terminal\n");
			return EXIT_USAGE;
		}
		restore.confirm = confirm;
	}
	restore.paths = &paths;
	if (args.n > 0)
		restore.snapshot = args.v[0];
	struct job job = {.config = &config, .restore = &restore};
	if (!restore.quiesce || config.dry_run)
		return work(&job);
	r = supervise(work, &job);
	return r < 0 ? clean_up(&config, -r) : r;
}

const struct command command_restore = {
	.name = "restore",
	.summary = "bring a snapshot, or parts of it, back",
	.usage =
		"usage: backup restore [SNAPSHOT [PATH...]] --to DIR | --in-place [--yes]\n"
		"           [--overwrite WHICH] [--delete] [--no-keep] [--verify] [--quiesce]\n"
		"           [--dry-run]\n"
		"\n"
		"Copies a snapshot to DIR, or to where it was made of: everything it holds, with\n"
		"modes, owners, times, attributes, ACLs, hard links and holes. DIR and what\n"
		"it is in are created if they are not there. Where it is empty, all is first\n"
		"made in '.backup-restore.tmp' there, and moved when it is whole: a restore that\n"
		"was killed leaves that directory, and the next one removes it.\n"
		"\n"
		"SNAPSHOT is 'latest' (the default), a name that 'backup list' shows, also as\n"
		"'daily/NAME', the beginning of one, a day (2026-11-20: its newest), or an age\n"
		"(3d: the newest of those at least that old). With a PATH, as it is below the source, only\n"
		"that is restored, by the same path below DIR.\n"
		"\n"
		"Where there is content already, a file is made beside the old one and renamed\n"
		"over it, so that there is always one of them, whole. No symbolic link is\n"
		"followed: one that stands where a directory must be is replaced. What is\n"
		"replaced or deleted is first kept, in '.backup-restore-DATE_TIME' at the top:\n"
		"remove that when it is not needed any more. No run takes it into a snapshot.\n"
		"\n"
		"  --to DIR    where to\n"
		"  --in-place  to BACKUP_SRC, after asking\n"
		"  --yes       do not ask\n"
		"  --overwrite always|changed|newer|never  which files that are there are\n"
		"              replaced: all; those that differ in type, size, time, mode, owner\n"
		"              or attributes (the default; with CHECKSUM=on in content, too); of\n"
		"              these, those that are older than in the snapshot; none\n"
		"  --delete    delete what the snapshot does not have, below each PATH; in place,\n"
		"              what is left out of backups (EXCLUDE and the like) stays\n"
		"  --no-keep   do not keep what is replaced or deleted\n"
		"  --verify    compare with the snapshot's manifest, first names and attributes,\n"
		"              then the content as it is copied: a file that is not as it was\n"
		"              saved is named and left out, and what it would have replaced\n"
		"              stays. With --delete or --no-keep, nothing is restored then, if\n"
		"              that is known beforehand\n"
		"  --quiesce   scale labelled services down before and up after, as a run does\n"
		"  --dry-run   show what would be done, and write nothing: name by name where\n"
		"              there is content, else how much\n"
		"\n"
		"No backup is made meanwhile if the source is restored to, or with --delete or\n"
		"--quiesce.\n"
		"\n"
		"Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 3 some files\n"
		"could not be restored, 75 a run holds the destination, 128+n ended by\n"
		"signal n.\n"
		"\n"
		"examples: backup restore --to /mnt/restored\n"
		"          backup restore 3d etc/nginx home/ann/notes.txt --to /tmp/old\n"
		"          backup restore 2026-11-20 www --in-place --delete --quiesce\n",
	.run = run,
};
