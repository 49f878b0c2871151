/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "engine/groups.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include "base/alloc.h"
#include "sys/fs.h"
#include "sys/tree.h"

/* A hash table with open addressing; inode 0 is no file's, and says that a place is free. */
struct groups {
	ino_t *inos;
	bool *again; /* it was met a second time */
	size_t size, n;
};

enum { FIRST_SIZE = 1024 };

static size_t find(const struct groups *groups, ino_t ino)
{
	size_t at = (size_t)(((uint64_t)ino * 0x9e3779b97f4a7c15u) >> 20);

	for (at &= groups->size - 1; groups->inos[at] && groups->inos[at] != ino;)
		at = (at + 1) & (groups->size - 1);
	return at;
}

static void resize(struct groups *groups, size_t size)
{
	struct groups old = *groups;

	groups->size = size;
	groups->inos = xcalloc(size, sizeof(*groups->inos));
	groups->again = xcalloc(size, sizeof(*groups->again));
	for (size_t i = 0; i < old.size; i++) {
		if (!old.inos[i])
			continue;
		size_t at = find(groups, old.inos[i]);
		groups->inos[at] = old.inos[i];
		groups->again[at] = old.again[i];
	}
	free(old.inos);
	free(old.again);
}

static void add(struct groups *groups, ino_t ino)
{
	size_t at = find(groups, ino);

	if (ino == 0)
		return;
	if (groups->inos[at]) {
		groups->again[at] = true;
		return;
	}
	groups->inos[at] = ino;
	if (++groups->n > groups->size / 4 * 3)
		resize(groups, groups->size * 2);
}

static void meet(struct groups *groups, int dirfd, const char *name)
{
	struct stat st;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISDIR(st.st_mode) &&
	    st.st_nlink > 1)
		add(groups, st.st_ino);
}

static int visit(void *ctx, int fd, const struct strbuf *path, const struct strvec *names,
		 struct strvec *subdirs)
{
	struct groups *groups = ctx;

	(void)path;
	(void)subdirs;
	for (size_t i = 0; i < names->n; i++)
		meet(groups, fd, names->v[i]);
	return 0;
}

/*
 * Where directories name the inodes that stat() does, each name costs a tenth of what it
 * costs to look at it.
 */
static bool names_inodes(int fd)
{
	struct statfs fs;

	if (fstatfs(fd, &fs) < 0)
		return false;
	return fs.f_type == EXT4_SUPER_MAGIC || fs.f_type == XFS_SUPER_MAGIC ||
	       fs.f_type == BTRFS_SUPER_MAGIC || fs.f_type == TMPFS_MAGIC;
}

static void note_inode(void *ctx, const struct dirent_entry *entry)
{
	add(ctx, entry->ino);
}

static int walk(struct groups *groups, int dirfd, struct error *err)
{
	const bool inodes = names_inodes(dirfd);
	struct tree_walk walk = {
		.visit = inodes ? NULL : visit,
		.entry = inodes ? note_inode : NULL,
		.ctx = groups,
	};

	return tree_walk(dirfd, &walk, err);
}

static int walk_path(struct groups *groups, int tree, const char *path, struct error *err)
{
	CLEANUP(closep) int parent = -1;
	CLEANUP(closep) int dir = -1;
	const char *name = NULL;

	int r = fs_open_parent(tree, path, &parent, &name, err);
	if (r < 0)
		return r;
	if (fs_open_dir(parent, name, &dir, NULL) >= 0)
		return walk(groups, dir, err);
	meet(groups, parent, name);
	return 0;
}

int groups_find(int tree, const struct strvec *only, struct groups **ret_groups,
		struct error *err)
{
	struct groups *groups = xcalloc(1, sizeof(*groups));
	int r = 0;

	resize(groups, FIRST_SIZE);
	for (size_t i = 0; only && r >= 0 && i < only->n; i++)
		r = walk_path(groups, tree, only->v[i], err);
	if (!only)
		r = walk(groups, tree, err);
	if (r < 0)
		groups_free(groups);
	else
		*ret_groups = groups;
	return r < 0 ? r : 0;
}

void groups_free(struct groups *groups)
{
	if (!groups)
		return;
	free(groups->inos);
	free(groups->again);
	free(groups);
}

bool groups_has(const struct groups *groups, ino_t ino)
{
	return groups->again[find(groups, ino)];
}
