/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "sys/removal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/alloc.h"
#include "sys/dirents.h"
#include "sys/fs.h"
#include "sys/pool.h"

enum {
	DEPTH_MAX = 48,	   /* levels that are held open below the top */
	WAITING_MAX = 128, /* directories that wait for a thread */
};

struct removal {
	struct pool pool;
	int top_fd;
	bool root;
	const struct removal_manner *manner;
	atomic_uint_fast64_t removed;
	atomic_uint moved_up;
	atomic_uint open; /* directories below the top */

	pthread_mutex_t lock; /* guards what follows */
	int first;	      /* error, -errno */
	struct error why;
};

/* A directory to remove. Its parent is there, and open, as long as it is. */
struct dir {
	struct pool_item item;
	struct dir *parent; /* NULL: the top, which stays */
	char *name;
	int fd; /* -1: not opened yet */
	unsigned depth;
	struct dirents dirents;
	atomic_uint left;  /* its subdirectories, and one more while it is read */
	atomic_bool gone;  /* something in it has gone since it was read first */
	atomic_bool stuck; /* something in it cannot be removed */
};

static bool is_stopped(struct removal *rm)
{
	return atomic_load_explicit(&rm->pool.stop, memory_order_relaxed);
}

static struct dir *new_dir(struct dir *parent, const char *name)
{
	struct dir *dir = xcalloc(1, sizeof(*dir));

	dir->parent = parent;
	dir->name = xstrdup(name);
	dir->fd = -1;
	atomic_init(&dir->left, 1);
	if (parent) {
		dir->depth = parent->depth + 1;
		atomic_fetch_add(&parent->left, 1);
	}
	return dir;
}

static void free_dir(struct removal *rm, struct dir *dir)
{
	bool was_open = dir->fd >= 0 && dir->parent;

	closep(&dir->fd);
	if (was_open)
		atomic_fetch_sub(&rm->open, 1);
	dirents_release(&dir->dirents);
	free(dir->name);
	free(dir);
}

static void note_gone(struct removal *rm, struct dir *dir)
{
	atomic_store(&dir->gone, true);
	atomic_fetch_add_explicit(&rm->removed, 1, memory_order_relaxed);
}

/* Something in `dir` stays, and so does the directory. */
static void note_stuck(struct removal *rm, struct dir *dir, int code, const char *name)
{
	atomic_store(&dir->stuck, true);
	pthread_mutex_lock(&rm->lock);
	if (rm->first == 0)
		rm->first = code == -EXDEV
				    ? error_say(&rm->why, code,
						"'%s' is a mount point, left alone", name)
				    : error_set(&rm->why, code, "remove '%s'", name);
	pthread_mutex_unlock(&rm->lock);
}

/* Without its owner's permissions, it can neither be emptied nor entered. */
static void make_writable(int parent, const char *name)
{
	CLEANUP(closep)
	int fd = openat(parent, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	char path[64];

	if (fd < 0)
		return;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	chmod(path, 0700);
}

/* Opens a subdirectory, not across a mount point (openat2, or by device before 5.6). */
static int open_below(int parent, const char *name)
{
	struct open_how how = {
		.flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC,
		.resolve = RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS,
	};
	struct stat outer, inner;

	int fd = (int)syscall(SYS_openat2, parent, name, &how, sizeof(how));
	if (fd >= 0 || (errno != ENOSYS && errno != EPERM))
		return fd;
	fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0 && (fstat(parent, &outer) < 0 || fstat(fd, &inner) < 0 ||
			outer.st_dev != inner.st_dev)) {
		close(fd);
		errno = EXDEV;
		return -1;
	}
	return fd;
}

/* -ENOENT: it was put right into the top, where it is found when that is read again. */
static int move_up(struct removal *rm, const struct dir *dir)
{
	char to[32];
	int r;

	do {
		snprintf(to, sizeof(to), "deep-%u", atomic_fetch_add(&rm->moved_up, 1));
		r = fs_move(dir->parent->fd, dir->name, rm->top_fd, to, NULL);
	} while (r == -EEXIST);
	return r < 0 ? r : -ENOENT;
}

/* -ENOENT: it is not there, or not for now: what is above it is to be read again. */
static int open_dir(struct removal *rm, struct dir *dir)
{
	int parent = dir->parent->fd;
	struct stat st;

	if (dir->depth > DEPTH_MAX)
		return move_up(rm, dir);
	dir->fd = open_below(parent, dir->name);
	if (dir->fd < 0 && errno == EACCES) {
		make_writable(parent, dir->name);
		dir->fd = open_below(parent, dir->name);
	}
	if (dir->fd < 0 && (errno == EMFILE || errno == ENFILE)) {
		if (dir->depth > 1)
			return move_up(rm, dir);
		if (atomic_load(&rm->open) > 0)
			return -ENOENT; /* when those are closed */
		errno = EMFILE;
	}
	if (dir->fd < 0)
		return -errno;
	atomic_fetch_add(&rm->open, 1);
	if (!rm->root && fstat(dir->fd, &st) == 0 && (st.st_mode & 0700) != 0700)
		fchmod(dir->fd, 0700);
	return 0;
}

