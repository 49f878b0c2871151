/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "flow/destination.h"

#include <errno.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/human.h"

int destination_open(struct store *store, const struct config *config, struct error *err)
{
	bool never = config->init == CONFIG_INIT_NEVER;
	struct stat st;

	if (stat(config->dest, &st) < 0 && errno == ENOENT && !never &&
	    !config->dry_run && mkdir(config->dest, 0777) < 0 && errno != EEXIST)
		return error_set(err, -errno, "create BACKUP_DEST '%s'", config->dest);
	int r = store_open(store, config->dest, err);
	if (r == -ENOENT && config->dry_run && !never)
		r = 0;
	if (r < 0)
		return r;
	if (never && !store_is_ours(store))
		return error_say(
			err, -ENOENT,
			"BACKUP_DEST '%s' was not used for backups before; is it mounted? "
			"If it is new, run once with INIT=auto",
			config->dest);
	return 0;
}

int destination_check(const struct store *store, uint64_t inodes, struct fscaps *ret_caps,
		      struct error *err)
{
	struct statvfs vfs;
	char a[HUMAN_MAX], b[HUMAN_MAX];

	if (fstatvfs(store->fd, &vfs) < 0)
		return error_set(err, -errno, "look at the file system of '%s'",
				 store->path);
	if (vfs.f_bavail == 0)
		return error_say(err, -ENOSPC,
				 "BACKUP_DEST '%s' is full: no byte is free",
				 store->path);
	/* file systems that make inodes as they need them report none at all */
	if (vfs.f_files > 0 && vfs.f_favail < inodes + 1)
		return error_say(
			err, -ENOSPC,
			"BACKUP_DEST '%s' has %s free inodes, and a snapshot takes %s at "
			"the least",
			store->path, human_count(vfs.f_favail, a),
			human_count(inodes + 1, b));

	int r = fscaps_try(store->meta, ret_caps, err);
	if (r < 0)
		return error_prefix(err, r, "BACKUP_DEST '%s' cannot be written",
				    store->path);
	if (!ret_caps->hard_links)
		return error_say(
			err, -EOPNOTSUPP,
			"BACKUP_DEST '%s' has no hard links, so that every snapshot would "
			"be a full copy: use a file system such as ext4, XFS or btrfs",
			store->path);
	return 0;
}

void destination_tell(const struct fscaps *caps, bool tried, struct log *log)
{
	const bool root = geteuid() == 0;

	log_detail(log, "kept: modes%s, times%s%s%s", root ? ", owners" : "",
		   caps->nanoseconds ? " to the nanosecond" : "",
		   caps->xattrs ? ", extended attributes" : "",
		   caps->acls ? ", ACLs" : "");
	if (!tried)
		return;
	if (!root)
		log_info(log, "not root: owners are not kept");
	if (!caps->nanoseconds)
		log_info(log, "the destination does not keep fractions of a second: they "
			      "are left out");
	if (!caps->xattrs)
		log_warn(log, "the destination has no extended attributes: they are left "
			      "out");
	if (!caps->acls)
		log_warn(log, "the destination has no ACLs: they are left out");
}

bool destination_is_full(int code)
{
	return code == -ENOSPC || code == -EDQUOT;
}

const char *destination_advice(int code)
{
	if (destination_is_full(code))
		return "; make room there (lower the counts and run 'backup prune', leave "
		       "things out with EXCLUDE, or take a larger file system)";
	return code == -EROFS ? "; mount BACKUP_DEST writable" : "";
}

bool destination_room(const struct store *store, struct destination_room *ret_room)
{
	struct statvfs vfs;

	*ret_room = (struct destination_room){0};
	if (store->fd < 0 || fstatvfs(store->fd, &vfs) < 0)
		return false;
	*ret_room = (struct destination_room){
		.bytes = (uint64_t)vfs.f_blocks * vfs.f_frsize,
		.free_bytes = (uint64_t)vfs.f_bavail * vfs.f_frsize,
		.inodes = vfs.f_files,
		.free_inodes = vfs.f_files > 0 ? vfs.f_favail : 0,
	};
	return true;
}
