/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "engine/merge.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/path.h"
#include "engine/aside.h"
#include "engine/fresh.h"
#include "engine/markers.h"
#include "engine/merger.h"
#include "engine/stage.h"
#include "sys/clock.h"
#include "sys/fs.h"

enum {
	DIR_FLAGS = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC,
	LEVELS_OPEN = 64, /* the others are found again by ".." */
	TRIES = 4,	  /* for a directory that others replace meanwhile */
};

static const double TICK = 0.2; /* seconds */

void merger_did(struct merger *m, enum merge_deed deed, bool is_dir)
{
	m->counts.deeds[deed]++;
	if (m->merge->deed && deed != MERGE_KEEP)
		m->merge->deed(m->merge->deed_ctx, deed, m->path.buf, is_dir);
}

int merger_refused(struct merger *m, const char *words, const struct level *level,
		   const char *name, int code)
{
	if (pass_is_fatal(code))
		return pass_fail(&m->pass, words, level->place, name, code);
	if (pass_stopped(&m->pass))
		return code;
	m->worker.counts.unreadable++;
	atomic_store(&m->pass.partial, true);
	if (code == -EXDEV)
		pass_note_copy(&m->pass,
			       "on another file system than the folder for what is "
			       "replaced, left alone (--no-keep does without one):",
			       level->place, name, 0);
	else if (code == -EBUSY && m->merge->spare)
		pass_note_copy(&m->pass, "mounted, or it holds BACKUP_DEST, left alone:",
			       level->place, name, 0);
	else
		pass_note_copy(&m->pass, words, level->place, name, code);
	return code;
}

bool merger_may_replace(const struct merger *m, const struct stat *tree,
			const struct stat *target)
{
	const struct timespec *a = &tree->st_mtim, *b = &target->st_mtim;

	if (m->merge->overwrite == MERGE_NEWER)
		return a->tv_sec > b->tv_sec ||
		       (a->tv_sec == b->tv_sec && m->merge->job->nanoseconds &&
			a->tv_nsec > b->tv_nsec);
	return m->merge->overwrite != MERGE_NEVER;
}

/* Removes it, if there is one. */
static void close_stage(const struct merger *m, struct level *level)
{
	if (level->stage < 0)
		return;
	closep(&level->stage);
	level->stage = -1;
	stage_clear(level->to, m->merge->job);
}

static void close_level(struct merger *m, struct level *level)
{
	close_stage(m, level);
	closep(&level->from);
	closep(&level->to);
	closep(&level->aside);
	level->from = level->to = level->aside = -1;
	dirents_release(&level->dirents);
}

static bool is_inode(int fd, const struct stat *st)
{
	struct stat now;

	return fd >= 0 && fstat(fd, &now) == 0 && now.st_ino == st->st_ino &&
	       now.st_dev == st->st_dev;
}

/* Opens one that was closed, from what is right below it; in a dry run from the top. */
static void reopen(struct merger *m, struct level *above, const struct level *below)
{
	CLEANUP(closep) int top = -1;

	above->from = openat(below->from, "..", DIR_FLAGS);
	bool same = is_inode(above->from, &above->look.st) &&
		    lseek(above->from, above->off, SEEK_SET) >= 0;
	if (!above->absent) {
		if (below->to < 0)
			top = pass_open_place(m->pass.target_fd, above->place);
		above->to = openat(below->to < 0 ? top : below->to,
				   below->to < 0 ? "." : "..", DIR_FLAGS);
		same = same && is_inode(above->to, &above->was);
	}
	if (!same)
		pass_fail(&m->pass, "was moved meanwhile:", above->place, NULL, -EAGAIN);
}

static void push_level(struct merger *m, struct level *level)
{
	level->path_len = m->path.len;
	array_grow(m->levels, m->n, m->cap);
	m->levels[m->n++] = *level;
	if (m->n > LEVELS_OPEN)
		close_level(m, &m->levels[m->n - 1 - LEVELS_OPEN]);
}

/* An owner without privilege needs all permissions of what is changed. */
static void lend(struct level *level)
{
	const struct stat *st = &level->was;

	if (geteuid() != 0 && st->st_uid == geteuid() && (st->st_mode & 0700) != 0700)
		level->lent = fchmod(level->to, (st->st_mode & 07777) | 0700) == 0;
}

static bool is_same_dir(struct merger *m, const struct level *level)
{
	const struct stat *want = &level->look.st;
	struct stat st;

	return fstat(level->to, &st) == 0 && st.st_mode == want->st_mode &&
	       (!m->pass.owners ||
		(st.st_uid == want->st_uid && st.st_gid == want->st_gid)) &&
	       st.st_mtim.tv_sec == want->st_mtim.tv_sec &&
	       st.st_mtim.tv_nsec == want->st_mtim.tv_nsec &&
	       xattrs_read_fd(level->to, &m->pass.scope, &m->worker.base_xattrs) >= 0 &&
	       m->worker.xattrs.len == m->worker.base_xattrs.len &&
	       memcmp(m->worker.xattrs.buf, m->worker.base_xattrs.buf,
		      m->worker.xattrs.len) == 0;
}

