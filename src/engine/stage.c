/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "engine/stage.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "sys/fs.h"
#include "sys/removal.h"

enum { STAGE_FLAGS = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC };

int stage_clear(const struct merger *m, int dirfd)
{
	CLEANUP(closep) int fd = openat(dirfd, MERGE_STAGE, STAGE_FLAGS);

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0 && (errno == ENOTDIR || errno == ELOOP))
		return unlinkat(dirfd, MERGE_STAGE, 0) < 0 ? -errno : 0;
	if (fd < 0)
		return -errno;
	int r = removal_empty(fd, m->merge->job->cancel_fd, NULL);
	if (r >= 0 && unlinkat(dirfd, MERGE_STAGE, AT_REMOVEDIR) < 0)
		r = -errno;
	return r;
}

int stage_open(struct merger *m, struct level *level)
{
	struct stat st;

	if (level->stage >= 0)
		return 0;
	int r = mkdirat(level->to, MERGE_STAGE, 0700) < 0 ? -errno : 0;
	if (r == -EEXIST)
		r = stage_clear(m, level->to);
	if (r == 0 && fstatat(level->to, MERGE_STAGE, &st, AT_SYMLINK_NOFOLLOW) < 0)
		r = mkdirat(level->to, MERGE_STAGE, 0700) < 0 ? -errno : 0;
	if (r < 0)
		return r;
	CLEANUP(closep) int fd = openat(level->to, MERGE_STAGE, STAGE_FLAGS);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	/* what is made in it nobody else may reach before it has its attributes */
	if (st.st_uid != geteuid() || (st.st_mode & 077))
		return -EPERM;
	fremovexattr(fd, "system.posix_acl_default");
	level->stage = STEAL_FD(fd);
	return 0;
}

void stage_close(struct merger *m, struct level *level)
{
	if (level->stage < 0)
		return;
	close(level->stage);
	level->stage = -1;
	if (unlinkat(level->to, MERGE_STAGE, AT_REMOVEDIR) < 0 && errno != ENOENT)
		stage_clear(m, level->to);
}
