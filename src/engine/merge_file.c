/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/path.h"
#include "engine/aside.h"
#include "engine/entry.h"
#include "engine/fresh.h"
#include "engine/merger.h"
#include "engine/stage.h"
#include "sys/fs.h"

/* A name that is being put. */
struct item {
	struct level *level;
	const char *name;
	struct look look; /* at the tree's */
	bool there;	  /* the target has something by the name: */
	struct stat old;
	bool same; /* and it is the same; not looked at where that does not matter */

	int twin; /* the directory in the target of another name of the file, or -1 */
	char *twin_name;
	struct stat twin_st;
};

static struct dir dir_of(const struct level *level, int copy)
{
	return (struct dir){.source = level->from, .copy = copy, .place = level->place};
}

static bool is_same(struct merger *m, const struct item *item, int fd, const char *name)
{
	const struct dir dir = dir_of(item->level, fd);
	const struct candidate c = {
		.fd = fd, .name = name, .compare = m->merge->job->checksum};
	bool have_xattrs = false, exists;

	return entry_is_same(&m->pass, &m->worker, &dir, item->name, &item->look.st, &c,
			     &have_xattrs, &exists);
}

static enum merge_deed decide(const struct merger *m, const struct item *item)
{
	if (!item->there)
		return MERGE_CREATE;
	/* this name of the file is another file yet: only a link puts that right */
	const bool split = item->twin >= 0 && (item->twin_st.st_ino != item->old.st_ino ||
					       item->twin_st.st_dev != item->old.st_dev);
	const enum merge_overwrite overwrite = m->merge->overwrite;

	if (item->twin >= 0 && !split)
		return MERGE_KEEP;
	if (item->same && overwrite != MERGE_ALWAYS &&
	    !(split && overwrite == MERGE_CHANGED))
		return MERGE_KEEP;
	return merger_may_replace(m, &item->look.st, &item->old) ? MERGE_REPLACE
								 : MERGE_LEAVE;
}

/* Another name of what is in the target already, made where new files are; false: no. */
static bool link_twin(struct merger *m, const struct item *item)
{
	struct level *level = item->level;

	if (item->twin < 0 ||
	    linkat(item->twin, item->twin_name, level->stage, item->name, 0) < 0)
		return false;
	if (is_same(m, item, level->stage, item->name))
		return true;
	unlinkat(level->stage, item->name, 0); /* somebody has changed it meanwhile */
	return false;
}

/*
 * Without the folder the old content is gone with the rename: the new one must be on the
 * disk before that.
 */
static int sync_new(struct merger *m, const struct item *item)
{
	CLEANUP(closep) int fd = -1;

	if (m->merge->keep || !item->there || !S_ISREG(item->look.st.st_mode))
		return 0;
	fd = openat(item->level->stage, item->name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == EACCES) /* not even its owner may read it */
		return 0;
	return fd < 0 || fsync(fd) < 0 ? -errno : 0;
}

/* What was made comes to its name. */
static int commit(struct merger *m, const struct item *item)
{
	struct level *level = item->level;
	const bool is_dir = item->there && S_ISDIR(item->old.st_mode);

	if (is_dir && m->merge->spare && path_is_in(m->merge->spare, m->path.buf))
		return -EBUSY;
	int r = sync_new(m, item);
	if (r >= 0 && is_dir)
		r = aside_take(m, level, item->name, true);
	else if (r >= 0 && item->there)
		r = aside_keep(m, level, item->name);
	if (r >= 0 && renameat(level->stage, item->name, level->to, item->name) < 0)
		r = -errno;
	/* two names of one inode are not renamed */
	if (r < 0 || item->twin >= 0)
		unlinkat(level->stage, item->name, 0);
	return r;
}

/* 0, or it was said why not. */
static int make(struct merger *m, struct item *item)
{
	struct level *level = item->level;

	int r = level->stage >= 0 ? 0
				  : stage_make(level->to, m->merge->job, &level->stage);
	if (r < 0)
		return merger_refused(m, "create", level, item->name, r);
	if (!link_twin(m, item)) {
		const struct dir dir = dir_of(level, level->stage);
		r = fresh_copy(&m->pass, &m->worker, &dir, item->name, &item->look.st);
	}
	if (r == -ECANCELED)
		atomic_store(&m->pass.pool.stop, true);
	if (r == -ENOENT || r == 1)
		pass_unreadable(&m->pass, &m->worker,
				"is not there any more:", level->place, item->name, 0);
	if (r != 0)
		return -1;
	r = commit(m, item);
	if (r < 0)
		merger_refused(m, item->there ? "replace" : "create", level, item->name,
			       r);
	return r;
}

/* Finds the name of the same file that is in the target; true: there is none yet. */
static bool find_twin(struct merger *m, struct item *item)
{
	struct place *place = NULL;

	if (links_claim(m->pass.links, pass_file_id(&item->look), item->look.st.st_nlink,
			&place, &item->twin_name) == LINKS_MINE)
		return true;
	item->twin = pass_open_place(m->pass.target_fd, place);
	place_drop(place);
	if (item->twin >= 0 && fstatat(item->twin, item->twin_name, &item->twin_st,
				       AT_SYMLINK_NOFOLLOW) < 0) {
		close(item->twin); /* a dry run has not made it */
		item->twin = -1;
	}
	return false;
}

/* 1: it is there; 0; -errno: said. */
static int look_at_target(struct merger *m, struct item *item)
{
	struct level *level = item->level;

	if (level->absent)
		return 0;
	if (fstatat(level->to, item->name, &item->old, AT_SYMLINK_NOFOLLOW) == 0)
		return 1;
	return errno == ENOENT ? 0
			       : merger_refused(m, "look at", level, item->name, -errno);
}

static void count(struct merger *m, const struct item *item, enum merge_deed deed)
{
	const struct stat *st = &item->look.st;
	const uint64_t bytes =
		S_ISREG(st->st_mode) || S_ISLNK(st->st_mode) ? (uint64_t)st->st_size : 0;
	const bool copied =
		(deed == MERGE_CREATE || deed == MERGE_REPLACE) && item->twin < 0;

	if (copied)
		m->counts.bytes += bytes;
	else
		tally_add(&m->worker.linked, bytes);
	tally_add(&m->worker.files, 1);
	merger_did(m, deed, false);
}

void merge_file(struct merger *m, const char *name, const struct look *look)
{
	struct item item = {
		.level = merger_level(m), .name = name, .look = *look, .twin = -1};
	const struct file_id id = pass_file_id(look);
	bool first = false;

	int r = look_at_target(m, &item);
	if (r < 0)
		return;
	item.there = r > 0;
	if (look->st.st_nlink > 1 && groups_has(m->groups, look->st.st_ino))
		first = find_twin(m, &item);
	if (item.there && m->merge->overwrite != MERGE_ALWAYS)
		item.same = is_same(m, &item, item.level->to, name);

	enum merge_deed deed = decide(m, &item);
	r = 0;
	if ((deed == MERGE_CREATE || deed == MERGE_REPLACE) && !m->merge->job->dry_run)
		r = make(m, &item);
	if (first && r == 0 && deed != MERGE_LEAVE)
		links_put(m->pass.links, id, item.level->place, name);
	else if (first)
		links_fail(m->pass.links, id, false);
	if (r == 0)
		count(m, &item, deed);
	closep(&item.twin);
	free(item.twin_name);
}