/* Its attributes, when nothing in it changes any more. */
static void set_attributes(struct merger *m, const struct level *level)
{
	const struct dir dir = {
		.source = level->from, .copy = level->to, .place = level->place};

	if (level->there &&
	    (!level->inside || !merger_may_replace(m, &level->look.st, &level->was))) {
		if (level->lent)
			fchmod(level->to, level->was.st_mode & 07777);
		return;
	}
	fresh_read_xattrs(&m->pass, &m->worker, &dir, NULL, level->from);
	if (is_same_dir(m, level))
		return;
	int r = 0;
	if (level->there && (m->pass.scope.user || m->pass.scope.acls))
		r = xattrs_remove_others_fd(level->to, &m->pass.scope, &m->worker.xattrs);
	if (r < 0)
		merger_refused(m, "take attributes from", level, NULL, r);
	fresh_set_attributes(&m->pass, &m->worker, &dir, NULL, level->to, MODE_UNSURE,
			     &level->look.st, &m->worker.xattrs);
}

static void leave(struct merger *m)
{
	struct level *level = merger_level(m), *above = m->n > 1 ? level - 1 : NULL;

	if (level->to >= 0)
		close_stage(m, level);
	if (level->to >= 0 && !m->merge->job->dry_run && !pass_stopped(&m->pass))
		set_attributes(m, level);
	if (above && above->from < 0 && !pass_stopped(&m->pass))
		reopen(m, above, level);
	close_level(m, level);
	place_drop(level->place);
	m->n--;
	strbuf_cut(&m->path, above ? above->path_len : 0);
}

