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
#include "flow/progress.h"
#include "model/report.h"
#include "store/catalog.h"
#include "sys/clock.h"
#include "sys/fs.h"
#include "sys/fscaps.h"
#include "sys/signals.h"

struct job {
	struct log *log;
	char *tree; /* the snapshot's path */
	char *to;   /* the directory's, with no link in it */
	struct strvec only;
	struct snapshot_counts before; /* of the snapshot */
	struct progress progress;
};

/* A path in the snapshot, without what means nothing in it: "/a//./b/" is "a/b". */
static int add_path(struct strvec *only, const char *text, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf path = STRBUF_INIT;

	for (const char *s = text; *s;) {
		const size_t len = strcspn(s, "/");
		if (len == 2 && memcmp(s, "..", 2) == 0)
			return error_say(err, -EINVAL, "'%s' leads out of the snapshot",
					 text);
		if (len > 0 && !(len == 1 && *s == '.')) {
			if (path.len > 0)
				strbuf_addch(&path, '/');
			strbuf_add(&path, s, len);
		}
		s += len + (s[len] == '/');
	}
	if (path.len == 0)
		return error_say(err, -EINVAL,
				 "'%s' is the whole snapshot; for that, name no path",
				 text);
	strvec_push(only, path.buf);
	return 0;
}

static bool is_at_or_below(const char *path, const char *dir)
{
	const size_t len = strlen(dir);

	return strncmp(path, dir, len) == 0 && (path[len] == '\0' || path[len] == '/');
}

