/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "flow/diff.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "flow/hasher.h"
#include "sys/fs.h"
#include "sys/xattrs.h"

enum {
	BUFFER = 128 * 1024,
	TOLD_MAX = 20, /* of what cannot be read */
};

/* A directory on the way down. */
struct above {
	int64_t at; /* where it stands with nothing but its time, which was withdrawn; or -1 */
	bool explained; /* names in it came or went, or became others */
};

struct comparison {
	struct diff *diff;
	struct progress *progress;
	struct engine_progress seen;
	struct error *err;
	struct above *above;
	size_t n, cap;
	struct strbuf xattrs[PAIR_SIDES];
	char buffer[PAIR_SIDES][BUFFER];
};

static void unreadable(void *ctx, const struct strbuf *path, int code)
{
	struct comparison *c = ctx;
	struct error why;

	if (c->diff->unreadable++ >= TOLD_MAX)
		return;
	error_set(&why, code, "cannot read '%s'", path->len > 0 ? path->buf : ".");
	log_warn(c->progress->log, "%s", why.msg);
}

/* Up to a buffer of it, less only at its end. */
static ssize_t fill(int fd, char *buffer)
{
	size_t len = 0;

	while (len < BUFFER) {
		ssize_t n = read(fd, buffer + len, BUFFER - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		len += (size_t)n;
	}
	return (ssize_t)len;
}

/* 1: the content of both is the same; 0; -errno. */
static int same_bytes(struct comparison *c, const struct pair *pair)
{
	CLEANUP(closep) int old = hasher_open(pair->dirs[PAIR_OLD], pair->name);
	CLEANUP(closep) int new = hasher_open(pair->dirs[PAIR_NEW], pair->name);

	if (old < 0 || new < 0)
		return old < 0 ? old : new;
	for (;;) {
		ssize_t n = fill(old, c->buffer[PAIR_OLD]);
		ssize_t m = fill(new, c->buffer[PAIR_NEW]);
		if (n < 0 || m < 0)
			return (int)(n < 0 ? n : m);
		if (n != m ||
		    memcmp(c->buffer[PAIR_OLD], c->buffer[PAIR_NEW], (size_t)n) != 0)
			return 0;
		if (n < BUFFER)
			return 1;
		c->seen.bytes += BUFFER;
		progress_show(c->progress, &c->seen);
	}
}

static int same_target(struct comparison *c, const struct pair *pair)
{
	ssize_t len[PAIR_SIDES];

	for (int i = 0; i < PAIR_SIDES; i++) {
		len[i] = readlinkat(pair->dirs[i], pair->name, c->buffer[i], PATH_MAX);
		if (len[i] < 0)
			return -errno;
	}
	return len[PAIR_OLD] == len[PAIR_NEW] &&
	       memcmp(c->buffer[PAIR_OLD], c->buffer[PAIR_NEW], (size_t)len[PAIR_OLD]) ==
		       0;
}

static int same_content(struct comparison *c, const struct pair *pair)
{
	const struct stat *old = pair->st[PAIR_OLD], *new = pair->st[PAIR_NEW];

	switch (old->st_mode & S_IFMT) {
	case S_IFREG:
		return old->st_size == new->st_size ? same_bytes(c, pair) : 0;
	case S_IFLNK:
		return same_target(c, pair);
	case S_IFCHR:
	case S_IFBLK:
		return old->st_rdev == new->st_rdev;
	default:
		return 1;
	}
}

static int same_xattrs(struct comparison *c, const struct pair *pair,
		       const struct xattr_scope *scope)
{
	for (int i = 0; i < PAIR_SIDES; i++) {
		int r = xattrs_read(pair->dirs[i], pair->name, scope, &c->xattrs[i]);
		if (r < 0)
			return r;
	}
	return c->xattrs[PAIR_OLD].len == c->xattrs[PAIR_NEW].len &&
	       memcmp(c->xattrs[PAIR_OLD].buf, c->xattrs[PAIR_NEW].buf,
		      c->xattrs[PAIR_OLD].len) == 0;
}

/* What stat() tells. */
static unsigned compare_stat(const struct stat *old, const struct stat *new)
{
	unsigned how = 0;

	if (!S_ISLNK(old->st_mode) && old->st_mode != new->st_mode)
		how |= CHANGE_MODE;
	if (old->st_uid != new->st_uid || old->st_gid != new->st_gid)
		how |= CHANGE_OWNER;
	if (old->st_mtim.tv_sec != new->st_mtim.tv_sec ||
	    old->st_mtim.tv_nsec != new->st_mtim.tv_nsec)
		how |= CHANGE_TIME;
	return how;
}

/* How two of different inodes differ. */
static unsigned compare(struct comparison *c, const struct pair *pair)
{
	static const struct xattr_scope xattrs = {.user = true, .all = true};
	static const struct xattr_scope acls = {.acls = true};
	const struct stat *old = pair->st[PAIR_OLD], *new = pair->st[PAIR_NEW];

	if ((old->st_mode & S_IFMT) != (new->st_mode &S_IFMT))
		return CHANGE_TYPE;
	unsigned how = compare_stat(old, new);
	int content = same_content(c, pair);
	int attributes = same_xattrs(c, pair, &xattrs);
	int acl = same_xattrs(c, pair, &acls);
	int failed = content < 0 ? content : attributes < 0 ? attributes : acl;
	if (failed < 0)
		unreadable(c, pair->path, failed);
	return how | (content == 0 ? CHANGE_CONTENT : 0) |
	       (attributes == 0 ? CHANGE_XATTRS : 0) | (acl == 0 ? CHANGE_ACL : 0);
}

static struct change_side side_of(const struct stat *st)
{
	if (!st)
		return (struct change_side){0};
	return (struct change_side){
		.ino = st->st_ino,
		.size = S_ISREG(st->st_mode) || S_ISLNK(st->st_mode)
				? (uint64_t)st->st_size
				: 0,
		.mtime = st->st_mtim.tv_sec,
		.mtime_ns = (uint32_t)st->st_mtim.tv_nsec,
		.mode = st->st_mode,
		.uid = st->st_uid,
		.gid = st->st_gid,
	};
}

static void go_down(struct comparison *c, int64_t at)
{
	array_grow(c->above, c->n, c->cap);
	c->above[c->n++] = (struct above){.at = at};
}

/* In one of them alone. */
static int visit_one(struct comparison *c, const struct pair *pair)
{
	const struct stat *old = pair->st[PAIR_OLD], *new = pair->st[PAIR_NEW];
	const struct stat *st = old ? old : new;
	const bool is_dir = S_ISDIR(st->st_mode);
	const struct change change = {
		.kind = old ? CHANGE_REMOVED : CHANGE_ADDED,
		.side = {side_of(old), side_of(new)},
		.linked = !is_dir && st->st_nlink > 1,
		.path = pair->path->buf,
	};

	if (c->n > 0)
		c->above[c->n - 1].explained = true;
	int64_t at = changes_add(&c->diff->changes, &change, c->err);
	if (at >= 0 && is_dir)
		go_down(c, -1);
	return at < 0 ? (int)at : is_dir;
}

static int visit_both(struct comparison *c, const struct pair *pair)
{
	const struct stat *old = pair->st[PAIR_OLD], *new = pair->st[PAIR_NEW];
	const bool is_dir = S_ISDIR(old->st_mode) && S_ISDIR(new->st_mode);
	int64_t at = -1;

	if (old->st_ino == new->st_ino && old->st_dev == new->st_dev) {
		c->diff->same++;
		return 0;
	}
	if (c->n > 0 && !is_dir)
		c->above[c->n - 1].explained = true;
	const unsigned how = compare(c, pair);
	const struct change change = {
		.kind = CHANGE_CHANGED,
		.how = how,
		.side = {side_of(old), side_of(new)},
		.path = pair->path->buf,
		.withdrawn = is_dir && how == CHANGE_TIME,
	};
	if (how == 0)
		c->diff->same++;
	else
		at = changes_add(&c->diff->changes, &change, c->err);
	if (how != 0 && at < 0)
		return (int)at;
	if (!S_ISDIR(old->st_mode) && !S_ISDIR(new->st_mode))
		return 0;
	go_down(c, change.withdrawn ? at : -1);
	return 1;
}

static int visit(void *ctx, const struct pair *pair)
{
	struct comparison *c = ctx;
	const struct stat *st = pair->st[pair->st[PAIR_NEW] ? PAIR_NEW : PAIR_OLD];

	c->seen.files += !S_ISDIR(st->st_mode);
	progress_show(c->progress, &c->seen);
	if (pair->st[PAIR_OLD] && pair->st[PAIR_NEW])
		return visit_both(c, pair);
	return visit_one(c, pair);
}

static int leave(void *ctx)
{
	struct comparison *c = ctx;
	const struct above *dir = &c->above[--c->n];

	if (dir->at < 0)
		return 0;
	if (!dir->explained)
		return changes_tell(&c->diff->changes, dir->at, c->err);
	c->diff->same++;
	return 0;
}

/* The directories that the path's last name is in; -1 where it cannot be. */
static const char *open_parents(const int tops[PAIR_SIDES], const char *path,
				int dirs[PAIR_SIDES])
{
	const char *name = strrchr(path, '/');

	for (int i = 0; i < PAIR_SIDES; i++) {
		const char *last;
		if (fs_open_parent(tops[i], path, &dirs[i], &last, NULL) < 0)
			dirs[i] = -1;
	}
	return name ? name + 1 : *path ? path : ".";
}

int diff_trees(struct diff *diff, const int tops[PAIR_SIDES], const char *path,
	       struct progress *progress, struct error *err)
{
	CLEANUP(freep) struct comparison *c = xcalloc(1, sizeof(*c));
	const struct pair_walk walk = {
		.visit = visit, .leave = leave, .unreadable = unreadable, .ctx = c};
	int dirs[PAIR_SIDES];

	c->diff = diff;
	c->progress = progress;
	c->err = err;
	for (int i = 0; i < PAIR_SIDES; i++)
		c->xattrs[i] = (struct strbuf)STRBUF_INIT;
	int r = changes_begin(&diff->changes, err);
	if (r < 0)
		return r;
	const char *name = open_parents(tops, path, dirs);
	r = pair_walk(&walk, dirs, name, path, err);
	if (r >= 0)
		r = changes_end(&diff->changes, err);
	for (int i = 0; i < PAIR_SIDES; i++) {
		strbuf_release(&c->xattrs[i]);
		closep(&dirs[i]);
	}
	free(c->above);
	return r;
}

void diff_release(struct diff *diff)
{
	changes_release(&diff->changes);
}
