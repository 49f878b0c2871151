/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "engine/stage.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "engine/engine.h"
#include "sys/fs.h"
#include "sys/removal.h"

enum { STAGE_FLAGS = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC };

int stage_clear(int dirfd, const struct engine_job *job)
{
	CLEANUP(closep) int fd = -1;

	if (unlinkat(dirfd, MERGE_STAGE, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	fd = openat(dirfd, MERGE_STAGE, STAGE_FLAGS);
	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0 && (errno == ENOTDIR || errno == ELOOP))
		return unlinkat(dirfd, MERGE_STAGE, 0) < 0 ? -errno : 0;
	if (fd < 0)
		return -errno;
	int r = removal_empty(fd, job->threads, job->cancel_fd, NULL);
	if (r >= 0 && unlinkat(dirfd, MERGE_STAGE, AT_REMOVEDIR) < 0)
		r = -errno;
	return r;
}

int stage_make(int dirfd, const struct engine_job *job, int *ret_fd)
{
	struct stat st;

	int r = mkdirat(dirfd, MERGE_STAGE, 0700) < 0 ? -errno : 0;
	if (r == -EEXIST)
		r = stage_clear(dirfd, job);
	if (r == 0 && fstatat(dirfd, MERGE_STAGE, &st, AT_SYMLINK_NOFOLLOW) < 0)
		r = mkdirat(dirfd, MERGE_STAGE, 0700) < 0 ? -errno : 0;
	if (r < 0)
		return r;
	CLEANUP(closep) int fd = openat(dirfd, MERGE_STAGE, STAGE_FLAGS);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	/* what is made in it nobody else may reach before it has its attributes */
	if (st.st_uid != geteuid() || (st.st_mode & 077))
		return -EPERM;
	fremovexattr(fd, "system.posix_acl_default");
	*ret_fd = STEAL_FD(fd);
	return 0;
}
