/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "sys/pairs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "sys/fs.h"
#include "sys/names.h"

enum {
	OPEN_MAX_LEVELS =
		64, /* that a walk keeps open; the others are found again by ".." */
};

/* One side of a directory on the way down. */
struct half {
	int fd; /* -1: it is not there, or was closed to save descriptors */
	bool there;
	dev_t dev;
	ino_t ino;
	struct names names;
	const char *name; /* the next one; NULL: there is none */
};

struct level {
	struct half half[PAIR_SIDES];
	size_t path_len;
};

struct walker {
	const struct pair_walk *walk;
	struct level **levels;
	size_t n, cap;
	struct strbuf path;
};

static void level_free(struct level *level)
{
	for (int i = 0; i < PAIR_SIDES; i++) {
		closep(&level->half[i].fd);
		names_release(&level->half[i].names);
	}
	free(level);
}

static int advance(struct half *half)
{
	int r = names_next(&half->names, &half->name);

	if (r <= 0)
		half->name = NULL;
	return r < 0 ? r : 0;
}

static int open_half(struct half *half, int dirfd, const char *name)
{
	struct stat st;

	int r = fs_open_dir(dirfd, name, &half->fd, NULL);
	if (r >= 0 && fstat(half->fd, &st) < 0)
		r = -errno;
	if (r < 0)
		return r;
	half->there = true;
	half->dev = st.st_dev;
	half->ino = st.st_ino;
	r = names_read(&half->names, half->fd);
	return r < 0 ? r : advance(half);
}

static void close_levels(struct walker *w)
{
	if (w->n <= OPEN_MAX_LEVELS)
		return;
	struct level *level = w->levels[w->n - 1 - OPEN_MAX_LEVELS];
	const struct level *below = w->levels[w->n - OPEN_MAX_LEVELS];
	for (int i = 0; i < PAIR_SIDES; i++) {
		if (!below->half[i].there) /* there would be no way back */
			continue;
		closep(&level->half[i].fd);
		level->half[i].fd = -1;
	}
}

/* Goes down where the pair has directories. */
static int enter(struct walker *w, const struct pair *pair)
{
	struct level *level = xcalloc(1, sizeof(*level));
	int r = 0;

	level->path_len = w->path.len;
	for (int i = 0; i < PAIR_SIDES; i++) {
		level->half[i].fd = -1;
		level->half[i].names = (struct names)NAMES_INIT;
	}
	for (int i = 0; r >= 0 && i < PAIR_SIDES; i++)
		if (pair->st[i] && S_ISDIR(pair->st[i]->st_mode))
			r = open_half(&level->half[i], pair->dirs[i], pair->name);
	if (r < 0) {
		w->walk->unreadable(w->walk->ctx, &w->path, r);
		level_free(level);
		return w->walk->leave ? w->walk->leave(w->walk->ctx) : 0;
	}
	array_grow(w->levels, w->n, w->cap);
	w->levels[w->n++] = level;
	close_levels(w);
	return 0;
}

static bool has_directory(const struct pair *pair)
{
	for (int i = 0; i < PAIR_SIDES; i++)
		if (pair->st[i] && S_ISDIR(pair->st[i]->st_mode))
			return true;
	return false;
}

/* Visits a name that is in one of the directories or in both. 1: it was in none. */
static int meet(struct walker *w, const int dirs[PAIR_SIDES], const char *name)
{
	struct stat st[PAIR_SIDES];
	struct pair pair = {.path = &w->path, .name = name};
	bool any = false;

	for (int i = 0; i < PAIR_SIDES; i++) {
		pair.dirs[i] = dirs[i];
		if (dirs[i] < 0)
			continue;
		if (fstatat(dirs[i], name, &st[i], AT_SYMLINK_NOFOLLOW) == 0) {
			pair.st[i] = &st[i];
			any = true;
		} else if (errno != ENOENT) {
			w->walk->unreadable(w->walk->ctx, &w->path, -errno);
			return 0;
		}
	}
	if (!any)
		return 1;
	int r = w->walk->visit(w->walk->ctx, &pair);
	if (r <= 0)
		return r;
	if (has_directory(&pair))
		return enter(w, &pair);
	return w->walk->leave ? w->walk->leave(w->walk->ctx) : 0;
}

/* The next name of the directory on top. */
static int next(struct walker *w, struct level *level, struct error *err)
{
	struct half *half = level->half;
	char name[NAME_MAX + 1];
	int dirs[PAIR_SIDES] = {-1, -1};
	const char *a = half[PAIR_OLD].name, *b = half[PAIR_NEW].name;
	int order = !b ? -1 : !a ? 1 : strcmp(a, b);

	strbuf_cut(&w->path, level->path_len);
	if (w->path.len > 0)
		strbuf_addch(&w->path, '/');
	strbuf_addstr(&w->path, order <= 0 ? a : b);
	snprintf(name, sizeof(name), "%s", order <= 0 ? a : b);
	for (int i = 0; i < PAIR_SIDES; i++) {
		if (i == PAIR_OLD ? order > 0 : order < 0)
			continue;
		dirs[i] = half[i].fd;
		int r = advance(&half[i]);
		if (r < 0)
			return error_set(err, r, "read the directory of '%s'",
					 w->path.buf);
	}
	int r = meet(w, dirs, name);
	if (r == 1) /* it vanished: somebody removes the tree */
		w->walk->unreadable(w->walk->ctx, &w->path, -ENOENT);
	return r < 0 ? r : 0;
}

/* Opens a directory above again, by way of the one below it. */
static int reopen(const struct walker *w, const struct half *below, struct half *half,
		  struct error *err)
{
	struct stat st;

	if (!half->there || half->fd >= 0 || !below->there)
		return 0;
	half->fd = openat(below->fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (half->fd < 0 || fstat(half->fd, &st) < 0)
		return error_set(err, -errno, "return from '%s'", w->path.buf);
	if (st.st_dev != half->dev || st.st_ino != half->ino)
		return error_say(err, -EAGAIN, "'%s' was moved while it was read",
				 w->path.buf);
	return 0;
}

static int leave(struct walker *w, struct error *err)
{
	struct level *level = w->levels[--w->n];
	int r = 0;

	strbuf_cut(&w->path, level->path_len);
	for (int i = 0; r >= 0 && w->n > 0 && i < PAIR_SIDES; i++)
		r = reopen(w, &level->half[i], &w->levels[w->n - 1]->half[i], err);
	level_free(level);
	return r >= 0 && w->walk->leave ? w->walk->leave(w->walk->ctx) : r;
}

int pair_walk(const struct pair_walk *walk, const int dirs[PAIR_SIDES], const char *name,
	      const char *path, struct error *err)
{
	struct walker w = {.walk = walk, .path = STRBUF_INIT};

	strbuf_addstr(&w.path, path);
	int r = meet(&w, dirs, name);
	if (r == 1)
		r = error_set(err, -ENOENT, "'%s'", path);
	while (r >= 0 && w.n > 0) {
		struct level *level = w.levels[w.n - 1];
		if (level->half[PAIR_OLD].name || level->half[PAIR_NEW].name)
			r = next(&w, level, err);
		else
			r = leave(&w, err);
	}
	while (w.n > 0)
		level_free(w.levels[--w.n]);
	free(w.levels);
	strbuf_release(&w.path);
	return r;
}
