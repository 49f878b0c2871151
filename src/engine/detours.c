/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "engine/detours.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "engine/rule.h"
#include "sys/fs.h"
#include "sys/tree.h"

struct inode {
	dev_t dev;
	ino_t ino;
};

struct search {
	const struct engine_job *job;
	int target;
	struct strvec *paths;
	struct inode *inodes; /* of files below the paths that have other names too */
	size_t n, cap;
	struct strvec more; /* other names of these */
};

static int open_tree(const char *path, int *ret_fd, struct error *err)
{
	*ret_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return *ret_fd < 0 ? error_set(err, -errno, "open '%s'", path) : 0;
}

/* A slash sorts before all else, so that a directory is next to what is below it. */
static int by_path(const void *a, const void *b)
{
	const char *s = *(char *const *)a, *t = *(char *const *)b;

	for (; *s && *s == *t; s++, t++)
		;
	int x = *s == '/' ? 1 : *s ? (unsigned char)*s + 1 : 0;
	int y = *t == '/' ? 1 : *t ? (unsigned char)*t + 1 : 0;
	return x - y;
}

/* Sorts the paths and drops each that is, or is below, another. */
static void keep_outermost(struct strvec *paths)
{
	size_t kept = 0;

	if (paths->n == 0)
		return;
	qsort(paths->v, paths->n, sizeof(*paths->v), by_path);
	for (size_t i = 0; i < paths->n; i++) {
		const char *last = kept > 0 ? paths->v[kept - 1] : "/";
		size_t len = strlen(last);
		char *path = paths->v[i];

		if (strncmp(path, last, len) == 0 &&
		    (path[len] == '/' || path[len] == '\0'))
			free(path);
		else
			paths->v[kept++] = path;
	}
	paths->n = kept;
	paths->v[kept] = NULL;
}

static bool has_path(const struct strvec *paths, const char *path)
{
	return paths->n > 0 &&
	       bsearch(&path, paths->v, paths->n, sizeof(*paths->v), by_path);
}

