/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "sys/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "sys/dirents.h"
#include "sys/fs.h"

enum {
	FDS_MAX = 64, /* that a walk keeps open; the others are found again by ".." */
};

/* A directory on the way down. */
struct frame {
	int fd; /* -1: closed to save descriptors */
	dev_t dev;
	ino_t ino;
	size_t path_len;
	struct strvec subdirs;
	size_t next;
};

struct walker {
	struct tree_walk *walk;
	struct frame *frames;
	size_t n, cap;
	struct strbuf path;
	dev_t top_dev;
};

static int read_names(int fd, const struct tree_walk *walk, struct strvec *names,
		      struct strvec *subdirs)
{
	CLEANUP(dirents_release) struct dirents dirents = DIRENTS_INIT;
	CLEANUP(closep) int copy = -1;
	const struct dirent_entry *entry;

	/* fails where names can be read, but nothing behind them */
	int r = fs_open_dir(fd, ".", &copy, NULL);
	while (r >= 0 && (r = dirents_next(&dirents, copy, &entry)) > 0) {
		uint8_t type = dirents_type(fd, entry);
		if (type == DT_DIR)
			strvec_push(subdirs, entry->name);
		else if (walk->entry)
			walk->entry(walk->ctx, entry);
		else if (!walk->links_only || type == DT_LNK)
			strvec_push(names, entry->name);
	}
	return r;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void sort(struct strvec *names)
{
	if (names->n > 0)
		qsort(names->v, names->n, sizeof(*names->v), by_name);
}

/* Visits the directory and puts it on the stack; takes the descriptor over. */
static int enter(struct walker *w, int fd)
{
	CLEANUP(strvec_release) struct strvec names = STRVEC_INIT;
	struct frame frame = {.fd = fd, .path_len = w->path.len};
	struct stat st;

	int r = fstat(fd, &st) < 0 ? -errno
				   : read_names(fd, w->walk, &names, &frame.subdirs);
	if (r < 0)
		w->walk->ret_unreadable++;
	if (r < 0 || (w->walk->one_file_system && w->n > 0 && st.st_dev != w->top_dev)) {
		strvec_release(&frame.subdirs);
		close(fd);
		return 0;
	}
	if (w->n == 0)
		w->top_dev = st.st_dev;
	frame.dev = st.st_dev;
	frame.ino = st.st_ino;
	if (w->walk->sorted) {
		sort(&names);
		sort(&frame.subdirs);
	}

	r = !w->walk->visit
		    ? 0
		    : w->walk->visit(w->walk->ctx, fd, &w->path, &names, &frame.subdirs);
	array_grow(w->frames, w->n, w->cap);
	w->frames[w->n++] = frame;
	if (w->n > FDS_MAX && w->frames[w->n - 1 - FDS_MAX].fd >= 0) {
		close(w->frames[w->n - 1 - FDS_MAX].fd);
		w->frames[w->n - 1 - FDS_MAX].fd = -1;
	}
	return r;
}

/* Leaves the directory on top; its parent is opened again if it had to be closed. */
static int leave(struct walker *w, struct error *err)
{
	struct frame *frame = &w->frames[--w->n];
	struct frame *parent = w->n > 0 ? frame - 1 : NULL;
	struct stat st;
	int r = 0;

	if (parent && parent->fd < 0) {
		parent->fd = openat(frame->fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (parent->fd < 0 || fstat(parent->fd, &st) < 0)
			r = error_set(err, -errno, "return from '%s'", w->path.buf);
		else if (st.st_dev != parent->dev || st.st_ino != parent->ino)
			r = error_say(err, -EAGAIN, "'%s' was moved while it was read",
				      w->path.buf);
	}
	closep(&frame->fd);
	strvec_release(&frame->subdirs);
	if (parent)
		strbuf_cut(&w->path, parent->path_len);
	return r;
}

static int descend(struct walker *w)
{
	struct frame *top = &w->frames[w->n - 1];
	const char *name = top->subdirs.v[top->next++];
	int fd;

	strbuf_cut(&w->path, top->path_len);
	if (fs_open_dir(top->fd, name, &fd, NULL) < 0) {
		if (errno != ENOENT)
			w->walk->ret_unreadable++;
		return 0;
	}
	if (w->path.len > 0)
		strbuf_addch(&w->path, '/');
	strbuf_addstr(&w->path, name);
	return enter(w, fd);
}

int tree_walk(int dirfd, struct tree_walk *walk, struct error *err)
{
	struct walker w = {.walk = walk, .path = STRBUF_INIT};
	int fd;

	walk->ret_unreadable = 0;
	int r = fs_open_dir(dirfd, ".", &fd, err);
	if (r < 0)
		return r;
	r = enter(&w, fd);
	while (r >= 0 && w.n > 0) {
		const struct frame *top = &w.frames[w.n - 1];
		if (top->next < top->subdirs.n)
			r = descend(&w);
		else
			r = leave(&w, err);
	}
	while (w.n > 0) {
		struct frame *frame = &w.frames[--w.n];
		closep(&frame->fd);
		strvec_release(&frame->subdirs);
	}
	free(w.frames);
	strbuf_release(&w.path);
	return r < 0 ? r : 0;
}
