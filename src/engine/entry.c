/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "engine/entry.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "engine/fresh.h"
#include "engine/groups.h"
#include "engine/reader.h"
#include "sys/fs.h"

/* What became of one name. */
enum put {
	PUT_LINKED,
	PUT_NEW,
	PUT_CHANGED,
	PUT_UNLINKABLE,
	PUT_INNER, /* another name of what is in the copy already */
	PUT_NOT,   /* and it was said why */
};

/* Whether nothing of it is there to link to. */
static bool needs_copy(enum put put)
{
	return put == PUT_NEW || put == PUT_CHANGED || put == PUT_UNLINKABLE;
}

static bool same_time(const struct pass *pass, const struct timespec *a,
		      const struct timespec *b)
{
	return a->tv_sec == b->tv_sec &&
	       (!pass->job->nanoseconds || a->tv_nsec == b->tv_nsec);
}

/*
 * Whether all that stat() tells of a file, and is kept, is as the other's. `time` is what
 * its time becomes.
 */
static bool is_same_stat(const struct pass *pass, const struct stat *a,
			 const struct timespec *time, const struct stat *b)
{
	if ((a->st_mode & S_IFMT) != (b->st_mode & S_IFMT) ||
	    !same_time(pass, time, &b->st_mtim) ||
	    (pass->owners && (a->st_uid != b->st_uid || a->st_gid != b->st_gid)))
		return false;
	if (!S_ISLNK(a->st_mode) && a->st_mode != b->st_mode)
		return false;
	if (S_ISREG(a->st_mode) || S_ISLNK(a->st_mode))
		return a->st_size == b->st_size;
	return !(S_ISCHR(a->st_mode) || S_ISBLK(a->st_mode)) || a->st_rdev == b->st_rdev;
}

static int read_xattrs(struct pass *pass, struct worker *worker, int dirfd,
		       const char *name, struct strbuf *out)
{
	strbuf_reset(out);
	if (!pass->scope.user && !pass->scope.acls)
		return 0;
	int r = xattrs_read(dirfd, name, &pass->scope, out);
	worker->left_out |= r > 0;
	return r;
}

static bool same_bytes(struct worker *worker, int a, int b)
{
	enum { HALF = 512 * 1024 };
	char *buf = worker->copier.buffer;

	for (;;) {
		ssize_t n = read(a, buf, HALF), got = 0;
		/* who copies it instead will notice, too */
		if (n < 0 || (n == HALF && copier_is_cancelled(&worker->copier)))
			return false;
		while (got < n) {
			ssize_t m = read(b, buf + HALF + got, (size_t)(n - got));
			if (m <= 0)
				return false;
			got += m;
		}
		if (memcmp(buf, buf + HALF, (size_t)n) != 0)
			return false;
		if (n == 0)
			return read(b, buf, 1) == 0;
	}
}

static bool same_content(struct pass *pass, struct worker *worker, const struct dir *dir,
			 const char *name, const struct candidate *c)
{
	CLEANUP(closep) int a = reader_open(pass, dir->source, name);
	CLEANUP(closep) int b = reader_open(pass, c->fd, c->name);

	return a >= 0 && b >= 0 && same_bytes(worker, a, b);
}

static bool same_target(struct worker *worker, const struct dir *dir, const char *name,
			const struct candidate *c)
{
	const size_t size = sizeof(worker->target);
	ssize_t a = readlinkat(dir->source, name, worker->target, size);
	ssize_t b = readlinkat(c->fd, c->name, worker->base_target, size);

	return a >= 0 && a == b &&
	       memcmp(worker->target, worker->base_target, (size_t)a) == 0;
}

bool entry_is_same(struct pass *pass, struct worker *worker, const struct dir *dir,
		   const char *name, const struct stat *st, const struct candidate *c,
		   bool *have_xattrs, bool *ret_exists)
{
	struct stat other;

	if (fstatat(c->fd, c->name, &other, AT_SYMLINK_NOFOLLOW) < 0)
		return false;
	*ret_exists = true;
	const struct timespec time = pass_time(pass, &st->st_mtim, dir->place, name);
	if (!is_same_stat(pass, st, &time, &other))
		return false;
	if (c->known)
		return true;
	if (S_ISLNK(st->st_mode) && !same_target(worker, dir, name, c))
		return false;
	if (!*have_xattrs &&
	    read_xattrs(pass, worker, dir->source, name, &worker->xattrs) < 0)
		return false;
	*have_xattrs = true;
	if (read_xattrs(pass, worker, c->fd, c->name, &worker->base_xattrs) < 0 ||
	    worker->xattrs.len != worker->base_xattrs.len ||
	    memcmp(worker->xattrs.buf, worker->base_xattrs.buf, worker->xattrs.len) != 0)
		return false;
	return !c->compare || !S_ISREG(st->st_mode) ||
	       same_content(pass, worker, dir, name, c);
}

