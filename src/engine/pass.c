/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "engine/pass.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/civil.h"
#include "base/human.h"

enum {
	NOTES_MAX = 200,
	ABSOLUTE_MAX = 5,
	OWNERLESS_MAX = 3,
};

/*
 * Linux 4.11, include/uapi/linux/stat.h: struct statx. That header and the C library's
 * exclude each other in some versions of musl, and others have neither.
 */
struct kernel_statx {
	uint32_t mask, block_size;
	uint64_t attributes;
	uint32_t nlink, uid, gid;
	uint16_t mode, spare;
	uint64_t ino, size, blocks, attributes_mask;
	struct {
		int64_t sec;
		uint32_t nsec;
		int32_t spare;
	} accessed, born, changed, modified;
	uint32_t rdev_major, rdev_minor, dev_major, dev_minor;
	uint64_t more[14];
};
_Static_assert(sizeof(struct kernel_statx) == 256, "as the kernel writes it");

enum {
	BASIC_STATS = 0x7ff,
	BTIME = 0x800,
};

/*
 * Nor is one that may be shared: of what has inodes by other numbers after each mount, FAT
 * and its like, it is a multiple of 10 ms; hardly any of finer ones is.
 */
enum { COARSE_BIRTH = 10 * 1000 * 1000 };

/* Of times that are centuries away only the rest: it is for comparing. */
static int64_t nanoseconds(int64_t sec, uint32_t nsec)
{
	return (int64_t)((uint64_t)sec * 1000000000 + nsec);
}

int pass_look(int dirfd, const char *name, struct look *ret_look)
{
	const int flags = AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH;
	struct kernel_statx x;

	if (syscall(SYS_statx, dirfd, name, flags, BASIC_STATS | BTIME, &x) < 0) {
		/* an old seccomp profile says EPERM to calls that it does not know */
		if (errno != EPERM && errno != ENOSYS)
			return -errno;
		*ret_look = (struct look){0};
		return fstatat(dirfd, name, &ret_look->st, flags) < 0 ? -errno : 0;
	}
	*ret_look = (struct look){
		.st = {.st_dev = makedev(x.dev_major, x.dev_minor),
		       .st_ino = x.ino,
		       .st_mode = x.mode,
		       .st_nlink = x.nlink,
		       .st_uid = x.uid,
		       .st_gid = x.gid,
		       .st_rdev = makedev(x.rdev_major, x.rdev_minor),
		       .st_size = (off_t)x.size,
		       .st_blocks = (blkcnt_t)x.blocks,
		       .st_mtim = {x.modified.sec, x.modified.nsec},
		       .st_ctim = {x.changed.sec, x.changed.nsec}},
		.birth = x.mask & BTIME && x.born.nsec % COARSE_BIRTH != 0
				 ? nanoseconds(x.born.sec, x.born.nsec)
				 : 0,
	};
	return 0;
}

static void say_refused(void *ctx, const char *attribute, int code)
{
	struct pass *pass = ctx;
	CLEANUP(freep)
	char *text =
		xasprintf("the destination does not take the attribute '%s' (%s): it "
			  "is left out",
			  attribute, strerror(-code));

	pthread_mutex_lock(&pass->lock);
	pass->job->note(pass->job->note_ctx, true, text);
	pthread_mutex_unlock(&pass->lock);
}

void pass_init_scope(struct pass *pass)
{
	refusals_init(&pass->refusals, say_refused, pass);
	pass->scope = (struct xattr_scope){
		.user = pass->job->xattrs,
		.acls = pass->job->acls,
		.all = pass->job->xattrs && pass->owners,
		.refusals = &pass->refusals,
	};
}

void pass_try_attributes(struct pass *pass, int dirfd, bool look)
{
	const int flags = look ? O_RDONLY | O_DIRECTORY : O_RDWR | O_TMPFILE;

	pass->refusals.fd = openat(dirfd, ".", flags | O_CLOEXEC, 0600);
	pass->refusals.write = !look;
}

struct table_state pass_state(const struct look *look)
{
	const struct stat *st = &look->st;

	return (struct table_state){
		.ino = st->st_ino,
		.ctim = nanoseconds(st->st_ctim.tv_sec, (uint32_t)st->st_ctim.tv_nsec),
		.mtim = nanoseconds(st->st_mtim.tv_sec, (uint32_t)st->st_mtim.tv_nsec),
		.birth = look->birth,
		.size = (uint64_t)st->st_size,
	};
}

uint64_t pass_device(const struct pass *pass, const struct stat *st)
{
	return (((uint64_t)st->st_dev ^ pass->boot) * 0x9e3779b97f4a7c15u) | 1;
}