static int by_path(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Those that are not below another. */
static void choose_paths(struct strvec *paths, struct strvec *ret_only)
{
	if (paths->n > 0)
		qsort(paths->v, paths->n, sizeof(*paths->v), by_path);
	for (size_t i = 0; i < paths->n; i++) {
		bool covered = false;
		for (size_t j = 0; j < ret_only->n && !covered; j++)
			covered = is_at_or_below(paths->v[i], ret_only->v[j]);
		if (!covered)
			strvec_push(ret_only, paths->v[i]);
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

static int find_snapshot(struct job *job, const struct config *config,
			 const struct restore *restore, struct error *err)
{
	CLEANUP(store_close) struct store store = STORE_INIT;
	CLEANUP(catalog_release) struct catalog catalog = CATALOG_INIT;
	CLEANUP(strvec_release) struct strvec paths = STRVEC_INIT;
	CLEANUP(closep) int tree = -1;
	const struct catalog_entry *entry = NULL;
	int r = 0;

	for (size_t i = 0; r >= 0 && i < restore->paths->n; i++)
		r = add_path(&paths, restore->paths->v[i], err);
	if (r >= 0)
		r = store_open(&store, config->dest, err);
	if (r >= 0)
		r = catalog_load(&catalog, &store, err);
	if (r >= 0)
		r = catalog_pick(&catalog, restore->snapshot, clock_now().epoch, &entry,
				 err);
	if (r >= 0)
		r = fs_open_dir(store.tiers[entry->tier], entry->name, &tree, err);
	for (size_t i = 0; r >= 0 && i < paths.n; i++)
		r = check_path(tree, entry, paths.v[i], err);
	if (r < 0)
		return r;
	choose_paths(&paths, &job->only);
	job->tree = store_snapshot_path(&store, entry->tier, entry->name);
	if (job->only.n == 0)
		job->before = entry->record.counts;
	log_info(job->log, "restoring %s/%s", snapshot_tier_name(entry->tier),
		 entry->name);
	if (entry->record.status == SNAPSHOT_PARTIAL)
		log_warn(job->log,
			 "the snapshot is partial: some files could not be read "
			 "when it was made, and are not in it");
	return 0;
}

/* 1: it is there, and empty; 0: it is not there. */
static int look_at_target(const char *to, struct error *err)
{
	CLEANUP(strvec_release) struct strvec names = STRVEC_INIT;
	CLEANUP(closep) int fd = open(to, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0)
		return error_set(err, -errno, "open '%s'", to);
	int r = fs_list(fd, &names, err);
	if (r < 0)
		return r;
	if (names.n > 0)
		return error_say(
			err, -ENOTEMPTY,
			"'%s' is not empty: restore to a directory that is, or is "
			"not there yet",
			to);
	return 1;
}

/* The path of what is there, or will be, without a link in it. */
static int resolve(const char *to, bool there, char **ret_path, struct error *err)
{
	CLEANUP(freep) char *copy = xstrdup(to);

	for (size_t len = strlen(copy); len > 1 && copy[len - 1] == '/'; len--)
		copy[len - 1] = '\0';
	char *slash = strrchr(copy, '/');
	const char *name = slash ? slash + 1 : copy;
	const char *dir = !slash ? "." : slash == copy ? "/" : copy;

	if (there)
		*ret_path = realpath(to, NULL);
	else if (slash)
		*slash = '\0';
	CLEANUP(freep) char *parent = there ? NULL : realpath(dir, NULL);
	if (parent)
		*ret_path =
			xasprintf("%s/%s", strcmp(parent, "/") == 0 ? "" : parent, name);
	return *ret_path ? 0 : error_set(err, -errno, "look for '%s'", there ? to : dir);
}

/* Makes it, where it is not there; a dry run only looks whether that would do. */
static int prepare_target(struct job *job, const struct config *config, const char *to,
			  struct error *err)
{
	CLEANUP(freep) char *dest = realpath(config->dest, NULL);

	if (!*to)
		return error_say(err, -EINVAL, "--to is empty: name a directory");
	int r = look_at_target(to, err);
	if (r >= 0) {
		bool there = r > 0;
		r = resolve(to, there, &job->to, err);
		if (r >= 0 && dest && is_at_or_below(job->to, dest))
			r = error_say(err, -EINVAL,
				      "'%s' is in BACKUP_DEST, where only backups belong",
				      to);
		if (r >= 0 && !there && !config->dry_run && mkdir(job->to, 0700) < 0)
			r = error_set(err, -errno, "create '%s'", to);
	}
	return r;
}

static int choose_attributes(const struct job *job, struct engine_job *copy,
			     struct error *err)
{
	CLEANUP(closep) int from = -1;
	CLEANUP(closep) int to = -1;
	struct fscaps here, there;

	int r = fs_open_dir(AT_FDCWD, job->tree, &from, err);
	if (r >= 0)
		r = fs_open_dir(AT_FDCWD, job->to, &to, err);
	if (r >= 0)
		r = fscaps_try(to, &there, err);
	if (r < 0)
		return error_prefix(err, r, "'%s'", job->to);
	fscaps_look(from, &here);
	copy->xattrs = here.xattrs && there.xattrs;
	copy->acls = here.acls && there.acls;
	copy->nanoseconds = there.nanoseconds;
	if (here.xattrs && !there.xattrs)
		log_warn(job->log, "'%s' has no extended attributes: they are left out",
			 job->to);
	if (here.acls && !there.acls)
		log_warn(job->log, "'%s' has no ACLs: they are left out", job->to);
	return 0;
}

static int sync_target(const struct job *job, struct error *err)
{
	CLEANUP(closep) int fd = -1;
	int r = fs_open_dir(AT_FDCWD, job->to, &fd, err);

	if (r >= 0 && syncfs(fd) < 0)
		r = error_set(err, -errno, "sync '%s'", job->to);
	return r;
}

/* 1: some of it is missing. */
static int copy(struct job *job, const struct config *config, const struct engine *engine,
		struct snapshot_counts *ret_counts, struct error *err)
{
	const struct strvec none = STRVEC_INIT;
	struct engine_job copy = {
		.source = job->tree,
		.target = job->to,
		.bases = &none,
		.patterns = &none,
		.only = job->only.n > 0 ? &job->only : NULL,
		.exclude_if_present = "",
		.dry_run = config->dry_run,
		.bwlimit = config->bwlimit,
		.lock_fd = -1,
		.cancel_fd = signals_fd(),
		.note = progress_note,
		.progress = progress_show,
		.note_ctx = &job->progress,
	};
	enum engine_outcome outcome;

	int r = config->dry_run ? 0 : choose_attributes(job, &copy, err);
	if (r < 0)
		return r;
	progress_begin(&job->progress, job->log, &job->before, clock_monotonic());
	r = engine->copy(engine, &copy, ret_counts, &outcome, err);
	progress_end(&job->progress);
	if (r >= 0 && !config->dry_run)
		r = sync_target(job, err);
	/* nothing may vanish from a snapshot, but with the snapshot */
	return r < 0 ? r : outcome == ENGINE_PARTIAL || ret_counts->vanished > 0;
}

static void summarise(const struct job *job, bool dry_run,
		      const struct snapshot_counts *counts, double seconds)
{
	char files[HUMAN_MAX], dirs[HUMAN_MAX], bytes[HUMAN_MAX], took[HUMAN_MAX];

	log_info(job->log, "%s %s %s, %s %s, %s %s '%s' in %s",
		 dry_run ? "would restore" : "restored",
		 human_count(counts->files, files),
		 human_noun(counts->files, "file", "files"),
		 human_count(counts->dirs, dirs),
		 human_noun(counts->dirs, "directory", "directories"),
		 human_bytes(counts->bytes, bytes), "to", job->to,
		 human_duration(seconds, took));
}

int flow_restore(const struct config *config, const struct engine *engine,
		 const struct restore *restore, struct log *log)
{
	struct job job = {.log = log};
	struct snapshot_counts counts = {0};
	struct error err;
	double started = clock_monotonic();

	int r = find_snapshot(&job, config, restore, &err);
	if (r >= 0)
		r = prepare_target(&job, config, restore->to, &err);
	if (r >= 0) {
		if (geteuid() != 0)
			log_warn(log, "not root: everything restored will be ours");
		r = copy(&job, config, engine, &counts, &err);
		if (r < 0)
			log_warn(log, "what is in '%s' is not complete", job.to);
	}
	if (r >= 0)
		summarise(&job, config->dry_run, &counts, clock_monotonic() - started);
	if (r > 0)
		log_error(log, "some files could not be restored");
	if (r < 0)
		log_error(log, "%s", err.msg);
	strvec_release(&job.only);
	free(job.tree);
	free(job.to);
	if (r < 0 && signals_caught())
		return EXIT_SIGNAL + signals_caught();
	return r < 0 ? EXIT_FAILED : r > 0 ? EXIT_PARTIAL : EXIT_OK;
}