/*
 * PUT_UNLINKABLE: it takes no more links; PUT_NEW: it cannot be linked to (EXDEV, EPERM).
 * A copy will do, then.
 */
static enum put link_to(struct pass *pass, struct worker *worker, const struct dir *dir,
			const char *name, const struct candidate *c)
{
	if (pass->job->dry_run || linkat(c->fd, c->name, dir->copy, name, 0) == 0)
		return PUT_LINKED;
	if (errno == EMLINK)
		return PUT_UNLINKABLE;
	if (errno != EEXIST && !pass_is_fatal(-errno))
		return PUT_NEW;
	pass_refused(pass, worker, "link", dir, name, -errno);
	return PUT_NOT;
}

/* Opens a directory of the first base by its number in the old table. */
static int open_number(const struct pass *pass, uint64_t number)
{
	const int flags = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	CLEANUP(freep) const char **names = NULL;
	size_t n = 0, cap = 0;

	while (number != TABLE_TOP) {
		array_grow(names, n, cap);
		names[n] = table_name_of(pass->old_table, number, &number);
		if (!names[n++])
			return -ENOENT;
	}
	int fd = openat(pass->base_fd[0], ".", flags);
	while (fd >= 0 && n > 0) {
		int next = openat(fd, names[--n], flags);
		close(fd);
		fd = next;
	}
	return fd < 0 ? -errno : fd;
}

int entry_open_moved_dir(const struct pass *pass, const struct look *look,
			 const struct table_row **ret_row)
{
	const struct table_state state = pass_state(look);

	/* by its inode alone it could be another, that has the number now */
	*ret_row = look->birth ? table_find_moved(pass->old_table, &state, true) : NULL;
	if (!*ret_row)
		return -ENOENT;
	const uint64_t number = (*ret_row)->state.size;
	/* and what is in the same directory of another device need not be the same */
	if (table_device_of_number(pass->old_table, number) !=
	    pass_device(pass, &look->st))
		return -ENOENT;
	return open_number(pass, number);
}

/* Links to where the old table has the file. PUT_NEW: nowhere. */
static enum put link_moved(struct pass *pass, struct worker *worker,
			   const struct dir *dir, const char *name,
			   const struct look *look, bool *have_xattrs)
{
	const struct table_state state = pass_state(look);
	const struct table_row *row = table_find_moved(pass->old_table, &state, false);
	bool exists;

	if (!row)
		return PUT_NEW;
	uint64_t number = table_number_of(row);
	if (worker->moved != number) {
		closep(&worker->moved_fd);
		worker->moved_fd = open_number(pass, number);
		worker->moved = number;
	}
	const bool untouched = look->birth && row->state.ctim == state.ctim;
	const bool same_file =
		untouched ||
		(look->birth && table_device_of(row) == pass_device(pass, &look->st));
	const struct candidate c = {
		.fd = worker->moved_fd,
		.name = row->name,
		.known = untouched && !pass->job->checksum,
		.compare = pass->job->checksum || !same_file,
	};
	if (c.fd < 0 ||
	    !entry_is_same(pass, worker, dir, name, &look->st, &c, have_xattrs, &exists))
		return PUT_NEW;
	return link_to(pass, worker, dir, name, &c);
}

/* Links to the first base that has the same. PUT_NEW, PUT_CHANGED: none has;
 * PUT_UNLINKABLE: one has, and takes no more links. */
static enum put link_to_base(struct pass *pass, struct worker *worker,
			     const struct dir *dir, const char *name,
			     const struct look *look)
{
	bool have_xattrs = false, exists = false;
	enum put full = PUT_NEW, put = PUT_NEW;

	/* first: what has the name now may have the size and the time of what had it */
	if (look->moved)
		put = link_moved(pass, worker, dir, name, look, &have_xattrs);
	if (!needs_copy(put))
		return put;
	for (size_t i = 0; i < pass->bases; i++) {
		const struct candidate c = {
			.fd = dir->base[i],
			.name = name,
			.known = i == 0 && look->known,
			.compare = pass->job->checksum,
		};
		if (c.fd < 0 || !entry_is_same(pass, worker, dir, name, &look->st, &c,
					       &have_xattrs, &exists))
			continue;
		put = link_to(pass, worker, dir, name, &c);
		if (!needs_copy(put))
			return put;
		full = put == PUT_UNLINKABLE ? put : full;
	}
	return full == PUT_UNLINKABLE ? full : exists ? PUT_CHANGED : PUT_NEW;
}

