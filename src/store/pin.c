/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "store/pin.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/alloc.h"
#include "sys/fs.h"

int pin_set(const struct store *store, const char *name, struct error *err)
{
	CLEANUP(freep) char *file = xasprintf("%s.pinned", name);

	CLEANUP(closep)
	int fd = openat(store->records, file, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC,
			0600);

	if (fd < 0)
		return error_set(err, -errno, "create '%s/.backup/snapshots/%s'",
				 store->path, file);
	return fs_sync(store->records, "snapshots", err);
}

int pin_clear(const struct store *store, const char *name, struct error *err)
{
	CLEANUP(freep) char *file = xasprintf("%s.pinned", name);

	if (unlinkat(store->records, file, 0) < 0 && errno != ENOENT)
		return error_set(err, -errno, "remove '%s/.backup/snapshots/%s'",
				 store->path, file);
	return fs_sync(store->records, "snapshots", err);
}

int pin_is_set(const struct store *store, const char *name)
{
	CLEANUP(freep) char *file = xasprintf("%s.pinned", name);

	return store->records < 0 ? 0 : fs_exists(store->records, file);
}
