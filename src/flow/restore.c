/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "flow/restore.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/human.h"
#include "base/parse.h"
#include "base/path.h"
#include "flow/progress.h"
#include "flow/source.h"
#include "flow/standstill.h"
#include "flow/target.h"
#include "flow/verify_part.h"
#include "model/report.h"
#include "store/catalog.h"
#include "sys/clock.h"
#include "sys/digests.h"
#include "sys/fs.h"
#include "sys/fscaps.h"
#include "sys/signals.h"

struct job {
	const struct config *config;
	const struct engine *engine;
	const struct restore *restore;
	FILE *out;
	struct log *log;
	struct store store;
	struct source source; /* where it is restored to; else not open */
	struct standstill standstill;
	struct instant start;
	char *name;  /* the snapshot's */
	char *place; /* with its tier */
	char *tree;  /* its path */
	struct instant time;
	bool partial, damaged;	 /* as far as is known */
	struct digests *digests; /* what its files should be; NULL: nobody asked */
	bool spoilt;		 /* it is not as it was saved */
	struct target target;
	bool live;  /* it is the source, or in it, or has it in it */
	char *dest; /* BACKUP_DEST's, with no link in it; NULL: unknown */
	struct strvec only;
	struct snapshot_counts before; /* of the snapshot */
	struct progress progress;
	/* where what is replaced is kept, at the top of the target */
	char folder[sizeof(MERGE_ASIDE) + SNAPSHOT_NAME_MAX];
};

