/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "store/latest.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "sys/fs.h"

char *latest_target(const struct store *store)
{
	char target[PATH_MAX];
	ssize_t n = store->fd >= 0
			    ? readlinkat(store->fd, "latest", target, sizeof(target) - 1)
			    : -1;

	return n < 0 ? NULL : xstrndup(target, (size_t)n);
}

int latest_set(const struct store *store, enum snapshot_tier tier, const char *name,
	       struct error *err)
{
	CLEANUP(freep) char *target = xasprintf("%s/%s", snapshot_tier_name(tier), name);
	CLEANUP(freep) char *present = latest_target(store);
	struct stat st;

	if (present && strcmp(present, target) == 0)
		return 0;
	if (!present && fstatat(store->fd, "latest", &st, AT_SYMLINK_NOFOLLOW) == 0)
		return error_say(err, -EEXIST,
				 "'%s/latest' is not a symbolic link, left alone",
				 store->path);
	unlinkat(store->meta, "latest.tmp", 0);
	if (symlinkat(target, store->meta, "latest.tmp") < 0)
		return error_set(err, -errno, "create '%s/.backup/latest.tmp'",
				 store->path);
	if (renameat(store->meta, "latest.tmp", store->fd, "latest") < 0)
		return error_set(err, -errno, "replace '%s/latest'", store->path);
	return fs_sync(store->fd, store->path, err);
}

int latest_remove(const struct store *store, struct error *err)
{
	if (unlinkat(store->fd, "latest", 0) < 0 && errno != ENOENT)
		return error_set(err, -errno, "remove '%s/latest'", store->path);
	return fs_sync(store->fd, store->path, err);
}