/* Some file systems skip names when others go away during the reading. */
static void read_again(struct removal *rm, struct dir *dir)
{
	atomic_store(&dir->left, 1);
	atomic_store(&dir->gone, false);
	lseek(dir->fd, 0, SEEK_SET);
	pool_push(&rm->pool, &dir->item);
}

/* Removes a directory of which nothing more is under way; true: it has to be read again. */
static bool remove_dir(struct removal *rm, struct dir *dir)
{
	struct dir *parent = dir->parent;

	if (is_stopped(rm))
		return false;
	if (dir->stuck) {
		if (parent)
			atomic_store(&parent->stuck, true);
		return false;
	}
	if (!parent)
		return dir->gone;
	if (unlinkat(parent->fd, dir->name, AT_REMOVEDIR) == 0 || errno == ENOENT)
		atomic_store(&parent->gone, true);
	else if ((errno == ENOTEMPTY || errno == EEXIST) && dir->gone)
		return true;
	else
		note_stuck(rm, parent, -errno, dir->name);
	return false;
}

/* One thing less to wait for before the directory can be removed, and those above. */
static void let_go(struct removal *rm, struct dir *dir)
{
	while (dir && atomic_fetch_sub(&dir->left, 1) == 1) {
		if (remove_dir(rm, dir)) {
			read_again(rm, dir);
			return;
		}
		struct dir *parent = dir->parent;
		free_dir(rm, dir);
		dir = parent;
	}
}

/* Ends one that is not entered. */
static void give_up(struct removal *rm, struct dir *dir, int code)
{
	struct dir *parent = dir->parent;

	if (code == -ENOENT)
		atomic_store(&parent->gone, true);
	else if (!is_stopped(rm))
		note_stuck(rm, parent, code, dir->name);
	free_dir(rm, dir);
	let_go(rm, parent);
}

static void work(void *ctx, unsigned worker, struct pool_item *item)
{
	struct removal *rm = ctx;
	struct dir *dir = (struct dir *)item;
	const struct dirent_entry *entry;
	int r = 0;

	(void)worker;
	if (dir->fd < 0)
		r = is_stopped(rm) ? -EINTR : open_dir(rm, dir);
	if (r < 0) {
		give_up(rm, dir, r);
		return;
	}
	while (!is_stopped(rm) &&
	       (r = dirents_next(&dir->dirents, dir->fd, &entry)) > 0) {
		if (dirents_type(dir->fd, entry) != DT_DIR) {
			if (unlinkat(dir->fd, entry->name, 0) == 0)
				note_gone(rm, dir);
			else if (errno != ENOENT)
				note_stuck(rm, dir, -errno, entry->name);
			continue;
		}
		struct dir *sub = new_dir(dir, entry->name);
		if (pool_waiting(&rm->pool) >= WAITING_MAX) {
			pool_push(&rm->pool, &dir->item);
			pool_push(&rm->pool, &sub->item);
			return;
		}
		pool_push(&rm->pool, &sub->item);
	}
	if (r < 0 && r != -ENOENT)
		note_stuck(rm, dir, r, dir->name);
	dirents_release(&dir->dirents);
	let_go(rm, dir);
}

static void tick(void *ctx)
{
	struct removal *rm = ctx;

	rm->manner->tell(rm->manner->ctx, atomic_load(&rm->removed));
}

int removal_empty(int dirfd, unsigned threads, int cancel_fd, struct error *err)
{
	const struct removal_manner manner = {.threads = threads};

	return removal_empty_so(dirfd, &manner, cancel_fd, err);
}

int removal_empty_so(int dirfd, const struct removal_manner *manner, int cancel_fd,
		     struct error *err)
{
	const unsigned threads = manner->threads ? manner->threads : pool_processors();
	struct removal rm = {.root = geteuid() == 0, .manner = manner};

	int r = fs_open_dir(dirfd, ".", &rm.top_fd, err);
	if (r < 0)
		return r;
	pthread_mutex_init(&rm.lock, NULL);
	r = pool_start(&rm.pool, threads, work, &rm, err);
	if (r < 0) {
		close(rm.top_fd);
	} else {
		struct dir *top = new_dir(NULL, ".");
		top->fd = rm.top_fd;
		rm.pool.tick = manner->tell ? tick : NULL;
		pool_push(&rm.pool, &top->item);
		pool_finish(&rm.pool, cancel_fd);
	}
	pthread_mutex_destroy(&rm.lock);
	if (r >= 0 && is_stopped(&rm))
		return error_say(err, -EINTR, "interrupted");
	if (r >= 0 && rm.first < 0 && err)
		*err = rm.why;
	return r < 0 ? r : rm.first;
}