static int by_path(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Those that are not below another. */
static void choose_paths(const struct strvec *paths, struct strvec *ret_only)
{
	CLEANUP(strvec_release) struct strvec sorted = STRVEC_INIT;

	for (size_t i = 0; i < paths->n; i++)
		strvec_push(&sorted, paths->v[i]);
	if (sorted.n > 0)
		qsort(sorted.v, sorted.n, sizeof(*sorted.v), by_path);
	strvec_release(ret_only);
	for (size_t i = 0; i < sorted.n; i++) {
		bool covered = false;
		for (size_t j = 0; j < ret_only->n && !covered; j++)
			covered = path_is_in(sorted.v[i], ret_only->v[j]);
		if (!covered)
			strvec_push(ret_only, sorted.v[i]);
	}
}

static int check_path(int tree, const struct catalog_entry *entry, const char *path,
		      struct error *err)
{
	CLEANUP(closep) int parent = -1;
	const char *name = NULL;
	struct stat st;

	int r = fs_open_parent(tree, path, &parent, &name, NULL);
	if (r >= 0 && fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		r = -errno;
	if (r == -ENOENT || r == -ENOTDIR || r == -ELOOP)
		return error_say(err, r, "there is no '%s' in snapshot %s", path,
				 entry->name);
	return r < 0 ? error_set(err, r, "look at '%s' in snapshot %s", path, entry->name)
		     : 0;
}

static int find_snapshot(struct job *job, const char *text, struct error *err)
{
	const struct restore *restore = job->restore;
	CLEANUP(catalog_release) struct catalog catalog = CATALOG_INIT;
	const struct strvec *paths = restore->paths;
	CLEANUP(closep) int tree = -1;
	const struct catalog_entry *entry = NULL;

	int r = catalog_load(&catalog, &job->store, err);
	if (r >= 0)
		r = catalog_pick(&catalog, text, job->start.epoch, &entry, err);
	if (r >= 0)
		r = fs_open_dir(job->store.tiers[entry->tier], entry->name, &tree, err);
	for (size_t i = 0; r >= 0 && i < paths->n; i++)
		r = check_path(tree, entry, paths->v[i], err);
	if (r < 0)
		return r;
	choose_paths(paths, &job->only);
	free(job->name);
	free(job->place);
	free(job->tree);
	job->name = xstrdup(entry->name);
	job->place = xasprintf("%s/%s", snapshot_tier_name(entry->tier), entry->name);
	job->time = entry->record.time;
	job->partial = entry->record.status == SNAPSHOT_PARTIAL;
	job->damaged = entry->verdict.kind == VERDICT_DAMAGED;
	job->tree = store_snapshot_path(&job->store, entry->tier, entry->name);
	if (job->only.n == 0)
		job->before = entry->record.counts;
	if (job->partial && restore->equal && restore->no_keep)
		return error_say(
			err, -EINVAL,
			"--delete with --no-keep and a partial snapshot would lose "
			"what could not be read when it was made: leave --no-keep "
			"away, and look at what it then keeps");
	return 0;
}

/* Looks at where it is to go, and changes nothing. */
static int find_target(struct job *job, struct error *err)
{
	const struct config *config = job->config;
	const char *to = job->restore->to ? job->restore->to : config->src;
	CLEANUP(freep) char *src = realpath(config->src, NULL);

	int r = target_look(&job->target, to, err);
	if (r >= 0 && !config->dry_run)
		r = target_check(&job->target, err);
	if (r >= 0 && !config->dry_run)
		r = target_lock(&job->target, err);
	if (r < 0)
		return r;
	if (job->dest && path_is_in(job->target.path, job->dest))
		return error_say(err, -EINVAL,
				 "'%s' is in BACKUP_DEST, where only backups belong", to);
	job->live = !job->restore->to || (src && (path_is_in(job->target.path, src) ||
						  path_is_in(src, job->target.path)));
	/* what a backup leaves out, no snapshot has */
	return job->restore->equal && !job->target.empty && src &&
			       strcmp(job->target.path, src) == 0
		       ? source_open(&job->source, config, err)
		       : 0;
}

static int choose_attributes(const struct job *job, struct engine_job *copy,
			     struct error *err)
{
	CLEANUP(closep) int from = -1;
	CLEANUP(closep) int to = -1;
	struct fscaps here, there;

	int r = fs_open_dir(AT_FDCWD, job->tree, &from, err);
	if (r >= 0)
		r = fs_open_dir(AT_FDCWD, job->target.path, &to, err);
	if (r >= 0 && copy->dry_run) {
		fscaps_look(to, &there);
		there.nanoseconds = true; /* in doubt they are kept */
	} else if (r >= 0) {
		r = target_try(to, &there, err);
	}
	if (r < 0)
		return error_prefix(err, r, "'%s'", job->target.path);
	fscaps_look(from, &here);
	copy->xattrs = here.xattrs && there.xattrs;
	copy->acls = here.acls && there.acls;
	copy->nanoseconds = there.nanoseconds;
	copy->oldest = there.oldest;
	copy->newest = there.newest;
	if (here.xattrs && !there.xattrs)
		log_warn(job->log, "'%s' has no extended attributes: they are left out",
			 job->target.path);
	if (here.acls && !there.acls)
		log_warn(job->log, "'%s' has no ACLs: they are left out",
			 job->target.path);
	return 0;
}

static int sync_target(const struct job *job, struct error *err)
{
	CLEANUP(closep) int fd = -1;
	int r = fs_open_dir(AT_FDCWD, job->target.path, &fd, err);

	if (r >= 0 && syncfs(fd) < 0)
		r = error_set(err, -errno, "sync '%s'", job->target.path);
	return r;
}

static const char *deed_name(enum merge_deed deed)
{
	switch (deed) {
	case MERGE_CREATE:
		return "create";
	case MERGE_REPLACE:
		return "replace";
	case MERGE_DELETE:
		return "delete";
	case MERGE_KEEP:
	case MERGE_LEAVE:
	case MERGE_DEEDS:
		break;
	}
	return "keep";
}

static void show_deed(void *ctx, enum merge_deed deed, const char *path, bool is_dir)
{
	const struct job *job = ctx;
	CLEANUP(strbuf_release) struct strbuf line = STRBUF_INIT;

	strbuf_add_escaped(&line, path, strlen(path));
	fprintf(job->out, "%-7s %s%s\n", deed_name(deed), line.buf, is_dir ? "/" : "");
}

static void say_merged(const struct job *job, const struct merge_counts *counts,
		       double seconds)
{
	const bool dry = job->config->dry_run;
	char n[4][HUMAN_MAX], bytes[HUMAN_MAX], took[HUMAN_MAX];

	log_info(
		job->log, "%s %s, replaced %s, kept %s, deleted %s: %s to '%s' in %s",
		dry ? "would have created" : "created",
		human_count(counts->deeds[MERGE_CREATE], n[0]),
		human_count(counts->deeds[MERGE_REPLACE], n[1]),
		human_count(counts->deeds[MERGE_KEEP] + counts->deeds[MERGE_LEAVE], n[2]),
		human_count(counts->deeds[MERGE_DELETE], n[3]),
		human_bytes(counts->bytes, bytes), job->target.path,
		human_duration(seconds, took));
	if (counts->deeds[MERGE_LEAVE] > 0)
		log_info(job->log, "%s of those kept %s from the snapshot",
			 human_count(counts->deeds[MERGE_LEAVE], n[0]),
			 human_noun(counts->deeds[MERGE_LEAVE], "differs", "differ"));
}

/* A name that nothing has, at the top of the target. */
static void choose_folder(struct job *job)
{
	struct civil now = civil_from_epoch(job->start.epoch, job->start.offset);
	char name[SNAPSHOT_NAME_MAX];

	for (unsigned nth = 1;; nth++) {
		snapshot_name(&now, nth, name);
		snprintf(job->folder, sizeof(job->folder), "%s%s", MERGE_ASIDE, name);
		CLEANUP(freep)
		char *path = xasprintf("%s/%s", job->target.path, job->folder);
		if (fs_exists(AT_FDCWD, path) <= 0)
			return;
	}
}

/* Into a directory with content. */
static int merge_copy(struct job *job, struct engine_job *copy,
		      enum engine_outcome *ret_outcome, struct error *err)
{
	const struct config *config = job->config;
	const double started = clock_monotonic();
	struct merge_counts counts;
	struct merge with = {
		.job = copy,
		.overwrite = job->restore->overwrite,
		.equal = job->restore->equal,
		.keep = job->restore->no_keep ? NULL : job->folder,
		.deed = config->dry_run ? show_deed : NULL,
		.deed_ctx = job,
	};

	choose_folder(job);
	if (job->dest && path_is_in(job->dest, job->target.path))
		with.spare = job->dest + strlen(job->target.path) +
			     (strcmp(job->target.path, "/") != 0);
	if (job->source.path) {
		copy->patterns = &job->source.patterns;
		copy->exclude_caches = config->exclude_caches;
		copy->exclude_if_present = config->exclude_if_present;
		copy->one_file_system = config->one_file_system;
	}
	copy->checksum = config->checksum;
	progress_begin(&job->progress, job->log, &job->before, started);
	int r = job->engine->merge(job->engine, &with, &counts, ret_outcome, err);
	progress_end(&job->progress);
	if (r >= 0)
		say_merged(job, &counts, clock_monotonic() - started);
	if (counts.aside)
		log_info(job->log,
			 "what was replaced or deleted is kept in '%s/%s'; when it is "
			 "not needed any more, remove that with 'rm -r'",
			 job->target.path, job->folder);
	return r;
}

static void summarise(const struct job *job, const struct snapshot_counts *counts,
		      double seconds)
{
	char files[HUMAN_MAX], dirs[HUMAN_MAX], bytes[HUMAN_MAX], took[HUMAN_MAX];

	log_info(job->log, "%s %s %s, %s %s, %s %s '%s' in %s",
		 job->config->dry_run ? "would restore" : "restored",
		 human_count(counts->files, files),
		 human_noun(counts->files, "file", "files"),
		 human_count(counts->dirs, dirs),
		 human_noun(counts->dirs, "directory", "directories"),
		 human_bytes(counts->bytes, bytes), "to", job->target.path,
		 human_duration(seconds, took));
}

/* Into a directory that is new, or empty. */
static int fresh_copy(struct job *job, const struct engine_job *copy,
		      enum engine_outcome *ret_outcome, struct error *err)
{
	const double started = clock_monotonic();
	struct snapshot_counts counts = {0};

	progress_begin(&job->progress, job->log, &job->before, started);
	int r = job->engine->copy(job->engine, copy, &counts, ret_outcome, err);
	progress_end(&job->progress);
	/* nothing may vanish from a snapshot, but with the snapshot */
	if (r >= 0 && counts.vanished > 0)
		*ret_outcome = ENGINE_PARTIAL;
	if (r >= 0)
		summarise(job, &counts, clock_monotonic() - started);
	return r;
}

static void tell_verified(const struct job *job, enum engine_outcome outcome)
{
	if (job->spoilt || outcome == ENGINE_PARTIAL)
		log_warn(
			job->log,
			"'backup find PATH' tells which snapshots have another version of "
			"what was left out");
	else
		log_info(job->log, "verified: all that was copied is as it was saved");
}

/* 1: some of it is missing. */
static int copy(struct job *job, struct error *err)
{
	const struct config *config = job->config;
	const struct strvec none = STRVEC_INIT;
	struct engine_job copy = {
		.source = job->tree,
		.target = job->target.path,
		.bases = &none,
		.patterns = &none,
		.only = job->only.n > 0 ? &job->only : NULL,
		.exclude_if_present = "",
		.dry_run = config->dry_run,
		.from_snapshot = true,
		.tell_links = true,
		.staged = job->target.empty && !config->dry_run,
		.digests = job->digests,
		.bwlimit = config->bwlimit,
		.threads = (unsigned)config->threads,
		.lock_fd = -1,
		.cancel_fd = signals_fd(),
		.note = progress_note,
		.progress = progress_show,
		.note_ctx = &job->progress,
	};
	enum engine_outcome outcome = ENGINE_COMPLETE;

	int r = config->dry_run && job->target.empty ? 0
						     : choose_attributes(job, &copy, err);
	if (r >= 0)
		r = job->target.empty ? fresh_copy(job, &copy, &outcome, err)
				      : merge_copy(job, &copy, &outcome, err);
	if (r >= 0 && job->restore->verify && !config->dry_run)
		tell_verified(job, outcome);
	return r < 0 ? r : outcome == ENGINE_PARTIAL || job->spoilt;
}

/* The copy with services down. They are brought back after a failure, too. */
static int copy_quiesced(struct job *job, struct error *err)
{
	struct civil now = civil_from_epoch(job->start.epoch, job->start.offset);
	char name[SNAPSHOT_NAME_MAX];
	struct error lost;
	int r = 0;

	snapshot_name(&now, 1, name);
	if (job->restore->quiesce)
		r = standstill_begin(&job->standstill, &job->store, job->config, name,
				     job->log, err);
	if (r >= 0)
		r = job->config->dry_run ? 0 : target_make(&job->target, err);
	if (r >= 0) {
		r = copy(job, err);
		if (r < 0)
			log_warn(job->log, "what is in '%s' is not complete",
				 job->target.path);
	}
	int back = standstill_end(&job->standstill, job->config, &lost);
	int synced = r < 0 || job->config->dry_run ? 0 : sync_target(job, err);
	if (synced < 0)
		r = synced;
	if (back < 0 && r < 0)
		log_error(job->log, "%s", lost.msg);
	if (back < 0 && r >= 0) {
		*err = lost;
		r = back;
	}
	return r;
}

static void announce(const struct job *job)
{
	log_info(job->log, "restoring %s", job->place);
	if (job->partial)
		log_warn(job->log,
			 "the snapshot is partial: some files could not be read "
			 "when it was made, and are not in it");
	if (job->damaged && !job->restore->verify)
		log_warn(job->log,
			 "the snapshot is damaged, as 'backup verify %s' found: 'backup "
			 "restore --verify' restores only what is as when it was saved",
			 job->name);
	if (geteuid() != 0)
		log_warn(job->log, "not root: everything restored will be ours");
}

/* Whoever is asked sees what is meant, and that it is there. */
static int ask(struct job *job, struct error *err)
{
	const struct restore *restore = job->restore;
	CLEANUP(strbuf_release) struct strbuf question = STRBUF_INIT;

	int r = find_snapshot(job, restore->snapshot, err);
	if (r < 0)
		return r;
	CLEANUP(freep) char *time = instant_rfc3339(&job->time);
	strbuf_addf(&question, "Restore ");
	if (job->only.n > 0)
		strbuf_addf(&question, "%zu %s of ", job->only.n,
			    human_noun(job->only.n, "path", "paths"));
	strbuf_addf(&question, "%s, made at %s, over what is in '", job->place, time);
	strbuf_add_escaped(&question, job->target.path, strlen(job->target.path));
	strbuf_addf(&question, "'?%s%s",
		    restore->equal ? " What the snapshot does not have is deleted." : "",
		    restore->no_keep ? " Nothing of what is replaced is kept." : "");
	return restore->confirm(question.buf)
		       ? 0
		       : error_say(err, -ECANCELED, "nothing was restored");
}

/*
 * With the manifest. Nothing is deleted because a damaged snapshot does not have it, nor
 * replaced for good by what is left of one.
 */
static int compare(struct job *job, struct error *err)
{
	const struct restore *restore = job->restore;
	const struct verify_part part = {
		.store = &job->store,
		.config = job->config,
		.name = job->name,
		.tree = job->tree,
		.only = job->only.n > 0 ? &job->only : NULL,
		.counts = &job->before,
		.log = job->log,
	};

	job->digests = digests_new();
	int r = verify_part(&part, job->digests, err);
	if (r < 0)
		return r;
	job->spoilt = r > 0;
	if (!job->spoilt || (!restore->equal && !restore->no_keep))
		return 0;
	return error_say(
		err, -EUCLEAN,
		"snapshot %s is damaged, so nothing was restored; without %s, what "
		"is whole can be restored",
		job->name, restore->equal ? "--delete" : "--no-keep");
}

static int restore(struct job *job, struct error *err)
{
	const struct restore *restore = job->restore;
	CLEANUP(freep) char *shown = NULL;

	int r = store_open(&job->store, job->config->dest, err);
	if (r >= 0)
		r = find_target(job, err);
	/* without the lock, which is not held while somebody thinks */
	if (r >= 0 && restore->confirm && (r = ask(job, err)) >= 0)
		shown = xstrdup(job->name);
	if (r >= 0 && !job->config->dry_run &&
	    (job->live || restore->equal || restore->quiesce))
		r = standstill_lock(&job->store, job->config, restore->quiesce, err);
	if (r >= 0)
		r = find_snapshot(job, shown ? shown : restore->snapshot, err);
	if (r >= 0)
		announce(job);
	if (r >= 0 && restore->verify)
		r = compare(job, err);
	return r < 0 ? r : copy_quiesced(job, err);
}

int flow_restore(const struct config *config, const struct engine *engine,
		 const struct restore *what, FILE *out, struct log *log)
{
	struct job job = {
		.config = config,
		.engine = engine,
		.restore = what,
		.out = out,
		.log = log,
		.store = STORE_INIT,
		.source = SOURCE_INIT,
		.target = TARGET_INIT,
		.start = clock_now(),
		.dest = realpath(config->dest, NULL),
	};
	struct error err;

	int r = restore(&job, &err);
	if (r > 0)
		log_error(log, "some files could not be restored");
	if (r < 0)
		log_error(log, "%s", err.msg);
	standstill_release(&job.standstill);
	source_release(&job.source);
	store_close(&job.store);
	strvec_release(&job.only);
	free(job.name);
	free(job.place);
	free(job.tree);
	target_release(&job.target);
	free(job.dest);
	digests_free(job.digests);
	if (r < 0 && signals_caught())
		return EXIT_SIGNAL + signals_caught();
	if (r < 0)
		return r == -EWOULDBLOCK ? EXIT_LOCKED : EXIT_FAILED;
	return r > 0 ? EXIT_PARTIAL : EXIT_OK;
}
