/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "flow/target.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "engine/engine.h"
#include "sys/dirents.h"
#include "sys/fs.h"
#include "sys/lock.h"

void target_release(struct target *target)
{
	free(target->path);
	closep(&target->fd);
	*target = TARGET_INIT;
}

static int look(struct target *target, const char *to, struct error *err)
{
	CLEANUP(dirents_release) struct dirents dirents = DIRENTS_INIT;
	CLEANUP(closep) int fd = open(to, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const struct dirent_entry *entry;
	int r;

	target->empty = true;
	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0)
		return error_set(err, -errno, "open '%s'", to);
	while ((r = dirents_next(&dirents, fd, &entry)) > 0 && target->empty)
		/* which is what an earlier restore left */
		target->empty = strcmp(entry->name, MERGE_STAGE) == 0;
	if (r < 0)
		return error_set(err, r, "read '%s'", to);
	target->there = true;
	target->fd = STEAL_FD(fd);
	return 0;
}

/* The part of a path that is there, without a link in it, and in `ret_rest` what is not. */
static char *resolve_start(const char *to, const char **ret_rest)
{
	CLEANUP(freep) char *start = xstrdup(to);
	size_t len = strlen(start);
	char *real;

	while (!(real = realpath(*start ? start : ".", NULL)) && errno == ENOENT &&
	       *start) {
		while (len > 0 && start[len - 1] == '/')
			len--;
		while (len > 0 && start[len - 1] != '/')
			len--;
		start[len] = '\0';
	}
	*ret_rest = to + len;
	return real;
}

static int resolve(const char *to, char **ret_path, struct error *err)
{
	const char *rest;
	CLEANUP(freep) char *real = resolve_start(to, &rest);

	if (!real)
		return error_set(err, -errno, "look for '%s'", to);
	CLEANUP(strbuf_release) struct strbuf path = STRBUF_INIT;
	strbuf_addstr(&path, strcmp(real, "/") == 0 ? "" : real);
	CLEANUP(freep) char *copy = xstrdup(rest);
	for (char *next = copy, *name; (name = strsep(&next, "/"));) {
		if (strcmp(name, "..") == 0)
			return error_say(err, -EINVAL,
					 "'%s' leads back from what is not there", to);
		if (*name && strcmp(name, ".") != 0)
			strbuf_addf(&path, "/%s", name);
	}
	*ret_path = xstrdup(path.len > 0 ? path.buf : "/");
	return 0;
}

int target_look(struct target *target, const char *to, struct error *err)
{
	int r = look(target, to, err);

	return r < 0 ? r : resolve(to, &target->path, err);
}

int target_check(const struct target *target, struct error *err)
{
	if (target->there && access(target->path, W_OK) < 0 && errno == EROFS)
		return error_set(err, -errno, "write to '%s'", target->path);
	return 0;
}

int target_lock(const struct target *target, struct error *err)
{
	struct error why;

	if (target->fd >= 0 && lock_take(target->fd, 0, -1, &why) == -EWOULDBLOCK)
		return error_say(err, -EWOULDBLOCK,
				 "another restore to '%s' is at work: wait until it ends",
				 target->path);
	return 0;
}

int target_make(struct target *target, struct error *err)
{
	const char *path = target->path;

	if (target->there)
		return 0;
	CLEANUP(freep) char *above = xstrndup(path, (size_t)(strrchr(path, '/') - path));
	int r = fs_make_path(*above ? above : "/", 0777, err);
	if (r >= 0 && mkdir(path, 0700) < 0)
		r = error_set(err, -errno, "create '%s'", path);
	if (r >= 0)
		r = fs_open_dir(AT_FDCWD, path, &target->fd, err);
	return r < 0 ? r : target_lock(target, err);
}

int target_try(int to, struct fscaps *ret_caps, struct error *err)
{
	CLEANUP(closep)
	int file = openat(to, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	CLEANUP(closep) int dir = -1;

	if (file >= 0)
		return fscaps_try_file(file, ret_caps, err);
	const int made = mkdirat(to, MERGE_STAGE, 0700) < 0 ? -errno : 0;
	if (made == -EACCES || made == -EPERM) {
		/* what is below may well be writable */
		fscaps_look(to, ret_caps);
		ret_caps->nanoseconds = true;
		return 0;
	}
	if (made < 0 && made != -EEXIST)
		return error_set(err, made, "create '%s'", MERGE_STAGE);
	int r = fs_open_dir(to, MERGE_STAGE, &dir, err);
	if (r >= 0)
		r = fscaps_try(dir, ret_caps, err);
	unlinkat(to, MERGE_STAGE, AT_REMOVEDIR);
	return r;
}
