/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "engine/aside.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "sys/fs.h"
#include "sys/removal.h"

enum { DIR_FLAGS = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC };

/* Makes a directory of the folder, with the owner and the mode of the target's. */
static int make_mirror(int above, const char *name, const struct stat *like)
{
	bool made = mkdirat(above, name, 0700) == 0;

	if (!made && errno != EEXIST)
		return -errno;
	int fd = openat(above, name, DIR_FLAGS);
	if (fd < 0)
		return -errno;
	/* only a help for people who bring something back by hand */
	if (made && like && geteuid() == 0 && fchown(fd, like->st_uid, like->st_gid) < 0)
		return fd;
	if (made && like)
		fchmod(fd, (like->st_mode & 0777) | 0700);
	return fd;
}

/* Nobody else may enter the folder: who may see what is in it was decided further up. */
static int open_folder(struct merger *m)
{
	if (m->folder < 0) {
		int fd = make_mirror(m->pass.target_fd, m->merge->keep, NULL);
		if (fd < 0)
			return fd;
		m->folder = fd;
		m->counts.aside = true;
	}
	return 0;
}

/* Opens level->aside, and makes it and all above it. */
static int open_mirror(struct merger *m, struct level *level)
{
	size_t n;

	if (level->aside >= 0)
		return 0;
	int r = open_folder(m);
	if (r < 0)
		return r;
	CLEANUP(freep) const char **names = place_names(level->place, &n);
	CLEANUP(closep) int fd = fcntl(m->folder, F_DUPFD_CLOEXEC, 3);
	if (fd < 0)
		return -errno;
	for (size_t i = 0; i < n; i++) {
		int next = make_mirror(fd, names[i], &m->levels[i + 1].was);
		if (next < 0)
			return next;
		close(fd);
		fd = next;
	}
	level->aside = STEAL_FD(fd);
	return 0;
}

int aside_keep(struct merger *m, struct level *level, const char *name)
{
	if (!m->merge->keep)
		return 0;
	int r = open_mirror(m, level);
	if (r < 0)
		return r;
	/* linked, not moved: so there is something by the name at any moment */
	if (linkat(level->to, name, level->aside, name, 0) == 0)
		return 0;
	if (errno == EXDEV || errno == EEXIST || pass_is_fatal(-errno))
		return -errno;
	return fs_move(level->to, name, level->aside, name, NULL);
}

/* A directory and all in it. */
static int remove_tree(struct merger *m, struct level *level, const char *name)
{
	CLEANUP(closep) int fd = openat(level->to, name, DIR_FLAGS);

	if (fd < 0)
		return -errno;
	const struct engine_job *job = m->merge->job;
	int r = removal_empty(fd, job->threads, job->cancel_fd, NULL);
	if (r < 0)
		return r;
	return unlinkat(level->to, name, AT_REMOVEDIR) < 0 ? -errno : 0;
}

int aside_take(struct merger *m, struct level *level, const char *name, bool is_dir)
{
	if (m->merge->keep) {
		int r = open_mirror(m, level);
		return r < 0 ? r : fs_move(level->to, name, level->aside, name, NULL);
	}
	if (unlinkat(level->to, name, is_dir ? AT_REMOVEDIR : 0) == 0)
		return 0;
	if (is_dir && (errno == ENOTEMPTY || errno == EEXIST) && m->merge->equal)
		return remove_tree(m, level, name);
	return errno == EEXIST ? -ENOTEMPTY : -errno;
}