/* Looks at a path below a tree without following a link anywhere; -errno. */
static int look(int top, const char *path, struct stat *ret_st)
{
	CLEANUP(closep) int fd = -1;
	const char *name;

	int r = fs_open_parent(top, path, &fd, &name, NULL);
	if (r < 0)
		return r;
	return fstatat(fd, name, ret_st, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

/* `names` are a base's symbolic links. */
static int visit_base(void *ctx, int fd, const struct strbuf *path,
		      const struct strvec *names, struct strvec *subdirs)
{
	struct search *search = ctx;
	CLEANUP(strbuf_release) struct strbuf full = STRBUF_INIT;
	struct stat st;

	(void)fd;
	(void)subdirs;
	if (names->n == 0)
		return 0;
	strbuf_addf(&full, "%s%s", path->buf, path->len > 0 ? "/" : "");
	for (size_t i = 0, dir = full.len; i < names->n; i++) {
		strbuf_cut(&full, dir);
		strbuf_addstr(&full, names->v[i]);
		/* cheap, and right unless the target has a link on the way */
		if (fstatat(search->target, full.buf, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		    !S_ISDIR(st.st_mode))
			continue;
		int r = look(search->target, full.buf, &st);
		if (r == 0 && S_ISDIR(st.st_mode))
			strvec_push(search->paths, full.buf);
		else if (r < 0 && r != -ENOTDIR && r != -ELOOP)
			return r;
	}
	return 0;
}

static int find_in_base(struct search *search, const char *base, struct error *err)
{
	CLEANUP(closep) int fd = -1;
	struct tree_walk walk = {.visit = visit_base, .ctx = search, .links_only = true};

	int r = open_tree(base, &fd, err);
	if (r < 0)
		return r;
	r = tree_walk(fd, &walk, err);
	/* what cannot be read there, rsync could not find links in either */
	return r < 0 ? error_set(err, r, "compare with '%s'", base) : 0;
}

static int by_inode(const void *a, const void *b)
{
	const struct inode *x = a, *y = b;

	if (x->dev != y->dev)
		return x->dev < y->dev ? -1 : 1;
	return x->ino < y->ino ? -1 : x->ino > y->ino;
}

static int collect_inodes(void *ctx, int fd, const struct strbuf *path,
			  const struct strvec *names, struct strvec *subdirs)
{
	struct search *search = ctx;
	struct stat st;

	(void)path;
	(void)subdirs;
	for (size_t i = 0; i < names->n; i++) {
		if (fstatat(fd, names->v[i], &st, AT_SYMLINK_NOFOLLOW) < 0)
			return -errno;
		if (st.st_nlink < 2)
			continue;
		array_grow(search->inodes, search->n, search->cap);
		search->inodes[search->n++] = (struct inode){st.st_dev, st.st_ino};
	}
	return 0;
}

static int collect_below(struct search *search, const char *path, struct error *err)
{
	CLEANUP(closep) int parent = -1;
	CLEANUP(closep) int fd = -1;
	struct tree_walk walk = {.visit = collect_inodes, .ctx = search};
	const char *name;

	int r = fs_open_parent(search->target, path, &parent, &name, err);
	if (r >= 0)
		r = fs_open_dir(parent, name, &fd, err);
	if (r == -EACCES) /* like the one it was copied from: there is nothing in it */
		return 0;
	if (r >= 0)
		r = tree_walk(fd, &walk, err);
	return r < 0 ? error_set(err, r, "look through '%s'", path) : 0;
}

/* Whether the inode is a snapshot's by that name, so that no live file can be it. */
static bool is_of_a_base(const struct engine_job *job, const char *path,
			 const struct stat *st)
{
	for (size_t i = 0; i + job->unfinished < job->bases->n; i++) {
		CLEANUP(closep) int base = -1;
		struct stat there;

		if (open_tree(job->bases->v[i], &base, NULL) == 0 &&
		    look(base, path, &there) == 0 && there.st_dev == st->st_dev &&
		    there.st_ino == st->st_ino)
			return true;
	}
	return false;
}

static int visit_target(void *ctx, int fd, const struct strbuf *path,
			const struct strvec *names, struct strvec *subdirs)
{
	struct search *search = ctx;
	struct stat st;

	if (has_path(search->paths, path->buf)) {
		strvec_release(subdirs);
		return 0;
	}
	for (size_t i = 0; i < names->n; i++) {
		if (fstatat(fd, names->v[i], &st, AT_SYMLINK_NOFOLLOW) < 0)
			return -errno;
		const struct inode inode = {st.st_dev, st.st_ino};
		if (st.st_nlink < 2 ||
		    !bsearch(&inode, search->inodes, search->n, sizeof(inode), by_inode))
			continue;
		CLEANUP(freep)
		char *full = xasprintf("%s%s%s", path->buf, path->len > 0 ? "/" : "",
				       names->v[i]);
		if (!is_of_a_base(search->job, full, &st))
			strvec_push(&search->more, full);
	}
	return 0;
}

/* Other names of the inodes that are below the paths found so far. */
static int find_other_names(struct search *search, struct error *err)
{
	struct tree_walk walk = {.visit = visit_target, .ctx = search};
	int r = 0;

	for (size_t i = 0; r >= 0 && i < search->paths->n; i++)
		r = collect_below(search, search->paths->v[i], err);
	if (r < 0 || search->n == 0)
		return r;
	qsort(search->inodes, search->n, sizeof(*search->inodes), by_inode);
	r = tree_walk(search->target, &walk, err);
	if (r < 0)
		return error_set(err, r, "look for other names of linked files");
	for (size_t i = 0; i < search->more.n; i++)
		strvec_push(search->paths, search->more.v[i]);
	return 0;
}

int detours_find(const struct engine_job *job, struct strvec *ret_paths,
		 struct error *err)
{
	CLEANUP(closep) int target = -1;
	int r = open_tree(job->target, &target, err);
	struct search search = {.job = job, .target = target, .paths = ret_paths};

	for (size_t i = 0; r >= 0 && i < job->bases->n; i++)
		r = find_in_base(&search, job->bases->v[i], err);
	keep_outermost(ret_paths);
	if (r >= 0 && ret_paths->n > 0) {
		r = find_other_names(&search, err);
		keep_outermost(ret_paths);
	}
	free(search.inodes);
	strvec_release(&search.more);
	return r;
}

int detours_choose_bases(const struct engine_job *job, struct strvec *ret_bases,
			 struct error *err)
{
	size_t finished = job->bases->n - job->unfinished;

	for (size_t i = 0; i < job->bases->n; i++) {
		CLEANUP(strvec_release) struct strvec paths = STRVEC_INIT;
		CLEANUP(closep) int target = -1;
		int r = i < finished ? 0 : open_tree(job->bases->v[i], &target, err);
		struct search search = {.job = job, .target = target, .paths = &paths};

		for (size_t j = 0; r >= 0 && i >= finished && j < finished; j++)
			r = find_in_base(&search, job->bases->v[j], err);
		if (r < 0)
			return r;
		if (paths.n == 0)
			strvec_push(ret_bases, job->bases->v[i]);
	}
	return 0;
}

void detours_add_rules(char *const *paths, size_t n, struct strvec *rules)
{
	CLEANUP(strvec_release) struct strvec dirs = STRVEC_INIT;

	strvec_push(&dirs, "");
	for (size_t i = 0; i < n; i++) {
		const char *path = paths[i];
		const char *slash = strchr(path, '/');

		rule_add(rules, "+ ", "", path);
		for (; slash; slash = strchr(slash + 1, '/')) {
			CLEANUP(freep)
			char *dir = xstrndup(path, (size_t)(slash - path));
			if (strvec_has(&dirs, dir))
				continue;
			strvec_push(&dirs, dir);
			rule_add(rules, "+ ", dir, "");
		}
	}
	for (size_t i = 0; i < dirs.n; i++)
		rule_add(rules, "- ", dirs.v[i], NULL);
}