static int link_to_place(struct pass *pass, const struct dir *dir, const char *name,
			 struct place *place, const char *there)
{
	if (pass->job->dry_run)
		return 0;
	CLEANUP(closep)
	int fd = place == dir->place ? -1 : pass_open_place(pass->target_fd, place);
	int from = place == dir->place ? dir->copy : fd;
	return from < 0 || linkat(from, there, dir->copy, name, 0) < 0 ? -errno : 0;
}

/* A copy that no other name shares yet. `st` becomes what was copied. */
static enum put put_copy(struct pass *pass, struct worker *worker, const struct dir *dir,
			 const char *name, struct stat *st, enum put put)
{
	if (pass->job->dry_run)
		return put;
	int r = fresh_copy(pass, worker, dir, name, st);
	if (r == 0)
		return put;
	if (r == -ENOENT) {
		worker->counts.vanished++;
		pass_note(pass, "vanished before it could be copied:", dir->place, name,
			  0);
	} else if (r == 1) {
		pass_unreadable(pass, worker,
				"became something else while it was read:", dir->place,
				name, 0);
	}
	return PUT_NOT;
}

static enum put put_alone(struct pass *pass, struct worker *worker, const struct dir *dir,
			  const char *name, struct look *look)
{
	enum put put = link_to_base(pass, worker, dir, name, look);

	return needs_copy(put) ? put_copy(pass, worker, dir, name, &look->st, put) : put;
}

static void put_off(struct pass *pass, const struct dir *dir, const char *name)
{
	const struct late_name late = {place_hold(dir->place), strlen(name)};

	pthread_mutex_lock(&pass->lock);
	spool_add(&pass->late_names, &late, sizeof(late));
	spool_add(&pass->late_names, name, late.len);
	pthread_mutex_unlock(&pass->lock);
}

/*
 * Whether the file was made when all bases had been: then none of them has another of its
 * names. What dead runs left may be younger than the first base.
 */
static bool is_younger(const struct pass *pass, const struct look *look)
{
	return pass->old_table && pass->job->unfinished == 0 &&
	       look->birth > table_ended(pass->old_table);
}

/* One of several names of a file. */
static enum put put_name(struct pass *pass, struct worker *worker, const struct dir *dir,
			 const char *name, struct look *look)
{
	struct place *place = NULL;
	CLEANUP(freep) char *there = NULL;
	struct stat *st = &look->st;
	const struct file_id id = pass_file_id(look);

	if (links_claim(pass->links, id, st->st_nlink, &place, &there) == LINKS_THERE) {
		int r = link_to_place(pass, dir, name, place, there);
		place_drop(place);
		if (r == 0)
			return PUT_INNER;
		if (r != -EMLINK && r != -EXDEV && r != -EPERM) {
			pass_refused(pass, worker, "link", dir, name, r);
			return PUT_NOT;
		}
		enum put put = put_alone(pass, worker, dir, name, look);
		if (r != -EMLINK || put == PUT_NOT)
			return put;
		/* the names to come are linked to this one */
		if (st->st_dev == id.dev && st->st_ino == id.ino)
			links_move(pass->links, id, dir->place, name);
		return put == PUT_LINKED ? put : PUT_UNLINKABLE;
	}
	enum put put = link_to_base(pass, worker, dir, name, look);
	if (needs_copy(put) && pass->bases > 0 && !pass->late &&
	    !is_younger(pass, look)) {
		links_fail(pass->links, id, true);
		put_off(pass, dir, name);
		return PUT_NOT;
	}
	if (needs_copy(put))
		put = put_copy(pass, worker, dir, name, st, put);
	/* what was copied may be another file that has got the name in between */
	if (put == PUT_NOT || st->st_dev != id.dev || st->st_ino != id.ino)
		links_fail(pass->links, id, false);
	else
		links_put(pass->links, id, dir->place, name);
	return put;
}

/* What the old table says of this file by this name. */
static void ask_table(const struct pass *pass, struct dir *dir, const char *name,
		      struct look *look)
{
	if (!pass->old_table || pass->late)
		return;
	const struct table_row *row = table_find(pass->old_table, &dir->old, name);
	const struct table_state state = pass_state(look);

	look->moved = !row || row->is_dir || row->state.ino != state.ino;
	look->known = !look->moved && !pass->job->checksum &&
		      row->state.ctim == state.ctim && row->state.mtim == state.mtim &&
		      row->state.size == state.size;
}

/*
 * For the next run. Not of another name of what is there: the file may have changed since
 * that was put there. One of whose attributes some are refused may get them some day: the
 * row is to find it by, and tells that it is not as it is in the copy.
 */
static void add_row(struct pass *pass, struct worker *worker, struct dir *dir,
		    const char *name, const struct look *look, ino_t ino, enum put put)
{
	struct table_state state = pass_state(look);

	if (put == PUT_INNER || look->st.st_ino != ino || state.ctim >= pass->young ||
	    look->st.st_dev != dir->look.st.st_dev)
		return;
	if (worker->left_out)
		state.ctim = TABLE_NEVER;
	table_add(&worker->sheet, &dir->rows, &state, false, name);
}

