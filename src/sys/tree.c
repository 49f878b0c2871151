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
#include "sys/names.h"

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
	struct names sorted; /* subdirectories, where names are met one by one */
};

struct walker {
	struct tree_walk *walk;
	struct frame *frames;
	size_t n, cap;
	struct strbuf path;
	dev_t top_dev;
	struct error *err;
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

/* Likewise. Sets *ret_sort to what went wrong with the sorting, not with the directory. */
static int read_sorted(int fd, struct names *names, struct names *subdirs, int *ret_sort)
{
	CLEANUP(dirents_release) struct dirents dirents = DIRENTS_INIT;
	CLEANUP(closep) int copy = -1;
	const struct dirent_entry *entry;
	int sort = 0;

	int r = fs_open_dir(fd, ".", &copy, NULL);
	while (r >= 0 && sort >= 0 && (r = dirents_next(&dirents, copy, &entry)) > 0)
		sort = names_add(dirents_type(fd, entry) == DT_DIR ? subdirs : names,
				 entry->name);
	if (r >= 0 && sort >= 0)
		sort = names_sort(names);
	if (r >= 0 && sort >= 0)
		sort = names_sort(subdirs);
	*ret_sort = sort;
	return r;
}

static void free_frame(struct frame *frame)
{
	closep(&frame->fd);
	strvec_release(&frame->subdirs);
	names_release(&frame->sorted);
}

static int meet_all(struct walker *w, int fd, struct names *names)
{
	const char *name;
	int r;

	while ((r = names_next(names, &name)) > 0) {
		r = w->walk->meet(w->walk->ctx, fd, &w->path, name);
		if (r < 0)
			return r;
	}
	return r < 0 ? error_set(w->err, r, "sort the names in '%s'", w->path.buf) : 0;
}

/* Meets all that is in a directory, and the top itself. */
static int meet_dir(struct walker *w, struct frame *frame, struct names *names)
{
	int r = w->n == 0 ? w->walk->meet(w->walk->ctx, frame->fd, &w->path, "") : 0;

	if (r >= 0)
		r = meet_all(w, frame->fd, names);
	if (r >= 0)
		r = meet_all(w, frame->fd, &frame->sorted);
	names_rewind(&frame->sorted);
	return r;
}

/* Puts the directory on the stack. */
static void push(struct walker *w, const struct frame *frame)
{
	array_grow(w->frames, w->n, w->cap);
	w->frames[w->n++] = *frame;
	if (w->n > FDS_MAX && w->frames[w->n - 1 - FDS_MAX].fd >= 0) {
		close(w->frames[w->n - 1 - FDS_MAX].fd);
		w->frames[w->n - 1 - FDS_MAX].fd = -1;
	}
}

/* Visits the directory and puts it on the stack; takes the descriptor over. */
static int enter(struct walker *w, int fd)
{
	CLEANUP(strvec_release) struct strvec names = STRVEC_INIT;
	CLEANUP(names_release) struct names sorted = NAMES_INIT;
	struct frame frame = {.fd = fd, .path_len = w->path.len, .sorted = NAMES_INIT};
	struct stat st;
	int sort = 0;

	int r = fstat(fd, &st) < 0 ? -errno
		: w->walk->meet	   ? read_sorted(fd, &sorted, &frame.sorted, &sort)
				   : read_names(fd, w->walk, &names, &frame.subdirs);
	if (r < 0)
		w->walk->ret_unreadable++;
	if (sort < 0)
		error_set(w->err, sort, "sort the names in '%s'", w->path.buf);
	if (r < 0 || sort < 0 ||
	    (w->walk->one_file_system && w->n > 0 && st.st_dev != w->top_dev)) {
		free_frame(&frame);
		return sort;
	}
	if (w->n == 0)
		w->top_dev = st.st_dev;
	frame.dev = st.st_dev;
	frame.ino = st.st_ino;
	if (w->walk->meet)
		r = meet_dir(w, &frame, &sorted);
	else if (w->walk->visit)
		r = w->walk->visit(w->walk->ctx, fd, &w->path, &names, &frame.subdirs);
	push(w, &frame);
	return r;
}

/* Leaves the directory on top; its parent is opened again if it had to be closed. */
static int leave(struct walker *w, struct error *err)
{
	struct frame *frame = &w->frames[--w->n];
	struct frame *parent = w->n > 0 ? frame - 1 : NULL;
	struct stat st;
	int r = 0;

	strbuf_cut(&w->path, frame->path_len);
	if (parent && parent->fd < 0) {
		parent->fd = openat(frame->fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (parent->fd < 0 || fstat(parent->fd, &st) < 0)
			r = error_set(err, -errno, "return from '%s'", w->path.buf);
		else if (st.st_dev != parent->dev || st.st_ino != parent->ino)
			r = error_say(err, -EAGAIN, "'%s' was moved while it was read",
				      w->path.buf);
	}
	free_frame(frame);
	if (parent)
		strbuf_cut(&w->path, parent->path_len);
	return r;
}

static int descend(struct walker *w, const char *name)
{
	struct frame *top = &w->frames[w->n - 1];
	int fd;

	strbuf_cut(&w->path, top->path_len);
	if (w->path.len > 0)
		strbuf_addch(&w->path, '/');
	strbuf_addstr(&w->path, name);
	if (w->walk->leads && !w->walk->leads(w->walk->ctx, &w->path))
		return 0;
	if (fs_open_dir(top->fd, name, &fd, NULL) < 0) {
		if (errno != ENOENT)
			w->walk->ret_unreadable++;
		return 0;
	}
	return enter(w, fd);
}

/* The next subdirectory of the one on top: 1; 0: there is no more; -errno. */
static int next_subdir(struct walker *w, const char **ret_name)
{
	struct frame *top = &w->frames[w->n - 1];
	int r;

	if (w->walk->meet) {
		r = names_next(&top->sorted, ret_name);
		return r < 0 ? error_set(w->err, r, "sort the names above '%s'",
					 w->path.buf)
			     : r;
	}
	if (top->next == top->subdirs.n)
		return 0;
	*ret_name = top->subdirs.v[top->next++];
	return 1;
}

int tree_walk(int dirfd, struct tree_walk *walk, struct error *err)
{
	struct walker w = {.walk = walk, .path = STRBUF_INIT, .err = err};
	const char *name;
	int fd;

	walk->ret_unreadable = 0;
	int r = fs_open_dir(dirfd, ".", &fd, err);
	if (r < 0)
		return r;
	r = enter(&w, fd);
	while (r >= 0 && w.n > 0) {
		r = next_subdir(&w, &name);
		if (r >= 0)
			r = r > 0 ? descend(&w, name) : leave(&w, err);
	}
	while (w.n > 0)
		free_frame(&w.frames[--w.n]);
	free(w.frames);
	strbuf_release(&w.path);
	return r < 0 ? r : 0;
}