struct file_id pass_file_id(const struct look *look)
{
	return (struct file_id){
		.dev = look->st.st_dev,
		.ino = look->st.st_ino,
		.birth = look->birth ? look->birth : pass_state(look).mtim,
	};
}

int pass_open_place(int top, const struct place *place)
{
	const int flags = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	size_t n;
	CLEANUP(freep) const char **names = place_names(place, &n);
	int fd = openat(top, ".", flags);

	for (size_t i = 0; fd >= 0 && i < n; i++) {
		int next = openat(fd, names[i], flags);
		close(fd);
		fd = next;
	}
	return fd;
}

/* The path below the top. */
static void add_path(struct strbuf *out, const struct place *place, const char *name)
{
	size_t n;
	CLEANUP(freep) const char **names = place_names(place, &n);

	for (size_t i = 0; i < n; i++)
		strbuf_addf(out, "%s%s", i > 0 ? "/" : "", names[i]);
	if (name)
		strbuf_addf(out, "%s%s", n > 0 ? "/" : "", name);
}

char *pass_path(const struct place *place)
{
	struct strbuf path = STRBUF_INIT;

	add_path(&path, place, NULL);
	return strbuf_steal(&path);
}

static void compose(struct strbuf *out, const char *words, const char *top,
		    const struct place *place, const char *name, int code)
{
	strbuf_addf(out, "%s '%s", words, top);
	add_path(out, place, name);
	strbuf_addch(out, '\'');
	if (code < 0)
		strbuf_addf(out, ": %s", strerror(-code));
}

static void note(struct pass *pass, const char *words, const char *tree,
		 const struct place *place, const char *name, int code)
{
	CLEANUP(strbuf_release) struct strbuf line = STRBUF_INIT;

	pthread_mutex_lock(&pass->lock);
	if (pass->notes++ < NOTES_MAX) {
		CLEANUP(freep) char *top = xasprintf("%s/", tree);
		compose(&line, words, top, place, name, code);
		pass->job->note(pass->job->note_ctx, true, line.buf);
	} else {
		pass->notes_cut++;
	}
	pthread_mutex_unlock(&pass->lock);
}

void pass_note(struct pass *pass, const char *words, const struct place *place,
	       const char *name, int code)
{
	note(pass, words, pass->job->source, place, name, code);
}

void pass_note_copy(struct pass *pass, const char *words, const struct place *place,
		    const char *name, int code)
{
	note(pass, words, pass->job->target, place, name, code);
}

void pass_link_made(struct pass *pass, const struct place *place, const char *name,
		    const char *target)
{
	if (!pass->job->tell_links || *target != '/')
		return;
	pthread_mutex_lock(&pass->lock);
	if (pass->absolute++ < ABSOLUTE_MAX) {
		CLEANUP(strbuf_release) struct strbuf line = STRBUF_INIT;
		strbuf_addch(&line, '\'');
		add_path(&line, place, name);
		strbuf_addf(&line, "' -> '%s'", target);
		strvec_push(&pass->absolute_first, line.buf);
	}
	pthread_mutex_unlock(&pass->lock);
}

static void tell_links(struct pass *pass)
{
	CLEANUP(strbuf_release) struct strbuf line = STRBUF_INIT;

	if (pass->absolute > 0) {
		strbuf_addf(&line,
			    "%" PRIu64 " symbolic %s to an absolute path, which need "
			    "not be in '%s': ",
			    pass->absolute,
			    human_noun(pass->absolute, "link leads", "links lead"),
			    pass->job->target);
		for (size_t i = 0; i < pass->absolute_first.n; i++)
			strbuf_addf(&line, "%s%s", i > 0 ? ", " : "",
				    pass->absolute_first.v[i]);
		if (pass->absolute > pass->absolute_first.n)
			strbuf_addstr(&line, " ...");
		pass->job->note(pass->job->note_ctx, true, line.buf);
	}
	strvec_release(&pass->absolute_first);
}

void pass_unreadable(struct pass *pass, struct worker *worker, const char *words,
		     const struct place *place, const char *name, int code)
{
	worker->counts.unreadable++;
	atomic_store(&pass->partial, true);
	pass_note(pass, words, place, name, code);
}

void pass_ownerless(struct pass *pass, struct worker *worker, const struct place *place,
		    const char *name)
{
	pthread_mutex_lock(&pass->lock);
	const bool named = pass->ownerless++ < OWNERLESS_MAX;
	pthread_mutex_unlock(&pass->lock);
	if (named) {
		pass_unreadable(pass, worker, "give its owner to the copy of", place,
				name, -EPERM);
		return;
	}
	worker->counts.unreadable++;
	atomic_store(&pass->partial, true);
}

