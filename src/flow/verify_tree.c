/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The backup-container authors */
#include "flow/verify_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/path.h"
#include "flow/hasher.h"
#include "sys/fs.h"
#include "sys/tree.h"

struct comparison {
	const struct verify_options *options;
	struct verify_result *result;
	struct manifest *manifest;
	struct manifest *known;		    /* NULL: none, or it is of no use */
	const struct manifest_entry *until; /* NULL: the end */
	uint64_t asked;			    /* bytes that are read, or will be */
	int tree;
	struct hasher *hasher;
	struct error *err; /* the walk's */
};

const char *verify_fault_name(enum verify_fault fault)
{
	static const char *const names[VERIFY_FAULTS] = {
		"missing", "extra", "type",   "size",	"content",   "mode",
		"owner",   "time",  "target", "device", "unreadable"};
	unsigned i = 0;

	while (i < VERIFY_FAULTS - 1 && !((unsigned)fault & 1U << i))
		i++;
	return names[i];
}

void verify_add_faults(struct strbuf *out, unsigned faults)
{
	const char *comma = "";

	for (unsigned bit = 1; bit < 1U << VERIFY_FAULTS; bit <<= 1) {
		if (!(faults & bit))
			continue;
		strbuf_addf(out, "%s%s", comma,
			    verify_fault_name((enum verify_fault)bit));
		comma = ", ";
	}
}

static void tell(const struct comparison *c, const struct manifest_entry *entry,
		 unsigned faults)
{
	const struct verify_finding finding = {
		.path = entry->path.buf,
		.faults = faults,
		.type = faults & VERIFY_MISSING ? 0 : entry->mode & S_IFMT,
		.ino = entry->ino,
	};

	c->result->findings++;
	c->options->found(c->options->ctx, &finding);
}

static bool is_wanted(const struct comparison *c, const struct manifest_entry *entry)
{
	const struct strvec *only = c->options->only;
	const char *path = entry->path.buf;

	if ((c->options->after && manifest_compare(entry, c->options->after) <= 0) ||
	    (c->until && manifest_compare(entry, c->until) > 0))
		return false;
	if (!*path && !c->options->top)
		return false;
	for (size_t i = 0; only && i < only->n; i++)
		if (path_is_in(path, only->v[i]))
			return true;
	return !only;
}

/* Whether what is wanted may be below a directory. */
static bool leads_to_wanted(const struct comparison *c, const char *dir)
{
	const struct strvec *only = c->options->only;

	if ((c->options->after && manifest_compare_tree(dir, c->options->after) < 0) ||
	    (c->until && manifest_compare_tree(dir, c->until) > 0))
		return false;
	for (size_t i = 0; only && i < only->n; i++)
		if (!*dir || path_is_in(only->v[i], dir) || path_is_in(dir, only->v[i]))
			return true;
	return !only;
}

/* What of the manifest comes before the entry is not in the tree. */
static int pass_missing(struct comparison *c, const struct manifest_entry *until,
			const struct manifest_entry **ret_same)
{
	const struct manifest_entry *expected;
	int r, order = -1;

	*ret_same = NULL;
	while ((r = manifest_peek(c->manifest, &expected, c->err)) > 0) {
		order = until ? manifest_compare(expected, until) : -1;
		if (order >= 0)
			break;
		if (is_wanted(c, expected)) {
			c->result->names++;
			c->result->same_inodes = false;
			tell(c, expected, VERIFY_MISSING);
		}
		manifest_skip(c->manifest);
	}
	if (r > 0 && order == 0)
		*ret_same = expected;
	return r;
}

static unsigned compare(const struct comparison *c, const struct manifest_entry *is,
			const struct manifest_entry *should)
{
	unsigned faults = 0;

	if ((is->mode & S_IFMT) != (should->mode & S_IFMT))
		return VERIFY_TYPE;
	if (is->size != should->size)
		faults |= VERIFY_SIZE;
	if (!S_ISLNK(is->mode) && (is->mode & 07777) != (should->mode & 07777))
		faults |= VERIFY_MODE;
	if (c->options->owners && (is->uid != should->uid || is->gid != should->gid))
		faults |= VERIFY_OWNER;
	if (is->mtim.tv_sec != should->mtim.tv_sec ||
	    (c->options->nanoseconds && is->mtim.tv_nsec != should->mtim.tv_nsec))
		faults |= VERIFY_TIME;
	if (strcmp(is->link.buf, should->link.buf) != 0)
		faults |= VERIFY_TARGET;
	if (is->rdev != should->rdev)
		faults |= VERIFY_DEVICE;
	return faults;
}

static bool is_known(struct comparison *c, const struct manifest_entry *is,
		     const struct manifest_entry *should)
{
	const struct manifest_entry *other;

	int r = c->known ? manifest_find(c->known, is, &other, NULL) : 0;
	if (r < 0)
		c->known = NULL;
	return r > 0 && other->ino == is->ino && other->hashed &&
	       memcmp(other->digest, should->digest, SHA256_LEN) == 0 &&
	       !c->options->suspect(c->options->ctx, is->ino);
}

