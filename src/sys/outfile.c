/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "sys/outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/alloc.h"
#include "sys/fs.h"

/* Opens the directory of the file whose name begins at `name` in `path`. */
static int open_directory(const char *path, const char *name, bool make_dirs, int *ret_fd,
			  struct error *err)
{
	CLEANUP(freep)
	char *dir = name > path ? xstrndup(path, (size_t)(name - path)) : xstrdup(".");

	int r = make_dirs ? fs_make_path(dir, 0755, err) : 0;
	if (r < 0)
		return r;
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return error_set(err, -errno, "open directory '%s'", dir);
	*ret_fd = fd;
	return 0;
}

/* Device 1:3, see the kernel's admin-guide/devices.txt. */
static bool is_null(int dirfd, const char *name)
{
	struct stat st;

	return fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3);
}

int outfile_write(const char *path, const struct strbuf *text, mode_t mode,
		  bool make_dirs, struct error *err)
{
	CLEANUP(closep) int fd = -1;
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;

	if (*name == '\0')
		return error_say(err, -EISDIR,
				 "it must end in a file's name, not in '/'");
	int r = open_directory(path, name, make_dirs, &fd, err);
	if (r < 0 || is_null(fd, name))
		return r;
	return fs_write_file(fd, name, text->buf, text->len, mode, err);
}
