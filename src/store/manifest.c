/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "store/manifest.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

void manifest_entry_release(struct manifest_entry *entry)
{
	strbuf_release(&entry->path);
	strbuf_release(&entry->link);
}

int manifest_entry_set(struct manifest_entry *entry, int fd, const char *dir,
		       const char *name, const struct stat *st)
{
	strbuf_reset(&entry->path);
	strbuf_reset(&entry->link);
	strbuf_addstr(&entry->path, dir);
	if (*dir)
		strbuf_addch(&entry->path, '/');
	strbuf_addstr(&entry->path, name);
	entry->mode = st->st_mode;
	entry->uid = st->st_uid;
	entry->gid = st->st_gid;
	entry->rdev = S_ISBLK(st->st_mode) || S_ISCHR(st->st_mode) ? st->st_rdev : 0;
	entry->size = S_ISREG(st->st_mode) ? (uint64_t)st->st_size : 0;
	entry->mtim = st->st_mtim;
	entry->ino = st->st_ino;
	entry->hashed = false;
	if (S_ISLNK(st->st_mode)) {
		char target[PATH_MAX];
		ssize_t n = readlinkat(fd, name, target, sizeof(target));
		if (n < 0)
			return -errno;
		strbuf_add(&entry->link, target, (size_t)n);
	}
	return 0;
}

/* The end comes before a slash, and a slash before whatever else a name may have. */
static int rank(const char *path, size_t len, size_t at)
{
	if (at >= len)
		return -1;
	return path[at] == '/' ? 0 : (unsigned char)path[at];
}

static size_t dir_len(const struct strbuf *path)
{
	const char *slash = memrchr(path->buf, '/', path->len);

	return slash ? (size_t)(slash - path->buf) : 0;
}

static int compare_dirs(const char *a, size_t a_len, const char *b, size_t b_len)
{
	for (size_t i = 0; i < a_len || i < b_len; i++) {
		const int x = rank(a, a_len, i), y = rank(b, b_len, i);
		if (x != y)
			return x < y ? -1 : 1;
	}
	return 0;
}

int manifest_compare_tree(const char *dir, const struct manifest_entry *entry)
{
	const size_t len = strlen(dir), its_len = dir_len(&entry->path);
	const char *its = entry->path.buf;

	if (len == 0 || (its_len >= len && memcmp(dir, its, len) == 0 &&
			 (its_len == len || its[len] == '/')))
		return 0;
	return compare_dirs(dir, len, its, its_len);
}

int manifest_compare(const struct manifest_entry *a, const struct manifest_entry *b)
{
	const bool a_dir = S_ISDIR(a->mode), b_dir = S_ISDIR(b->mode);
	const size_t a_len = dir_len(&a->path), b_len = dir_len(&b->path);

	if (a->path.len == 0 || b->path.len == 0) /* the top is the first of all */
		return (a->path.len > 0) - (b->path.len > 0);
	const int dirs = compare_dirs(a->path.buf, a_len, b->path.buf, b_len);
	if (dirs != 0)
		return dirs;
	return a_dir != b_dir ? a_dir - b_dir : strcmp(a->path.buf, b->path.buf);
}
