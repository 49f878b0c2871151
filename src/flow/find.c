/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "flow/find.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
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
};

static int look_at(struct search *search, int fd, const char *dir, const char *name,
		   bool is_dir)
{
	struct find *find = search->find;
	struct find_hit hit = {.snapshot = search->snapshot};

	if (!patterns_exclude(search->patterns, dir, name, is_dir))
		return 0;
	if (fstatat(fd, name, &hit.st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -errno;
	hit.path = xasprintf("%s%s%s", dir, *dir ? "/" : "", name);
	array_grow(find->hits, find->n, find->cap);
	find->hits[find->n++] = hit;
	return 0;
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

/* Zero: the same version of the same path. */
static int compare_versions(const struct find_hit *a, const struct find_hit *b)
{
	int r = strcmp(a->path, b->path);

	if (r != 0 || (S_ISDIR(a->st.st_mode) && S_ISDIR(b->st.st_mode)))
		return r;
	if (a->st.st_mtim.tv_sec != b->st.st_mtim.tv_sec)
		return a->st.st_mtim.tv_sec < b->st.st_mtim.tv_sec ? 1 : -1;
	if (a->st.st_mtim.tv_nsec != b->st.st_mtim.tv_nsec)
		return a->st.st_mtim.tv_nsec < b->st.st_mtim.tv_nsec ? 1 : -1;
	return (a->st.st_ino < b->st.st_ino) - (a->st.st_ino > b->st.st_ino);
}

/* The catalog's order is newest first. */
static int compare(const void *va, const void *vb)
{
	const struct find_hit *a = va, *b = vb;
	int r = compare_versions(a, b);

	return r != 0 ? r : (a->snapshot < b->snapshot) - (a->snapshot > b->snapshot);
}

int find_all(const struct store *store, const struct catalog *catalog,
	     const char *pattern, struct progress *progress, struct find *ret_find,
	     struct error *err)
{
	struct engine_progress seen = {0};
	CLEANUP(strvec_release) struct strvec rules = STRVEC_INIT;
	CLEANUP(patterns_freep) struct patterns *patterns = NULL;

	*ret_find = (struct find){0};
	strvec_push(&rules, pattern);
	int r = patterns_new(&rules, &patterns, err);
	for (size_t i = 0; r >= 0 && i < catalog->n; i++) {
		struct search search = {ret_find, patterns, &catalog->v[i], progress,
					&seen};
		r = search_snapshot(&search, store, err);
	}
	if (ret_find->n > 0)
		qsort(ret_find->hits, ret_find->n, sizeof(*ret_find->hits), compare);
	return r;
}

void find_release(struct find *find)
{
	for (size_t i = 0; i < find->n; i++)
		free(find->hits[i].path);
	free(find->hits);
	*find = (struct find){0};
}

size_t find_version(const struct find *find, size_t first)
{
	size_t n = 1;

	while (first + n < find->n &&
	       compare_versions(&find->hits[first], &find->hits[first + n]) == 0)
		n++;
	return n;
}
