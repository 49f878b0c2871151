/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "engine/fresh.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/human.h"
#include "engine/parts.h"
#include "engine/reader.h"
#include "sys/digests.h"
#include "sys/fs.h"

enum {
	READ_AGAIN = 3, /* times at most, for a file that changes while it is read */
};

void fresh_read_xattrs(struct pass *pass, struct worker *worker, const struct dir *dir,
		       const char *name, int fd)
{
	strbuf_reset(&worker->xattrs);
	if (!pass->scope.user && !pass->scope.acls)
		return;
	int r = fd >= 0 ? xattrs_read_fd(fd, &pass->scope, &worker->xattrs)
			: xattrs_read(dir->source, name, &pass->scope, &worker->xattrs);
	worker->left_out |= r > 0;
	if (r < 0)
		pass_unreadable(pass, worker, "read attributes of", dir->place, name, r);
}

static int set_owner(const struct pass *pass, const struct dir *dir, const char *name,
		     int fd, const struct stat *st)
{
	if (!pass->owners || (st->st_uid == pass->uid && st->st_gid == pass->gid &&
			      !pass->group_inherited))
		return 0;
	int r = fd >= 0 ? fchown(fd, st->st_uid, st->st_gid)
			: fchownat(dir->copy, name, st->st_uid, st->st_gid,
				   AT_SYMLINK_NOFOLLOW);
	return r < 0 ? -errno : 0;
}

/* The copy of one file that does not take all of its attributes. */
struct refusing {
	struct pass *pass;
	struct worker *worker;
	const struct dir *dir;
	const char *name;
	int fd; /* on its file system */
};

/* File systems say the same of an attribute that is too large for any file of theirs. */
static void refuse_xattr(void *ctx, const char *attribute, size_t size, int code)
{
	const struct refusing *r = ctx;
	const bool room =
		code == -ENOSPC || code == -EDQUOT || code == -E2BIG || code == -ERANGE;
	CLEANUP(freep) char *words = NULL;

	if (room && !fs_is_full(r->fd)) {
		words = xasprintf("attribute '%s' of %zu %s does not fit on the copy of",
				  attribute, size, human_noun(size, "byte", "bytes"));
		pass_unreadable(r->pass, r->worker, words, r->dir->place, r->name, code);
		return;
	}
	if (refusals_learn(&r->pass->refusals, attribute, code)) {
		r->worker->left_out = true;
		return;
	}
	words = xasprintf("give attribute '%s' to the copy of", attribute);
	pass_refused(r->pass, r->worker, words, r->dir, r->name, code);
}

static void set_xattrs(struct pass *pass, struct worker *worker, const struct dir *dir,
		       const char *name, int fd, const struct stat *st,
		       const struct strbuf *xattrs)
{
	struct refusing refusing = {pass, worker, dir, name, fd >= 0 ? fd : dir->copy};
	const struct xattr_refused refused = {refuse_xattr, &refusing};

	if (pass->late && pass->scope.acls && name && !S_ISLNK(st->st_mode))
		xattrs_disinherit(dir->copy, name);
	if (xattrs->len > 0 && fd >= 0)
		xattrs_write_fd(fd, xattrs, &refused);
	else if (xattrs->len > 0)
		xattrs_write(dir->copy, name, xattrs, &refused);
}

/*
 * Of a FIFO, a device or a socket, which is not opened. fchmodat() by its name would follow
 * a link that somebody puts in its place.
 */
