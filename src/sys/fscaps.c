/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "sys/fscaps.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "sys/fs.h"

static const char acl_name[] = "system.posix_acl_access";

static bool can_read(int fd, const char *name)
{
	return fgetxattr(fd, name, NULL, 0) >= 0 ||
	       (errno != EOPNOTSUPP && errno != ENOSYS);
}

void fscaps_look(int dirfd, struct fscaps *ret)
{
	struct stat st;

	*ret = (struct fscaps){0};
	ret->nanoseconds = fstat(dirfd, &st) == 0 && st.st_mtim.tv_nsec % 1000 != 0;
	ret->xattrs = can_read(dirfd, "user.backup-probe");
	ret->acls = can_read(dirfd, acl_name);
}

/* 1: it is kept; 0: it cannot be; -errno: that cannot be told. */
static int keeps(int fd, const char *name, const void *value, size_t size)
{
	if (fsetxattr(fd, name, value, size, 0) == 0)
		return 1;
	switch (errno) {
	case EIO:
	case EINTR:
	case ENOMEM:
	case ENOSPC:
	case EDQUOT:
	case EROFS:
		return -errno;
	default:
		return 0;
	}
}

/* When in doubt they are, and nothing is taken for the same that is not. */
static bool keeps_nanoseconds(int fd)
{
	const struct timespec odd = {.tv_sec = 1000000000, .tv_nsec = 123456789};
	const struct timespec times[] = {odd, odd};
	struct stat st;

	return futimens(fd, times) < 0 || fstat(fd, &st) < 0 ||
	       (st.st_mtim.tv_sec == odd.tv_sec && st.st_mtim.tv_nsec == odd.tv_nsec);
}

/* What becomes of a time; false: it is refused. */
static bool becomes(int fd, int64_t seconds, int64_t *ret_seconds)
{
	const struct timespec time = {.tv_sec = seconds};
	const struct timespec times[] = {time, time};
	struct stat st;

	if (futimens(fd, times) < 0 || fstat(fd, &st) < 0)
		return false;
	*ret_seconds = st.st_mtim.tv_sec;
	return true;
}

int fscaps_try_file(int fd, struct fscaps *ret, struct error *err)
{
	/* rw-r----- and an entry for user 1, as acl(5) stores it: version, then tag,
	   permissions, id; little-endian */
	static const unsigned char acl[] = {
		2, 0, 0,   0,	0x01, 0,    6,	  0, 255, 255, 255, 255, 0x02, 0,    4,
		0, 1, 0,   0,	0,    0x04, 0,	  4, 0,	  255, 255, 255, 255,  0x10, 0,
		4, 0, 255, 255, 255,  255,  0x20, 0, 0,	  0,   255, 255, 255,  255,
	};
	int xattrs = keeps(fd, "user.backup-probe", "1", 1);
	int acls = keeps(fd, acl_name, acl, sizeof(acl));

	ret->xattrs = xattrs > 0;
	ret->acls = acls > 0;
	ret->nanoseconds = keeps_nanoseconds(fd);
	if (!becomes(fd, INT64_MIN, &ret->oldest) ||
	    !becomes(fd, INT64_MAX, &ret->newest) || ret->oldest >= ret->newest)
		ret->oldest = ret->newest = 0;
	if (xattrs < 0 || acls < 0)
		return error_set(err, xattrs < 0 ? xattrs : acls,
				 "give a file attributes");
	return 0;
}

int fscaps_try(int dirfd, struct fscaps *ret, struct error *err)
{
	static const char probe[] = "probe.tmp", second[] = "probe-link.tmp";

	unlinkat(dirfd, probe, 0);
	unlinkat(dirfd, second, 0);
	CLEANUP(closep)
	int fd = openat(dirfd, probe, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			0600);
	if (fd < 0)
		return error_set(err, -errno, "create a file");
	ret->hard_links = linkat(dirfd, probe, dirfd, second, 0) == 0;
	int r = fscaps_try_file(fd, ret, err);
	unlinkat(dirfd, second, 0);
	unlinkat(dirfd, probe, 0);
	return r;
}
