/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "sys/dirents.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/alloc.h"

enum { CHUNK = 32 * 1024 };

static int is_dots(const char *name)
{
	return name[0] == '.' && (name[1] == '\0' || (name[1] == '.' && name[2] == '\0'));
}

static int read_chunk(struct dirents *dirents, int fd)
{
	if (!dirents->chunk)
		dirents->chunk = xmalloc(CHUNK);
	long n = syscall(SYS_getdents64, fd, dirents->chunk, CHUNK);
	if (n < 0)
		return -errno;
	dirents->at = 0;
	dirents->len = (size_t)n;
	return n > 0;
}

int dirents_next(struct dirents *dirents, int fd, const struct dirent_entry **ret_entry)
{
	for (;;) {
		int r = dirents->at < dirents->len ? 1 : read_chunk(dirents, fd);
		if (r <= 0)
			return r;
		const struct dirent_entry *entry =
			(const void *)(dirents->chunk + dirents->at);
		dirents->at += entry->len;
		if (is_dots(entry->name))
			continue;
		*ret_entry = entry;
		return 1;
	}
}

uint8_t dirents_type(int fd, const struct dirent_entry *entry)
{
	struct stat st;

	if (entry->type != DT_UNKNOWN)
		return entry->type;
	if (fstatat(fd, entry->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return DT_UNKNOWN;
	return IFTODT(st.st_mode);
}

void dirents_release(struct dirents *dirents)
{
	free(dirents->chunk);
	*dirents = (struct dirents)DIRENTS_INIT;
}