/* A file, or a link, stands where the directory is to be. 0: it does not any more. */
static int clear_way(struct merger *m, struct level *above, const char *name,
		     const struct stat *want)
{
	struct stat old;

	if (fstatat(above->to, name, &old, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT
			       ? 0
			       : merger_refused(m, "look at", above, name, -errno);
	if (S_ISDIR(old.st_mode))
		return 0;
	if (!merger_may_replace(m, want, &old)) {
		merger_did(m, MERGE_LEAVE, false);
		return 1;
	}
	if (m->merge->job->dry_run)
		return 0;
	int r = aside_take(m, above, name, false);
	return r < 0 ? merger_refused(m, "replace", above, name, r) : 0;
}

static int make_dir(struct merger *m, struct level *above, const char *name)
{
	if (mkdirat(above->to, name, 0700) == 0 || errno == EEXIST)
		return 0;
	return merger_refused(m, "create directory", above, name, -errno);
}

/* Opens the target's directory, after having made it where it is not. else: it was said. */
static int open_target(struct merger *m, struct level *above, const char *name,
		       struct level *level)
{
	const bool dry = m->merge->job->dry_run;
	bool made = false, replaced = false;
	int r = 0;

	level->absent = above->absent;
	for (int tries = 0; r == 0 && !level->absent && tries < TRIES; tries++) {
		level->to = openat(above->to, name, DIR_FLAGS);
		if (level->to >= 0)
			break;
		if (errno == ENOTDIR || errno == ELOOP) {
			r = clear_way(m, above, name, &level->look.st);
			replaced = r == 0;
		} else if (errno != ENOENT) {
			return merger_refused(m, "open", above, name, -errno);
		}
		level->absent = dry;
		if (r == 0 && !dry)
			r = make_dir(m, above, name);
		made = true;
	}
	if (r != 0)
		return r;
	if (level->to < 0 && !level->absent)
		return merger_refused(m, "changes all the time:", above, name, -EAGAIN);
	if (level->to >= 0 && fstat(level->to, &level->was) < 0)
		return merger_refused(m, "look at", above, name, -errno);
	level->there = !made && !level->absent;
	if (!level->there)
		merger_did(m, replaced ? MERGE_REPLACE : MERGE_CREATE, true);
	if (!level->there && !level->absent) {
		/* what it got from the one above; its own come when it is full */
		fremovexattr(level->to, "system.posix_acl_default");
		fremovexattr(level->to, "system.posix_acl_access");
	}
	if (!level->there || dry)
		return 0;
	lend(level);
	stage_clear(level->to, m->merge->job);
	return 0;
}

/* Goes into a directory of the tree. */
static void enter(struct merger *m, const char *name, bool inside)
{
	struct level *above = merger_level(m);
	struct level level = {
		.to = -1, .stage = -1, .aside = -1, .from = -1, .inside = inside};

	level.from = openat(above->from, name, DIR_FLAGS);
	int r = level.from < 0 ? -errno : pass_look(level.from, "", &level.look);
	if (r < 0)
		pass_unreadable(&m->pass, &m->worker, "read directory", above->place,
				name, r);
	else
		r = open_target(m, above, name, &level);
	if (r == 0) {
		level.place = place_new(above->place, name);
		push_level(m, &level);
		return;
	}
	closep(&level.from);
	closep(&level.to);
	strbuf_cut(&m->path, above->path_len);
}

/* The path of a name in the level on top, until it is cut off again. */
static void push_name(struct merger *m, const char *name)
{
	if (m->path.len > 0)
		strbuf_addch(&m->path, '/');
	strbuf_addstr(&m->path, name);
}

/* Whether m->path is restored, or leads to what is. */
static bool is_wanted(const struct merger *m, bool *ret_inside)
{
	const struct strvec *only = m->merge->job->only;
	bool leads = false;

	*ret_inside = !only;
	for (size_t i = 0; only && i < only->n; i++) {
		*ret_inside |= path_is_in(m->path.buf, only->v[i]);
		leads |= path_is_in(only->v[i], m->path.buf);
	}
	return leads || *ret_inside;
}

/* Meets a name of the tree. */
static void meet(struct merger *m, const char *name)
{
	struct level *level = merger_level(m);
	bool inside = level->inside;
	struct look look;

	if (strcmp(name, MERGE_STAGE) == 0) /* what a dead merge left was saved, too */
		return;
	push_name(m, name);
	if (inside || is_wanted(m, &inside)) {
		int r = pass_look(level->from, name, &look);
		if (r < 0) {
			pass_unreadable(&m->pass, &m->worker, "look at", level->place,
					name, r);
			level->failed = true;
		} else if (S_ISDIR(look.st.st_mode)) {
			enter(m, name, inside);
			return;
		} else {
			merge_file(m, name, &look);
		}
	}
	strbuf_cut(&m->path, level->path_len);
}

/* Whether a name that the tree does not have is not there because it is left out. */
static bool is_spared(const struct merger *m, const struct level *level, const char *name,
		      bool is_dir)
{
	if (strncmp(name, MERGE_ASIDE, strlen(MERGE_ASIDE)) == 0 ||
	    (m->merge->spare && path_is_in(m->merge->spare, m->path.buf)))
		return true;
	CLEANUP(freep) char *dir = xstrndup(m->path.buf, level->path_len);
	return patterns_exclude(m->pass.patterns, dir, name, is_dir);
}

/* Meets a name of the target. */
static void meet_extra(struct merger *m, const char *name)
{
	struct level *level = merger_level(m);
	struct stat st;

	if (strcmp(name, MERGE_STAGE) == 0 ||
	    fstatat(level->from, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return;
	if (errno != ENOENT || fstatat(level->to, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return;
	push_name(m, name);
	if (!is_spared(m, level, name, S_ISDIR(st.st_mode))) {
		int r = m->merge->job->dry_run
				? 0
				: aside_take(m, level, name, S_ISDIR(st.st_mode));
		if (r < 0) {
			merger_refused(m, "delete", level, name, r);
		} else {
			level->removed = true;
			merger_did(m, MERGE_DELETE, S_ISDIR(st.st_mode));
		}
	}
	strbuf_cut(&m->path, level->path_len);
}

/*
 * Whether what the target has is to be read now: where all of the tree's directory was
 * met, and its absence in there means something. Once more after something was removed:
 * some file systems skip names then.
 */
static bool begin_extra(struct merger *m, struct level *level)
{
	const struct engine_job *job = m->merge->job;

	if (!m->merge->equal || !level->inside || level->absent || !level->there ||
	    level->failed || (level->extra && (!level->removed || job->dry_run)))
		return false;
	if (!level->extra &&
	    ((job->one_file_system && level->was.st_dev != m->levels[0].was.st_dev) ||
	     (job->exclude_caches && markers_is_tagged(level->to)) ||
	     (*job->exclude_if_present &&
	      fs_exists(level->to, job->exclude_if_present) != 0)))
		return false;
	level->extra = true;
	level->removed = false;
	dirents_release(&level->dirents);
	return lseek(level->to, 0, SEEK_SET) == 0;
}

/* Now and then: how far it is, and whether to stop. */
static void tick(struct merger *m)
{
	const struct engine_job *job = m->merge->job;
	struct pollfd cancel = {.fd = job->cancel_fd, .events = POLLIN};
	const double now = clock_monotonic();

	if (now - m->ticked < TICK)
		return;
	m->ticked = now;
	pass_tick(&m->pass);
	if (poll(&cancel, 1, 0) > 0)
		atomic_store(&m->pass.pool.stop, true);
}

static void walk(struct merger *m)
{
	while (m->n > 0) {
		struct level *level = merger_level(m);
		const struct dirent_entry *entry = NULL;
		int r = 0;

		tick(m);
		if (!pass_stopped(&m->pass))
			r = dirents_next(&level->dirents,
					 level->extra ? level->to : level->from, &entry);
		if (r < 0) {
			pass_unreadable(&m->pass, &m->worker, "read directory",
					level->place, NULL, r);
			level->failed = true;
		}
		if (r > 0 && level->extra) {
			meet_extra(m, entry->name);
		} else if (r > 0) {
			level->off = entry->off;
			meet(m, entry->name);
		} else if (pass_stopped(&m->pass) || !begin_extra(m, level)) {
			leave(m);
		}
	}
}

static int open_top(struct merger *m, struct error *err)
{
	const struct engine_job *job = m->merge->job;
	struct level top = {
		.to = -1, .stage = -1, .aside = -1, .there = true, .inside = !job->only};

	int r = fs_open_dir(AT_FDCWD, job->target, &m->pass.target_fd, err);
	if (r >= 0)
		r = fs_open_dir(m->pass.target_fd, ".", &top.to, err);
	if (r < 0)
		return error_prefix(err, r, "'%s'", job->target);
	r = fs_open_dir(AT_FDCWD, job->source, &top.from, err);
	if (r >= 0 &&
	    ((r = pass_look(top.from, "", &top.look)) < 0 || fstat(top.to, &top.was) < 0))
		r = error_set(err, r < 0 ? r : -errno, "look at '%s'", job->source);
	if (r >= 0)
		r = groups_find(top.from, job->only, &m->groups, err);
	if (r < 0) {
		closep(&top.from);
		closep(&top.to);
		return r;
	}
	pass_try_attributes(&m->pass, m->pass.target_fd, job->dry_run);
	if (!job->dry_run) {
		lend(&top);
		stage_clear(top.to, job);
	}
	m->pass.look = top.look;
	top.place = place_hold(m->pass.top);
	push_level(m, &top);
	return 0;
}

static void prepare(struct merger *m, struct copy_rate *rate)
{
	const struct engine_job *job = m->merge->job;

	pthread_mutex_init(&m->pass.lock, NULL);
	m->pass.links = links_new();
	m->pass.top = place_new(NULL, "");
	m->pass.workers = &m->worker;
	m->pass.workers_n = 1;
	copy_rate_init(rate, job->bwlimit);
	copier_init(&m->worker.copier, job->cancel_fd, rate);
	m->worker.xattrs = (struct strbuf)STRBUF_INIT;
	m->worker.base_xattrs = (struct strbuf)STRBUF_INIT;
}

static void release(struct merger *m)
{
	for (; m->n > 0; m->n--) {
		close_level(m, merger_level(m));
		place_drop(merger_level(m)->place);
	}
	free(m->levels);
	groups_free(m->groups);
	copy_rate_release(m->worker.copier.rate);
	copier_release(&m->worker.copier);
	strbuf_release(&m->worker.xattrs);
	strbuf_release(&m->worker.base_xattrs);
	strbuf_release(&m->path);
	strvec_release(&m->pass.absolute_first);
	place_drop(m->pass.top);
	links_free(m->pass.links);
	pthread_mutex_destroy(&m->pass.lock);
	refusals_release(&m->pass.refusals);
	closep(&m->folder);
	closep(&m->pass.target_fd);
}

int merge(const struct merge *merge, struct merge_counts *ret_counts,
	  enum engine_outcome *ret_outcome, struct error *err)
{
	const struct engine_job *job = merge->job;
	CLEANUP(patterns_freep) struct patterns *patterns = NULL;
	const bool root = geteuid() == 0;
	struct copy_rate rate;
	struct merger m = {
		.merge = merge,
		.path = STRBUF_INIT,
		.folder = -1,
		.pass = {.job = job,
			 .source_fd = -1,
			 .target_fd = -1,
			 .uid = geteuid(),
			 .gid = getegid(),
			 .owners = root,
			 .group_inherited = true},
	};

	*ret_counts = m.counts;
	int r = patterns_new(job->patterns, &patterns, err);
	if (r < 0)
		return r;
	m.pass.patterns = patterns;
	pass_init_scope(&m.pass);
	mode_t mask = umask(0);
	prepare(&m, &rate);
	r = open_top(&m, err);
	if (r >= 0) {
		walk(&m);
		r = pass_judge(&m.pass, ret_outcome, err);
	}
	*ret_counts = m.counts;
	release(&m);
	umask(mask);
	return r;
}
