/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "engine/shut.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/alloc.h"
#include "engine/entry.h"
#include "sys/fs.h"

struct inode {
	bool there; /* else it was not open before either */
	dev_t dev;
	ino_t ino;
	int64_t birth;
};

struct shut {
	bool path; /* it had one */
	struct inode source, copy, base[PASS_BASES_MAX];
};

static struct inode inode_of(int fd)
{
	struct look look;

	if (fd < 0 || pass_look(fd, "", &look) < 0)
		return (struct inode){0};
	return (struct inode){true, look.st.st_dev, look.st.st_ino, look.birth};
}

static void close_one(int *fd, struct inode *ret_inode)
{
	*ret_inode = inode_of(*fd);
	closep(fd);
	*fd = -1;
}

static void shut(struct dir *dir)
{
	struct shut *to = xcalloc(1, sizeof(*to));

	close_one(&dir->source, &to->source);
	close_one(&dir->copy, &to->copy);
	for (size_t i = 0; i < PASS_BASES_MAX; i++)
		close_one(&dir->base[i], &to->base[i]);
	dirents_release(&dir->dirents);
	to->path = dir->path != NULL;
	free(dir->path);
	dir->path = NULL;
	dir->shut = to;
}

void shut_above(struct pass *pass, struct dir *dir)
{
	for (size_t i = 0; dir && i < pass->levels_max; i++)
		dir = dir->above;
	if (dir && !dir->shut)
		shut(dir);
}

/* Takes `fd` over; -ESTALE: it is another. */
static int check(int fd, const struct inode *was)
{
	const int code = fd < 0 ? -errno : -ESTALE;
	const struct inode now = inode_of(fd);

	if (now.there && now.dev == was->dev && now.ino == was->ino &&
	    now.birth == was->birth)
		return fd;
	closep(&fd);
	return code;
}

/* The one above `below` (-1: none), or the one at `place`, to look from there; -errno. */
static int find(int below, int top, const struct place *place, const struct inode *was)
{
	int r = -ESTALE;

	if (below >= 0)
		r = check(openat(below, "..", O_PATH | O_DIRECTORY | O_CLOEXEC), was);
	return r < 0 ? check(pass_open_place(top, place), was) : r;
}

/* Likewise, to read it. */
static int reopen(int below, int top, const struct place *place, const struct inode *was)
{
	CLEANUP(closep) int path = find(below, top, place, was);
	int fd = path < 0 ? -1 : openat(path, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return path < 0 ? path : fd < 0 ? -errno : fd;
}

/* One that is lost costs no more than copies of what could be linked. */
static int reopen_base(const struct pass *pass, size_t i, const struct dir *dir,
		       const struct dir *below, const struct inode *was)
{
	const struct table_row *row;

	if (!was->there)
		return -1;
	int fd = find(below->base[i], pass->base_fd[i], dir->place, was);
	if (fd < 0 && i == 0 && pass->old_table) /* it has another name there */
		fd = check(entry_open_moved_dir(pass, &dir->look, &row), was);
	return fd < 0 ? -1 : fd;
}

static int open_from(struct pass *pass, const struct dir *below, struct dir *dir)
{
	const struct shut *was = dir->shut;
	int r = 0;

	if (was->copy.there)
		r = reopen(below->copy, pass->target_fd, dir->place, &was->copy);
	if (r < 0)
		return r;
	dir->copy = was->copy.there ? r : -1;
	r = reopen(below->source, pass->source_fd, dir->place, &was->source);
	if (r < 0)
		return r;
	dir->source = r;
	for (size_t i = 0; i < pass->bases; i++)
		dir->base[i] = reopen_base(pass, i, dir, below, &was->base[i]);
	return lseek(dir->source, dir->off, SEEK_SET) < 0 ? -errno : 0;
}

void shut_open_above(struct pass *pass, struct worker *worker, struct dir *below)
{
	struct dir *above = below->above;

	if (!above || !above->shut || pass_stopped(pass))
		return;
	int r = open_from(pass, below, above);
	if (r < 0) {
		pass_unreadable(pass, worker,
				r == -ESTALE ? "was moved meanwhile:" : "read directory",
				above->place, NULL, r == -ESTALE ? 0 : r);
		closep(&above->source);
		above->source = -1;
	}
	if (above->shut->path)
		above->path = pass_path(above->place);
	shut_release(above);
}

void shut_release(struct dir *dir)
{
	free(dir->shut);
	dir->shut = NULL;
}
