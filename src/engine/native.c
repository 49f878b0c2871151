/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "engine/native.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "engine/detours.h"
#include "engine/dir.h"
#include "engine/entry.h"
#include "engine/groups.h"
#include "engine/landing.h"
#include "engine/merge.h"
#include "engine/table.h"
#include "sys/clock.h"
#include "sys/descriptors.h"
#include "sys/fs.h"
#include "sys/host.h"

enum {
	YOUNG = 2, /* seconds in which the ticks of any clock of a file system pass */
	WAITING_MAX = 128,
	LEVELS_MAX = 16, /* of a worker; each with a chunk of names */
};

static const int64_t SECOND = 1000000000; /* in nanoseconds */

static int probe(const struct engine *engine, char **ret_version, struct strvec *warnings,
		 struct error *err)
{
	(void)engine;
	(void)warnings;
	(void)err;
	*ret_version = xstrdup("native engine");
	return 0;
}

/*
 * Directories wait with their descriptors open: so many that they take up a fourth of what
 * we may have. So may those that workers have gone down through; the rest is for what they
 * are at.
 */
static void choose_bounds(struct pass *pass, unsigned threads)
{
	const uint64_t waiting = descriptors_limit() / 4 / (2 + pass->bases);
	const uint64_t levels = waiting / threads;

	pass->waiting_max = (size_t)(waiting < 1	     ? 1
				     : waiting > WAITING_MAX ? WAITING_MAX
							     : waiting);
	pass->levels_max = (size_t)(levels < 1		  ? 1
				    : levels > LEVELS_MAX ? LEVELS_MAX
							  : levels);
}

static void work(void *ctx, unsigned worker, struct pool_item *item)
{
	struct pass *pass = ctx;

	dir_work(pass, &pass->workers[worker], (struct dir *)item);
}

static void tick(void *ctx)
{
	pass_tick(ctx);
}

/*
 * What the destination gives to new files by itself (its set-group-id bit, a default ACL)
 * must not get into the copy.
 */