void entry_put(struct pass *pass, struct worker *worker, struct dir *dir,
	       const char *name, const struct look *look)
{
	struct snapshot_counts *c = &worker->counts;
	const uint64_t unreadable = c->unreadable;
	const ino_t ino = look->st.st_ino;
	struct look now = *look;
	const struct stat *st = &now.st;

	worker->left_out = false;
	ask_table(pass, dir, name, &now);
	const bool several = st->st_nlink > 1 &&
			     (!pass->groups || groups_has(pass->groups, st->st_ino));
	enum put put = several ? put_name(pass, worker, dir, name, &now)
			       : put_alone(pass, worker, dir, name, &now);
	if (put == PUT_NOT)
		return;
	if (!pass->late && c->unreadable == unreadable)
		add_row(pass, worker, dir, name, &now, ino, put);
	uint64_t bytes =
		S_ISREG(st->st_mode) || S_ISLNK(st->st_mode) ? (uint64_t)st->st_size : 0;
	tally_add(&worker->files, 1);
	if (put == PUT_LINKED || put == PUT_INNER)
		tally_add(&worker->linked, bytes);
	c->files++;
	c->bytes += bytes;
	c->new_files += put == PUT_NEW;
	c->changed += put == PUT_CHANGED;
	c->unlinkable += put == PUT_UNLINKABLE;
	c->linked += put == PUT_LINKED;
	if (put == PUT_LINKED)
		c->bytes_linked += bytes;
	else if (put != PUT_INNER)
		c->bytes_copied += bytes;
}

/*
 * Its directory has its attributes already, and keeps its time; one that its owner may
 * not write to is made writable for the moment.
 */
static void put_late_name(struct pass *pass, struct worker *worker, struct place *place,
			  const char *name)
{
	struct dir dir = {.place = place, .copy = -1};
	struct look look = {0};
	struct stat before;

	dir.source = pass_open_place(pass->source_fd, place);
	int r = dir.source < 0 ? -errno : pass_look(dir.source, name, &look);
	if (r == 0 && S_ISDIR(look.st.st_mode))
		r = -ENOENT;
	for (size_t i = 0; i < pass->bases; i++)
		dir.base[i] = pass_open_place(pass->base_fd[i], place);
	if (!pass->job->dry_run) {
		CLEANUP(closep) int path = pass_open_place(pass->target_fd, place);
		if (path >= 0)
			dir.copy = openat(path, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	if (r == -ENOENT || r == -ENOTDIR) {
		worker->counts.vanished++;
		pass_note(pass, "vanished before it could be copied:", place, name, 0);
	} else if (r < 0) {
		pass_unreadable(pass, worker, "look at", place, name, r);
	} else if (pass->job->dry_run) {
		entry_put(pass, worker, &dir, name, &look);
	} else if (dir.copy < 0 || fstat(dir.copy, &before) < 0) {
		pass_refused(pass, worker, "open the directory of", &dir, name, -errno);
	} else {
		const struct timespec times[] = {{.tv_nsec = UTIME_OMIT}, before.st_mtim};
		bool lend = geteuid() != 0 && (before.st_mode & 0300) != 0300;

		if (lend && fchmod(dir.copy, before.st_mode | 0300) < 0)
			lend = false;
		entry_put(pass, worker, &dir, name, &look);
		if ((lend && fchmod(dir.copy, before.st_mode & 07777) < 0) ||
		    futimens(dir.copy, times) < 0)
			pass_refused(pass, worker,
				     "give its attributes to the directory of", &dir,
				     name, -errno);
	}
	closep(&dir.source);
	closep(&dir.copy);
	for (size_t i = 0; i < pass->bases; i++)
		closep(&dir.base[i]);
}

void entry_put_late(struct pass *pass, struct worker *worker)
{
	uint64_t at = 0;
	int r = 0;

	pass->late = true; /* and directories hand down what they have */
	pass->group_inherited = true;
	while (r == 0 && at < spool_size(&pass->late_names)) {
		struct late_name late;

		r = spool_read(&pass->late_names, at, &late, sizeof(late));
		if (r < 0)
			break;
		CLEANUP(freep) char *name = xcalloc(late.len + 1, 1);
		r = spool_read(&pass->late_names, at + sizeof(late), name, late.len);
		at += sizeof(late) + late.len;
		pass_tick(pass);
		if (r == 0 && !pass_stopped(pass))
			put_late_name(pass, worker, late.place, name);
		place_drop(late.place);
	}
	if (r < 0)
		pass_unreadable(pass, worker, "find what was put off below", pass->top,
				NULL, r);
	spool_release(&pass->late_names);
}
