/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "engine/rsync_args.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* Options that would make something else of a backup, with the reason. */
static const struct {
	const char *name;
	const char *why;
} refused[] = {
	{"--remove-source-files", "a backup never removes from its source"},
	{"--remove-sent-files", "a backup never removes from its source"},
	{"--dry-run", "use DRY_RUN=on"},
	{"--list-only", "nothing would be copied"},
	{"--only-write-batch", "nothing would be copied"},
	{"--write-batch", "a snapshot is a tree, not a batch"},
	{"--read-batch", "a snapshot is a tree, not a batch"},
	{"--existing", "nothing would be copied into a fresh directory"},
	{"--ignore-non-existing", "nothing would be copied into a fresh directory"},
	{"--no-recursive", "nothing would be copied"},
	{"--no-r", "nothing would be copied"},
	{"--dirs", "a snapshot holds what is in directories, too"},
	{"--no-dirs", "a snapshot holds directories"},
	{"--no-d", "a snapshot holds directories"},
	{"--old-dirs", "a snapshot holds what is in directories, too"},
	{"--old-d", "a snapshot holds what is in directories, too"},
	{"--ignore-missing-args", "a source that is gone must fail the run"},
	{"--delete-missing-args", "a source that is gone must fail the run"},
	{"--compare-dest", "unchanged files would be missing from the snapshot"},
	{"--copy-dest", "unchanged files would be copied instead of linked"},
	{"--link-dest", "what to link from is chosen by the run"},
	{"--backup", "snapshots replace it"},
	{"--backup-dir", "snapshots replace it"},
	{"--files-from", "a snapshot holds the whole source; use EXCLUDE"},
	{"--from0", "rules are given to rsync in a form of our own"},
	{"--out-format", "the run reads rsync's report"},
	{"--log-format", "the run reads rsync's report"},
	{"--stats", "it is always on"},
	{"--no-stats", "the run reads rsync's report"},
	{"--info", "the run reads rsync's report"},
	{"--quiet", "the run reads rsync's report"},
	{"--stderr", "the run reads rsync's report"},
	{"--msgs2stderr", "the run reads rsync's report"},
	{"--no-msgs2stderr", "the run reads rsync's report"},
	{"--daemon", "a backup runs no server"},
	{"--server", "a backup runs no server"},
	{"--sender", "a backup runs no server"},
	{"--remote-option", "a backup runs no server"},
	{"--relative", "snapshots hold the source's content without its path"},
	{"--inplace", "it rewrites files in place, and a snapshot's are shared"},
	{"--append", "it rewrites files in place, and a snapshot's are shared"},
	{"--append-verify", "it rewrites files in place, and a snapshot's are shared"},
	{"--write-devices", "it writes to devices instead of copying them"},
	{"--help", "nothing would be copied"},
	{"--version", "nothing would be copied"},
};

/* The same as letters. */
static const char refused_letters[] = "nbdR0qVM";

static int refuse(const char *arg, const char *why, struct error *err)
{
	return error_say(err, -EINVAL, "RSYNC_ARGS: '%s' is refused: %s", arg, why);
}

static int check_long(const char *arg, struct error *err)
{
	size_t len = strcspn(arg, "=");

	for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
		if (strlen(refused[i].name) == len &&
		    strncmp(arg, refused[i].name, len) == 0)
			return refuse(arg, refused[i].why, err);
	if (strcmp(arg, "--include-from=-") == 0 || strcmp(arg, "--exclude-from=-") == 0)
		return refuse(arg, "standard input carries EXCLUDE to rsync", err);
	return 0;
}

int rsync_args_check(const struct strvec *args, struct error *err)
{
	/* letters that take a value: what follows them is not a letter */
	static const char with_value[] = "efTBM@";

	for (size_t i = 0; i < args->n; i++) {
		const char *arg = args->v[i];
		int r = 0;

		if (arg[0] != '-' || arg[1] == '\0' || strcmp(arg, "--") == 0)
			return refuse(arg,
				      "it is no option; write values as --option=value",
				      err);
		if (arg[1] == '-')
			r = check_long(arg, err);
		for (const char *c = arg + 1; arg[1] != '-' && *c; c++) {
			if (strchr(refused_letters, *c))
				return refuse(
					arg,
					"one of its letters changes what is copied or "
					"reported; write the others alone",
					err);
			if (strchr(with_value, *c))
				break;
		}
		if (r < 0)
			return r;
	}
	return 0;
}

void rsync_args_build(const struct engine_job *job, const struct strvec *args,
		      struct strvec *ret_argv)
{
	strvec_push(ret_argv, "rsync");
	/* -S: it fills holes, or makes them of all zeros; job->detect_holes or not */
	strvec_push(ret_argv, "-aHS");
	strvec_push(ret_argv, "--numeric-ids");
	strvec_push(ret_argv, "--delete");
	/*
	 * Not in a dry run: rsync 3.5.0 then looks for attributes in the directories that
	 * it did not make, and fails.
	 */
	if (job->acls && !job->dry_run)
		strvec_push(ret_argv, "-A");
	if (job->xattrs && !job->dry_run)
		strvec_push(ret_argv, "-X");
	if (job->nanoseconds) /* else a change within a file's last second is missed */
		strvec_push(ret_argv, "--modify-window=-1");
	if (job->one_file_system)
		strvec_push(ret_argv, "-x");
	if (job->checksum)
		strvec_push(ret_argv, "-c");
	if (job->bwlimit > 0)
		strvec_pushf(ret_argv, "--bwlimit=%" PRIu64 "B", job->bwlimit);

	for (size_t i = 0; i < args->n; i++)
		strvec_push(ret_argv, args->v[i]);

	if (job->dry_run)
		strvec_push(ret_argv, "--dry-run");
	strvec_push(ret_argv, "--from0");
	strvec_push(ret_argv, "--exclude-from=-");
	for (size_t i = 0; i < job->bases->n; i++)
		strvec_pushf(ret_argv, "--link-dest=%s", job->bases->v[i]);
	/* the mark tells our lines from rsync's own; see rsync_output.h */
	strvec_push(ret_argv, "--out-format=@%i %l");
	strvec_push(ret_argv, "--stats");
	strvec_push(ret_argv, "--no-human-readable");
	strvec_push(ret_argv, "--8-bit-output");
	strvec_push(ret_argv, "--");
	strvec_pushf(ret_argv, "%s/", job->source);
	strvec_pushf(ret_argv, "%s/", job->target);
}