static int prepare_target(struct pass *pass, struct error *err)
{
	struct stat st;
	struct statfs fs;

	pass->target_fd =
		open(pass->job->target, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (pass->target_fd < 0)
		return error_set(err, -errno, "open '%s'", pass->job->target);
	fremovexattr(pass->target_fd, "system.posix_acl_default");
	fremovexattr(pass->target_fd, "system.posix_acl_access");
	int r = pass->job->staged ? landing_begin(pass, err) : 0;
	if (r < 0)
		return r;
	if (fstat(pass->target_fd, &st) < 0)
		return error_set(err, -errno, "look at '%s'", pass->job->target);
	pass_try_attributes(pass, pass->target_fd, false);
	pass->reserve =
		fstatfs(pass->target_fd, &fs) == 0 && fs.f_type != BTRFS_SUPER_MAGIC;
	if (pass->job->detect_holes)
		pass->block = (size_t)st.st_blksize;
	if (st.st_gid != getegid() || (st.st_mode & S_ISGID))
		pass->group_inherited = true;
	return 0;
}

static unsigned table_terms(const struct pass *pass)
{
	return (pass->scope.user ? TABLE_XATTRS : 0) |
	       (pass->scope.acls ? TABLE_ACLS : 0) | (pass->owners ? TABLE_OWNERS : 0) |
	       (pass->job->nanoseconds ? TABLE_NANOSECONDS : 0);
}

static void open_old_table(struct pass *pass)
{
	const char *path = pass->job->old_table;

	pass->old_table = path ? table_open(path, table_terms(pass)) : NULL;
}

/* The copy is none the worse without it. */
static void give_up_table(const struct pass *pass, const struct error *why)
{
	CLEANUP(freep)
	char *text = xasprintf("%s: the next run compares every file with the snapshot",
			       why->msg);

	pass->job->note(pass->job->note_ctx, true, text);
}

static void create_new_table(struct pass *pass)
{
	const char *path = pass->job->new_table;
	struct error why;

	if (path && !pass->job->dry_run &&
	    table_create(path, table_terms(pass), &pass->new_table, &why) < 0)
		give_up_table(pass, &why);
}

static int finish_new_table(struct pass *pass, struct error *why)
{
	const int64_t now = ((int64_t)time(NULL) + 1) * SECOND;

	return pass->new_table ? table_finish(pass->new_table, now, why) : 0;
}

static int open_trees(struct pass *pass, struct error *err)
{
	const struct engine_job *job = pass->job;
	CLEANUP(strvec_release) struct strvec bases = STRVEC_INIT;

	/* rsync may have made what a dead run left */
	int r = detours_choose_bases(job, &bases, err);
	if (r < 0)
		return error_prefix(err, r, "choose what to link to");

	pass->source_fd = open(job->source, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	r = pass->source_fd < 0 ? -errno : pass_look(pass->source_fd, "", &pass->look);
	if (r < 0)
		return error_set(err, r, "open '%s'", job->source);
	for (size_t i = 0; i < bases.n && pass->bases < PASS_BASES_MAX; i++) {
		int fd = open(bases.v[i], O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd >= 0)
			pass->base_fd[pass->bases++] = fd;
		if (fd >= 0 && i == 0 && strcmp(bases.v[0], job->bases->v[0]) == 0)
			open_old_table(pass);
	}
	if (job->from_snapshot &&
	    (r = groups_find(pass->source_fd, job->only, &pass->groups, err)) < 0)
		return r;
	if (!job->dry_run)
		return prepare_target(pass, err);
	if (pass->bases > 0)
		pass_try_attributes(pass, pass->base_fd[0], true);
	return 0;
}

static void add_counts(struct snapshot_counts *to, const struct snapshot_counts *from)
{
	to->files += from->files;
	to->dirs += from->dirs;
	to->new_files += from->new_files;
	to->changed += from->changed;
	to->unlinkable += from->unlinkable;
	to->linked += from->linked;
	to->vanished += from->vanished;
	to->unreadable += from->unreadable;
	to->bytes += from->bytes;
	to->bytes_copied += from->bytes_copied;
	to->bytes_linked += from->bytes_linked;
}

/* Walks the source with the pool's threads. */
static int walk(struct pass *pass, unsigned threads, struct snapshot_counts *ret_counts,
		struct error *err)
{
	const struct engine_job *job = pass->job;
	struct copy_rate rate;

	copy_rate_init(&rate, job->bwlimit);
	pass->workers = xcalloc(threads, sizeof(*pass->workers));
	pass->workers_n = threads;
	for (unsigned i = 0; i < threads; i++) {
		copier_init(&pass->workers[i].copier, job->cancel_fd, &rate);
		pass->workers[i].copier.block = pass->block;
		pass->workers[i].copier.reserve = pass->reserve;
		table_sheet_init(&pass->workers[i].sheet, pass->new_table);
		pass->workers[i].moved_fd = -1;
		pass->workers[i].xattrs = (struct strbuf)STRBUF_INIT;
		pass->workers[i].base_xattrs = (struct strbuf)STRBUF_INIT;
	}
	int r = pool_start(&pass->pool, threads, work, pass, err);
	if (r >= 0) {
		pass->pool.tick = job->progress ? tick : NULL;
		pool_push(&pass->pool, &dir_new_top(pass)->item);
		pool_finish(&pass->pool, job->cancel_fd);
		entry_put_late(pass, &pass->workers[0]);
		if (pass->staged)
			landing_end(pass, &pass->workers[0]);
	}
	*ret_counts = (struct snapshot_counts){0};
	for (unsigned i = 0; i < threads; i++) {
		add_counts(ret_counts, &pass->workers[i].counts);
		copier_release(&pass->workers[i].copier);
		table_sheet_release(&pass->workers[i].sheet);
		closep(&pass->workers[i].moved_fd);
		strbuf_release(&pass->workers[i].xattrs);
		strbuf_release(&pass->workers[i].base_xattrs);
	}
	free(pass->workers);
	copy_rate_release(&rate);
	return r;
}

/* FNV-1a of its identifier; where there is none, a number that no run has twice. */
static uint64_t number_of_boot(void)
{
	CLEANUP(strbuf_release) struct strbuf id = STRBUF_INIT;
	uint64_t number = 0xcbf29ce484222325u;

	host_boot_id(&id);
	if (id.len == 0)
		strbuf_addf(&id, "%.9f", clock_monotonic());
	for (size_t i = 0; i < id.len; i++)
		number = (number ^ (unsigned char)id.buf[i]) * 0x100000001b3u;
	return number;
}

static int copy(const struct engine *engine, const struct engine_job *job,
		struct snapshot_counts *ret_counts, enum engine_outcome *ret_outcome,
		struct error *err)
{
	const struct native_engine *native = engine->impl;
	CLEANUP(patterns_freep) struct patterns *patterns = NULL;
	bool root = geteuid() == 0;
	struct error why;
	struct pass pass = {
		.job = job,
		.source_fd = -1,
		.target_fd = -1,
		.final_fd = -1,
		.uid = geteuid(),
		.gid = getegid(),
		.late_names = SPOOL_INIT,
		.owners = root,
		.young = ((int64_t)time(NULL) - YOUNG) * SECOND,
		.boot = number_of_boot(),
	};

	CLEANUP(strvec_release) struct strvec rules = STRVEC_INIT;
	if (job->staged)
		strvec_push(&rules, "- " MERGE_STAGE);
	if (job->only)
		detours_add_rules(job->only->v, job->only->n, &rules);
	for (size_t i = 0; i < job->patterns->n; i++)
		strvec_push(&rules, job->patterns->v[i]);
	int r = patterns_new(&rules, &patterns, err);
	if (r < 0)
		return r;
	pass.patterns = patterns;
	pass_init_scope(&pass);
	r = open_trees(&pass, err);
	if (r >= 0) {
		const unsigned threads =
			native->threads ? native->threads : pool_processors();
		choose_bounds(&pass, threads);
		mode_t mask = umask(0);
		pthread_mutex_init(&pass.lock, NULL);
		pass.links = links_new();
		pass.top = place_new(NULL, "");
		create_new_table(&pass);
		r = walk(&pass, threads, ret_counts, err);
		if (finish_new_table(&pass, &why) < 0 && r >= 0)
			give_up_table(&pass, &why);
		if (r >= 0)
			r = pass_judge(&pass, ret_outcome, err);
		strvec_release(&pass.absolute_first);
		place_drop(pass.top);
		links_free(pass.links);
		pthread_mutex_destroy(&pass.lock);
		umask(mask);
	}
	for (size_t i = 0; i < pass.bases; i++)
		close(pass.base_fd[i]);
	table_close(pass.old_table);
	refusals_release(&pass.refusals);
	groups_free(pass.groups);
	closep(&pass.source_fd);
	closep(&pass.target_fd);
	closep(&pass.final_fd);
	return r;
}

static int merge_trees(const struct engine *engine, const struct merge *with,
		       struct merge_counts *ret_counts, enum engine_outcome *ret_outcome,
		       struct error *err)
{
	(void)engine;
	return merge(with, ret_counts, ret_outcome, err);
}

void native_engine_init(struct native_engine *native, unsigned threads)
{
	*native = (struct native_engine){
		.engine = {.name = "native",
			   .probe = probe,
			   .copy = copy,
			   .merge = merge_trees,
			   .impl = native},
		.threads = threads,
	};
}