static int change_special(int dirfd, const char *name, mode_t mode)
{
	CLEANUP(closep) int fd = openat(dirfd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	char path[32];
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if ((st.st_mode & S_IFMT) != (mode & S_IFMT))
		return -ESTALE;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return chmod(path, mode & 07777) < 0 ? -errno : 0;
}

/* What chown took away, too. A symbolic link has no mode. */
static int set_mode(const struct dir *dir, const char *name, int fd,
		    const struct stat *st)
{
	mode_t mode = st->st_mode & 07777;
	struct stat now;

	if (S_ISLNK(st->st_mode))
		return 0;
	if (fd >= 0 && fchmod(fd, mode) < 0)
		return -errno;
	int r = fd < 0 ? change_special(dir->copy, name, st->st_mode) : 0;
	if (r < 0)
		return r;
	/* without CAP_FSETID, the bit is left out for a group that is not ours */
	if ((mode & S_ISGID) &&
	    (fd >= 0 ? fstat(fd, &now)
		     : fstatat(dir->copy, name, &now, AT_SYMLINK_NOFOLLOW)) == 0 &&
	    !(now.st_mode & S_ISGID))
		return -EPERM;
	return 0;
}

static int set_time(struct pass *pass, const struct dir *dir, const char *name, int fd,
		    const struct stat *st)
{
	const struct timespec times[] = {
		{.tv_nsec = UTIME_OMIT},
		pass_time(pass, &st->st_mtim, dir->place, name),
	};

	return (fd >= 0 ? futimens(fd, times)
			: utimensat(dir->copy, name, times, AT_SYMLINK_NOFOLLOW)) < 0
		       ? -errno
		       : 0;
}

void fresh_set_attributes(struct pass *pass, struct worker *worker, const struct dir *dir,
			  const char *name, int fd, mode_t created, const struct stat *st,
			  const struct strbuf *xattrs)
{
	const bool has_mode = created == (st->st_mode & 07777) && xattrs->len == 0;
	int r;

	/* one that fails does not keep the others from being set */
	r = set_owner(pass, dir, name, fd, st);
	if (r == -EPERM)
		pass_ownerless(pass, worker, dir->place, name);
	else if (r < 0)
		pass_refused(pass, worker, "give its owner to the copy of", dir, name, r);
	set_xattrs(pass, worker, dir, name, fd, st, xattrs);
	if (!has_mode && (r = set_mode(dir, name, fd, st)) < 0)
		pass_refused(pass, worker, "give its mode to the copy of", dir, name, r);
	if ((r = set_time(pass, dir, name, fd, st)) < 0)
		pass_refused(pass, worker, "give its time to the copy of", dir, name, r);
}

static bool has_changed(const struct stat *a, const struct stat *b)
{
	return a->st_ino != b->st_ino || a->st_dev != b->st_dev ||
	       a->st_size != b->st_size || a->st_mode != b->st_mode ||
	       a->st_mtim.tv_sec != b->st_mtim.tv_sec ||
	       a->st_mtim.tv_nsec != b->st_mtim.tv_nsec ||
	       a->st_ctim.tv_sec != b->st_ctim.tv_sec ||
	       a->st_ctim.tv_nsec != b->st_ctim.tv_nsec;
}

/* The file is damaged. Returns -EUCLEAN. */
static int leave_out(struct pass *pass, struct worker *worker, const struct dir *dir,
		     const char *name)
{
	pass_unreadable(pass, worker,
			"left out, as it is not what was saved:", dir->place, name, 0);
	return -EUCLEAN;
}

/* As parts_copy(); `ret_good`: the content is what it should be, as far as is known. */
static int copy_checked(struct pass *pass, struct worker *worker,
			const struct copy_file *file, ino_t ino, bool *ret_good,
			enum copy_side *ret_side)
{
	const uint8_t *should;
	uint8_t is[SHA256_LEN];
	const enum digest_kind kind = digests_find(pass->job->digests, ino, &should);

	*ret_good = kind != DIGEST_SPOILT;
	if (kind != DIGEST_KNOWN)
		return parts_copy(pass, worker, file, ret_side);
	int r = copy_summed(&worker->copier, file, is, ret_side);
	if (r >= 0)
		*ret_good = memcmp(is, should, SHA256_LEN) == 0;
	return r;
}

/*
 * The content, as often as it changes meanwhile. `st` becomes what the content is of.
 * 1: it is no plain file any more.
 */
static int copy_steadily(struct pass *pass, struct worker *worker, const struct dir *dir,
			 const char *name, int from, int to, struct stat *st)
{
	for (int left = READ_AGAIN;; left--) {
		enum copy_side side = COPY_READING;
		struct stat now;
		bool good;

		const struct copy_file file =
			copy_file_init(&worker->copier, from, to, st);
		int r = copy_checked(pass, worker, &file, st->st_ino, &good, &side);
		if (r == -ECANCELED)
			return r;
		if (r == -ESPIPE) /* a FIFO has come in its place */
			return 1;
		if (r < 0 && side == COPY_WRITING)
			return pass_refused(pass, worker, "write", dir, name, r);
		if (r < 0 || fstat(from, &now) < 0) {
			r = r < 0 ? r : -errno;
			pass_unreadable(pass, worker, "read", dir->place, name, r);
			return r;
		}
		if (!S_ISREG(now.st_mode))
			return 1;
		if (!has_changed(st, &now) || (left == 0 && !good))
			return good ? 0 : leave_out(pass, worker, dir, name);
		const struct timespec before = st->st_mtim;
		*st = now;
		if (left == 0) {
			/* with the new time, the next run would take it for the same */
			st->st_mtim = before;
			pass_note(pass, "changed while it was read:", dir->place, name,
				  0);
			return 0;
		}
		if (ftruncate(to, 0) < 0)
			return pass_refused(pass, worker, "write", dir, name, -errno);
	}
}

static int copy_file(struct pass *pass, struct worker *worker, const struct dir *dir,
		     const char *name, struct stat *st)
{
	CLEANUP(closep) int from = reader_open(pass, dir->source, name);

	if (from < 0 && (errno == ENOENT || errno == ECANCELED))
		return -errno;
	if (from < 0) {
		int r = -errno;
		if (r == -ELOOP || r == -ENXIO) /* something else by now */
			return 1;
		pass_unreadable(pass, worker, "open", dir->place, name, r);
		return r;
	}
	/* what a directory hands down when it has its attributes changes the mode */
	const mode_t created = pass->late ? 0600 : st->st_mode & 0777;
	CLEANUP(closep)
	int to = openat(dir->copy, name,
			O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, created);
	if (to < 0)
		return pass_refused(pass, worker, "create", dir, name, -errno);
	int r = copy_steadily(pass, worker, dir, name, from, to, st);
	if (r != 0) {
		unlinkat(dir->copy, name, 0);
		return r;
	}
	fresh_read_xattrs(pass, worker, dir, name, from);
	fresh_set_attributes(pass, worker, dir, name, to,
			     pass->late ? MODE_UNSURE : created, st, &worker->xattrs);
	return 0;
}

static int make_special(struct pass *pass, struct worker *worker, const struct dir *dir,
			const char *name, const struct stat *st)
{
	if (!S_ISLNK(st->st_mode))
		return mknodat(dir->copy, name, st->st_mode, st->st_rdev) < 0 ? -errno
									      : 0;
	ssize_t n =
		readlinkat(dir->source, name, worker->target, sizeof(worker->target) - 1);
	if (n < 0)
		return errno == EINVAL ? 1 : -errno;
	worker->target[n] = '\0';
	if (symlinkat(worker->target, dir->copy, name) < 0)
		return -errno;
	pass_link_made(pass, dir->place, name, worker->target);
	return 0;
}

/* Symbolic links, devices, FIFOs, sockets. */
static int copy_special(struct pass *pass, struct worker *worker, const struct dir *dir,
			const char *name, const struct stat *st)
{
	bool device = S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode);

	int r = make_special(pass, worker, dir, name, st);
	if (r == -EPERM && device && geteuid() != 0) {
		pass_note(pass, "only root can make a device, skipping", dir->place, name,
			  0);
		return r;
	}
	if (r > 0 || r == -ENOENT)
		return r;
	if (r < 0)
		return pass_refused(pass, worker, "create", dir, name, r);
	fresh_read_xattrs(pass, worker, dir, name, -1);
	/* made with the mode it has, which chown may take bits from, and a directory that
	 * has its attributes */
	const bool plain = !pass->late && !(st->st_mode & 07000);
	fresh_set_attributes(pass, worker, dir, name, -1,
			     plain ? st->st_mode & 0777 : MODE_UNSURE, st,
			     &worker->xattrs);
	return 0;
}

int fresh_copy(struct pass *pass, struct worker *worker, const struct dir *dir,
	       const char *name, struct stat *st)
{
	const uint8_t *digest;

	if (digests_find(pass->job->digests, st->st_ino, &digest) == DIGEST_SPOILT)
		return leave_out(pass, worker, dir, name);
	return S_ISREG(st->st_mode) ? copy_file(pass, worker, dir, name, st)
				    : copy_special(pass, worker, dir, name, st);
}
