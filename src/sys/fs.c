/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "sys/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/alloc.h"
#include "sys/dirents.h"

void closep(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

int fs_open_dir(int dirfd, const char *name, int *ret_fd, struct error *err)
{
	int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return error_set(err, -errno, "open directory '%s'", name);
	*ret_fd = fd;
	return 0;
}

int fs_open_parent(int dirfd, const char *path, int *ret_fd, const char **ret_name,
		   struct error *err)
{
	CLEANUP(closep) int fd = -1;
	const char *slash;

	int r = fs_open_dir(dirfd, ".", &fd, err);
	for (; r >= 0 && (slash = strchr(path, '/')); path = slash + 1) {
		CLEANUP(freep) char *name = xstrndup(path, (size_t)(slash - path));
		int next = -1;
		r = fs_open_dir(fd, name, &next, err);
		if (r >= 0) {
			close(fd);
			fd = next;
		}
	}
	if (r < 0)
		return r;
	*ret_fd = STEAL_FD(fd);
	*ret_name = path;
	return 0;
}

int fs_make_dir(int dirfd, const char *name, mode_t mode, struct error *err)
{
	if (mkdirat(dirfd, name, mode) == 0)
		return 0;
	if (errno != EEXIST)
		return error_set(err, -errno, "create directory '%s'", name);

	struct stat st;
	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return error_set(err, -errno, "look at '%s'", name);
	if (!S_ISDIR(st.st_mode))
		return error_say(err, -ENOTDIR,
				 "'%s' is in the way: it is not a directory", name);
	return 0;
}

int fs_make_path(const char *path, mode_t mode, struct error *err)
{
	CLEANUP(freep) char *part = xstrdup(path);
	struct stat st;

	if (stat(path, &st) == 0)
		return 0;
	for (char *end = part; *end;) {
		end += strspn(end, "/");
		end += strcspn(end, "/");
		char after = *end;
		*end = '\0';
		if (mkdir(part, mode) < 0 && errno != EEXIST)
			return error_set(err, -errno, "create directory '%s'", part);
		*end = after;
	}
	return 0;
}

int fs_list(int dirfd, struct strvec *ret_names, struct error *err)
{
	CLEANUP(dirents_release) struct dirents dirents = DIRENTS_INIT;
	CLEANUP(closep) int fd = -1;
	const struct dirent_entry *entry;

	int r = fs_open_dir(dirfd, ".", &fd, err);
	if (r < 0)
		return r;
	while ((r = dirents_next(&dirents, fd, &entry)) > 0)
		strvec_push(ret_names, entry->name);
	return r < 0 ? error_set(err, r, "read directory") : 0;
}

int fs_exists(int dirfd, const char *name)
{
	struct stat st;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return 1;
	return errno == ENOENT ? 0 : -errno;
}

bool fs_is_full(int fd)
{
	struct statvfs vfs;

	/* file systems that make inodes as they need them report none at all */
	return fstatvfs(fd, &vfs) < 0 || vfs.f_bavail == 0 ||
	       (vfs.f_files > 0 && vfs.f_favail == 0);
}

static int open_regular(int dirfd, const char *name, int *ret_fd, struct stat *ret_st,
			struct error *err)
{
	/* O_NONBLOCK: a FIFO by that name must not hang us; it is refused below */
	CLEANUP(closep)
	int fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return error_set(err, -errno, "open '%s'", name);
	if (fstat(fd, ret_st) < 0)
		return error_set(err, -errno, "look at '%s'", name);
	if (!S_ISREG(ret_st->st_mode))
		return error_say(err, -EINVAL, "'%s' is not a regular file", name);
	*ret_fd = STEAL_FD(fd);
	return 0;
}

static int read_rest(int fd, const char *name, struct strbuf *out, struct error *err)
{
	char chunk[16384];

	for (;;) {
		ssize_t n = read(fd, chunk, sizeof(chunk));
		if (n == 0)
			return 0;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_set(err, -errno, "read '%s'", name);
		strbuf_add(out, chunk, (size_t)n);
		if (out->truncated)
			return error_say(err, -EFBIG, "'%s' is larger than %zu bytes",
					 name, out->max);
	}
}

int fs_read_file(int dirfd, const char *name, struct strbuf *out, struct error *err)
{
	CLEANUP(closep) int fd = -1;
	struct stat st;

	int r = open_regular(dirfd, name, &fd, &st, err);
	return r < 0 ? r : read_rest(fd, name, out, err);
}

int fs_read_tail(int dirfd, const char *name, struct strbuf *out, struct error *err)
{
	CLEANUP(closep) int fd = -1;
	struct stat st = {.st_size = 0};

	int r = open_regular(dirfd, name, &fd, &st, err);
	if (r < 0)
		return r;
	if ((uint64_t)st.st_size > out->max &&
	    lseek(fd, st.st_size - (off_t)out->max, SEEK_SET) < 0)
		return error_set(err, -errno, "read the end of '%s'", name);
	r = read_rest(fd, name, out, err);
	return r == -EFBIG ? 0 : r; /* it grew meanwhile */
}

int fs_write_all(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len > 0) {
		ssize_t n = write(fd, p, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

int fs_memory_file(const char *name, const void *data, size_t len, int *ret_fd,
		   struct error *err)
{
	CLEANUP(closep) int fd = memfd_create(name, MFD_CLOEXEC);

	if (fd < 0)
		return error_set(err, -errno, "create a file in memory");
	int r = fchmod(fd, 0600) < 0 ? -errno : fs_write_all(fd, data, len);
	if (r >= 0 && lseek(fd, 0, SEEK_SET) < 0)
		r = -errno;
	if (r < 0)
		return error_set(err, r, "write to a file in memory");
	*ret_fd = STEAL_FD(fd);
	return 0;
}

static int write_new(int dirfd, const char *name, const void *data, size_t len,
		     mode_t mode, struct error *err)
{
	CLEANUP(closep) int fd = -1;

	/* what a killed writer left behind is nobody's */
	if (unlinkat(dirfd, name, 0) < 0 && errno != ENOENT)
		return error_set(err, -errno, "remove '%s'", name);
	fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		    mode);
	if (fd < 0)
		return error_set(err, -errno, "create '%s'", name);

	/* what others are to read they shall, whatever the umask; some mounts have no modes */
	if ((mode & 077) && fchmod(fd, mode) < 0 && errno != EPERM && errno != ENOTSUP)
		return error_set(err, -errno, "change the mode of '%s'", name);
	int r = fs_write_all(fd, data, len);
	if (r < 0)
		return error_set(err, r, "write '%s'", name);
	return fs_sync(fd, name, err);
}

int fs_temp_file(int *ret_fd, struct error *err)
{
	const char *const places[] = {getenv("TMPDIR"), "/var/tmp", "/tmp"};

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		if (!places[i] || !*places[i])
			continue;
		int fd = open(places[i], O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
		if (fd >= 0) {
			*ret_fd = fd;
			return 0;
		}
	}
	return fs_memory_file("temporary", "", 0, ret_fd, err);
}

int fs_temp_stream(FILE **ret_file, struct error *err)
{
	CLEANUP(closep) int fd = -1;

	int r = fs_temp_file(&fd, err);
	if (r < 0)
		return r;
	FILE *file = fdopen(fd, "w+");
	if (!file)
		return error_set(err, -errno, "open a temporary file");
	fd = -1; /* it is the stream's */
	*ret_file = file;
	return 0;
}

static const char *type_words(mode_t mode)
{
	return S_ISDIR(mode)			? "a directory"
	       : S_ISFIFO(mode)			? "a FIFO"
	       : S_ISSOCK(mode)			? "a socket"
	       : S_ISCHR(mode) || S_ISBLK(mode) ? "a device"
						: "not a file";
}

/* A rename would put a file in the place of whatever is there but a directory. */
static int check_replaceable(int dirfd, const char *name, struct error *err)
{
	struct stat st;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : error_set(err, -errno, "look at '%s'", name);
	if (S_ISREG(st.st_mode) || S_ISLNK(st.st_mode))
		return 0;
	return error_say(err, S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL,
			 "'%s' is %s, and only a file is replaced", name,
			 type_words(st.st_mode));
}

int fs_write_file(int dirfd, const char *name, const void *data, size_t len, mode_t mode,
		  struct error *err)
{
	CLEANUP(freep) char *tmp = xasprintf("%s.tmp", name);

	int r = check_replaceable(dirfd, name, err);
	if (r < 0)
		return r;
	r = write_new(dirfd, tmp, data, len, mode, err);
	if (r < 0) {
		unlinkat(dirfd, tmp, 0);
		return r;
	}
	if (renameat(dirfd, tmp, dirfd, name) < 0) {
		r = error_set(err, -errno, "rename '%s' to '%s'", tmp, name);
		unlinkat(dirfd, tmp, 0);
		return r;
	}
	return fs_sync(dirfd, "directory", err);
}

int fs_sync(int fd, const char *what, struct error *err)
{
	if (fsync(fd) < 0)
		return error_set(err, -errno, "sync '%s' to disk", what);
	return 0;
}

/* renameat2 by number: musl has had the wrapper only since 1.2.4 */
static int rename_noreplace(int from_dir, const char *from, int to_dir, const char *to)
{
	if (syscall(SYS_renameat2, from_dir, from, to_dir, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS && errno != EPERM)
		return -errno;

	/* file systems without the flag, and old seccomp profiles: look, then rename */
	int r = fs_exists(to_dir, to);
	if (r != 0)
		return r < 0 ? r : -EEXIST;
	return renameat(from_dir, from, to_dir, to) < 0 ? -errno : 0;
}

int fs_move(int from_dir, const char *from, int to_dir, const char *to, struct error *err)
{
	CLEANUP(closep) int fd = -1;
	struct stat st;

	int r = rename_noreplace(from_dir, from, to_dir, to);
	if (r == -EACCES && geteuid() != 0)
		fd = openat(from_dir, from,
			    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0 && fstat(fd, &st) == 0 && !(st.st_mode & S_IWUSR) &&
	    st.st_uid == geteuid() && fchmod(fd, (st.st_mode & 07777) | S_IWUSR) == 0) {
		r = rename_noreplace(from_dir, from, to_dir, to);
		if (fchmod(fd, st.st_mode & 07777) < 0)
			return error_set(err, -errno, "give '%s' its mode back", to);
	}
	if (r < 0)
		return error_set(err, r, "move '%s' to '%s'", from, to);
	return 0;
}
