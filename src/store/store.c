/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/json.h"
#include "sys/fs.h"
#include "sys/lock.h"

enum { FORMAT_VERSION = 1, FORMAT_MAX = 64 * 1024 };

void store_close(struct store *store)
{
	if (store->lock >= 0 &&
	    store->is_signed) /* who holds it next may leave no name */
		lock_sign(store->lock, NULL);
	closep(&store->lock);
	for (int i = 0; i < SNAPSHOT_TIERS; i++)
		closep(&store->tiers[i]);
	closep(&store->records);
	closep(&store->trash);
	closep(&store->building);
	closep(&store->meta);
	closep(&store->fd);
	free(store->path);
	*store = (struct store)STORE_INIT;
}

/* Opens a directory unless it is open; one that is not there stays -1. */
static int open_part(int dirfd, const char *name, int *fd, struct error *err)
{
	if (*fd >= 0 || dirfd < 0)
		return 0;
	int r = fs_open_dir(dirfd, name, fd, err);
	return r == -ENOENT ? 0 : r;
}

static int open_parts(struct store *store, struct error *err)
{
	int r = open_part(store->fd, ".backup", &store->meta, err);
	if (r >= 0)
		r = open_part(store->meta, "building", &store->building, err);
	if (r >= 0)
		r = open_part(store->meta, "trash", &store->trash, err);
	if (r >= 0)
		r = open_part(store->meta, "snapshots", &store->records, err);
	for (int i = 0; r >= 0 && i < SNAPSHOT_TIERS; i++)
		r = open_part(store->fd, snapshot_tier_name((enum snapshot_tier)i),
			      &store->tiers[i], err);
	if (r < 0)
		return error_prefix(err, r, "destination '%s'", store->path);
	return 0;
}

/* -ENOENT: there is none. */
static int read_format(struct store *store, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT_MAX(FORMAT_MAX);
	CLEANUP(json_freep) json_t *root = NULL;
	int version = 0;
	const char *id = NULL;

	int r = fs_read_file(store->meta, "format", &text, err);
	if (r < 0)
		return r;
	root = json_loadb(text.buf, text.len, 0, NULL);
	if (!root || json_unpack(root, "{s:i, s:s}", "format", &version, "id", &id) < 0)
		return error_say(
			err, -EINVAL,
			"'%s/.backup/format' cannot be understood; it should read like "
			"{\"format\": %d, \"id\": \"...\"}",
			store->path, FORMAT_VERSION);
	if (version != FORMAT_VERSION)
		return error_say(
			err, -EPROTONOSUPPORT,
			"'%s' has layout version %d, and this program knows version %d: "
			"use a newer program",
			store->path, version, FORMAT_VERSION);
	snprintf(store->id, sizeof(store->id), "%s", id);
	return 0;
}

