/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "flow/find.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "model/pattern.h"
#include "sys/fs.h"
#include "sys/tree.h"

struct search {
	struct find *find;
	const struct patterns *patterns;
	const struct catalog_entry *snapshot;
	struct progress *progress;
	struct engine_progress *seen; /* of all snapshots */
	struct error *err;
};

static int look_at(struct search *search, int fd, const char *dir, const char *name,
		   bool is_dir)
{
	struct stat st;

	if (!patterns_exclude(search->patterns, dir, name, is_dir))
		return 0;
	if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0
				       : error_set(search->err, -errno, "look at '%s/%s'",
						   dir, name);
	CLEANUP(freep) char *path = xasprintf("%s%s%s", dir, *dir ? "/" : "", name);
	const struct hit hit = {
		.path = path,
		.ino = st.st_ino,
		.size = (uint64_t)st.st_size,
		.mtime = st.st_mtim.tv_sec,
		.mtime_ns = (uint32_t)st.st_mtim.tv_nsec,
		.mode = st.st_mode,
		.snapshot = (uint32_t)(search->snapshot - search->find->catalog->v),
	};
	return hits_add(&search->find->hits, &hit, search->err);
}

static int visit(void *ctx, int fd, const struct strbuf *path, const struct strvec *names,
		 struct strvec *subdirs)
{
	const char *dir = path->len > 0 ? path->buf : "";
	const struct search *search = ctx;
	int r = 0;

	for (size_t i = 0; r >= 0 && i < names->n; i++)
		r = look_at(ctx, fd, dir, names->v[i], false);
	for (size_t i = 0; r >= 0 && i < subdirs->n; i++)
		r = look_at(ctx, fd, dir, subdirs->v[i], true);
	search->seen->files += names->n;
	progress_show(search->progress, search->seen);
	return r;
}

static int search_snapshot(struct search *search, const struct store *store,
			   struct error *err)
{
	const struct catalog_entry *entry = search->snapshot;
	struct tree_walk walk = {.visit = visit, .ctx = search};
	CLEANUP(closep) int fd = -1;

	int r = fs_open_dir(store->tiers[entry->tier], entry->name, &fd, err);
	if (r == -ENOENT) /* removed in between */
		return 0;
	if (r >= 0)
		r = tree_walk(fd, &walk, err);
	search->find->unreadable += walk.ret_unreadable;
	return r < 0 ? error_prefix(err, r, "search '%s'", entry->name) : 0;
}

int find_begin(struct find *find, const struct store *store,
	       const struct catalog *catalog, const char *pattern,
	       struct progress *progress, struct error *err)
{
	struct engine_progress seen = {0};
	CLEANUP(strvec_release) struct strvec rules = STRVEC_INIT;
	CLEANUP(patterns_freep) struct patterns *patterns = NULL;

	find->catalog = catalog;
	strvec_push(&rules, pattern);
	int r = patterns_new(&rules, &patterns, err);
	for (size_t i = 0; r >= 0 && i < catalog->n; i++) {
		struct search search = {find,	  patterns, &catalog->v[i],
					progress, &seen,    err};
		r = search_snapshot(&search, store, err);
	}
	return r >= 0 ? hits_end(&find->hits, err) : r;
}

static int look_ahead(struct find *find, struct error *err)
{
	int r = hits_next(&find->hits, &find->ahead, err);

	find->is_ahead = r > 0;
	return r;
}

static void add_snapshot(struct find *find)
{
	array_grow(find->snapshots, find->n, find->cap);
	find->snapshots[find->n++] = &find->catalog->v[find->ahead.snapshot];
}

int find_next(struct find *find, struct find_version *ret_version, struct error *err)
{
	int r = find->is_ahead ? 1 : look_ahead(find, err);

	if (r <= 0)
		return r;
	struct hit hit = find->ahead;
	strbuf_reset(&find->path); /* that of `ahead` goes with the next */
	strbuf_addstr(&find->path, hit.path);
	hit.path = find->path.buf;
	find->n = 0;
	do {
		add_snapshot(find);
		r = look_ahead(find, err);
	} while (r > 0 && hits_compare_versions(&hit, &find->ahead) == 0);
	if (r < 0)
		return r;
	*ret_version = (struct find_version){hit, find->snapshots, find->n};
	return 1;
}

void find_release(struct find *find)
{
	hits_release(&find->hits);
	strbuf_release(&find->path);
	free(find->snapshots);
	*find = (struct find)FIND_INIT;
}
