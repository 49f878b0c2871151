/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "sys/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/alloc.h"
#include "sys/fs.h"

enum {
	FDS_MAX =
		64, /* directories a walk keeps open; the others are found again by ".." */
	REMOVE_DEPTH =
		48, /* levels a removal descends before it moves what is below up */
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

static bool is_dots(const char *name)
{
	return name[0] == '.' && (name[1] == '\0' || (name[1] == '.' && name[2] == '\0'));
}

/* A DT_ value, asking the inode where the file system does not tell. */
static int type_of(int fd, const struct dirent *entry)
{
	struct stat st;

	if (entry->d_type != DT_UNKNOWN)
		return entry->d_type;
	if (fstatat(fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return DT_UNKNOWN;
	return IFTODT(st.st_mode);
}

static bool is_dir(int fd, const struct dirent *entry)
{
	return type_of(fd, entry) == DT_DIR;
}

static int read_names(int fd, bool links_only, struct strvec *names,
		      struct strvec *subdirs)
{
	CLEANUP(closedirp) DIR *dir = NULL;

	int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (copy < 0)
		return -errno;
	dir = fdopendir(copy);
	if (!dir) {
		close(copy);
		return -ENOMEM;
	}
	for (;;) {
		errno = 0;
		const struct dirent *entry = readdir(dir);
		if (!entry)
			return -errno;
		if (is_dots(entry->d_name))
			continue;
		int type = type_of(fd, entry);
		if (type == DT_DIR)
			strvec_push(subdirs, entry->d_name);
		else if (!links_only || type == DT_LNK)
			strvec_push(names, entry->d_name);
	}
}

/* Visits the directory and puts it on the stack; takes the descriptor over. */
static int enter(struct walker *w, int fd)
{
	CLEANUP(strvec_release) struct strvec names = STRVEC_INIT;
	struct frame frame = {.fd = fd, .path_len = w->path.len};
	struct stat st;

	int r = fstat(fd, &st) < 0
			? -errno
			: read_names(fd, w->walk->links_only, &names, &frame.subdirs);
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

	r = w->walk->visit(w->walk->ctx, fd, &w->path, &names, &frame.subdirs);
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

/* Without write permission, its owner can neither empty nor enter a directory. */
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

struct removal {
	int trash_fd;
	struct error *err;
	int first; /* the first error, -errno */
	unsigned errors;
};

static void note_error(struct removal *rm, int code, const char *name)
{
	rm->errors++;
	if (rm->first == 0)
		rm->first = code == -EXDEV
				    ? error_say(rm->err, code,
						"'%s' is a mount point, left alone", name)
				    : error_set(rm->err, code, "remove '%s'", name);
}

/* Puts a directory that is too far down for us right into the trash. */
static int move_up(struct removal *rm, int parent, const char *name)
{
	char to[32];

	for (unsigned i = 0; i < 1000000; i++) {
		snprintf(to, sizeof(to), "deep-%u", i);
		if (fs_exists(rm->trash_fd, to) == 0)
			return fs_move(parent, name, rm->trash_fd, to, NULL);
	}
	return -EEXIST;
}

static void remove_entry(struct removal *rm, int parent, const char *name, bool dir,
			 int depth);

/* One pass over a directory; returns how many entries it found. */
static unsigned remove_content(struct removal *rm, int fd, const char *name, int depth)
{
	CLEANUP(closedirp) DIR *dir = NULL;
	unsigned found = 0;

	int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = copy >= 0 ? fdopendir(copy) : NULL;
	if (!dir) {
		note_error(rm, -errno, name);
		closep(&copy);
		return 0;
	}
	for (;;) {
		errno = 0;
		const struct dirent *entry = readdir(dir);
		if (!entry)
			break;
		if (is_dots(entry->d_name))
			continue;
		found++;
		remove_entry(rm, fd, entry->d_name, is_dir(fd, entry), depth);
	}
	if (errno)
		note_error(rm, -errno, name);
	return found;
}

static void remove_entry(struct removal *rm, int parent, const char *name, bool dir,
			 int depth)
{
	if (!dir) {
		if (unlinkat(parent, name, 0) < 0 && errno != ENOENT)
			note_error(rm, -errno, name);
		return;
	}

	CLEANUP(closep) int fd = open_below(parent, name);
	if (fd < 0 && errno == EACCES) {
		make_writable(parent, name);
		fd = open_below(parent, name);
	}
	if (fd < 0) {
		note_error(rm, -errno, name);
		return;
	}
	struct stat st;
	if (geteuid() != 0 && fstat(fd, &st) == 0 && (st.st_mode & 0700) != 0700)
		make_writable(parent, name);
	if (depth >= REMOVE_DEPTH) {
		int r = move_up(rm, parent, name);
		if (r < 0)
			note_error(rm, r, name);
		return;
	}

	/* some file systems skip entries when others go away during the reading */
	unsigned errors = rm->errors;
	while (remove_content(rm, fd, name, depth + 1) > 0 && rm->errors == errors)
		;
	if (unlinkat(parent, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		note_error(rm, -errno, name);
}

int tree_remove(int trash_fd, const char *name, struct error *err)
{
	struct removal rm = {.trash_fd = trash_fd, .err = err};
	struct stat st;

	if (fstatat(trash_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : error_set(err, -errno, "look at '%s'", name);
	remove_entry(&rm, trash_fd, name, S_ISDIR(st.st_mode), 0);
	return rm.first;
}