/* Gives the file to those who read, unless there is no need. */
static void begin_reading(struct comparison *c, struct hasher_job *job, int fd,
			  const char *name, const struct manifest_entry *should)
{
	struct manifest_entry *is = &job->entry;

	if (is->ino != should->ino)
		c->result->same_inodes = false;
	if (!should->hashed) {
		c->result->unhashed++;
		return;
	}
	if (is->size != should->size) /* nothing more is to be learnt from it */
		return;
	if (c->options->expect) {
		c->options->expect(c->options->ctx, is->ino, should->digest);
		return;
	}
	if (is_known(c, is, should)) {
		c->result->known++;
		return;
	}
	memcpy(is->digest, should->digest, SHA256_LEN);
	is->hashed = true;
	job->fd = hasher_open(fd, name);
	if (job->fd < 0)
		job->result = job->fd;
	else /* what is on the disk counts, not what was read long ago */
		posix_fadvise(job->fd, 0, 0, POSIX_FADV_DONTNEED);
	c->asked += is->size;
	if (c->options->enough > 0 && c->asked >= c->options->enough && !c->until) {
		struct manifest_entry *last = c->options->stopped_at;
		strbuf_reset(&last->path);
		strbuf_add(&last->path, is->path.buf, is->path.len);
		last->mode = is->mode;
		c->until = last;
	}
}

/* `should` is NULL: it is not in the manifest. Whether it was given to those who read. */
static bool compare_name(struct comparison *c, struct hasher_job *job, int fd,
			 const char *name, const struct manifest_entry *should)
{
	bool put = false;

	if (!should) {
		tell(c, &job->entry, VERIFY_EXTRA);
		return false;
	}
	unsigned faults = compare(c, &job->entry, should);
	if (faults)
		tell(c, &job->entry, faults);
	if (faults & VERIFY_TYPE)
		c->result->same_inodes = false;
	if (S_ISREG(job->entry.mode) && S_ISREG(should->mode)) {
		begin_reading(c, job, fd, name, should);
		put = job->fd >= 0 || job->result < 0;
	}
	if (put)
		hasher_put(c->hasher, job);
	manifest_skip(c->manifest);
	return put;
}

static int look_at(struct comparison *c, int fd, const char *dir, const char *name)
{
	const struct manifest_entry *should;
	struct stat st;
	int r = 0;

	if (fstatat(fd, *name ? name : ".", &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT
			       ? 0
			       : error_set(c->err, -errno, "look at '%s/%s'", dir, name);
	struct hasher_job *job = hasher_next(c->hasher, &r, c->err);
	if (!job)
		return r;
	r = manifest_entry_set(&job->entry, fd, dir, name, &st);
	if (r < 0)
		return error_set(c->err, r, "read link '%s'", job->entry.path.buf);
	if (!is_wanted(c, &job->entry))
		return 0;
	r = pass_missing(c, &job->entry, &should);
	if (r < 0)
		return r;
	if (!should && c->options->extra)
		return 0;
	c->result->names++;
	if (!compare_name(c, job, fd, name, should) && !S_ISDIR(st.st_mode))
		hasher_count(c->hasher, job->entry.size);
	return 0;
}

static int meet(void *ctx, int fd, const struct strbuf *path, const char *name)
{
	return look_at(ctx, fd, path->buf, name);
}

static bool leads(void *ctx, const struct strbuf *path)
{
	return leads_to_wanted(ctx, path->buf);
}

static int walk(void *ctx, struct hasher *hasher, struct error *err)
{
	struct comparison *c = ctx;
	struct tree_walk tree = {.meet = meet, .leads = leads, .ctx = c};
	const struct manifest_entry *none;

	c->hasher = hasher;
	c->err = err;
	int r = tree_walk(c->tree, &tree, err);
	return r < 0 ? r : pass_missing(c, NULL, &none);
}

/* The order in which findings are told is near the walk's, not the same. */
static int sink(void *ctx, struct hasher_job *job, struct error *err)
{
	struct comparison *c = ctx;

	(void)err;
	if (job->result < 0) {
		tell(c, &job->entry, VERIFY_UNREADABLE);
		return 0;
	}
	c->result->read++;
	c->result->bytes += job->bytes;
	if (memcmp(job->digest, job->entry.digest, SHA256_LEN) != 0)
		tell(c, &job->entry, VERIFY_CONTENT);
	return 0;
}

int verify_tree(int dirfd, struct manifest *manifest,
		const struct verify_options *options, struct verify_result *ret_result,
		struct error *err)
{
	struct comparison c = {
		.options = options,
		.result = ret_result,
		.manifest = manifest,
		.known = options->known,
		.until = options->until,
		.tree = dirfd,
	};

	*ret_result = (struct verify_result){.same_inodes = true};
	return hasher_run(options->threads, walk, sink, &c, options->cancel_fd,
			  options->progress, err);
}