static void tell_ownerless(struct pass *pass)
{
	if (pass->ownerless <= OWNERLESS_MAX)
		return;
	const uint64_t more = pass->ownerless - OWNERLESS_MAX;
	CLEANUP(freep)
	char *text = xasprintf("%" PRIu64 " more %s cannot be given: %s", more,
			       human_noun(more, "owner", "owners"), strerror(EPERM));
	pass->job->note(pass->job->note_ctx, true, text);
}

static void tell_time(struct pass *pass, bool late, const struct place *place,
		      const char *name)
{
	const struct engine_job *job = pass->job;
	const struct civil day = civil_from_epoch(late ? job->newest : job->oldest, 0);
	CLEANUP(freep)
	char *words = xasprintf("the destination holds no time %s %04d-%02d-%02d, and "
				"gets that instead:",
				late ? "after" : "before", day.year, day.month, day.day);

	pthread_mutex_lock(&pass->lock);
	bool *told = late ? &pass->late_told : &pass->early_told;
	const bool first = !*told;
	*told = true;
	pthread_mutex_unlock(&pass->lock);
	if (first)
		pass_note(pass, words, place, name, 0);
}

struct timespec pass_time(struct pass *pass, const struct timespec *time,
			  const struct place *place, const char *name)
{
	const struct engine_job *job = pass->job;
	const bool known = job->oldest < job->newest;
	const bool early = known && time->tv_sec < job->oldest;
	const bool late = known && time->tv_sec > job->newest;

	if (early || late)
		tell_time(pass, late, place, name);
	/* Linux, fs/inode.c: timestamp_truncate() cuts the fraction off these, too */
	if (early || (known && time->tv_sec == job->oldest))
		return (struct timespec){.tv_sec = job->oldest};
	if (late || (known && time->tv_sec == job->newest))
		return (struct timespec){.tv_sec = job->newest};
	return *time;
}

int pass_fail(struct pass *pass, const char *words, const struct place *place,
	      const char *name, int code)
{
	CLEANUP(strbuf_release) struct strbuf line = STRBUF_INIT;

	pthread_mutex_lock(&pass->lock);
	if (pass->fatal == 0) {
		CLEANUP(freep) char *top = xasprintf("%s/", pass->job->target);
		pass->fatal = code;
		compose(&line, words, top, place, name, code);
		error_say(&pass->why, code, "%s cannot be written: %s",
			  pass->job->from_snapshot ? "the directory restored to"
						   : "the destination",
			  line.buf);
	}
	pthread_mutex_unlock(&pass->lock);
	atomic_store(&pass->pool.stop, true);
	return code;
}

int pass_refused(struct pass *pass, struct worker *worker, const char *words,
		 const struct dir *dir, const char *name, int code)
{
	if (pass_is_fatal(code))
		return pass_fail(pass, words, dir->place, name, code);
	pass_unreadable(pass, worker, words, dir->place, name, code);
	return code;
}

bool pass_is_fatal(int code)
{
	return code == -ENOSPC || code == -EDQUOT || code == -EROFS || code == -EIO;
}

int pass_judge(struct pass *pass, enum engine_outcome *ret_outcome, struct error *err)
{
	if (pass->fatal < 0) {
		*err = pass->why;
		return pass->fatal;
	}
	if (pass_stopped(pass))
		return error_say(err, -EINTR, "the copy was interrupted");
	tell_ownerless(pass);
	if (pass->notes_cut > 0) {
		CLEANUP(freep)
		char *text = xasprintf("... and %u more such %s", pass->notes_cut,
				       human_noun(pass->notes_cut, "line", "lines"));
		pass->job->note(pass->job->note_ctx, true, text);
	}
	tell_links(pass);
	*ret_outcome = atomic_load(&pass->partial) ? ENGINE_PARTIAL : ENGINE_COMPLETE;
	return 0;
}

void pass_tick(struct pass *pass)
{
	struct engine_progress now = {0};

	if (!pass->job->progress)
		return;
	for (unsigned i = 0; i < pass->workers_n; i++) {
		struct worker *worker = &pass->workers[i];
		now.files += tally_read(&worker->files);
		now.bytes += tally_read(&worker->linked);
		now.copied += tally_read(&worker->copier.done);
	}
	now.bytes += now.copied;
	pthread_mutex_lock(&pass->lock);
	pass->job->progress(pass->job->note_ctx, &now);
	pthread_mutex_unlock(&pass->lock);
}
