/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "engine/redo.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/alloc.h"
#include "sys/fs.h"
#include "sys/removal.h"
#include "sys/tree.h"

static const mode_t own_rights = S_IWUSR | S_IXUSR;

static bool must_lend(const struct stat *st)
{
	return geteuid() != 0 && (st->st_mode & own_rights) != own_rights;
}

/* Lets us change a directory that its unprivileged owner may not write to. */
static int lend(int fd, struct stat *ret_st, const char *name, struct error *err)
{
	if (fstat(fd, ret_st) < 0)
		return error_set(err, -errno, "look at '%s'", name);
	if (must_lend(ret_st) && fchmod(fd, (ret_st->st_mode & 07777) | own_rights) < 0)
		return error_set(err, -errno, "make '%s' writable", name);
	return 0;
}

/* Makes the directory look as if we had not been there. */
static int give_back(int fd, const struct stat *st, const char *name, struct error *err)
{
	const struct timespec times[2] = {st->st_atim, st->st_mtim};

	if (must_lend(st) && fchmod(fd, st->st_mode & 07777) < 0)
		return error_set(err, -errno, "give '%s' its mode back", name);
	if (futimens(fd, times) < 0)
		return error_set(err, -errno, "give '%s' its time back", name);
	return 0;
}

static int make_scratch(struct redo *redo, struct error *err)
{
	for (unsigned i = 0; i < 1000; i++) {
		snprintf(redo->name, sizeof(redo->name), ".copied-again-%u", i);
		if (mkdirat(redo->target, redo->name, 0700) == 0)
			return fs_open_dir(redo->target, redo->name, &redo->scratch, err);
		if (errno != EEXIST)
			break;
	}
	return error_set(err, -errno, "create directory '%s'", redo->name);
}

int redo_begin(struct redo *redo, const char *target, struct error *err)
{
	redo->target = open(target, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (redo->target < 0)
		return error_set(err, -errno, "open '%s'", target);

	int r = lend(redo->target, &redo->st, target, err);
	if (r >= 0)
		r = make_scratch(redo, err);
	if (r >= 0)
		r = fs_make_dir(redo->scratch, "copy", 0700, err);
	if (r >= 0)
		r = fs_open_dir(redo->scratch, "copy", &redo->copy, err);
	if (r >= 0)
		redo->path = xasprintf("%s/%s/copy", target, redo->name);
	return r;
}

static void take(uint64_t *from, uint64_t n)
{
	*from -= n < *from ? n : *from;
}

static void uncount(struct snapshot_counts *counts, const struct stat *st)
{
	bool has_length = S_ISREG(st->st_mode) || S_ISLNK(st->st_mode);
	uint64_t bytes = has_length ? (uint64_t)st->st_size : 0;

	if (st->st_nlink > 1) {
		take(&counts->linked, 1);
		take(&counts->bytes_linked, bytes);
	} else {
		take(counts->new_files > 0 ? &counts->new_files : &counts->changed, 1);
		take(&counts->bytes_copied, bytes);
	}
}

static int uncount_dir(void *ctx, int fd, const struct strbuf *path,
		       const struct strvec *names, struct strvec *subdirs)
{
	struct stat st;

	(void)path;
	(void)subdirs;
	for (size_t i = 0; i < names->n; i++) {
		if (fstatat(fd, names->v[i], &st, AT_SYMLINK_NOFOLLOW) < 0)
			return -errno;
		uncount(ctx, &st);
	}
	return 0;
}

static int uncount_all(int parent, const char *name, struct snapshot_counts *counts,
		       struct error *err)
{
	CLEANUP(closep) int fd = -1;
	struct tree_walk walk = {.visit = uncount_dir, .ctx = counts};
	struct stat st;

	if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return error_set(err, -errno, "look at '%s'", name);
	if (!S_ISDIR(st.st_mode)) {
		uncount(counts, &st);
		return 0;
	}
	int r = fs_open_dir(parent, name, &fd, err);
	if (r == -EACCES) /* like the one it was copied from: there is nothing in it */
		return 0;
	if (r >= 0)
		r = tree_walk(fd, &walk, err);
	return r < 0 ? error_set(err, r, "look through '%s'", name) : 0;
}

/* Moves the new copy to where it belongs. */
static int put(struct redo *redo, const char *path, int parent, bool *ret_found,
	       struct error *err)
{
	CLEANUP(closep) int from = -1;
	const char *name;
	struct stat st;

	int r = fs_open_parent(redo->copy, path, &from, &name, NULL);
	if (r >= 0)
		r = fs_exists(from, name);
	*ret_found = r > 0;
	if (r == 0 || r == -ENOENT || r == -ENOTDIR || r == -ELOOP)
		return 0;
	if (r < 0)
		return error_set(err, r, "look at the new '%s'", path);
	r = lend(from, &st, path, err);
	return r < 0 ? r : fs_move(from, name, parent, name, err);
}

int redo_replace(struct redo *redo, const char *path, struct snapshot_counts *counts,
		 bool *ret_found, struct error *err)
{
	CLEANUP(closep) int parent = -1;
	const char *name;
	char old[32];
	struct stat st;

	int r = fs_open_parent(redo->target, path, &parent, &name, err);
	if (r >= 0)
		r = lend(parent, &st, path, err);
	if (r >= 0)
		r = uncount_all(parent, name, counts, err);
	if (r < 0)
		return r;
	snprintf(old, sizeof(old), "old-%u", redo->moved++);
	r = fs_move(parent, name, redo->scratch, old, err);
	if (r >= 0)
		r = put(redo, path, parent, ret_found, err);
	return r < 0 ? r : give_back(parent, &st, path, err);
}

int redo_end(struct redo *redo, struct error *err)
{
	int r = removal_empty(redo->scratch, 0, -1, err);
	if (r < 0)
		return r;
	if (unlinkat(redo->target, redo->name, AT_REMOVEDIR) < 0)
		return error_set(err, -errno, "remove '%s'", redo->name);
	return give_back(redo->target, &redo->st, "the target", err);
}

void redo_release(struct redo *redo)
{
	free(redo->path);
	closep(&redo->copy);
	closep(&redo->scratch);
	closep(&redo->target);
	*redo = (struct redo)REDO_INIT;
}