int store_open(struct store *store, const char *path, struct error *err)
{
	store->path = realpath(path, NULL);
	if (!store->path) {
		int code = -errno;
		store->path = xstrdup(path);
		return error_set(err, code, "BACKUP_DEST '%s'", path);
	}
	store->fd = open(store->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (store->fd < 0)
		return error_set(err, -errno, "BACKUP_DEST '%s'", path);
	int r = open_parts(store, err);
	if (r < 0 || store->meta < 0)
		return r;
	r = read_format(store, err);
	return r == -ENOENT ? 0 : r;
}

bool store_is_ours(const struct store *store)
{
	return store->id[0] != '\0';
}

int store_lock(struct store *store, double wait, int cancel_fd, const char *sign,
	       bool create, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf holder = STRBUF_INIT;
	int r;

	if (store->meta < 0 && !create)
		return 0;
	if (create) {
		r = fs_make_dir(store->fd, ".backup", 0700, err);
		if (r >= 0)
			r = open_part(store->fd, ".backup", &store->meta, err);
		if (r < 0)
			return error_prefix(err, r, "destination '%s'", store->path);
	}
	int flags = O_NOFOLLOW | O_CLOEXEC;
	store->lock = openat(store->meta, "lock", flags | O_RDWR | (create ? O_CREAT : 0),
			     0600);
	if (store->lock < 0 && errno == EROFS && !create)
		store->lock = openat(store->meta, "lock", flags | O_RDONLY);
	if (store->lock < 0 && errno == ENOENT && !create)
		return 0;
	if (store->lock < 0)
		return error_set(err, -errno, "open '%s/.backup/lock'", store->path);

	r = lock_take(store->lock, wait, cancel_fd, err);
	if (r == -EWOULDBLOCK) {
		lock_holder(store->lock, &holder);
		error_say(err, r, "another run holds the destination '%s': %s",
			  store->path, holder.len ? holder.buf : "it left no name");
	}
	if (r < 0) {
		close(STEAL_FD(store->lock));
		return r;
	}
	if (create) {
		lock_sign(store->lock, sign);
		store->is_signed = true;
	}
	return 0;
}

int store_is_locked(const struct store *store, struct strbuf *ret_holder,
		    struct error *err)
{
	if (store->meta < 0)
		return 0;
	CLEANUP(closep)
	int fd = openat(store->meta, "lock", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0)
		return error_set(err, -errno, "open '%s/.backup/lock'", store->path);
	int r = lock_is_held(fd, err);
	if (r < 0)
		return error_prefix(err, r, "'%s/.backup/lock'", store->path);
	if (r > 0)
		lock_holder(fd, ret_holder);
	return r;
}

int64_t store_locked_since(const struct store *store)
{
	struct stat st;

	if (store->meta < 0 || fstatat(store->meta, "lock", &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	return st.st_size > 0 ? st.st_mtim.tv_sec : 0;
}

static int write_format(struct store *store, struct error *err)
{
	unsigned char random[16];
	char text[96];

	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return error_set(err, -errno, "get random bytes");
	for (size_t i = 0; i < sizeof(random); i++)
		snprintf(store->id + 2 * i, 3, "%02x", random[i]);
	snprintf(text, sizeof(text), "{\"format\": %d, \"id\": \"%s\"}\n", FORMAT_VERSION,
		 store->id);
	int r = fs_write_file(store->meta, "format", text, strlen(text), 0600, err);
	if (r < 0)
		store->id[0] = '\0';
	return r;
}

static int make_dirs(struct store *store, struct error *err)
{
	static const char *const parts[] = {"building", "trash", "snapshots"};
	int r = 0;

	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(parts); i++)
		r = fs_make_dir(store->meta, parts[i], 0700, err);
	for (int i = 0; r >= 0 && i < SNAPSHOT_TIERS; i++)
		r = fs_make_dir(store->fd, snapshot_tier_name((enum snapshot_tier)i),
				0755, err);
	return r >= 0 ? open_parts(store, err) : r;
}

int store_make_dirs(struct store *store, struct error *err)
{
	int r = make_dirs(store, err);

	if (r >= 0)
		r = fs_sync(store->fd, ".", err);
	if (r >= 0)
		r = fs_sync(store->meta, ".backup", err);
	return r < 0 ? error_prefix(err, r, "destination '%s'", store->path) : 0;
}

int store_prepare(struct store *store, struct error *err)
{
	int r = make_dirs(store, err);

	if (r >= 0 && !store_is_ours(store)) {
		r = read_format(store, err); /* another run may have been first */
		if (r == -ENOENT)
			r = write_format(store, err);
	}
	if (r >= 0)
		r = fs_sync(store->fd, ".", err);
	if (r < 0)
		return error_prefix(err, r, "destination '%s'", store->path);
	return 0;
}

int store_sync(struct store *store, struct error *err)
{
	if (syncfs(store->fd) < 0)
		return error_set(err, -errno,
				 "bring what was written below '%s' to the disk",
				 store->path);
	return 0;
}

char *store_snapshot_path(const struct store *store, enum snapshot_tier tier,
			  const char *name)
{
	return xasprintf("%s/%s/%s", store->path, snapshot_tier_name(tier), name);
}

char *store_building_path(const struct store *store, const char *name)
{
	return xasprintf("%s/.backup/building/%s", store->path, name);
}

char *store_table_path(const struct store *store, const char *name)
{
	return xasprintf("%s/.backup/snapshots/%s.table", store->path, name);
}

char *store_building_table_path(const struct store *store, const char *name)
{
	return xasprintf("%s/.backup/building/%s.table", store->path, name);
}
